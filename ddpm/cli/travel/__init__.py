"""The commands that make a file of a run, and a run of such a file."""
