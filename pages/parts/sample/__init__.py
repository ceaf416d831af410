"""The Sample page's own parts."""
