"""The random noise of each sprite: a separate stream for each, so that no sprite depends on the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from ddpm.base.seeds import generator_for

Shape = tuple[int, int, int]
"""(C, H, W) of a sprite inside the network."""

NoiseSource = Callable[[], torch.Tensor]
"""Each call returns new standard normal noise, float32 (C, H, W)."""


def sprite_noise(seed: int, i: int, shape: Shape) -> NoiseSource:
    """The noise of sprite i as :func:`ddpm.sample` draws it: first the start, then what each step adds."""
    return _noise_source(generator_for("sprite", seed, i), shape)


def variant_noise(seed: int, number: int, j: int, shape: Shape) -> NoiseSource:
    """The noise of variant j of a sprite that has a number, as ``ddpm.diffusion.variants`` draws it."""
    return _noise_source(generator_for("variant", seed, number, j), shape)


def filling_noise(seed: int, i: int, shape: Shape) -> NoiseSource:
    """What ``ddpm.diffusion.plays.filling`` adds for drawing i beside the noise of :func:`sprite_noise`."""
    return _noise_source(generator_for("filling", seed, i), shape)


def nearby_noise(source: NoiseSource, strength: float, *numbers: int) -> NoiseSource:
    """Noise near that of another source: each draw is ``sqrt(1 - strength^2) z + strength z'``, standard normal too.

    A nearby start alone is not enough: the result of "fast" depends little on its start, because each step adds noise.

    Args:
        source: gives z; must not be used elsewhere.
        strength: 0..1; 0 is the same noise, 1 is independent of it.
        numbers: the seed of z'.

    Raises:
        ValueError: if strength is out of range.
    """
    _check_strength(strength)
    random = generator_for("nearby", *numbers)

    def draw() -> torch.Tensor:
        near = source()
        return (1 - strength**2) ** 0.5 * near + strength * torch.randn(near.shape, generator=random)

    return draw


def nearby_source(shape: Shape, *numbers: int) -> NoiseSource:
    """The z' of :func:`nearby_noise` with the same numbers."""
    return _noise_source(generator_for("nearby", *numbers), shape)


def mixed_noise(source: NoiseSource, other: NoiseSource, strength: float) -> NoiseSource:
    """Noise on the way from one source to another that is independent of it: each draw is
    ``sqrt(1 - strength^2) z + strength z'``, standard normal too.

    Independent noises of many values are nearly orthogonal and equally long, so with ``strength = sin(angle)`` this is
    their spherical interpolation (Shoemake 1985), at an angle from 0 to a quarter turn.

    Args:
        source, other: give z and z'; must not be used elsewhere.
        strength: 0..1; 0 is z itself, 1 is z' (up to rounding).

    Raises:
        ValueError: if strength is out of range.
    """
    _check_strength(strength)
    return lambda: (1 - strength**2) ** 0.5 * source() + strength * other()


def _check_strength(strength: float) -> None:
    if not 0 <= strength <= 1:
        raise ValueError(f"strength must lie in 0..1, got {strength}")


def _noise_source(generator: torch.Generator, shape: Shape) -> NoiseSource:
    return lambda: torch.randn(shape, generator=generator)


def draw_noise(noise_sources: Sequence[NoiseSource]) -> torch.Tensor:
    """float32 (N, C, H, W), the next noise of each source."""
    return torch.stack([source() for source in noise_sources])
