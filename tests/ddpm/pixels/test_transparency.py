"""The paper goes, the drawing stays."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.pixels.transparency import cutout
from tests.ddpm.helpers import simple_sprites


def ring(paper: tuple[int, int, int] = (255, 255, 255), ink: tuple[int, int, int] = (20, 20, 20)) -> np.ndarray:
    """A ring on paper, with the same paper inside it."""
    image = np.empty((16, 16, 3), np.uint8)
    image[:] = paper
    image[4:12, 4:12] = ink
    image[6:10, 6:10] = paper
    return image


@pytest.mark.parametrize("paper", [(255, 255, 255), (0, 0, 0), (40, 160, 80)])
def test_what_a_drawing_encloses_stays(paper: tuple[int, int, int]) -> None:
    image = ring(paper, (200, 30, 120))
    (cut,) = cutout(image[None])
    assert cut.dtype == np.uint8
    opaque = cut[..., 3] == 255
    assert opaque[4:12, 4:12].all()
    assert opaque.sum() == 64
    assert np.array_equal(cut[opaque][:, :3], image[opaque])
    assert not cut[~opaque].any()


def test_paper_that_is_not_quite_even() -> None:
    image = ring()
    image[:3] -= np.random.default_rng(0).integers(0, 6, (3, 16, 3), dtype=np.uint8)
    assert (cutout(image[None])[0, ..., 3] == 255).sum() == 64


def test_a_gap_in_the_ring_lets_the_paper_out_but_a_corner_does_not() -> None:
    image = ring()
    image[4:6, 7] = 255
    assert not cutout(image[None])[0, 6:10, 6:10, 3].any()
    corner = ring()
    corner[4, 4] = corner[5, 5] = 255
    assert cutout(corner[None])[0, 5:10, 5:10, 3].all()


def test_a_sprite_that_fills_its_square_is_left_whole() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    cut = cutout(noise)
    assert (cut[..., 3] == 255).all()
    assert np.array_equal(cut[..., :3], noise)


def test_many_at_once_are_as_one_by_one() -> None:
    images = simple_sprites(5)
    assert np.array_equal(cutout(images), np.concatenate([cutout(image[None]) for image in images]))
    assert cutout(images[:0]).shape == (0, 16, 16, 4)


def test_only_sprites() -> None:
    with pytest.raises(TypeError):
        cutout(np.zeros((1, 16, 16, 3)))
    with pytest.raises(ValueError):
        cutout(np.zeros((16, 16, 3), np.uint8))
