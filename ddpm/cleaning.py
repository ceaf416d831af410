"""Clean pixels: what a pixel artist would tidy up in a drawing, done by rule, for sprites that are to be used.

Never part of a measurement: a model is judged by what it draws, not by what is left of it after a clean-up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ddpm.images import require_sprites
from ddpm.oklab import oklab
from ddpm.traits import MERGED, distance, foreground, orphans

_FAINT = 0.15
"""A stray pixel nearer than this to one of its neighbours is a mistake; further away it may be an eye or a glint."""
_WHITE = np.float32(0.03)


@dataclass(frozen=True)
class Cleaned:
    """Sprites after the clean-up, and where they were touched; all (N, H, W).

    Attributes:
        images: uint8 (N, H, W, 3).
        background: bool, pixels of the background that were given its one colour.
        stray: bool, lone pixels that took the colour of a neighbour.
        merged: bool, pixels that took a frequent colour very near to their own.
    """

    images: np.ndarray
    background: np.ndarray = field(repr=False)
    stray: np.ndarray = field(repr=False)
    merged: np.ndarray = field(repr=False)

    @property
    def changed(self) -> np.ndarray:
        """bool (N, H, W): every pixel that was touched."""
        changed: np.ndarray = self.background | self.stray | self.merged
        return changed


def clean_pixels(images: np.ndarray) -> Cleaned:
    """Tidy sprites up, one after another: background, stray pixels, palette.

    * *Background*: what hangs together with the border in its median colour gets that colour; nearly white becomes
      white.
    * *Stray pixels*: a pixel that no 4-neighbour resembles takes the colour of the neighbour nearest to its own, if
      that is not far (0.15 in OKLab), or if only background surrounds it.
    * *Palette*: the most frequent colour takes in all within 0.04 of it in OKLab, then the most frequent of what is
      left, and so on: no colour is new, and no edge that one sees goes.

    Args:
        images: uint8 (N, H, W, 3); not changed. N may be 0.

    Raises:
        TypeError: if the images are not uint8.
        ValueError: for other shapes.
    """
    (images,) = require_sprites(images=images)
    if len(images) == 0:
        nothing = np.zeros(images.shape[:3], bool)
        return Cleaned(images.copy(), nothing, nothing, nothing)
    snapped, behind = _snap_background(images)
    tidied = _without_stray(snapped, behind)
    merged = np.stack([_reduced(image) for image in tidied])
    return Cleaned(merged, _differ(images, snapped), _differ(snapped, tidied), _differ(tidied, merged))


def _snap_background(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    border = np.concatenate([images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]], axis=1)
    # A middle one of the colours that are there, not a mixture of channels that is nowhere.
    lab = oklab(border)
    middle = distance(lab, np.median(lab, axis=1, keepdims=True)).argmin(axis=1)
    colour = border[np.arange(len(images)), middle]
    nearly_white = distance(oklab(colour), oklab(np.full(3, 255, np.uint8))) <= _WHITE
    colour = np.where(nearly_white[:, None], np.uint8(255), colour)
    behind = ~foreground(oklab(images))
    return np.where(behind[..., None], colour[:, None, None], images), behind


def _without_stray(images: np.ndarray, behind: np.ndarray) -> np.ndarray:
    lab = oklab(images)
    lone = orphans(lab)
    padded = np.pad(lab, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=np.inf)
    pixels = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    sides = [(slice(2, None), slice(1, -1)), (slice(None, -2), slice(1, -1))]
    sides += [(slice(1, -1), slice(2, None)), (slice(1, -1), slice(None, -2))]
    with np.errstate(invalid="ignore"):
        far = np.stack([distance(padded[:, y, x], lab) for y, x in sides])
    nearest = far.argmin(axis=0)
    candidates = np.stack([pixels[:, y, x] for y, x in sides])
    chosen = np.take_along_axis(candidates, nearest[None, ..., None], axis=0)[0]
    faint = lone & (far.min(axis=0) <= _FAINT)
    return np.where((faint | _alone(behind))[..., None], chosen, images)


def _alone(behind: np.ndarray) -> np.ndarray:
    """bool (N, H, W): foreground pixels with nothing but background in all eight places around."""
    front = np.pad(~behind, ((0, 0), (1, 1), (1, 1)))
    height, width = behind.shape[1:]
    around = sum(
        front[:, y : y + height, x : x + width].astype(np.int64) for y in range(3) for x in range(3) if (y, x) != (1, 1)
    )
    alone: np.ndarray = ~behind & (np.asarray(around) == 0)
    return alone


def _reduced(image: np.ndarray) -> np.ndarray:
    """One sprite with fewer colours, each of them one of its own; uint8 (H, W, 3)."""
    colours, index, counts = np.unique(image.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    lab = oklab(colours)
    leader = np.full(len(colours), -1)
    for candidate in np.argsort(-counts, kind="stable"):
        if leader[candidate] < 0:
            leader[(leader < 0) & (distance(lab, lab[candidate]) <= MERGED)] = candidate
    return colours[leader[index.reshape(-1)]].reshape(image.shape)


def _differ(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    differ: np.ndarray = (before != after).any(axis=-1)
    return differ
