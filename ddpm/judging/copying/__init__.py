"""Is it new? What each sample has in common with the training sprites."""
