"""A recording of the reverse process: a limited number of its moments, as pictures."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ddpm.diffusion.sampling import SamplingStep
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.pixels.conversion import to_uint8

FRAMES = 50
"""Moments of a reverse process that are recorded."""


@dataclass(frozen=True)
class Chain:
    """The reverse process of N sprites in F moments.

    Attributes:
        t: int64 (F,), timesteps, falling; -1 last once it is complete.
        x_t: uint8 (F, N, H, W, C), the sprites at these timesteps.
        x0: uint8 (F, N, H, W, C), what the network predicted from them.
        noise_level: float64 (F,), sqrt(1 - alphas_cumprod), the share of noise, 0..1.
    """

    t: np.ndarray
    x_t: np.ndarray = field(repr=False)
    x0: np.ndarray = field(repr=False)
    noise_level: np.ndarray = field(repr=False)

    @property
    def sprites(self) -> np.ndarray:
        """uint8 (N, H, W, C), the result: the last moment."""
        return self.x_t[-1]


class ChainRecorder:
    """Records a limited number of evenly spaced moments of a reverse process, always the first and the last.

    Args:
        steps: number of network calls.
        frames: at most so many moments are recorded.
    """

    def __init__(self, schedule: NoiseSchedule, steps: int, frames: int = FRAMES) -> None:
        self._schedule = schedule
        self._wanted = set(np.linspace(0, steps, min(frames, steps + 1)).round().astype(int).tolist())
        self._seen = 0
        self._moments: list[tuple[int, np.ndarray, np.ndarray]] = []

    def add(self, step: SamplingStep) -> bool:
        """Record the next moment if it is one of those wanted; returns whether it was."""
        wanted = self._seen in self._wanted
        if wanted:
            self._moments.append((step.t, to_uint8(step.x_t), to_uint8(step.x0)))
        self._seen += 1
        return wanted

    def chain(self) -> Chain:
        levels, x_t, x0 = zip(*self._moments, strict=True)
        t = np.array(levels, np.int64)
        alpha_bar = np.where(t < 0, 1.0, self._schedule.alphas_cumprod.numpy()[np.maximum(t, 0)])
        return Chain(t, np.stack(x_t), np.stack(x0), np.sqrt(1 - alpha_bar))
