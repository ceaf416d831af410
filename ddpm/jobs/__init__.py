"""A training as a process: asked for, planned, run, watched, started from elsewhere."""
