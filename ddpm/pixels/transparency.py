"""Alpha: transparent pixels laid on white, and the white around a sprite made transparent."""

from __future__ import annotations

import numpy as np

from ddpm.base.blocks import blocks
from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.foreground import border_colour, border_pixels, foreground
from ddpm.pixels.oklab import SAME, distance, oklab

# Of the border. A sprite that fills its square has no background to remove.
_LEAST_BACKGROUND = 0.5


def lay_on_white(pixels: np.ndarray) -> np.ndarray:
    """Blend transparent pixels with white.

    Args:
        pixels: uint8 (N, ..., 4), RGBA.

    Returns:
        uint8 (N, ..., 3).
    """
    laid = np.empty((*pixels.shape[:-1], 3), np.uint8)
    for part in blocks(len(pixels), 512):  # the wider numbers in between would take twice the memory of the whole
        alpha = pixels[part][..., 3:].astype(np.uint16)
        laid[part] = (pixels[part][..., :3] * alpha + 255 * (255 - alpha) + 127) // 255
    return laid


def cutout(images: np.ndarray) -> np.ndarray:
    """Make the background transparent: what is connected to the border, over sides, and has the border's colour.

    White that the drawing encloses stays opaque. Where less than half of the border is of one colour nothing is
    removed. A drawn sprite's background is never quite even, so colours count as one within ``ddpm.pixels.oklab.SAME``.

    Args:
        images: uint8 (N, 16, 16, 3).

    Returns:
        uint8 (N, 16, 16, 4); alpha is 0 or 255, and colours are kept where it is 255, black where it is 0.

    Raises:
        TypeError, ValueError: if they are no sprites.
    """
    (images,) = require_sprites(images=images)
    lab = oklab(images)
    alike = distance(border_pixels(lab), border_colour(lab)[:, 0]) <= SAME
    plain = alike.mean(axis=1) >= _LEAST_BACKGROUND
    opaque = foreground(lab) | ~plain[:, None, None]
    alpha = np.where(opaque, 255, 0).astype(np.uint8)[..., None]
    return np.concatenate([images & alpha, alpha], axis=-1)
