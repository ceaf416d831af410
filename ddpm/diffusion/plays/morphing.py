"""Morph: from one sprite to another, in pictures that are sprites themselves.

Both go to noise along the way that adds none of its own (DDIM backwards, Song et al. 2020, arXiv 2010.02502, sec. 4.3),
up to a level at which shape and palette are open and the kind nearly is. Between the two noisy ones pictures are taken
on the arc that joins them (spherical interpolation, Shoemake 1985), and go forward again, the same way. The kind is not
told: halfway between a book and a key the model draws what it thinks lies there, whatever that is. At last each is
drawn again from faint noise, the same for all, which takes away the haze that a way without noise leaves.

A model decides suddenly, so pictures at even distances would stand still, and then leap. Half of them are taken evenly,
each further one where two neighbours differ most.

Measured with the two shipped models, 16 pictures between, over 6 to 8 pairs of sprites that they drew: the share of
pictures that the network of forms believes in (``ddpm.judging.quality.forms``; of the sprites that each model draws
from noise it believes in .62 and .75), and the mean and the largest step between neighbours, as a share of how far the
two sprites are apart, root mean square.

=========================================  ==========  =========  ============
built-in                                   believable  mean step  largest step
cross-fade of the two                      .05         .06        .06
level .50, kinds mixed, evenly             .46         .09        .30
level .50, no kind, evenly                 .50         .10        .46
level .70, no kind, evenly                 .47         .14        .56
level .85, no kind, evenly                 .49         .18        .64
level .75, no kind, where they differ      .36         .18        .41
the same, from faint noise at last (.25)   .52         .21        .50
as here (.20, with two pairs more)         .37         .22        .43
pixel-art
cross-fade of the two                      .12         .06        .06
as here                                    .66         .17        .55
=========================================  ==========  =========  ============

Told a mixture of both kinds, the pictures in the middle are a haze with both of them in it. At level .50 the way is a
change of colours and then one leap; from .70 on it leads over sprites that are neither. Even steps spend most pictures
near the ends, which are the easy ones: those where neighbours differ are harder to believe in, and the leaps smaller.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch

from ddpm.diffusion.guidance.guide import led_further
from ddpm.diffusion.noise import Shape, draw_noise, variant_noise
from ddpm.diffusion.sampling import DEFAULT_SHAPE, Model, Sampler, sample, usual_sampler
from ddpm.diffusion.schedule import NoiseSchedule, PredictionType
from ddpm.diffusion.variants.redrawing import require_fitting
from ddpm.pixels.conversion import to_float, to_uint8
from ddpm.pixels.neighbors import rms_grey_levels

FEWEST, USUAL, MOST = 8, 16, 32
"""Pictures between the two that commands and pages offer."""

STRENGTH = 0.75
"""The level of the noise between which is interpolated, as ``NoiseSchedule.strength_at`` gives it."""

FAINT = 0.2
"""The level from which each picture is drawn again."""

_BACK, _FORTH = 40, 20
# Positions nearer to each other than this cannot be told apart: what differs there is a leap.
_NEAREST = 1e-4


@dataclass(frozen=True)
class Morph:
    """The way from one sprite to another.

    Attributes:
        images: uint8 (K + 2, H, W, C): the first sprite, K pictures between, the second; both exact.
        positions: float64 (K + 2,), where on the arc each was taken, rising from 0 to 1.
    """

    images: np.ndarray = field(repr=False)
    positions: np.ndarray

    def steps(self) -> np.ndarray:
        """float64 (K + 1,): how far neighbours are apart, root mean square in grey levels."""
        return np.array([_apart(one, other) for one, other in zip(self.images, self.images[1:], strict=False)])

    def ends(self) -> float:
        """How far the two sprites are apart, root mean square in grey levels."""
        return _apart(self.images[0], self.images[-1])


def morph(
    model: Model,
    schedule: NoiseSchedule,
    first: np.ndarray,
    second: np.ndarray,
    between: int = USUAL,
    seed: int = 0,
    strength: float = STRENGTH,
    watch: Callable[[int], None] = lambda done: None,
) -> Morph:
    """Go from one sprite to another.

    Args:
        model: as in :func:`ddpm.sample`; it must know all noise levels, so no distilled one.
        first, second: uint8 (H, W, C), of the size that the model draws.
        between: pictures between them, K, 1 to 64.
        seed: of the faint noise from which each picture is drawn again.
        strength: where the two are joined, above 0, to 1: the higher, the more pictures are something of their own,
            and the greater the leaps.
        watch: called with the number of pictures that are there, of those between.

    Raises:
        TypeError: if the images are not uint8.
        ValueError: for sprites of another size, two that are the same, a distilled model, or values out of range.
    """
    if usual_sampler(model) == "instant":
        raise ValueError("a distilled model knows a few noise levels alone: morph with the model it was distilled from")
    if not 1 <= between <= 64 or not 0 < strength <= 1:
        raise ValueError(f"between must lie in 1..64 and strength above 0, to 1, got {between} and {strength}")
    shape: Shape = tuple(getattr(model, "image_shape", DEFAULT_SHAPE))
    ends = require_fitting(np.stack([first, second]) if first.shape == second.shape else first[None], shape)
    if len(ends) < 2 or np.array_equal(*ends):
        raise ValueError("there is nothing between a sprite and itself: choose two different ones, of one size")
    arc = _Arc(model, schedule, ends, schedule.timestep_at(strength), seed)
    found = {0.0: ends[0], 1.0: ends[1]}
    wanted = np.linspace(0, 1, (between + 1) // 2 + 2)[1:-1].tolist()
    while wanted:
        found |= dict(zip(wanted, arc.at(wanted), strict=True))
        watch(len(found) - 2)
        wanted = _widest(found, between + 2 - len(found))
    positions = sorted(found)
    return Morph(np.stack([found[position] for position in positions]), np.array(positions))


def invert(model: Model, schedule: NoiseSchedule, x0: torch.Tensor, t: int, steps: int = _BACK) -> torch.Tensor:
    """Sprites at timestep t, from which "ddim" with eta 0 comes back to them but for the error of its steps.

    Args:
        x0: float32 (N, C, H, W) in [-1, 1].
        steps: network calls at most.

    Returns:
        x_t, as x0.
    """
    levels = np.unique(np.linspace(0, t, steps + 1).round().astype(int)).tolist()
    prediction_type: PredictionType = getattr(model, "prediction_type", "eps")
    x_t = x0
    for now, then in zip(levels, levels[1:], strict=False):
        ts = torch.full((len(x_t),), now)
        with torch.no_grad():
            # With its guide, with which it comes forward, too: else it would come to another sprite.
            answer = led_further(model, schedule, x_t, ts, None, model(x_t, ts, labels=None)).to(torch.float32)
        # Not clipped: what lies beyond black or white must come back.
        guess, eps = schedule.split_prediction(answer, x_t, ts, prediction_type)
        x_t = schedule.add_noise(guess, eps, torch.full_like(ts, then))
    return x_t


class _Arc:
    """The pictures on the arc between two sprites."""

    def __init__(self, model: Model, schedule: NoiseSchedule, ends: np.ndarray, t: int, seed: int) -> None:
        self._model, self._schedule, self._t, self._seed = model, schedule, t, seed
        self._noisy = invert(model, schedule, to_float(ends), t)
        one, other = self._noisy.flatten(1).double()
        self._angle = float(torch.arccos((one @ other / (one.norm() * other.norm())).clamp(-1, 1)))

    def at(self, positions: list[float]) -> np.ndarray:
        """uint8 (P, H, W, C): the pictures at these positions, each dependent on its own alone, up to rounding."""
        w = torch.tensor(positions)[:, None, None, None]
        if self._angle > 1e-3:
            of_one, of_other = torch.sin((1 - w) * self._angle), torch.sin(w * self._angle)
            x_t = (of_one * self._noisy[0] + of_other * self._noisy[1]) / np.sin(self._angle)
        else:
            x_t = torch.lerp(self._noisy[:1], self._noisy[1:], w)
        drawn = self._forward(x_t.float(), self._t, "dpm++", min(_FORTH, self._schedule.num_timesteps))
        faint = self._schedule.timestep_at(FAINT)
        sources = [variant_noise(self._seed, 0, 0, tuple(drawn.shape[1:])) for _ in positions]  # type: ignore[arg-type]
        noisy = self._schedule.add_noise(drawn, draw_noise(sources), torch.full((len(drawn),), faint))
        return to_uint8(self._forward(noisy, faint, "fast", None))

    def _forward(self, x_t: torch.Tensor, t: int, sampler: Sampler, steps: int | None) -> torch.Tensor:
        sources = [variant_noise(self._seed, 0, 1, tuple(x_t.shape[1:])) for _ in x_t]  # type: ignore[arg-type]
        moments = sample(
            self._model, self._schedule, len(x_t), sampler, steps, noise=x_t, noise_sources=sources, start=t
        )
        (last,) = deque(moments, maxlen=1)
        return last.x0


def _widest(found: dict[float, np.ndarray], left: int) -> list[float]:
    """Up to half of the positions that are left, at least one: the middles of the widest gaps; none for none."""
    order = sorted(found)
    gaps = [
        (_apart(found[here], found[there]), (here + there) / 2)
        for here, there in zip(order, order[1:], strict=False)
        if there - here > _NEAREST
    ]
    return [middle for _, middle in sorted(gaps, reverse=True)[: -(-left // 2)]] if left > 0 else []


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    squared = np.square(one.astype(np.int64) - other).sum()
    return float(rms_grey_levels(squared, one.size))
