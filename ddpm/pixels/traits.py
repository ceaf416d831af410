"""What makes a picture pixel art, measured sprite by sprite.

Two colours count as one where their OKLab distance is at most :data:`ddpm.pixels.oklab.SAME`; background and foreground
are those of :mod:`ddpm.pixels.foreground`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ddpm.base.blocks import image_blocks
from ddpm.pixels.conversion import pack_rgb, unpack_rgb
from ddpm.pixels.foreground import UNSEEN, border_colour, dilate, foreground
from ddpm.pixels.oklab import SAME, distance, oklab

MERGED = 0.04
"""A frequent colour takes in all others within this OKLab distance of it."""
_DARK = 0.35
"""OKLab lightness: on an opaque background below it no outline can be told from the background."""


@dataclass(frozen=True)
class Traits:
    """One value per sprite; float64 (N,) each.

    Attributes:
        colours: distinct colours; transparency counts as one.
        foreground: share of foreground pixels, 0..1.
        outline: how much darker the foreground's rim is than its inside, in OKLab lightness; NaN where there is no
            inside, no background, or a dark one, with which outlines merge.
        orphans: pixels of which no 4-neighbour has the same colour.
        symmetry: share of the foreground that equals its mirror image, 0..1; NaN without foreground.
        haze: share of the picture that is background, yet off the border's median colour by more than 0.004 and less
            than 0.06 in OKLab, 0..1: the noise that a half-trained model leaves there; NaN without background.
        merged_colours: colours after :func:`merged_colours`: a clean palette stays small, grey and blur blow it up.
        contrast: root mean square OKLab distance of the pixels from their mean; 0 for a single colour.
    """

    colours: np.ndarray
    foreground: np.ndarray
    outline: np.ndarray
    orphans: np.ndarray
    symmetry: np.ndarray
    haze: np.ndarray
    merged_colours: np.ndarray
    contrast: np.ndarray

    def quartiles(self) -> dict[str, list[float | None]]:
        """For each trait its 25th, 50th and 75th percentile; JSON values, None where no sprite has the trait."""
        result: dict[str, list[float | None]] = {}
        for field in fields(self):
            values = getattr(self, field.name)
            known = values[np.isfinite(values)]
            quartiles = np.percentile(known, [25, 50, 75]) if len(known) else [None] * 3
            result[field.name] = [None if q is None else round(float(q), 4) for q in quartiles]
        return result


def traits(images: np.ndarray) -> Traits:
    """Measure sprites.

    Args:
        images: uint8 (N, H, W, C), N at least 1.
    """
    parts = [_traits(images[part]) for part in image_blocks(images)]
    return Traits(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Traits)))


def _traits(images: np.ndarray) -> Traits:
    lab = oklab(images)
    codes = np.sort(pack_rgb(images).reshape(len(images), -1), axis=1)
    colours = 1.0 + (np.diff(codes, axis=1) != 0).sum(axis=1)
    inside_of = foreground(lab)
    has_background = ~inside_of.all(axis=(1, 2))
    behind = border_colour(lab)
    rim = inside_of & dilate(~inside_of, edge=True)
    core = inside_of & ~rim
    lightness = lab[..., 0]
    outline = masked_mean(lightness, core) - masked_mean(lightness, rim)
    dark = behind[:, 0, 0, 0] < _DARK
    if lab.shape[-1] == 4:
        dark &= behind[:, 0, 0, 3] > SAME
    mirrored = distance(lab, lab[:, :, ::-1]) <= SAME
    symmetry = masked_mean(mirrored.astype(np.float64), inside_of | inside_of[:, :, ::-1])
    off = distance(lab, behind)
    hazy = (off > UNSEEN) & (off < SAME) & ~inside_of
    pixels = lab.reshape(len(lab), -1, lab.shape[-1]).astype(np.float64)
    spread = np.square(pixels - pixels.mean(axis=1, keepdims=True)).sum(axis=2).mean(axis=1)
    return Traits(
        colours,
        inside_of.mean(axis=(1, 2)),
        np.where(has_background & ~dark, outline, np.nan),
        orphans(lab).sum(axis=(1, 2)).astype(np.float64),
        symmetry,
        np.where(has_background, hazy.mean(axis=(1, 2)), np.nan),
        merged_colours(images),
        np.sqrt(spread),
    )


def merged_colours(images: np.ndarray) -> np.ndarray:
    """How many colours are left when each takes in what is within :data:`MERGED` of it.

    The colour of most pixels goes first (of two equally frequent ones the smaller RGB value), then the most frequent
    of what is left, until none is. Single linkage would not do: along a blur it joins black to white step by step.

    Args:
        images: uint8 (N, H, W, C).

    Returns:
        float64 (N,), at least 1.
    """
    codes = np.sort(pack_rgb(images).reshape(len(images), -1), axis=1)
    starts = np.diff(codes, axis=1, prepend=-1) != 0
    sizes = np.bincount(np.cumsum(starts) - 1)
    rank = np.where(starts, 0, -1)
    rank[starts] = sizes
    # Frequent colours first; repeated pixels sink to the end and are cut off.
    order = np.argsort(-rank, axis=1, kind="stable")[:, : int(starts.sum(axis=1).max())]
    codes, free = np.take_along_axis(codes, order, axis=1), np.take_along_axis(starts, order, axis=1)
    lab = oklab(unpack_rgb(codes, images.shape[-1]))
    counts = np.zeros(len(images))
    rows = np.arange(len(images))
    while len(rows):
        counts[rows] += 1
        leader = lab[np.arange(len(rows)), free.argmax(axis=1)]
        free &= distance(lab, leader[:, None]) > MERGED
        left = free.any(axis=1)
        rows, lab, free = rows[left], lab[left], free[left]
    return counts


def orphans(lab: np.ndarray) -> np.ndarray:
    """Pixels of which no 4-neighbour has the same colour.

    Args:
        lab: float (N, H, W, C), of :func:`ddpm.pixels.oklab.oklab`.

    Returns:
        bool (N, H, W).
    """
    friend = np.zeros(lab.shape[:3], bool)
    down = distance(lab[:, 1:], lab[:, :-1]) <= SAME
    right = distance(lab[:, :, 1:], lab[:, :, :-1]) <= SAME
    friend[:, 1:] |= down
    friend[:, :-1] |= down
    friend[:, :, 1:] |= right
    friend[:, :, :-1] |= right
    return ~friend


def masked_mean(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean of values (N, H, W) over a mask, bool (N, H, W): float64 (N,), NaN where the mask is empty."""
    counts = mask.sum(axis=(1, 2))
    sums = np.where(mask, values, 0.0).sum(axis=(1, 2), dtype=np.float64)
    return np.divide(sums, counts, out=np.full(len(mask), np.nan), where=counts > 0)
