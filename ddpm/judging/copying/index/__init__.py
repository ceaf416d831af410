"""The training and held-out sprites prepared for searching, kept on disk, and shipped for the built-in set."""
