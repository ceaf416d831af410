"""``python -m ddpm``: a module a command."""
