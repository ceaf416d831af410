"""Is it good, is it new? Measures of quality and of copying, and what joins them into a report."""
