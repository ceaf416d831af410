"""From one timestep to the next: the step of DDIM, of which DDPM is a special case, that of DPM-Solver++,
and new noise on x0 for a network that goes the whole way at once."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from ddpm.diffusion.schedule import NoiseSchedule

Noise = Callable[[], torch.Tensor]
"""Each call returns new noise for all sprites, float32 (N, 3, 16, 16)."""

Solver = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, int, int], torch.Tensor]
"""(x_t, x0, eps, t, t_next) to x_t at timestep t_next; -1 is the clean image."""


def ddim(schedule: NoiseSchedule, eta: float, noise: Noise) -> Solver:
    """DDIM, Song et al. 2020, eq. 12 and 16. With eta 1 it is DDPM: the posterior with the smaller of its variances."""

    def step(x_t: torch.Tensor, x0: torch.Tensor, eps: torch.Tensor, t: int, t_next: int) -> torch.Tensor:
        alpha_bar, alpha_bar_next = _alpha_bar(schedule, t), _alpha_bar(schedule, t_next)
        variance = (1 - alpha_bar_next) / (1 - alpha_bar) * (1 - alpha_bar / alpha_bar_next)
        if eta == 1.0:
            # With x_t instead of eps, as in Ho et al., eq. 7: the same up to rounding.
            alpha = alpha_bar / alpha_bar_next
            of_x0 = alpha_bar_next**0.5 * (1 - alpha) / (1 - alpha_bar)
            of_x_t = alpha**0.5 * (1 - alpha_bar_next) / (1 - alpha_bar)
            mean = of_x0 * x0 + of_x_t * x_t
        else:
            mean = alpha_bar_next**0.5 * x0 + max(0.0, 1 - alpha_bar_next - eta**2 * variance) ** 0.5 * eps
        if eta == 0.0 or t_next < 0:
            return mean
        return mean + eta * variance**0.5 * noise()

    return step


def dpm_solver(schedule: NoiseSchedule, eta: float, noise: Noise) -> Solver:
    """DPM-Solver++(2M): second order, using the x0 of the previous step; first order at both ends.

    With eta above 0 part of the noise is replaced by new noise, so that early errors fade; eta 1 is
    SDE-DPM-Solver++(2M) of Lu et al. 2022, app. B.
    """
    last: list[tuple[torch.Tensor, float]] = []

    def half_log_snr(t: int) -> float:
        alpha_bar = _alpha_bar(schedule, t)
        return 0.5 * float(np.log(alpha_bar) - np.log1p(-alpha_bar))

    def step(x_t: torch.Tensor, x0: torch.Tensor, eps: torch.Tensor, t: int, t_next: int) -> torch.Tensor:
        if t_next < 0:
            return x0.clone()
        now, then = half_log_snr(t), half_log_snr(t_next)
        target = x0
        if last:
            x0_before, before = last.pop()
            ratio = (now - before) / (then - now)
            target = x0 + (x0 - x0_before) / (2 * ratio)
        last.append((x0, now))
        alpha_bar, alpha_bar_next = _alpha_bar(schedule, t), _alpha_bar(schedule, t_next)
        way, renewed = then - now, eta * (then - now)
        shrink = ((1 - alpha_bar_next) / (1 - alpha_bar)) ** 0.5 * math.exp(-renewed)
        mean = shrink * x_t - alpha_bar_next**0.5 * math.expm1(-way - renewed) * target
        if eta == 0.0:
            return mean
        return mean + ((1 - alpha_bar_next) * -math.expm1(-2 * renewed)) ** 0.5 * noise()

    return step


def renoising(schedule: NoiseSchedule, noise: Noise) -> Solver:
    """x0 with new noise of the next level: multistep consistency sampling, Song et al. 2023 (2303.01469), alg. 1."""

    def step(x_t: torch.Tensor, x0: torch.Tensor, eps: torch.Tensor, t: int, t_next: int) -> torch.Tensor:
        if t_next < 0:
            return x0.clone()
        alpha_bar = _alpha_bar(schedule, t_next)
        return alpha_bar**0.5 * x0 + (1 - alpha_bar) ** 0.5 * noise()

    return step


def _alpha_bar(schedule: NoiseSchedule, t: int) -> float:
    return 1.0 if t < 0 else float(schedule.alphas_cumprod[t])
