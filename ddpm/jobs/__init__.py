"""A training as a process: its request, plan, loop, records, and start from a page."""
