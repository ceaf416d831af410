"""Blind readers: sheets of 64 sprites under neutral names, what eyes said of them, and whether our figures agree."""
