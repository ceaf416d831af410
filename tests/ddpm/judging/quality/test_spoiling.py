"""Spoilt sprites are spoilt, and nothing else happens."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.judging.quality.spoiling import SPOILERS, blurred, halves_joined
from tests.ddpm.helpers import built_in_sprites


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.asarray(built_in_sprites().images[::500])


@pytest.mark.parametrize("name", SPOILERS)
def test_each_way_spoils_and_repeats(name: str, images: np.ndarray) -> None:
    before = images.copy()
    found = SPOILERS[name](images, np.random.default_rng(0))
    assert found.shape == images.shape
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(images, before)
    np.testing.assert_array_equal(found, SPOILERS[name](images, np.random.default_rng(0)))
    # A few may come out as they went in: flat parts moved about, or filled with their own colour.
    assert (found != images).any(axis=(1, 2, 3)).mean() > 0.85


@pytest.mark.parametrize("name", SPOILERS)
@pytest.mark.parametrize(("height", "width"), [(8, 8), (24, 10), (64, 64)])
def test_any_size(name: str, height: int, width: int) -> None:
    images = np.random.default_rng(1).integers(0, 256, (3, height, width, 3), np.uint8)
    assert SPOILERS[name](images, np.random.default_rng(0)).shape == images.shape


def test_halves_are_halves_of_two_different_sprites(images: np.ndarray) -> None:
    found = halves_joined(images, np.random.default_rng(3))
    for own, joined in zip(images, found, strict=True):
        pairs = (
            (joined[:, :8], own[:, :8], joined[:, 8:], images[:, :, 8:]),
            (joined[:8], own[:8], joined[8:], images[:, 8:]),
        )
        assert any(
            (half == first).all() and (others == rest).all(axis=(1, 2, 3)).any() for half, first, rest, others in pairs
        )


def test_a_stronger_blur_moves_further_and_a_flat_sprite_stays(images: np.ndarray) -> None:
    distances = [
        np.abs(blurred(images, np.random.default_rng(0), (sigma, sigma)).astype(int) - images).mean()
        for sigma in (0.3, 0.6, 1.2)
    ]
    assert distances[0] < distances[1] < distances[2]
    flat = np.full((2, 16, 16, 3), 90, np.uint8)
    np.testing.assert_array_equal(blurred(flat, np.random.default_rng(0)), flat)
