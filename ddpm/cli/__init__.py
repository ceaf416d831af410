"""``python -m ddpm``: a module per command, and ``main``, which runs one."""
