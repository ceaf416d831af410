"""Colours as the eye measures them: OKLab (Ottosson 2020, https://bottosson.github.io/posts/oklab)."""

from __future__ import annotations

import numpy as np

SAME = 0.06
"""Two colours at most this far apart count as one: the least difference that is seen at a glance."""

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def oklab(pixels: np.ndarray) -> np.ndarray:
    """Turn sRGB into OKLab, in which equal distances look equally large.

    Args:
        pixels: uint8 (..., C), C of 3 or 4.

    Returns:
        float32 (..., C): lightness 0..1, green to red, blue to yellow; then alpha 0..1 where there is one, so that a
        transparent pixel is as far from an opaque one as black is from white.
    """
    encoded = np.arange(256) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)[pixels[..., :3]]
    lab = (np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T).astype(np.float32)
    if pixels.shape[-1] == 3:
        return lab
    return np.concatenate([lab, pixels[..., 3:].astype(np.float32) / 255], axis=-1)


def oklab_to_rgb(lab: np.ndarray) -> np.ndarray:
    """Turn OKLab into sRGB; colours that sRGB does not have are cut off, channel by channel.

    Args:
        lab: floating (..., 3).

    Returns:
        uint8 (..., 3).
    """
    lms = lab.astype(np.float64) @ np.linalg.inv(_TO_LAB).T
    linear = np.clip(lms**3 @ np.linalg.inv(_TO_LMS).T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How different colours look: the Euclidean distance of :func:`oklab` values over the last axis."""
    return np.sqrt(np.square(a - b).sum(axis=-1))
