"""Which rows are the same sprite, and which sprites are held out: hashes of pixels, computed once and stored.

A hash of a sprite depends on its pixels alone, so it is the same under reordering, repeats and larger sets.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from ddpm.base.blocks import blocks

_ROW_BYTES = 16 * 16 * 3


def find_split_hashes(images: np.ndarray, first_rows: np.ndarray) -> np.ndarray:
    """uint64 ``(N,)``: the hash that decides what is held out, the same for a sprite and its mirror image.

    It is blake2b of the smaller of (image >> 3, mirror image >> 3) as bytes, the first 8 bytes as a big-endian integer.
    Without the last 3 bits a value that is off by one rarely moves a sprite from one part to the other.
    """
    distinct = np.flatnonzero(first_rows == np.arange(len(first_rows)))
    hashes = np.empty(len(distinct), np.uint64)
    for part in blocks(len(distinct)):
        coarse = images[distinct[part]] >> 3
        here, mirrored = coarse.tobytes(), np.ascontiguousarray(coarse[:, :, ::-1]).tobytes()
        digests = []
        for start in range(0, len(here), _ROW_BYTES):
            end = start + _ROW_BYTES
            digests.append(blake2b(min(here[start:end], mirrored[start:end])).digest()[:8])
        hashes[part] = np.frombuffer(b"".join(digests), ">u8")
    return hashes[np.searchsorted(distinct, first_rows)]


def fingerprint(hashes: np.ndarray, labels: np.ndarray | None) -> str:
    """Hex of the content: every pixel and label, in row order."""
    whole = blake2b(digest_size=16)
    whole.update(b"sprites 16x16x3 %d " % len(hashes))
    whole.update(np.ascontiguousarray(hashes, ">u8").tobytes())
    if labels is not None:
        whole.update(b"labels")
        whole.update(np.ascontiguousarray(labels, ">i8").tobytes())
    return whole.hexdigest()
