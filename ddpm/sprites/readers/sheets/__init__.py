"""Sheets of many sprites: how they are laid out, found from the picture itself, and how they are cut."""
