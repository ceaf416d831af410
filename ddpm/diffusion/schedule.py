"""Noise levels: how much of a sprite is left at timestep t.

The forward process of Ho et al. 2020 (arXiv 2006.11239), eq. 4, in closed form:

    x_t = sqrt(alphas_cumprod[t]) * x0 + sqrt(1 - alphas_cumprod[t]) * eps,      eps ~ N(0, I)

A network may predict ``eps`` or the velocity ``v = sqrt(alphas_cumprod) * eps - sqrt(1 - alphas_cumprod) * x0``
(Salimans & Ho 2022, arXiv 2202.00512, app. D); only this module turns either into the pair (x0, eps).
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
import torch

LOG_SNR_GRID = np.linspace(-6.0, 8.0, 16)
"""Levels at which models with different schedules can be compared, from almost pure noise to fine detail."""

_EVEN_LOG_SNR = (-6.0, 9.0)

ScheduleKind = Literal["linear", "cosine"]
PredictionType = Literal["eps", "v"]


class NoiseSchedule:
    """The table of noise levels for t = 0 (almost clean) to ``num_timesteps - 1`` (almost pure noise).

    Args:
        num_timesteps: T, at least 1.
        kind: "linear": betas from 1e-4 to 0.02 (Ho et al. 2020, sec. 4);
            "cosine": Nichol & Dhariwal 2021 (arXiv 2102.09672), eq. 17, betas at most 0.999.

    Attributes:
        betas: float64 (T,), variance that each timestep adds.
        alphas_cumprod: float64 (T,), share of the sprite's variance that is left.

    Raises:
        ValueError: for another kind or a T below 1.
    """

    def __init__(self, num_timesteps: int = 1000, kind: ScheduleKind = "linear") -> None:
        if num_timesteps < 1:
            raise ValueError(f"num_timesteps must be at least 1, got {num_timesteps}")
        if kind not in get_args(ScheduleKind):
            raise ValueError(f"unknown schedule {kind!r}: choose one of {', '.join(get_args(ScheduleKind))}")
        self.num_timesteps = num_timesteps
        self.kind: ScheduleKind = kind
        self.betas = _betas(kind, num_timesteps)
        self.alphas_cumprod = torch.cumprod(1.0 - self.betas, dim=0)

    def add_noise(self, x0: torch.Tensor, eps: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """Add noise to sprites, straight to timestep t.

        Args:
            x0: floating (N, ...), clean sprites in [-1, 1].
            eps: like x0, standard normal.
            t: int64 (N,), 0..T-1.

        Returns:
            x_t, shape and dtype of x0.

        Raises:
            ValueError: if a t lies outside 0..T-1.
        """
        signal, noise = self._scales(t, x0)
        return signal * x0 + noise * eps

    def predict_x0(self, x_t: torch.Tensor, eps: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """:meth:`add_noise` solved for x0, with the same shapes, dtypes and errors."""
        signal, noise = self._scales(t, x_t)
        return (x_t - noise * eps) / signal

    def velocity(self, x0: torch.Tensor, eps: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """What a "v" network has to predict; shapes, dtypes and errors as in :meth:`add_noise`."""
        signal, noise = self._scales(t, x0)
        return signal * eps - noise * x0

    def split_prediction(
        self,
        prediction: torch.Tensor,
        x_t: torch.Tensor,
        t: torch.Tensor,
        prediction_type: PredictionType,
        clip_x0: bool = False,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Turn a network's output into the pair (x0, eps), from which :meth:`add_noise` gives x_t again.

        Args:
            prediction: floating (N, ...), the network's output at (x_t, t).
            prediction_type: what that output means, "eps" or "v".
            clip_x0: keep x0 in [-1, 1]; eps is then the noise in x_t that belongs to that x0.

        Raises:
            ValueError: for another prediction type, or a t outside 0..T-1.
        """
        signal, noise = self._scales(t, x_t)
        if prediction_type == "eps":
            x0, eps = (x_t - noise * prediction) / signal, prediction
        elif prediction_type == "v":
            x0, eps = signal * x_t - noise * prediction, noise * x_t + signal * prediction
        else:
            raise ValueError(f"unknown prediction type {prediction_type!r}: choose eps or v")
        if not clip_x0:
            return x0, eps
        clipped = x0.clamp(-1.0, 1.0)
        # eps takes up what clipping removes from x0: otherwise the two would no longer add up to x_t.
        return clipped, eps + signal / noise * (x0 - clipped)

    def log_snr(self) -> torch.Tensor:
        """float64 (T,): log(alphas_cumprod / (1 - alphas_cumprod)), falling with t."""
        return torch.log(self.alphas_cumprod) - torch.log1p(-self.alphas_cumprod)

    def timestep_probabilities(self, even_log_snr: float) -> torch.Tensor:
        """How likely training is to draw each timestep, float64 (T,), adding up to 1.

        Uniform in t, there would be few draws with weak noise, where haze and stray pixels are decided.

        Args:
            even_log_snr: share of the draws, 0..1, that is uniform in log-SNR from -6 to 9; the rest is uniform in t.
        """
        edges = self.log_snr().clamp(*_EVEN_LOG_SNR)
        between = (edges[1:] + edges[:-1]) / 2
        widths = torch.cat([edges[:1], between]) - torch.cat([between, edges[-1:]])
        uniform = torch.full_like(widths, 1 / self.num_timesteps)
        if not float(widths.sum()):
            return uniform
        return (1 - even_log_snr) * uniform + even_log_snr * widths / widths.sum()

    def timesteps_at(self, log_snr: np.ndarray) -> torch.Tensor:
        """The timestep whose log-SNR is nearest to each given one; int64, shape of ``log_snr``."""
        return (torch.as_tensor(log_snr, dtype=torch.float64)[..., None] - self.log_snr()).abs().argmin(dim=-1)

    def timestep_at(self, strength: float) -> int:
        """The timestep, 0..T-1, at which ``(2 / pi) arctan(sigma / alpha)`` of ``x_t = alpha x0 + sigma eps`` is
        nearest to ``strength``, 0..1: 0 is clean, 1 is noise alone (the angle phi of Salimans & Ho 2022, app. D).

        Raises:
            ValueError: unless it lies in 0..1.
        """
        if not 0 <= strength <= 1:
            raise ValueError(f"strength must lie in 0..1, got {strength}")
        return int((self._strengths() - strength).abs().argmin())

    def strength_at(self, t: int) -> float:
        """The strength of timestep t, 0..1, from which :meth:`timestep_at` finds t again.

        Raises:
            ValueError: if t lies outside 0..T-1.
        """
        if not 0 <= t < self.num_timesteps:
            raise ValueError(f"t must lie in 0..{self.num_timesteps - 1}, got {t}")
        return float(self._strengths()[t])

    def _strengths(self) -> torch.Tensor:
        return torch.atan2((1 - self.alphas_cumprod).sqrt(), self.alphas_cumprod.sqrt()) * (2 / torch.pi)

    def _scales(self, t: torch.Tensor, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """sqrt(alpha_bar) and sqrt(1 - alpha_bar), to be multiplied with ``like``."""
        if t.numel() and (int(t.min()) < 0 or int(t.max()) >= self.num_timesteps):
            raise ValueError(f"t must lie in 0..{self.num_timesteps - 1}, got {int(t.min())}..{int(t.max())}")
        alpha_bar = self.alphas_cumprod[t.to("cpu", torch.int64)].reshape(-1, *[1] * (like.ndim - 1))
        # Square roots are taken in float64: near t = 0, 1 - alphas_cumprod has few digits left in float32.
        return alpha_bar.sqrt().to(like), (1.0 - alpha_bar).sqrt().to(like)


def _betas(kind: ScheduleKind, num_timesteps: int) -> torch.Tensor:
    if kind == "linear":
        return torch.linspace(1e-4, 0.02, num_timesteps, dtype=torch.float64)
    offset = 0.008

    def alpha_bar(time: float) -> float:
        return math.cos((time + offset) / (1 + offset) * math.pi / 2) ** 2

    betas = [1 - alpha_bar((t + 1) / num_timesteps) / alpha_bar(t / num_timesteps) for t in range(num_timesteps)]
    return torch.tensor(betas, dtype=torch.float64).clamp(max=0.999)
