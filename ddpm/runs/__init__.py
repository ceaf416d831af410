"""Files on disk: steps, runs, drawn batches, favourites."""
