"""The held-out split: which sprites a training never sees, decided by a hash of their pixels.

The hash of a sprite depends on its own pixels alone: the split is the same under reordering, repeats and larger sets.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from ddpm.base.blocks import blocks
from ddpm.pixels.duplicates import distinct_rows

_HELD_OUT_OF = 10


def split_hashes(images: np.ndarray, first_rows: np.ndarray) -> np.ndarray:
    """The hash that decides what is held out, the same for a sprite and its mirror image.

    It is blake2b of the smaller of (image >> 3, mirror image >> 3) as bytes, the first 8 bytes as a big-endian integer.
    Without the last 3 bits a value that is off by one rarely moves a sprite from one part to the other.

    Args:
        images: uint8 ``(N,H,W,C)``.
        first_rows: int64 ``(N,)``, for each row the first row that holds the same sprite.

    Returns:
        uint64 ``(N,)``.
    """
    distinct, _ = distinct_rows(first_rows)
    hashes = np.empty(len(distinct), np.uint64)
    for part in blocks(len(distinct)):
        coarse = images[distinct[part]] >> 3
        both = zip(coarse, coarse[:, :, ::-1], strict=True)
        digests = [blake2b(min(image.tobytes(), mirrored.tobytes())).digest()[:8] for image, mirrored in both]
        hashes[part] = np.frombuffer(b"".join(digests), ">u8")
    return hashes[np.searchsorted(distinct, first_rows)]


def is_held_out(hashes: np.ndarray) -> np.ndarray:
    """Which of these sprites are held out, one in ten: uint64 ``(N,)`` of :func:`split_hashes` to bool ``(N,)``."""
    return hashes % _HELD_OUT_OF == 0
