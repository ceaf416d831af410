"""Do neighbouring pixels know of one another? In a drawing they do; in confetti, its pixels shuffled, they do not.

It needs no background and no notion of what is drawn, and is the same in all colours: the autocorrelation at a few
short lags (Moran 1950, "Notes on continuous stochastic phenomena"). Dithering counts as order: a checkerboard has -1 at
one pixel and 1 at two.
"""

from __future__ import annotations

import numpy as np

from ddpm.base.blocks import image_blocks

_LAGS = ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0))
_BLOCK = 1024


def autocorrelation(images: np.ndarray) -> np.ndarray:
    """How far pixels depend on their neighbours: root mean square over the lags of one pixel, diagonals too, and two.

    Args:
        images: uint8 (N, H, W, C), H and W at least 3; alpha counts like a colour.

    Returns:
        float64 (N,), about 0 for pixels in no order (.06 at 16x16, by chance), 1 for a single colour.
    """
    result = np.empty(len(images))
    for part in image_blocks(images, _BLOCK):
        result[part] = _autocorrelation(images[part])
    return result


def _autocorrelation(images: np.ndarray) -> np.ndarray:
    values = images.astype(np.float32)
    values -= values.mean(axis=(1, 2), keepdims=True)
    spread = np.einsum("nhwc,nhwc->n", values, values) / (values.shape[1] * values.shape[2])
    squares = np.zeros(len(images))
    for dy, dx in _LAGS:
        one, other = values[:, dy:, max(0, dx) :], values[:, : values.shape[1] - dy]
        one = one[:, :, : one.shape[2] + min(0, dx)]
        other = other[:, :, max(0, -dx) : other.shape[2] - max(0, dx)]
        together = np.einsum("nhwc,nhwc->n", one, other) / (one.shape[1] * one.shape[2])
        squares += np.square(np.divide(together, spread, out=np.ones_like(spread), where=spread > 0))
    return np.sqrt(squares / len(_LAGS))
