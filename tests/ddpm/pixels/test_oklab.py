"""Colours as the eye measures them, with alpha."""

from __future__ import annotations

import numpy as np

from ddpm.pixels.oklab import distance, oklab, oklab_to_rgb


def test_lightness_of_grey_and_the_way_back() -> None:
    assert np.allclose(oklab(np.array([[255, 255, 255], [0, 0, 0]], np.uint8)), [[1, 0, 0], [0, 0, 0]], atol=1e-5)
    pixels = np.random.default_rng(0).integers(0, 256, (2000, 3), dtype=np.uint8)
    np.testing.assert_array_equal(oklab_to_rgb(oklab(pixels)), pixels)


def test_alpha_is_a_fourth_value_and_changes_no_colour() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (50, 7, 4), dtype=np.uint8)
    lab = oklab(pixels)
    assert lab.shape == (50, 7, 4)
    assert lab.dtype == np.float32
    np.testing.assert_array_equal(lab[..., :3], oklab(pixels[..., :3]))
    np.testing.assert_allclose(lab[..., 3], pixels[..., 3] / 255, atol=1e-7)


def test_nothing_is_as_far_from_black_as_black_from_white() -> None:
    clear, black, white = oklab(np.array([[0, 0, 0, 0], [0, 0, 0, 255], [255, 255, 255, 255]], np.uint8))
    assert np.isclose(distance(clear, black), distance(black, white), atol=1e-5)
    assert distance(clear, white) > distance(black, white)
