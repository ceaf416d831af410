"""The parts of the pages: a package for each page, and ``shared`` for parts that several use."""
