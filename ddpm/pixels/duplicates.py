"""Repeats and mirror images: what must not be counted twice.

The unit of every split and of every comparison is the distinct sprite together with its mirror image: a sprite that is
in the data 50 times is its own nearest neighbour 49 times, and then no ratio of distances means anything.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from ddpm.base.blocks import blocks


def distinct_images(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first row of each distinct image, ascending, and how often it occurs.

    Args:
        images: uint8 (N, H, W, C).

    Returns:
        int64 (D,) twice.
    """
    return distinct_rows(find_first_rows(row_hashes(images)))


def distinct_rows(first_rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """:func:`distinct_images` from what :func:`find_first_rows` found, int64 (N,)."""
    rows = np.flatnonzero(first_rows == np.arange(len(first_rows)))
    return rows, np.bincount(first_rows, minlength=len(first_rows))[rows].astype(np.int64)


def duplicate_groups(images: np.ndarray) -> np.ndarray:
    """One number for an image, its repeats and its horizontal mirror images: the row of one of them.

    Args:
        images: uint8 (N, H, W, C).

    Returns:
        int64 (N,).
    """
    own, mirrored = row_hashes(images), row_hashes(images[:, :, ::-1])
    swap = (mirrored[:, 0] < own[:, 0]) | ((mirrored[:, 0] == own[:, 0]) & (mirrored[:, 1] < own[:, 1]))
    return find_first_rows(np.where(swap[:, None], mirrored, own))


def row_hashes(images: np.ndarray) -> np.ndarray:
    """128-bit hashes of the exact pixels; equal hashes are taken to be equal sprites.

    Args:
        images: uint8 (N, H, W, C).

    Returns:
        uint64 (N, 2).
    """
    hashes = np.empty((len(images), 2), np.uint64)
    for part in blocks(len(images)):
        digests = [blake2b(image.tobytes(), digest_size=16).digest() for image in np.asarray(images[part])]
        hashes[part] = np.frombuffer(b"".join(digests), ">u8").reshape(-1, 2)
    return hashes


def find_first_rows(hashes: np.ndarray) -> np.ndarray:
    """For each row the first row with the same hash: uint64 (N, 2) to int64 (N,)."""
    order = np.lexsort((hashes[:, 1], hashes[:, 0]))  # stable: equal hashes stay in row order
    starts = np.ones(len(order), bool)
    starts[1:] = (hashes[order[1:]] != hashes[order[:-1]]).any(axis=1)
    firsts = np.empty(len(order), np.int64)
    firsts[order] = order[starts][np.cumsum(starts) - 1]
    return firsts


def count_mirror_pairs(images: np.ndarray, distinct: np.ndarray) -> int:
    """How many unordered pairs among the rows ``distinct`` are horizontal mirror images of one another.

    A sprite that is its own mirror image forms no pair.

    Args:
        images: uint8 (N, H, W, C).
        distinct: int64 (D,).
    """
    own = np.empty((len(distinct), 2), np.uint64)
    mirrored = np.empty_like(own)
    for part in blocks(len(distinct)):
        sprites = images[distinct[part]]
        own[part], mirrored[part] = row_hashes(sprites), row_hashes(sprites[:, :, ::-1])
    asymmetric = (own != mirrored).any(axis=1)
    own, mirrored = own[asymmetric], mirrored[asymmetric]
    both = find_first_rows(np.concatenate([own, mirrored]))
    # The mirror image of a sprite whose partner is in the set has that one's row, in the first half; so has the other.
    return int((both[len(own) :] < len(own)).sum()) // 2
