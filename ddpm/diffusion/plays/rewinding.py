"""Rewind: a sprite goes back to a noise level, and from there forward again, many times.

The way back is a single line: noise is added (:meth:`ddpm.NoiseSchedule.add_noise`), new noise for each time. What all
that comes forward has in common was still there at that level; what differs was decided below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ddpm.diffusion.instant.levels import nearest_jump
from ddpm.diffusion.sampling import Model, SamplingStep, usual_sampler
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.variants.redrawing import VariantOptions, variants

COUNT = 16


def rewind(
    model: Model, schedule: NoiseSchedule, images: np.ndarray, t: int, count: int = COUNT, **options: Any
) -> Iterator[SamplingStep]:
    """Take sprites back to timestep t, and draw each ``count`` times forward again (SDEdit, arXiv 2108.01073).

    They are the variants "like" a sprite, by timestep: number j depends only on (seed, the sprite and its number, j),
    not on t, up to float rounding, so that neighbours in t differ by the level alone.

    Args:
        model: as in :func:`ddpm.sample`.
        images: uint8 (N, H, W, C), of the size that the model draws.
        t: 0..T-1. A distilled model knows a few levels alone: it takes the nearest of them, see :func:`level_used`.
        count: how often each goes forward again, at least 1.
        options: those of :class:`ddpm.diffusion.variants.redrawing.VariantOptions`, without ``strength``.

    Yields:
        moments as :func:`ddpm.sample` does, of ``N * count`` sprites, those of one sprite side by side. The first is
        x_t itself, and the last, t = -1, holds whole grey levels.

    Raises:
        TypeError: if the images are not uint8.
        ValueError: for a t outside 0..T-1, sprites of another size, and as :func:`ddpm.sample`, at the first step.
    """
    strength = schedule.strength_at(t)
    yield from variants(model, schedule, images, "like", count, VariantOptions(strength=strength, **options))


def level_used(model: Model, schedule: NoiseSchedule, t: int) -> int:
    """The timestep at which :func:`rewind` really begins: t, or the nearest that a distilled model knows."""
    return nearest_jump(schedule, t) if usual_sampler(model) == "instant" else t
