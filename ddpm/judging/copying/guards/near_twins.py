"""Near twins: sprites that differ no more than by hardly visible noise, such as the frames of an animation.

Each is the other's nearest neighbour, and then no distance between sprites is small enough to be unusual. So they count
as one, like mirror images: the nearest *other* sprite is the nearest one of another group.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ddpm.base.blocks import blocks
from ddpm.base.seeds import seed_for
from ddpm.pixels.neighbors import nearest

NEAR_TWIN = 6.5
"""Root mean square in grey levels: a little more than noise of standard deviation 6, which is hardly seen."""

# Faint sprites are all near one another in grey levels: twins must be so beside what is usual in their set.
_OF_USUAL = 0.25
_PAIRS = 1000
_FIRST_K, _MOST_K = 3, 768
_BLOCK = 1024
# A pair of mirror images is looked at once if no more of all images lack theirs.
_FEW = 0.01


def twin_distance(images: np.ndarray) -> int:
    """The largest squared distance of near twins: that of :data:`NEAR_TWIN`, or a quarter of the median of any pair.

    Args:
        images: uint8 (N, H, W, C), distinct.
    """
    if len(images) < 2:
        return 0
    random = np.random.default_rng(seed_for("twin distance"))
    rows = random.permutation(len(images))[: _PAIRS + 1]
    chosen = images[rows].astype(np.int32)
    usual = float(np.median(np.square(chosen[1:] - chosen[:-1]).sum(axis=(1, 2, 3), dtype=np.int64)))
    return int(min(NEAR_TWIN**2 * images[0].size, _OF_USUAL**2 * usual))


def nearest_others(
    images: np.ndarray,
    groups: np.ndarray,
    limit: int,
    rows: np.ndarray,
    watch: Callable[[float], None] = lambda done: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Join near twins into groups, and find each row's nearest image of another group.

    Args:
        images: uint8 (N, H, W, C), distinct.
        groups: int64 (N,), equal for what is known to belong together (mirror images).
        limit: the largest squared distance of near twins, see :func:`twin_distance`.
        rows: int64 (R,), the images that are asked for; twins are found of these alone.
        watch: called with the share that is done, 0..1.

    Returns:
        ``(squared_distances, groups)``: int64 (R,), -1 where all of the nearest 768 are of one group; int64 (N,).
    """
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    pending, k = np.arange(len(rows)), min(_FIRST_K, len(images))
    while len(pending):
        for part in blocks(len(pending), _BLOCK):
            watch(part.start / len(pending))
            asked = pending[part]
            indices, squared = nearest(images[rows[asked]], images, k)
            close = squared <= limit
            groups = _joined(groups, np.repeat(rows[asked], close.sum(axis=1)), indices[close])
            found.append((asked, indices, squared))
        again = [asked[_unresolved(groups, rows[asked], indices)] for asked, indices, _ in found]
        pending = np.concatenate(again) if k < min(_MOST_K, len(images)) else pending[:0]
        k = min(4 * k, _MOST_K, len(images))
    result = np.full(len(rows), -1, np.int64)
    for asked, indices, squared in found:
        other = groups[indices] != groups[rows[asked]][:, None]
        has_other = other.any(axis=1)
        result[asked[has_other]] = squared[np.arange(len(asked)), other.argmax(axis=1)][has_other]
    return result, groups


def nearest_others_of_all(
    images: np.ndarray, mirrors: np.ndarray, limit: int, watch: Callable[[float], None] = lambda done: None
) -> tuple[np.ndarray, np.ndarray]:
    """:func:`nearest_others` for all images, in half the time if most have their mirror image among them.

    What is near a sprite is, mirrored, as near its mirror image, if it has a mirror image here itself.

    Args:
        images: uint8 (N, H, W, C), distinct.
        mirrors: int64 (N,), one number for an image and its mirror image (:mod:`ddpm.pixels.duplicates`).
    """
    everything = np.arange(len(images))
    _, firsts, number, counts = np.unique(mirrors, return_index=True, return_inverse=True, return_counts=True)
    alone = firsts[counts == 1]
    without = alone[(images[alone] != images[alone, :, ::-1]).any(axis=(1, 2, 3))]
    if len(without) > _FEW * len(images):
        return nearest_others(images, mirrors, limit, everything, watch)
    squared, groups = nearest_others(images, mirrors, limit, firsts, watch)
    squared = squared[number]
    second = np.setdiff1d(everything, firsts)
    if len(without) and len(second):
        # Near one without a mirror image the two of a pair may differ.
        one, two = (nearest(images[rows], images[without], 1)[1][:, 0] for rows in (firsts[number[second]], second))
        doubtful = second[(np.minimum(one, two) <= squared[second]) | (squared[second] < 0)]
        if len(doubtful):
            squared[doubtful], joined = nearest_others(images, groups, limit, doubtful)
            if not np.array_equal(joined, groups):
                return nearest_others(images, mirrors, limit, everything, watch)
    return squared, groups


def count_joined(before: np.ndarray, after: np.ndarray) -> int:
    """How many images are in a larger group than before; both int64 (N,), the groups before and after joining."""
    sizes = []
    for groups in (before, after):
        _, number, counts = np.unique(groups, return_inverse=True, return_counts=True)
        sizes.append(counts[number])
    return int((sizes[1] > sizes[0]).sum())


def _unresolved(groups: np.ndarray, rows: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """bool (R,): whether all that was found is of the row's own group."""
    return np.asarray((groups[indices] == groups[rows][:, None]).all(axis=1))


def _joined(groups: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The groups when each ``one`` belongs together with its ``other``; the lowest number stands for all of them."""
    while True:
        a, b = groups[one], groups[other]
        if np.array_equal(a, b):
            return groups
        lowest = np.arange(int(groups.max()) + 1)
        np.minimum.at(lowest, a, b)
        np.minimum.at(lowest, b, a)
        groups = lowest[groups]
