"""The random network is the same everywhere, and touches nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ddpm.judging.quality.features import DIMENSIONS, SEEDS, FeatureNetwork
from tests.ddpm.helpers import simple_sprites


def features(images: np.ndarray, seed: int = 0) -> np.ndarray:
    return FeatureNetwork(seed)(images)


def ramp() -> np.ndarray:
    """uint8 (1, 16, 16, 3): a sprite that needs no random numbers."""
    return (np.arange(768) * 37 % 256).astype(np.uint8).reshape(1, 16, 16, 3)


GOLDEN = {
    0: [0.279821, 0.4547, 0.154274, -0.0634348, 0.157283, 0.423839],
    1: [0.131241, 0.540953, 0.28187, 0.0360425, 1.35751, -0.0688285],
    2: [0.361017, 0.396763, 0.753307, 0.0592713, 0.00389894, 0.515474],
}


@pytest.mark.parametrize("seed", SEEDS)
def test_golden_values(seed: int) -> None:
    # A change here makes all scores that were ever written down worthless.
    np.testing.assert_allclose(features(ramp(), seed)[0, [0, 30, 50, 70, 90, 111]], GOLDEN[seed], rtol=1e-4, atol=1e-5)


def test_shape_type_and_blocks() -> None:
    images = np.tile(simple_sprites(10), (60, 1, 1, 1))
    found = features(images)
    assert found.shape == (600, DIMENSIONS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[590:], features(images[:10]), rtol=1e-4, atol=1e-5)
    assert features(images[:0]).shape == (0, DIMENSIONS)


def test_a_flat_sprite_has_no_edges() -> None:
    found = features(np.full((1, 16, 16, 3), 40, np.uint8))
    assert np.abs(found[0, :48]).max() < 1e-6
    assert np.abs(found[0, 48:]).min() > 0


def test_seeds_differ_and_repeat() -> None:
    images = simple_sprites(3)
    assert not np.allclose(features(images, 0), features(images, 1))
    np.testing.assert_array_equal(features(images, 1), features(images, 1))


def test_random_numbers_and_modes_are_left_alone() -> None:
    images = simple_sprites(3)
    expected = features(images)
    before = torch.get_rng_state()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        np.testing.assert_array_equal(features(images), expected)
        assert torch.is_autocast_enabled("cpu")
    assert torch.equal(before, torch.get_rng_state())
    assert torch.is_grad_enabled()


def test_what_is_no_image_is_refused() -> None:
    with pytest.raises(TypeError):
        features(np.zeros((1, 16, 16, 3)))
    with pytest.raises(ValueError):
        features(np.zeros((1, 16, 16), np.uint8))
