"""Tools that know nothing of sprites: files, locks, the home folder, JSON, text, seeds, the processor."""
