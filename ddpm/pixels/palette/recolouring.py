"""Other colours for a sprite: palettes in which its shape, its shading, its outline and its background stay.

A sprite is taken as a few colours (:func:`ddpm.pixels.palette.mapping.regions`). A colour and its shades get a new hue
together; lightness (of OKLab) is bent for all alike, so that light stays lighter than dark. Of many palettes made so
the ones are taken that look least alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from ddpm.base.seeds import generator_for
from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.foreground import border_colour, border_pixels, foreground
from ddpm.pixels.oklab import SAME, distance, oklab, oklab_to_rgb
from ddpm.pixels.palette.mapping import regions

MOST_RECOLOURINGS = 144
_TRIED = 256
_BLACK = 0.25
"""Lightness up to which a colour is an outline, and stays."""
_GREY = 0.04
"""Chroma up to which a colour has no hue."""
_FAMILY = 35.0
"""Degrees of hue: so near to a frequent colour lie its shades."""
_COLOURFUL = 0.4
"""Where less of a drawing has a hue its greys get one, too: else hardly anything would change."""
_SEEN = (0.45, 0.75)
"""Mean lightness within which a hue is clearly seen."""


@dataclass(frozen=True)
class Recoloured:
    """A sprite in other colours.

    Attributes:
        images: uint8 (K, H, W, C); alpha as it was.
        palettes: uint8 (K, R, 3), the colours of each, those that stay among them.
        changed: bool (H, W), the pixels that got other colours.
    """

    images: np.ndarray = field(repr=False)
    palettes: np.ndarray
    changed: np.ndarray = field(repr=False)


def recoloured(image: np.ndarray, count: int, *seed: int) -> Recoloured:
    """Give a sprite other colours, ``count`` times; the first ones do not depend on how many are asked for.

    The background (where half of the border is of one colour) and what is nearly black stay. In a drawing without hues
    its greys get one, the more the further they are from black and white; is it all black or all white, it is moved
    towards the middle. A drawing of nothing comes back unchanged.

    Args:
        image: uint8 (H, W, C).
        count: 1..144.
        seed: numbers that decide which palettes are tried.

    Raises:
        TypeError, ValueError: if it is no sprite, or for another count.
    """
    (images,) = require_sprites(image=np.asanyarray(image)[None])
    if not 1 <= count <= MOST_RECOLOURINGS:
        raise ValueError(f"1 to {MOST_RECOLOURINGS} other palettes can be made, not {count}")
    which, colours = regions(images[0])
    free, sizes = _free(images, which, oklab(colours))
    tried = np.repeat(colours[None], _TRIED, axis=0)
    if free.any():
        tried[:, free] = _tried(oklab(colours[free]), sizes[free], seed)
    palettes = tried[_least_alike(oklab(np.concatenate([colours[None], tried]))[:, free], sizes[free], count)]
    results, solid = np.repeat(images, count, axis=0), which >= 0
    results[:, solid, :3] = palettes[:, which[solid]]
    changed = np.zeros(which.shape, bool)
    changed[solid] = free[which[solid]]
    return Recoloured(results, palettes, changed)


def _free(images: np.ndarray, which: np.ndarray, lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """bool (R,), the colours that may change; int64 (R,), how many pixels each has."""
    pixels = oklab(images)
    alike = distance(border_pixels(pixels), border_colour(pixels)[:, 0]) <= SAME
    behind = ~foreground(pixels)[0] if alike.mean() >= 0.5 else np.zeros(which.shape, bool)
    solid = which >= 0
    sizes = np.bincount(which[solid], minlength=len(lab))
    drawn = np.bincount(which[solid & behind], minlength=len(lab)) <= sizes / 2
    light = drawn & (lab[:, 0] > _BLACK)
    # In a drawing of nothing but black no outline can be told from the rest.
    return (light if sizes[light].sum() >= sizes[drawn].sum() / 10 else drawn), sizes


def _tried(lab: np.ndarray, sizes: np.ndarray, seed: tuple[int, ...]) -> np.ndarray:
    """uint8 (tried, F, 3): palettes for free colours, float (F, 3), that have so many pixels."""
    light, chroma = lab[:, 0].astype(np.float64), np.hypot(lab[:, 1], lab[:, 2])
    hue = np.degrees(np.arctan2(lab[:, 2], lab[:, 1]))
    grey = chroma <= _GREY
    families = np.where(grey, -1, _families(hue, np.where(grey, 0, sizes)))
    leaders = np.unique(families[~grey]).tolist()
    # For each palette three numbers, and three for each family of colours.
    shape = (1 + len(leaders), 3, _TRIED, 1)
    uniform = torch.rand(shape, generator=generator_for("recolouring", *seed), dtype=torch.float64).numpy()
    colourful = sizes[~grey].sum() >= _COLOURFUL * sizes.sum()
    if not colourful:
        light = _seen(light, sizes)
    bent = light + 0.6 * (uniform[0, 0] - 0.5) * light * (1 - light)
    strong, angle = np.repeat(chroma[None], _TRIED, axis=0), np.repeat(hue[None], _TRIED, axis=0)
    for leader, (turn, factor, _) in zip(leaders, uniform[1:], strict=True):
        mine = families == leader
        angle[:, mine] = 360 * turn + hue[mine] - hue[leader]
        strong[:, mine] = np.maximum(chroma[mine] * (0.7 + 0.6 * factor), 2 * _GREY)
    if not colourful:
        angle[:, grey] = 360 * uniform[0, 1]
        strong[:, grey] = (0.25 + 0.35 * uniform[0, 2]) * 2 * bent[:, grey] * (1 - bent[:, grey])
    return _within_srgb(bent, strong, angle)


def _families(hue: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """int64 (F,): for each colour the one whose shade it is; the most frequent ones take in what has their hue."""
    leader = np.full(len(hue), -1)
    for candidate in np.argsort(-sizes, kind="stable"):
        if leader[candidate] < 0:
            away = np.abs((hue - hue[candidate] + 180) % 360 - 180)
            leader[(leader < 0) & (away <= _FAMILY)] = candidate
    return leader


def _seen(light: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Lightness, scaled towards black or white until its mean lies where a hue is seen."""
    mean = np.average(light, weights=sizes)
    wanted = np.clip(mean, *_SEEN)
    if wanted < mean:
        return light * (wanted / mean)
    return 1 - (1 - light) * ((1 - wanted) / (1 - mean))


def _within_srgb(light: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """uint8 (..., 3): the colour of that lightness and hue (degrees) and at most that chroma which sRGB has."""
    angle = np.radians(hue)
    best = oklab_to_rgb(np.stack([light, np.zeros_like(light), np.zeros_like(light)], axis=-1))
    for share in np.linspace(0.05, 1, 20):
        lab = np.stack([light, share * chroma * np.cos(angle), share * chroma * np.sin(angle)], axis=-1)
        rgb = oklab_to_rgb(lab)
        # Cut off, a colour would be another one, lighter or darker.
        there = distance(oklab(rgb), lab) <= 0.01
        best[there] = rgb[there]
    return best


def _least_alike(palettes: np.ndarray, sizes: np.ndarray, count: int) -> np.ndarray:
    """int64 (count,): of palettes, float (1 + tried, F, 3), the one furthest from the first, then from all taken."""
    if not len(sizes):
        return np.arange(count)
    weights = np.sqrt(sizes) / np.sqrt(sizes).sum()
    far = distance(palettes[1:], palettes[0]) @ weights
    chosen = []
    for _ in range(count):
        chosen.append(int(far.argmax()))
        far = np.minimum(far, distance(palettes[1:], palettes[1 + chosen[-1]]) @ weights)
        far[chosen] = -1
    return np.array(chosen)
