"""What makes a picture pixel art, measured sprite by sprite.

Two colours count as one where their OKLab distance is at most 0.06, the least that is seen at a glance. The background
is whatever of the border's median colour hangs together with the border; all else is foreground.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from ddpm.oklab import oklab

SAME = 0.06


@dataclass(frozen=True)
class Traits:
    """One value a sprite; float64 (N,) each.

    Attributes:
        colours: distinct RGB colours.
        foreground: share of foreground pixels, 0..1.
        outline: how much darker the foreground's rim is than its inside, in OKLab lightness; NaN where there is no
            inside.
        orphans: pixels of which no 4-neighbour has the same colour.
        symmetry: share of the foreground that equals its mirror image, 0..1; NaN without foreground.
    """

    colours: np.ndarray
    foreground: np.ndarray
    outline: np.ndarray
    orphans: np.ndarray
    symmetry: np.ndarray

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
        images: uint8 (N, H, W, 3), N at least 1.
    """
    lab = oklab(images)
    flat = np.sort(images.reshape(len(images), -1, 3).astype(np.int64) @ [65536, 256, 1], axis=1)
    colours = 1.0 + (np.diff(flat, axis=1) != 0).sum(axis=1)
    inside_of = foreground(lab)
    rim = inside_of & dilate(~inside_of, edge=True)
    core = inside_of & ~rim
    lightness = lab[..., 0]
    outline = masked_mean(lightness, core) - masked_mean(lightness, rim)
    mirrored = distance(lab, lab[:, :, ::-1]) <= SAME
    symmetry = masked_mean(mirrored.astype(np.float64), inside_of | inside_of[:, :, ::-1])
    return Traits(
        colours,
        inside_of.mean(axis=(1, 2)),
        outline,
        orphans(lab).sum(axis=(1, 2)).astype(np.float64),
        symmetry,
    )


def foreground(lab: np.ndarray) -> np.ndarray:
    """bool (N, H, W): all that does not hang together with the border in the border's median colour.

    Args:
        lab: float (N, H, W, 3), OKLab.
    """
    border = np.concatenate([lab[:, 0], lab[:, -1], lab[:, 1:-1, 0], lab[:, 1:-1, -1]], axis=1)
    alike = distance(lab, np.median(border, axis=1)[:, None, None]) <= SAME
    reached = np.zeros_like(alike)
    reached[:, [0, -1]] = alike[:, [0, -1]]
    reached[:, :, [0, -1]] = alike[:, :, [0, -1]]
    while True:
        grown = dilate(reached) & alike
        if (grown == reached).all():
            return ~reached
        reached = grown


def orphans(lab: np.ndarray) -> np.ndarray:
    """bool (N, H, W): pixels of which no 4-neighbour has the same colour.

    Args:
        lab: float (N, H, W, 3), OKLab.
    """
    friend = np.zeros(lab.shape[:3], bool)
    down = distance(lab[:, 1:], lab[:, :-1]) <= SAME
    right = distance(lab[:, :, 1:], lab[:, :, :-1]) <= SAME
    friend[:, 1:] |= down
    friend[:, :-1] |= down
    friend[:, :, 1:] |= right
    friend[:, :, :-1] |= right
    return ~friend


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """OKLab distance, over the last axis."""
    return np.sqrt(np.square(a - b).sum(axis=-1))


def dilate(mask: np.ndarray, *, edge: bool = False) -> np.ndarray:
    """A mask and its 4-neighbours, bool (N, H, W); ``edge``: what lies outside the picture counts as masked."""
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)), constant_values=edge)
    return mask | padded[:, 2:, 1:-1] | padded[:, :-2, 1:-1] | padded[:, 1:-1, 2:] | padded[:, 1:-1, :-2]


def masked_mean(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean over a mask, float64 (N,); NaN where the mask is empty."""
    counts = mask.sum(axis=(1, 2))
    sums = np.where(mask, values, 0.0).sum(axis=(1, 2), dtype=np.float64)
    return np.divide(sums, counts, out=np.full(len(mask), np.nan), where=counts > 0)
