"""Long arrays in blocks, so that little memory is needed whatever their length."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK = 4096
"""Rows that are handled at a time: 3 MB of pixels."""


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """Cut ``range(count)`` into slices of at most ``size``."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))
