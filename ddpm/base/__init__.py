"""What knows nothing of sprites: files, locks, the home folder, checked JSON, seeds, the processor."""
