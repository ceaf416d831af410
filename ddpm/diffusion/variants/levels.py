"""From which noise level on a sprite is drawn again, for each purpose.

A level is given as ``strength``, ``(2 / pi) arctan(sigma / alpha)`` of ``x_t = alpha x0 + sigma eps``: 0 is clean, 1 is
noise alone, and half of the way has as much of the one as of the other (Salimans & Ho 2022, arXiv 2202.00512, app. D,
call the angle phi). So it means the same under every schedule; under the cosine one it is nearly t / T.
"""

from __future__ import annotations

from typing import Literal

from ddpm.diffusion.instant.levels import nearest_jump
from ddpm.diffusion.sampling import Sampler, default_steps, timesteps
from ddpm.diffusion.schedule import NoiseSchedule

Purpose = Literal["colours", "shape", "like"]
"""*Same shape, other colours*; *same palette, other shape*; or what is alike in both."""

STRENGTHS: dict[Purpose, tuple[float, float, float]] = {
    "colours": (0.12, 0.25, 0.5),
    "shape": (0.8, 0.88, 1.0),
    "like": (0.5, 0.7, 0.85),
}
"""Near, further, far. Measured with both shipped models (see ``redrawing``): near for "colours", its default, is the
highest level at which edges still agree with the sprite's by 0.8 on average, which counts as the same shape. Further
for "shape", its default, is the lowest at which at most one in twenty still has that shape."""

_TOGETHER = 1 / 3
"""Back to here goes what was held to a palette after a long way; see :func:`needs_two_ways`."""


def usual_strength(purpose: Purpose) -> float:
    """The strength that a purpose has by default."""
    near, further, _ = STRENGTHS[purpose]
    return near if purpose == "colours" else further


def timestep_at(schedule: NoiseSchedule, strength: float) -> int:
    """The timestep, 0..T-1, whose noise level is nearest to a strength.

    Raises:
        ValueError: unless it lies in 0..1.
    """
    return schedule.timestep_at(strength)


def needs_two_ways(schedule: NoiseSchedule, purpose: Purpose, strength: float) -> bool:
    """Whether what is drawn is held to its palette, goes back to a noise level, and forward again.

    Held alone, it is a drawing in colours that are not quite its own; drawn again from a third of the noise it is as
    natural, to the model, as what it draws freely, and has fewer stray pixels.
    """
    return purpose == "shape" and timestep_at(schedule, strength) > timestep_at(schedule, _TOGETHER)


def variant_timesteps(
    schedule: NoiseSchedule, purpose: Purpose, strength: float, sampler: Sampler = "fast", steps: int | None = None
) -> tuple[list[int], list[int]]:
    """The timesteps of the first way and of the second, which is empty where there is one way alone.

    The first way is gone to its end; what is shown of it is only that above the second.

    Args:
        sampler: "instant" begins at the nearest of its few levels.
        steps: network calls of a whole way, as in :func:`ddpm.sample`.

    Raises:
        ValueError: as :func:`timestep_at` and :func:`ddpm.diffusion.sampling.timesteps`.
    """
    steps = default_steps(sampler, schedule.num_timesteps) if steps is None else steps

    def way(strength: float) -> list[int]:
        start = timestep_at(schedule, strength)
        return timesteps(schedule, sampler, steps, nearest_jump(schedule, start) if sampler == "instant" else start)

    first = way(strength)
    return first, way(_TOGETHER) if needs_two_ways(schedule, purpose, strength) else []


def shown_timesteps(ways: tuple[list[int], list[int]]) -> list[int]:
    """Of both ways the timesteps that are shown, falling."""
    first, second = ways
    return [t for t in first if not second or t > second[0]] + second
