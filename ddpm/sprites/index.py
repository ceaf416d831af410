"""Which rows are the same sprite, and which sprites are held out: hashes of pixels, computed once and stored.

A hash of a sprite depends on its pixels alone, so it is the same under reordering, repeats and larger sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np

BLOCK = 4096
"""Rows that are handled at a time: 3 MB of pixels, whatever the size of the set."""

_ROW_BYTES = 16 * 16 * 3


def blocks(count: int, size: int = BLOCK) -> Iterator[slice]:
    """Cut ``range(count)`` into slices of at most ``size``."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


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


def fingerprint(hashes: np.ndarray, labels: np.ndarray | None) -> str:
    """Hex of the content: every pixel and label, in row order."""
    whole = blake2b(digest_size=16)
    whole.update(b"sprites 16x16x3 %d " % len(hashes))
    whole.update(np.ascontiguousarray(hashes, ">u8").tobytes())
    if labels is not None:
        whole.update(b"labels")
        whole.update(np.ascontiguousarray(labels, ">i8").tobytes())
    return whole.hexdigest()


def _digests(data: bytes) -> np.ndarray:
    digests = [
        blake2b(data[start : start + _ROW_BYTES], digest_size=16).digest() for start in range(0, len(data), _ROW_BYTES)
    ]
    return np.frombuffer(b"".join(digests), ">u8").reshape(-1, 2)
