"""Is it good? Measures of a set of samples, without a downloaded network."""
