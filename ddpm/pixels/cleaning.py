"""Clean pixels: what a pixel artist would tidy up in a drawing, done by rule, for sprites that somebody wants to use.

Never part of a measurement: a model is judged by what it draws, not by what is left of it after a clean-up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ddpm.pixels.conversion import pack_rgb, require_sprites, unpack_rgb
from ddpm.pixels.foreground import border_pixels, foreground
from ddpm.pixels.oklab import SAME, distance, oklab
from ddpm.pixels.traits import MERGED
from ddpm.pixels.transparency import lay_on

_FAINT = 0.15
"""A stray pixel nearer than this to one of its neighbours is a mistake; further away it may be an eye or a glint."""
_WHITE = np.float32(0.03)
_VISIBLE = 0.02
"""About the least difference that can be seen side by side."""
_AROUND = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)]

MARKS = {"background": (80, 160, 235), "stray": (214, 40, 60), "merged": (245, 170, 40)}
"""RGB of what :meth:`Cleaned.marked` shows, by kind."""


@dataclass(frozen=True)
class Cleaned:
    """Sprites after the clean-up, and which pixels were changed; the same pixel may be changed for several reasons.

    Attributes:
        images: uint8 (N, H, W, C).
        background: bool (N, H, W), pixels of the background that were given its one colour.
        stray: bool (N, H, W), lone pixels that took the colour of a neighbour.
        merged: bool (N, H, W), pixels that took a frequent colour very near to their own.
        moved: float32 (N, H, W), how far each pixel's colour moved, in OKLab; most moves are too small to be seen.
    """

    images: np.ndarray
    background: np.ndarray = field(repr=False)
    stray: np.ndarray = field(repr=False)
    merged: np.ndarray = field(repr=False)
    moved: np.ndarray = field(repr=False)

    @property
    def changed(self) -> np.ndarray:
        """bool (N, H, W): every pixel that was changed."""
        changed: np.ndarray = self.background | self.stray | self.merged
        return changed

    def by_kind(self) -> dict[str, np.ndarray]:
        """bool (N, H, W) each: every changed pixel under one of its reasons, the rarest."""
        found, left = {}, self.changed
        for kind in ("stray", "background", "merged"):
            found[kind] = getattr(self, kind) & left
            left = left & ~found[kind]
        return found

    def marked(self) -> np.ndarray:
        """uint8 (N, H, W, 3): the sprites in pale grey, and what was changed in the colours of :data:`MARKS`.

        What moved little is marked faintly.
        """
        grey = np.repeat(160 + lay_on(self.images).mean(axis=-1, keepdims=True) * (95 / 255), 3, axis=-1)
        marks = grey.copy()
        for kind, where in self.by_kind().items():
            marks[where] = MARKS[kind]
        strength = np.clip(self.moved / MERGED, 0, 1)[..., None]
        mixed: np.ndarray = (grey + strength * (marks - grey)).round().astype(np.uint8)
        return mixed

    def in_words(self) -> str:
        """How many pixels were changed, how many of them visibly, and for which reasons: these add up to all."""
        changed, visible = int(self.changed.sum()), int((self.moved > _VISIBLE).sum())
        if changed == 0:
            return "Nothing to clean: no pixel was changed."
        reasons = {"background": "in the background", "merged": "to a near colour that is used more", "stray": "stray"}
        found = self.by_kind()
        counts = {words: int(found[kind].sum()) for kind, words in reasons.items()}
        told = ", ".join(f"{count:,} {words}" for words, count in counts.items() if count)
        return f"{changed:,} of {self.changed.size:,} pixels were changed, {visible:,} so that one sees it: {told}."


def clean_pixels(images: np.ndarray) -> Cleaned:
    """Tidy sprites up: background, palette, stray pixels.

    * *Background*: what is connected to the border in its median colour gets that colour; nearly white becomes white.
    * *Palette*: the most frequent colour takes in all within 0.04 of it in OKLab, then the most frequent of the rest
      does, and so on: no new colour appears, and no visible edge is lost.
    * *Stray pixels*: a pixel unlike all eight around it takes the colour of the most similar of its 4-neighbours, if
      that is not far (0.15 in OKLab), or if only background surrounds it; repeated until none is left.

    Each step works on the result of the one before, and the background is done once more at the end. Cleaning again
    changes nothing, or hardly anything: of 200 sprites with added noise, none.

    Args:
        images: uint8 (N, H, W, C), left as they are; N may be 0.

    Raises:
        TypeError: if the images are not uint8.
        ValueError: for other shapes.
    """
    (images,) = require_sprites(images=images)
    if len(images) == 0:
        nothing = np.zeros(images.shape[:3], bool)
        return Cleaned(images.copy(), nothing, nothing, nothing, nothing.astype(np.float32))
    snapped, behind = _snap_background(images)
    merged = np.stack([_reduced(image) for image in snapped])
    tidied = _without_stray(merged, behind)
    # A pixel that has just become nearly the background's colour is haze as well.
    even, _ = _snap_background(tidied)
    background = _differ(images, snapped) | _differ(tidied, even)
    moved = distance(oklab(images), oklab(even)).astype(np.float32)
    return Cleaned(even, background, _differ(merged, tidied), _differ(snapped, merged), moved)


def _snap_background(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    border = border_pixels(images)
    # The border's own pixel nearest to the median: the median itself may be a mixture that occurs nowhere.
    lab = oklab(border)
    middle = distance(lab, np.median(lab, axis=1, keepdims=True)).argmin(axis=1)
    colour = border[np.arange(len(images)), middle]
    nearly_white = distance(oklab(colour), oklab(np.full(images.shape[-1], 255, np.uint8))) <= _WHITE
    colour = np.where(nearly_white[:, None], np.uint8(255), colour)
    behind = ~foreground(oklab(images))
    return np.where(behind[..., None], colour[:, None, None], images), behind


def _without_stray(images: np.ndarray, behind: np.ndarray) -> np.ndarray:
    shape, pixels = images.shape, images.reshape(len(images), -1, images.shape[-1])
    specks = _alone(behind).reshape(pixels.shape[:2])
    while True:
        lab = oklab(pixels.reshape(shape))
        far, nearest = _nearest_beside(lab)
        going = _lone(lab).reshape(far.shape) & (far <= _FAINT) | specks
        # Two strays side by side would swap their colours and still be strays. So a pixel waits for the one whose
        # colour it takes, and of two that take each other's colour the first one goes.
        waits = np.take_along_axis(going, nearest, axis=1)
        here = np.arange(far.shape[1])
        first = (np.take_along_axis(nearest, nearest, axis=1) == here) & (here < nearest)
        now = going & (~waits | first)
        if not now.any():
            return pixels.reshape(shape)
        pixels = np.where(now[..., None], np.take_along_axis(pixels, nearest[..., None], axis=1), pixels)
        specks = specks & ~now


def _nearest_beside(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distance in colour to the most similar 4-neighbour of each pixel, and that one's index; (N, H * W) both."""
    count, height, width, _ = lab.shape
    padded = np.pad(lab, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=np.inf)
    sides = [(1, 0), (-1, 0), (0, 1), (0, -1)]
    far = np.stack([distance(padded[:, 1 + y : 1 + y + height, 1 + x : 1 + x + width], lab) for y, x in sides])
    steps = np.array([y * width + x for y, x in sides])
    nearest = np.arange(height * width).reshape(height, width) + steps[far.argmin(axis=0)]
    return far.min(axis=0).reshape(count, -1), nearest.reshape(count, -1)


def _lone(lab: np.ndarray) -> np.ndarray:
    """bool (N, H, W): pixels unlike all eight around them. The pixels of a diagonal line are not among them."""
    height, width = lab.shape[1:3]
    padded = np.pad(lab, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=np.inf)
    friend = np.zeros(lab.shape[:3], bool)
    for y, x in _AROUND:
        friend |= distance(padded[:, 1 + y : 1 + y + height, 1 + x : 1 + x + width], lab) <= SAME
    return ~friend


def _alone(behind: np.ndarray) -> np.ndarray:
    """bool (N, H, W): foreground pixels with nothing but background in all eight places around them."""
    front = np.pad(~behind, ((0, 0), (1, 1), (1, 1)))
    height, width = behind.shape[1:]
    alone = ~behind
    for y, x in _AROUND:
        alone &= ~front[:, 1 + y : 1 + y + height, 1 + x : 1 + x + width]
    return alone


def _reduced(image: np.ndarray) -> np.ndarray:
    """One sprite with fewer colours, all of them its own; uint8 (H, W, C)."""
    packed, index, counts = np.unique(pack_rgb(image), return_inverse=True, return_counts=True)
    colours = unpack_rgb(packed, image.shape[-1])
    lab = oklab(colours)
    leader = np.full(len(colours), -1)
    for candidate in np.argsort(-counts, kind="stable"):
        if leader[candidate] < 0:
            leader[(leader < 0) & (distance(lab, lab[candidate]) <= MERGED)] = candidate
    return colours[leader[index.reshape(-1)]].reshape(image.shape)


def _differ(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    differ: np.ndarray = (before != after).any(axis=-1)
    return differ
