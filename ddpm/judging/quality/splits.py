"""Comparable halves of the real sprites, and orders that do not depend on that of the rows."""

from __future__ import annotations

import numpy as np

from ddpm.pixels.duplicates import distinct_images, row_hashes

SPLITS = 20


def distinct_in_order(images: np.ndarray) -> np.ndarray:
    """int64 (D,): the first rows of the distinct images, :func:`in_order`."""
    rows = distinct_images(images)[0]
    return rows[in_order(images[rows])]


def in_order(images: np.ndarray) -> np.ndarray:
    """int64 (N,): a random order that depends on the pixels alone."""
    hashes = row_hashes(images)
    return np.lexsort((hashes[:, 1], hashes[:, 0]))


def halves(groups: np.ndarray, n: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Two disjoint draws of n, int64 (n,) each, that separate no duplicates.

    One sprite of each group comes first, mirror images last. Otherwise, in a set with nearly all mirror images, halves
    full of pairs would hold half as many different sprites as the samples, and any samples would seem good.
    """
    random = np.random.default_rng(number)
    mixed = random.random(len(groups)).argsort()
    is_first = np.zeros(len(groups), np.int64)
    is_first[mixed[np.unique(groups[mixed], return_index=True)[1]]] = 1
    order = mixed[np.argsort(-is_first[mixed], kind="stable")]
    sizes = np.bincount(groups)
    shuffled = random.random(len(sizes)).argsort()
    # Cut where the numbers of sprites on both sides differ least.
    held = np.cumsum(sizes[shuffled])
    cut = int(np.abs(2 * held - held[-1]).argmin()) + 1
    side = np.zeros(len(sizes), bool)
    side[shuffled[:cut]] = True
    left = side[groups[order]]
    return order[left][:n], order[~left][:n]


def draws(count: int, n: int) -> list[np.ndarray]:
    """For each split n of ``count`` samples, int64 (n,)."""
    return [np.sort(np.random.default_rng(number).random(count).argsort()[:n]) for number in range(SPLITS)]
