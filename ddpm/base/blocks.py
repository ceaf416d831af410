"""Long arrays, handled in blocks to need little memory."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

BLOCK = 4096
"""Rows per block: 3 MB of pixels."""

_PIXELS = 16 * 16


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """Cut ``range(count)`` into slices of at most ``size``."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def image_blocks(images: np.ndarray, size: int = BLOCK) -> Iterator[slice]:
    """Cut (N, H, W, C) into slices of at most ``size`` images of 16x16 pixels, or as many fewer as they are larger."""
    return blocks(len(images), images_per_block(images.shape[1] * images.shape[2], size))


def images_per_block(pixels: int, size: int = BLOCK) -> int:
    """How many images of so many pixels take no more memory than ``size`` of 16x16; never more than ``size``."""
    return max(1, size * _PIXELS // max(_PIXELS, pixels))
