"""Patches, against a search pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.pixels.patches import patches


def searched(values: np.ndarray) -> np.ndarray:
    """int64 (H, W): the first pixel of each pixel's patch."""
    labels = np.full(values.shape, -1)
    for start in np.ndindex(values.shape):
        waiting = [start] if labels[start] < 0 else []
        while waiting:
            y, x = waiting.pop()
            if labels[y, x] < 0:
                labels[y, x] = start[0] * values.shape[1] + start[1]
                beside = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
                inside = [(a, b) for a, b in beside if 0 <= a < values.shape[0] and 0 <= b < values.shape[1]]
                waiting += [place for place in inside if values[place] == values[start]]
    return labels


@pytest.mark.parametrize("colours", [1, 2, 3, 9])
def test_any_picture(colours: int) -> None:
    values = np.random.default_rng(colours).integers(0, colours, (5, 11, 17))
    found = patches(values)
    for number, picture in enumerate(values):
        np.testing.assert_array_equal(found[number], searched(picture) + number * picture.size)


def test_a_spiral_is_one() -> None:
    spiral = np.zeros((9, 9), bool)
    spiral[0], spiral[:, 8], spiral[8], spiral[2:, 0], spiral[2, :7], spiral[2:7, 6] = (True,) * 6
    found = patches(spiral)
    assert (found[spiral] == 0).all()
    assert patches(np.zeros((0, 8, 8))).shape == (0, 8, 8)
