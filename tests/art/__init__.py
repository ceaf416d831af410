"""Sprites of 24, 32 or 48 pixels a side, drawn at that size on nothing, to train and measure other sizes on."""

from __future__ import annotations

import numpy as np

from tests.art.canvas import Canvas
from tests.art.kinds import DRAW


def large_sprites(count: int = 4000, seed: int = 0, side: int = 32) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Distinct sprites, their kinds, and the names of the kinds; sprite i depends on (seed, i) and those before it.

    Returns:
        uint8 (count, side, side, 4), alpha 0 or 255 and black where it is 0; int64 (count,); the names.
    """
    images, labels = np.zeros((count, side, side, 4), np.uint8), np.arange(count, dtype=np.int64) % len(DRAW)
    seen: set[bytes] = set()
    for i in range(count):
        for attempt in range(1000):
            canvas = Canvas(np.random.default_rng((seed, i, attempt)), side)
            DRAW[labels[i]](canvas)
            images[i] = canvas.finish()
            if images[i].tobytes() not in seen and len(np.unique(images[i].reshape(-1, 4), axis=0)) > 8:
                break
        seen.add(images[i].tobytes())
    return images, labels, tuple(draw.__name__ for draw in DRAW)
