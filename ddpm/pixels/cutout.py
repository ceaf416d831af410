"""Sprites without the paper that they are drawn on."""

from __future__ import annotations

import numpy as np

from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.oklab import oklab
from ddpm.pixels.traits import SAME, border_colour, distance, foreground

# Of the border. A sprite that fills its square has no background to remove.
_LEAST_BACKGROUND = 0.5


def cutout(images: np.ndarray) -> np.ndarray:
    """Make the background transparent: what hangs together with the border, over sides, in the border's own colour.

    White that the drawing encloses stays opaque. Where less than half of the border is of one colour nothing is
    removed. A drawn sprite's paper is never quite even, so colours count as one within ``ddpm.pixels.traits.SAME``.

    Args:
        images: uint8 (N, 16, 16, 3).

    Returns:
        uint8 (N, 16, 16, 4); alpha is 0 or 255, and colours are kept where it is 255, black where it is 0.

    Raises:
        TypeError, ValueError: if they are no sprites.
    """
    (images,) = require_sprites(images=images)
    lab = oklab(images)
    alike = distance(lab, border_colour(lab)) <= SAME
    border = np.ones(images.shape[1:3], bool)
    border[1:-1, 1:-1] = False
    plain = alike[:, border].mean(axis=1) >= _LEAST_BACKGROUND
    opaque = foreground(lab) | ~plain[:, None, None]
    alpha = np.where(opaque, 255, 0).astype(np.uint8)[..., None]
    return np.concatenate([images & alpha, alpha], axis=-1)
