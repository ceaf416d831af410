"""Long arrays, handled in blocks to need little memory."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK = 4096
"""Rows per block: 3 MB of pixels."""


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """Cut ``range(count)`` into slices of at most ``size``."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
