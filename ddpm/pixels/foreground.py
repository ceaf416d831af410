"""Foreground and background, told apart by alpha where there is some, else by the colour of the picture's border.

* A picture with transparent pixels: the background is what of them is connected to the border.
* Else, if half of the border or more has one colour, the border's median: what is connected to it in that colour.
* Else there is no background: a tile fills its square, and all of it is drawn. The same holds for a picture without any
  visible edge whose pixels mostly differ, if faintly, from the border's colour: sand, not an empty page.

Connected means over the sides of pixels.
"""

from __future__ import annotations

import numpy as np

from ddpm.pixels.oklab import SAME, distance

UNSEEN = 0.004
"""In OKLab, less than a grey level or two: what is this close to a colour is that colour."""

_LEAST_BORDER = 0.5
_LEAST_GRAIN = 0.5


def border_pixels(images: np.ndarray) -> np.ndarray:
    """The outermost pixels of each picture, each once: (N, H, W, C) to (N, 2 * (H + W) - 4, C), of the same type."""
    return np.concatenate([images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1]], axis=1)


def border_colour(lab: np.ndarray) -> np.ndarray:
    """The median of the border's pixels, channel by channel; transparent black if one of them is transparent.

    Args:
        lab: float (N, H, W, C), of :func:`ddpm.pixels.oklab.oklab`.

    Returns:
        float (N, 1, 1, C).
    """
    border = border_pixels(lab)
    colour = np.median(border, axis=1)
    if lab.shape[-1] == 4:
        colour[(border[..., 3] <= SAME).any(axis=1)] = 0
    return colour[:, None, None]


def foreground(lab: np.ndarray) -> np.ndarray:
    """All that is not background; all of a picture that has none, nothing of one in a single colour.

    Args:
        lab: float (N, H, W, C), of :func:`ddpm.pixels.oklab.oklab`.

    Returns:
        bool (N, H, W).
    """
    colour = border_colour(lab)
    off = distance(lab, colour)
    alike = off <= SAME
    plain = border_pixels(alike[..., None])[..., 0].mean(axis=1) >= _LEAST_BORDER
    if lab.shape[-1] == 4:
        clear = lab[..., 3] <= SAME
        cut_out = np.asarray(clear.any(axis=(1, 2)))
        alike = np.where(cut_out[:, None, None], clear, alike)
        plain |= cut_out
    behind = reached_from_border(alike & plain[:, None, None])
    grain = np.asarray(behind.all(axis=(1, 2)) & ((off > UNSEEN).mean(axis=(1, 2)) > _LEAST_GRAIN))
    if lab.shape[-1] == 4:
        grain &= ~cut_out
    return ~behind | grain[:, None, None]


def reached_from_border(mask: np.ndarray) -> np.ndarray:
    """What of a mask, bool (N, H, W), is connected to the border over the sides of pixels."""
    reached = np.zeros_like(mask)
    reached[:, [0, -1]] = mask[:, [0, -1]]
    reached[:, :, [0, -1]] = mask[:, :, [0, -1]]
    while True:
        grown = reached.copy()
        # Not dilate(): padding anew in each round would take most of the time.
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown[:, :, 1:] |= reached[:, :, :-1]
        grown[:, :, :-1] |= reached[:, :, 1:]
        grown &= mask
        if np.array_equal(grown, reached):
            return reached
        reached = grown


def dilate(mask: np.ndarray, *, edge: bool = False) -> np.ndarray:
    """A mask together with its 4-neighbours.

    Args:
        mask: bool (N, H, W).
        edge: whether what lies outside the picture counts as masked.

    Returns:
        bool (N, H, W).
    """
    padded = np.pad(mask, ((0, 0), (1, 1), (1, 1)), constant_values=edge)
    return mask | padded[:, 2:, 1:-1] | padded[:, :-2, 1:-1] | padded[:, 1:-1, 2:] | padded[:, 1:-1, :-2]
