"""Foreground and background, told apart by the border of the picture.

The background is whatever is connected to the border, over the sides of pixels, and has the border's median colour; all
else is foreground. Where a pixel of the border is transparent the background is what is transparent: a drawing that
fills most of its border is no background.
"""

from __future__ import annotations

import numpy as np

from ddpm.pixels.oklab import SAME, distance


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
    """All that is not connected to the border in the colour of :func:`border_colour`.

    Args:
        lab: float (N, H, W, C), of :func:`ddpm.pixels.oklab.oklab`.

    Returns:
        bool (N, H, W).
    """
    return ~reached_from_border(distance(lab, border_colour(lab)) <= SAME)


def reached_from_border(mask: np.ndarray) -> np.ndarray:
    """What of a mask, bool (N, H, W), is connected to the border over the sides of pixels."""
    reached = np.zeros_like(mask)
    reached[:, [0, -1]] = mask[:, [0, -1]]
    reached[:, :, [0, -1]] = mask[:, :, [0, -1]]
    while True:
        grown = dilate(reached) & mask
        if (grown == reached).all():
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
