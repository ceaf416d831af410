"""What is known of samples' shapes: by their edges, or by their relief where no edges are seen; and in what colours."""

from __future__ import annotations

import numpy as np

from ddpm.base.blocks import blocks, images_per_block
from ddpm.judging.copying.guards.agreement import known_shapes
from ddpm.judging.copying.palettes import PaletteIndex, palette_embedding
from ddpm.judging.copying.reliefs import MOST_EDGES, ReliefIndex
from ddpm.judging.copying.shapes import SHAPE_KNOWN, ShapeIndex, ShapeMatches, edge_bits
from ddpm.pixels.oklab import SAME, distance, oklab

_NEIGHBOURS = 16
_BLOCK = 1024


def shape_facts(
    samples: np.ndarray,
    train: np.ndarray,
    shapes: ShapeIndex,
    reliefs: ReliefIndex,
    palettes: PaletteIndex,
    twin_distance: int,
) -> dict[str, np.ndarray]:
    """Those fields of :class:`ddpm.judging.copying.evidence.Evidence` that speak of shape.

    Args:
        samples, train: uint8 (N, H, W, C) and (R, H, W, C).
        shapes, reliefs, palettes: of the training sprites, of which ``shape_row`` is a row.
        twin_distance: see :func:`ddpm.judging.copying.guards.near_twins.twin_distance`.
    """
    matches = shapes.nearest(samples, min(_NEIGHBOURS, len(train)))
    above, first = known_shapes(samples, train, matches)
    _ask_reliefs(samples, matches, reliefs, above, first)
    best, each = np.maximum(first, 0), np.arange(len(samples))
    above &= (first >= 0)[:, None]
    rows = matches.indices[each, best]
    return {
        "shape_known": first >= 0,
        "shape_row": rows,
        "shape_similarity": matches.similarity[each, best],
        "shape_flip": matches.flips[each, best],
        "shape_shift": matches.shifts[each, best],
        "shape_palette_distance": _palette_distances(samples, train, matches, above, palettes, twin_distance),
    }


def _ask_reliefs(
    samples: np.ndarray, matches: ShapeMatches, reliefs: ReliefIndex, above: np.ndarray, first: np.ndarray
) -> None:
    """Put matches by relief in the place of those by edges, where edges are hardly seen and say nothing."""
    if not len(reliefs.rows):
        return
    asked = np.flatnonzero(first < 0)
    asked = asked[edge_bits(samples[asked]).mean(axis=1) <= MOST_EDGES]
    found = reliefs.nearest(samples[asked], matches.indices.shape[1])
    known = found.similarity[:, 0] >= SHAPE_KNOWN
    rows = asked[known]
    first[rows], above[rows] = 0, found.similarity[known] >= SHAPE_KNOWN
    for name in ("indices", "similarity", "flips", "shifts"):
        getattr(matches, name)[rows] = getattr(found, name)[known]


def _palette_distances(
    samples: np.ndarray,
    train: np.ndarray,
    matches: ShapeMatches,
    above: np.ndarray,
    palettes: PaletteIndex,
    twin_distance: int,
) -> np.ndarray:
    """To the nearest palette of the training sprites of the same shape; NaN where there is none.

    0 where one of them has the very same pixels at its alignment: what is cut off or repeated at the border when a
    sprite is moved has a share in the palette, and of a sprite without background a large one.
    """
    result = np.full(len(samples), np.nan)
    which, place = np.nonzero(above)
    same = _same_pixels(samples, train, matches, which, place, twin_distance)
    result[which[same]] = 0
    own = palette_embedding(samples)
    for i in np.flatnonzero(above.any(axis=1) & np.isnan(result)):
        distances = np.linalg.norm(palettes.embedding(matches.indices[i, above[i]]) - own[i], axis=1)
        if np.isfinite(distances).any():
            result[i] = np.nanmin(distances)
    return result


def _same_pixels(
    samples: np.ndarray,
    train: np.ndarray,
    matches: ShapeMatches,
    which: np.ndarray,
    place: np.ndarray,
    twin_distance: int,
) -> np.ndarray:
    """bool (P,): whether no pixel of a sample visibly differs from that of its match, both near twins where they meet.

    Args:
        which, place: int64 (P,), the matches asked for.
    """
    same = np.zeros(len(which), bool)
    rows, flips, shifts = (values[which, place] for values in (matches.indices, matches.flips, matches.shifts))
    height, width, channels = samples.shape[1:]
    limit = twin_distance / (height * width * channels)
    for flip, dy, dx in {(bool(f), int(y), int(x)) for f, (y, x) in zip(flips, shifts, strict=True)}:
        alike = np.flatnonzero((flips == flip) & (shifts == (dy, dx)).all(axis=1))
        for part in blocks(len(alike), images_per_block(height * width, _BLOCK)):
            pairs = alike[part]
            ours = samples[which[pairs], max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)]
            theirs = train[rows[pairs]][:, :, :: -1 if flip else 1]
            theirs = theirs[:, max(0, -dy) : height + min(0, -dy), max(0, -dx) : width + min(0, -dx)]
            near = np.flatnonzero(np.square(ours.astype(np.int32) - theirs).mean(axis=(1, 2, 3)) <= limit)
            seen = distance(oklab(ours[near]), oklab(theirs[near])).max(axis=(1, 2), initial=0)
            same[pairs[near]] = seen <= SAME
    return same
