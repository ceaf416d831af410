"""The traits of sprites whose traits can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.datacard import data_card
from ddpm.oklab import oklab
from ddpm.sprites import load_sprites
from ddpm.traits import foreground, traits


def white(n: int = 1) -> np.ndarray:
    return np.full((n, 16, 16, 3), 255, np.uint8)


def test_oklab_of_known_colours() -> None:
    pixels = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]], np.uint8)
    expected = [[0, 0, 0], [1, 0, 0], [0.62796, 0.22486, 0.12585], [0.45201, -0.03246, -0.31153]]
    np.testing.assert_allclose(oklab(pixels), expected, atol=2e-4)


def test_a_square_with_a_dark_rim() -> None:
    image = white()
    image[0, 4:12, 4:12] = (30, 20, 20)
    image[0, 5:11, 5:11] = (220, 60, 60)
    measured = traits(image)
    assert measured.colours[0] == 3
    assert measured.foreground[0] == 64 / 256
    assert measured.orphans[0] == 0
    assert measured.symmetry[0] == 1
    assert measured.outline[0] == pytest.approx(oklab(image)[0, 8, 8, 0] - oklab(image)[0, 4, 4, 0])


def test_a_hole_is_foreground_and_a_bay_is_not() -> None:
    image = white()
    image[0, 4:12, 4:12] = 0
    image[0, 7:9, 7:9] = 255
    assert foreground(oklab(image)).sum() == 64
    image[0, 4:9, 7:9] = 255
    assert foreground(oklab(image)).sum() == 64 - 10


def test_stray_pixels_are_counted() -> None:
    image = white()
    image[0, 2, 3] = image[0, 9, 9] = 0
    measured = traits(image)
    assert measured.orphans[0] == 2
    assert np.isnan(measured.outline[0])
    assert measured.symmetry[0] == 0


def test_an_empty_sprite_has_no_symmetry_and_no_outline() -> None:
    measured = traits(white())
    assert measured.foreground[0] == 0
    assert measured.quartiles()["symmetry"] == [None, None, None]


def test_medians_of_the_built_in_set_are_those_of_the_real_one() -> None:
    # Quartiles of the 1,560 exact rows of the Kaggle set: facts, not pictures.
    real = {
        "colours": (8.0, 104.5),
        "foreground": (0.4258, 0.6377),
        "outline": (0.0998, 0.5315),
        "orphans": (20.0, 44.0),
        "symmetry": (0.137, 0.5851),
    }
    ours = data_card(load_sprites("builtin"))["traits"]
    for name, (low, high) in real.items():
        assert low <= ours[name][1] <= high, name
