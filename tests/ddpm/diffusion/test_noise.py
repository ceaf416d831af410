"""Where the noise of a sprite comes from."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from ddpm import NoiseSchedule, sample
from ddpm.diffusion.noise import mixed_noise, nearby_noise, nearby_source, sprite_noise
from tests.ddpm.diffusion.test_sampling import Fake

SHAPE = (3, 16, 16)


def test_the_start_is_standard_normal() -> None:
    noise = next(sample(Fake(), NoiseSchedule(), n=64)).x_t
    assert abs(float(noise.mean())) < 0.02
    assert float(noise.std()) == pytest.approx(1, abs=0.02)


def test_nearby_noise() -> None:
    def draws(source: Callable[[], torch.Tensor], count: int = 60) -> torch.Tensor:
        return torch.stack([source() for _ in range(count)])

    origin = draws(sprite_noise(0, 7, SHAPE))
    for strength in (0.0, 0.3, 0.8, 1.0):
        near = draws(nearby_noise(sprite_noise(0, 7, SHAPE), strength, 0, 1))
        assert torch.equal(near, draws(nearby_noise(sprite_noise(0, 7, SHAPE), strength, 0, 1)))
        assert float(near.std()) == pytest.approx(1, abs=0.02)
        likeness = float(torch.corrcoef(torch.stack([near.flatten(), origin.flatten()]))[0, 1])
        assert likeness == pytest.approx((1 - strength**2) ** 0.5, abs=0.02)
    assert not torch.equal(near, draws(nearby_noise(sprite_noise(0, 7, SHAPE), 1.0, 0, 2)))
    for wrong in (-0.1, 1.1, float("nan")):
        with pytest.raises(ValueError, match="strength"):
            nearby_noise(sprite_noise(0, 0, SHAPE), wrong)


def test_mixed_noise_goes_from_one_noise_to_another() -> None:
    def draws(strength: float, count: int = 60) -> torch.Tensor:
        source = mixed_noise(sprite_noise(3, 7, SHAPE), sprite_noise(4, 7, SHAPE), strength)
        return torch.stack([source() for _ in range(count)])

    start, end = draws(0.0), draws(1.0)
    assert torch.equal(start[0], sprite_noise(3, 7, SHAPE)())
    assert torch.equal(end[0], sprite_noise(4, 7, SHAPE)())
    middle = draws(0.5**0.5)
    assert float(middle.std()) == pytest.approx(1, abs=0.02)
    for ending in (start, end):
        likeness = float(torch.corrcoef(torch.stack([middle.flatten(), ending.flatten()]))[0, 1])
        assert likeness == pytest.approx(0.5**0.5, abs=0.02)
    near = mixed_noise(sprite_noise(0, 7, SHAPE), nearby_source(SHAPE, 0, 1), 0.3)
    assert torch.equal(near(), nearby_noise(sprite_noise(0, 7, SHAPE), 0.3, 0, 1)())
    with pytest.raises(ValueError, match="strength"):
        mixed_noise(near, near, 1.5)
