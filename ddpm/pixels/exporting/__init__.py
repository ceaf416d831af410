"""Sprites for other programs: sheets with their atlas, .aseprite files, and palettes."""
