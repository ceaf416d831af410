"""Order among pixels: that of a plain sum over pairs, high for drawings and dithering, low for confetti."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.judging.copying.guards.spatial_order import autocorrelation
from tests.ddpm.helpers import built_in_sprites
from tests.ddpm.judging.families.drawing import checkerboard
from tests.ddpm.judging.families.table import confetti

LAGS = ((0, 1), (1, 0), (1, 1), (1, -1), (0, 2), (2, 0))


def plain(image: np.ndarray) -> float:
    values = image.astype(np.float64) - image.mean(axis=(0, 1))
    height, width = image.shape[:2]
    squares = []
    for dy, dx in LAGS:
        pairs = [(y, x) for y in range(height - dy) for x in range(width) if 0 <= x + dx < width]
        products = [(values[y, x] * values[y + dy, x + dx]).sum() for y, x in pairs]
        squares.append((np.mean(products) / np.square(values).sum(axis=2).mean()) ** 2)
    return float(np.sqrt(np.mean(squares)))


@pytest.mark.parametrize("shape", [(16, 16, 3), (9, 12, 4)])
def test_equals_a_sum_over_pairs(shape: tuple[int, int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, *shape), dtype=np.uint8)
    images[0, :, 3:7] = 40
    assert autocorrelation(images) == pytest.approx([plain(image) for image in images], rel=1e-4)


def test_drawings_have_order_and_confetti_has_none() -> None:
    sprites = np.asarray(built_in_sprites().images[:200])
    shuffled = autocorrelation(confetti(sprites, np.random.default_rng(0)))
    assert shuffled.max() < 0.15 < np.quantile(autocorrelation(sprites), 0.02)
    assert autocorrelation(checkerboard(16)[None])[0] == pytest.approx(1, abs=0.01)
    assert autocorrelation(np.full((1, 8, 8, 4), 7, np.uint8)).tolist() == [1]
    assert len(autocorrelation(sprites[:0])) == 0
