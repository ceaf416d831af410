"""What lies on the disk: a step folder, a run folder, drawn batches, favourites."""
