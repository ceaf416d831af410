"""Repeats and mirror images: what must not be counted as a find.

The unit of every split, floor and reference is the distinct sprite together with its mirror image: a sprite that is in
the data 50 times is its own nearest neighbour 49 times, and then no ratio of distances means anything.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from ddpm.base.blocks import blocks

_ROW_BYTES = 16 * 16 * 3


def distinct_images(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first row of each distinct image, ascending, and how often it occurs.

    Args:
        images: uint8 (N, 16, 16, 3).

    Returns:
        int64 (D,) twice.
    """
    firsts = find_first_rows(row_hashes(images))
    rows = np.flatnonzero(firsts == np.arange(len(firsts)))
    return rows, np.bincount(firsts, minlength=len(firsts))[rows].astype(np.int64)


def duplicate_groups(images: np.ndarray) -> np.ndarray:
    """int64 (N,): one number for an image, its repeats and its horizontal mirror images, the row of one of them.

    Args:
        images: uint8 (N, 16, 16, 3).
    """
    own, mirrored = row_hashes(images), row_hashes(images[:, :, ::-1])
    swap = (mirrored[:, 0] < own[:, 0]) | ((mirrored[:, 0] == own[:, 0]) & (mirrored[:, 1] < own[:, 1]))
    return find_first_rows(np.where(swap[:, None], mirrored, own))


def row_hashes(images: np.ndarray) -> np.ndarray:
    """128-bit hashes of the exact pixels, as uint64 ``(N, 2)``; equal hashes are taken to be equal sprites."""
    hashes = np.empty((len(images), 2), np.uint64)
    for part in blocks(len(images)):
        hashes[part] = _digests(np.ascontiguousarray(images[part]).tobytes())
    return hashes


def find_first_rows(hashes: np.ndarray) -> np.ndarray:
    """int64 ``(N,)``: for each row, the first row with the same hash."""
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))  # stable: equal hashes stay in row order
    starts = np.ones(len(order), bool)
    starts[1:] = (hashes[order[1:]] != hashes[order[:-1]]).any(axis=1)
    firsts = np.empty(len(order), np.int64)
    firsts[order] = order[starts][np.cumsum(starts) - 1]
    return firsts


def count_mirror_pairs(images: np.ndarray, distinct: np.ndarray) -> int:
    """How many unordered pairs among the rows ``distinct`` are horizontal mirror images of one another.

    A sprite that is its own mirror image forms no pair.
    """
    found = 0
    own = np.empty((len(distinct), 2), np.uint64)
    mirrored = np.empty_like(own)
    for part in blocks(len(distinct)):
        sprites = np.ascontiguousarray(images[distinct[part]])
        own[part] = _digests(sprites.tobytes())
        mirrored[part] = _digests(np.ascontiguousarray(sprites[:, :, ::-1]).tobytes())
    asymmetric = (own != mirrored).any(axis=1)
    own, mirrored = own[asymmetric], mirrored[asymmetric]
    both = find_first_rows(np.concatenate([own, mirrored]))
    # A mirror image that is itself in the set leads to a row of the first half; each pair is met from both sides.
    found = int((both[len(own) :] < len(own)).sum())
    return found // 2


def _digests(data: bytes) -> np.ndarray:
    digests = [
        blake2b(data[start : start + _ROW_BYTES], digest_size=16).digest() for start in range(0, len(data), _ROW_BYTES)
    ]
    return np.frombuffer(b"".join(digests), ">u8").reshape(-1, 2)
