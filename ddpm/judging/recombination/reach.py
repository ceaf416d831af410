"""How far does a network look? The window with which the patch machine comes nearest to it, at each noise level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ddpm.base.json_values import jsonable
from ddpm.diffusion.patch_machine.machine import PatchMachine
from ddpm.diffusion.sampling import Model, sample
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.statistics import median_interval

LEVELS = 20
SPRITES = 16


@dataclass(frozen=True)
class Reach:
    """The window that explains a network best, on the way from noise to its sprites.

    Attributes:
        t: of each level, falling.
        log_snr: natural logarithm of the signal-to-noise ratio there, rising.
        windows: that were tried, in pixels.
        best: at each level the median over sprites of the window whose x0 has the smallest squared distance to the
            network's.
        low, high: its 95% interval; NaN below 6 sprites.
        explained: (levels, windows), the median over sprites of 1 - |network - machine|^2 / |network - its mean|^2, the
            share of the variance of the network's x0 that a window explains; below 0 if it does worse than the mean.
        sprites: how many.
        anywhere: whether all places were compared, or the same alone.
    """

    t: tuple[int, ...]
    log_snr: tuple[float, ...]
    windows: tuple[int, ...]
    best: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    explained: tuple[tuple[float, ...], ...]
    sprites: int
    anywhere: bool

    def window_at(self, t: int) -> int:
        """The best window at timestep t, odd: a ``window`` for :class:`ddpm.PatchMachine` that suits this network."""
        between = float(np.interp(t, self.t[::-1], self.best[::-1]))
        return max(1, 2 * round((between - 1) / 2) + 1)

    def to_dict(self) -> dict[str, Any]:
        """JSON values; None for what is not a finite number."""
        return {name: jsonable(getattr(self, name)) for name in self.__dataclass_fields__}


def measure_reach(
    model: Model,
    schedule: NoiseSchedule,
    images: np.ndarray,
    labels: np.ndarray | None = None,
    asked: torch.Tensor | None = None,
    n: int = SPRITES,
    anywhere: bool = False,
    windows: Sequence[int] | None = None,
    steps: int = LEVELS,
    seed: int = 0,
) -> Reach:
    """Ask the machine, with each window, what the network is asked on its way from n noises to sprites.

    The way is that of DPM-Solver++ with eta 0, even in log-SNR.

    Args:
        images, labels, asked: as in :func:`ddpm.judging.recombination.agreement.measure_agreement`.
        windows: odd, rising; None for 1, 3, 5 up to the whole sprite.
        steps: levels.

    Raises:
        ValueError: for values that :func:`ddpm.sample` or the machine refuse.
    """
    asked = None if labels is None else asked
    side = max(images.shape[1:3])
    windows = range(1, 2 * side, 2) if windows is None else windows
    machines = [PatchMachine(images, schedule, window, anywhere, labels) for window in windows]
    levels, best, explained = [], [], []
    for step in sample(model, schedule, n, "dpm++", steps, seed, asked):
        if step.t < 0:
            break
        x_t, network = step.x_t.cpu(), step.x0.to("cpu", torch.float64).flatten(1)
        t = torch.full((n,), step.t)
        variance = (network - network.mean(dim=1, keepdim=True)).square().sum(dim=1)
        errors = torch.stack(
            [(machine.predict_x0(x_t, t, asked).flatten(1) - network).square().sum(dim=1) for machine in machines]
        ).numpy()
        levels.append(step.t)
        best.append(median_interval(np.asarray(windows)[errors.argmin(axis=0)]))
        explained.append(tuple(np.median(1 - errors / np.maximum(variance.numpy(), 1e-12), axis=1).tolist()))
    middle, low, high = zip(*best, strict=True)
    return Reach(
        t=tuple(levels),
        log_snr=tuple(schedule.log_snr()[levels].tolist()),
        windows=tuple(windows),
        best=middle,
        low=low,
        high=high,
        explained=tuple(explained),
        sprites=n,
        anywhere=anywhere,
    )
