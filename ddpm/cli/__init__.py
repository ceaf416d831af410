"""``python -m ddpm``: a module for each command, and ``main``, which runs the one asked for."""
