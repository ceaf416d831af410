"""Sprites for other programs: what is done to them first, sheets with their atlas, .aseprite files, and palettes."""
