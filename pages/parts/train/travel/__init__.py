"""A run as one file: to take it to another computer, and to bring one from there."""
