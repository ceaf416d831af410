"""Do two shapes agree more than by chance, and do the pictures confirm it?

Two maps with many edges agree whatever they show: a checkerboard has an edge at every place, and so nearly has noise.
So Jaccard's index J is held against what maps of these two densities give when their edges lie at random. And where the
edges agree, the pictures must be divided into areas of one colour in the same way, whatever the colours are: the
information Jaccard of the two partitions, I(X;Y) / H(X,Y) (Rajski 1961), less what it is when the pixels of one are
shuffled (the correction for chance of Vinh et al. 2010), since partitions into single pixels always agree.

In other colours two areas may become one: an outline on a dark ground of the same hue. That takes edges away, so J is
small, but adds none, and then every area of the original has one colour still. So where nearly all edges of a sprite
are edges of the other one, the pictures decide, by how much of its division the other one's division explains.
"""

from __future__ import annotations

import numpy as np

from ddpm.base.blocks import image_blocks
from ddpm.base.seeds import seed_for
from ddpm.judging.copying.shapes import SHAPE_KNOWN, ShapeMatches, edge_bits
from ddpm.pixels.conversion import pack_rgb, unpack_rgb
from ddpm.pixels.oklab import SAME, distance, oklab

ABOVE_CHANCE = 0.5
"""The least share of the way from chance to full agreement that J must go."""

CONFIRMED = 0.3
"""The least corrected information Jaccard at which pictures confirm what their edges say."""

MERGED = 0.4
"""The least J at which a sprite may be another one in which areas have become one colour."""

EXPLAINED = 0.9
"""The least share of such a sprite's edges, and of its division into areas, that the other one must explain."""

CERTAIN = 0.95
"""Where chance alone gives this J, edges say nothing, and the pictures decide alone."""
_BLOCK = 2048
# The original of a sprite with merged areas is among the first of those with similar edges.
_MOST_TRIED = 4


def known_shapes(queries: np.ndarray, references: np.ndarray, matches: ShapeMatches) -> tuple[np.ndarray, np.ndarray]:
    """Which matches are of a known shape.

    Args:
        queries: uint8 (Q, H, W, C).
        references: uint8 (R, H, W, C), to which the matches refer.
        matches: k for each query.

    Returns:
        ``(above, first)``: bool (Q, k), edges that agree above chance, at :data:`SHAPE_KNOWN` or as far as areas that
        have become one allow; int64 (Q,), the first of these that the pictures confirm, -1 for none.
    """
    own = edge_bits(queries)
    places = own.shape[1]
    above = matches.similarity >= SHAPE_KNOWN
    which, place, ours, theirs = _counted(own, references, matches, above)
    by_chance = chance_agreement(ours, theirs, places)
    beyond = matches.similarity[which, place] - by_chance >= ABOVE_CHANCE * (1 - by_chance)
    above[which, place] = beyond | (by_chance >= CERTAIN)
    alike, first = _confirmed(queries, references, matches, above, merged=False)

    merged = (matches.similarity >= MERGED) & (first < 0)[:, None]
    merged[:, _MOST_TRIED:] = False
    which, place, ours, theirs = _counted(own, references, matches, merged)
    similar = matches.similarity[which, place]
    # How many edges are in both follows from J and the two numbers.
    shared, density = similar * (ours + theirs) / (1 + similar) / ours, theirs / places
    merged[which, place] = (shared - density >= EXPLAINED * (1 - density)) & (density < CERTAIN)
    merged, found = _confirmed(queries, references, matches, merged, merged=True)
    return alike | merged, np.maximum(first, found)


def _counted(
    own: np.ndarray, references: np.ndarray, matches: ShapeMatches, asked: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Which query and which place are asked for, and how many edges the two have."""
    which, place = np.nonzero(asked)
    rows, number = np.unique(matches.indices[which, place], return_inverse=True)
    return which, place, own.sum(axis=1)[which], edge_bits(references[rows]).sum(axis=1)[number]


def _confirmed(
    queries: np.ndarray, references: np.ndarray, matches: ShapeMatches, asked: np.ndarray, merged: bool
) -> tuple[np.ndarray, np.ndarray]:
    """What is left of the matches asked for, bool (Q, k), and the first of each query, -1 for none.

    They are tried one after the other until the pictures confirm one; what they do not is struck out, and of matches
    in which areas have become one all but the first that is confirmed.
    """
    left, first = asked.copy(), np.full(len(queries), -1)
    pending = np.flatnonzero(left.any(axis=1))
    areas = np.zeros((len(queries), *queries.shape[1:3]), np.int64)
    areas[pending] = colour_areas(queries[pending])
    while len(pending):
        place = left[pending].argmax(axis=1)
        rows, number = np.unique(matches.indices[pending, place], return_inverse=True)
        theirs = colour_areas(references[rows])[number]
        turned = matches.flips[pending, place], matches.shifts[pending, place]
        alike, explained = area_agreement(areas[pending], theirs, *turned)
        confirmed = explained >= EXPLAINED if merged else alike >= CONFIRMED
        first[pending[confirmed]] = place[confirmed]
        pending, place = pending[~confirmed], place[~confirmed]
        left[pending, place] = False
        pending = pending[left[pending].any(axis=1)]
    if merged:
        left = np.arange(left.shape[1]) == first[:, None]
    return left, first


def chance_agreement(ours: np.ndarray, theirs: np.ndarray, places: int) -> np.ndarray:
    """The J to expect of two maps with so many edges each, at random among so many places; float64, 0 without edges."""
    both = ours * (theirs / places)
    either = ours + theirs - both
    return np.divide(both, either, out=np.zeros(len(both)), where=either > 0)


def colour_areas(images: np.ndarray) -> np.ndarray:
    """Which pixels of a picture count as one colour: the most frequent takes in all within ``SAME``, then the next.

    Args:
        images: uint8 (N, H, W, C).

    Returns:
        int64 (N, H, W): equal numbers for one colour, from 0 on.
    """
    numbers = np.empty(images.shape[:3], np.int64)
    for part in image_blocks(images, _BLOCK):
        numbers[part] = _areas(images[part])
    return numbers


def _areas(images: np.ndarray) -> np.ndarray:
    codes = pack_rgb(images).reshape(len(images), -1).astype(np.int64)
    order = np.argsort(codes, axis=1, kind="stable")
    ordered = np.take_along_axis(codes, order, axis=1)
    starts = np.diff(ordered, axis=1, prepend=-1) != 0
    ranks = np.cumsum(starts, axis=1) - 1
    # One column for each colour of a sprite, in ascending order; those that it has not are never free.
    colours = np.zeros((len(images), int(ranks.max()) + 1), np.int64)
    often = np.zeros_like(colours)
    rows = np.arange(len(images))
    colours[np.nonzero(starts)[0], ranks[starts]] = ordered[starts]
    np.add.at(often, (rows[:, None], ranks), 1)
    lab = oklab(unpack_rgb(colours, images.shape[-1]))
    numbers, free, number = np.zeros_like(colours), often > 0, 0
    while len(rows):
        leader = np.where(free, often, 0)[rows].argmax(axis=1)
        taken = free[rows] & (distance(lab[rows], lab[rows, leader][:, None]) <= SAME)
        numbers[rows] = np.where(taken, number, numbers[rows])
        free[rows] &= ~taken
        rows, number = rows[free[rows].any(axis=1)], number + 1
    result = np.empty_like(codes)
    np.put_along_axis(result, order, np.take_along_axis(numbers, ranks, axis=1), axis=1)
    return result.reshape(images.shape[:3])


def area_agreement(
    ours: np.ndarray, theirs: np.ndarray, flips: np.ndarray, shifts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The information Jaccard of two divisions into areas, and the share of ours that theirs explains.

    Both are corrected for chance; the second is I(X;Y) / H(X), the uncertainty coefficient (Theil 1970).

    Args:
        ours, theirs: int64 (N, H, W), see :func:`colour_areas`.
        flips, shifts: bool (N,) and int64 (N, 2), what turns their picture into ours, as in :class:`ShapeMatches`.

    Returns:
        float64 (N,) both, about 0 by chance, or if one is a single area; 1 if they are the same, and the second also if
        each area of theirs lies in one of ours.
    """
    alike, explained = np.zeros(len(ours)), np.zeros(len(ours))
    turned = np.where(flips[:, None, None], theirs[:, :, ::-1], theirs)
    for dy, dx in {(int(y), int(x)) for y, x in shifts}:
        rows = np.flatnonzero((shifts == (dy, dx)).all(axis=1))
        height, width = ours.shape[1:]
        one = ours[rows, max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)]
        other = turned[rows, max(0, -dy) : height + min(0, -dy), max(0, -dx) : width + min(0, -dx)]
        alike[rows], explained[rows] = _corrected(one.reshape(len(rows), -1), other.reshape(len(rows), -1))
    return alike, explained


def _corrected(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    own = _entropy(a)
    alone = own + _entropy(b)
    together = _entropy(a * (int(b.max()) + 1) + b)
    shuffled = b[:, np.random.default_rng(seed_for("shuffled areas")).permutation(b.shape[1])]
    by_chance = alone - _entropy(a * (int(b.max()) + 1) + shuffled)
    beyond = alone - together - by_chance
    alike, explained = (
        np.divide(beyond, room, out=np.zeros(len(a)), where=room > 1e-9)
        for room in (together - by_chance, own - by_chance)
    )
    return alike, explained


def _entropy(numbers: np.ndarray) -> np.ndarray:
    """float64 (N,), in nats: of how the values of each row, int64 (N, P), are distributed."""
    ordered = np.sort(numbers, axis=1)
    starts = np.diff(ordered, axis=1, prepend=-1) != 0
    sizes = np.bincount(np.cumsum(starts) - 1)
    rows = np.repeat(np.arange(len(numbers)), starts.sum(axis=1))
    return np.log(numbers.shape[1]) - np.bincount(rows, sizes * np.log(sizes), len(numbers)) / numbers.shape[1]
