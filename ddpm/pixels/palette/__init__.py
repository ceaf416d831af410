"""Palettes: read from files, known by name, and sprites held to one."""
