"""The whole way from a noise level to x0, as a network that is no distilled one goes it: in several calls."""

from __future__ import annotations

from typing import Any

import torch

from ddpm.base.hardware import Precision, autocast
from ddpm.diffusion.guidance.guide import led_further
from ddpm.diffusion.instant.levels import jump_timesteps
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.solvers import dpm_solver

_MOST_CALLS, _FEWEST_CALLS = 12, 6
_LOG_SNR_BOUNDS = (-7.0, 9.0)


def exact_timesteps(schedule: NoiseSchedule) -> dict[int, list[int]]:
    """For each of the noise levels, the timesteps at which a network is called from there on, falling, evenly in
    log-SNR: 12 from noise alone, 6 from the lowest level."""
    levels = jump_timesteps(schedule)
    calls = torch.linspace(_MOST_CALLS, _FEWEST_CALLS, len(levels)).round().to(torch.int64).tolist()
    log_snr = schedule.log_snr().clamp(*_LOG_SNR_BOUNDS)
    found = {}
    for level, count in zip(levels, calls, strict=True):
        wanted = torch.linspace(float(log_snr[level]), float(log_snr[0]), count, dtype=torch.float64)
        below = [int((log_snr[:level] - each).abs().argmin()) for each in wanted[1:]]
        # Where the schedule is coarse, two may be the same timestep.
        found[level] = [level, *sorted(set(below), reverse=True)]
    return found


@torch.no_grad()
def exact_x0(
    model: Any,
    schedule: NoiseSchedule,
    x_t: torch.Tensor,
    timesteps: list[int],
    labels: torch.Tensor | None = None,
    precision: Precision = "float32",
) -> torch.Tensor:
    """Where the probability-flow ODE leads from x_t, by DPM-Solver++(2M): float32 (N, C, H, W).

    Args:
        model: ``(x_t, t, labels=None)``, with an attribute ``prediction_type``; its ``guide`` acts, if it has one.
        x_t: float32 (N, C, H, W), at the first of ``timesteps``.
        timesteps: falling; see :func:`exact_timesteps`.
        labels: int64 (N,), -1 for any kind.
    """
    move = dpm_solver(schedule, 0.0, lambda: torch.zeros_like(x_t))
    for t, t_next in zip(timesteps, [*timesteps[1:], -1], strict=True):
        ts = torch.full((len(x_t),), t, device=x_t.device)
        with autocast(precision, x_t.device):
            output = led_further(model, schedule, x_t, ts, labels, model(x_t, ts, labels=labels))
        x0, eps = schedule.split_prediction(output.float(), x_t, ts, model.prediction_type, clip_x0=True)
        x_t = move(x_t, x0, eps, t, t_next)
    return x_t.clamp(-1.0, 1.0)
