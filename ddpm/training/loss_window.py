"""The loss over the steps between two log records, also by noise level."""

from __future__ import annotations

import math
from typing import Any

import torch

from ddpm.diffusion.schedule import NoiseSchedule, PredictionType
from ddpm.training.loop import TrainingStep

_QUARTILES = 4


class LossWindow:
    """The mean loss of the steps since it was last cleared."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Remove all steps."""
        self._loss = 0.0
        self._seen = 0
        self._skipped = 0
        self._last: TrainingStep | None = None

    def add(self, step: TrainingStep) -> None:
        """Add a step; of skipped ones only the number is kept."""
        self._last = step
        if step.skipped:
            self._skipped += 1
            return
        self._loss += float(step.losses.to(torch.float64).sum())
        self._seen += len(step.losses)

    def summary(self) -> dict[str, Any]:
        """JSON values: step, loss (of the training; None without steps), learning_rate, grad_norm."""
        assert self._last is not None
        summary: dict[str, Any] = {
            "step": self._last.step,
            "loss": self._loss / self._seen if self._seen else None,
            **self._errors(),
            "learning_rate": self._last.learning_rate,
        }
        if math.isfinite(self._last.grad_norm):
            summary["grad_norm"] = self._last.grad_norm
        if self._skipped:
            summary["skipped"] = self._skipped
        return summary

    def _errors(self) -> dict[str, Any]:
        return {}


class NoiseErrorWindow(LossWindow):
    """Also the error of the predicted noise, over all t and by quartile of t, as ``noise_error`` and ``quartiles``.

    The losses of two recipes cannot be compared, since they predict different things at different noise levels; the
    error of the noise, evenly over t, can. Its first quartile (little noise) tells of fine detail, the last one of the
    rough shape (as in Nichol & Dhariwal 2021). Mean squared errors of eps; None without steps.
    """

    def __init__(self, schedule: NoiseSchedule, prediction_type: PredictionType, even_log_snr: float = 0.0) -> None:
        self._schedule = schedule
        self._prediction_type = prediction_type
        # Timesteps that are drawn more often get less weight.
        self._weights = 1 / (schedule.num_timesteps * schedule.timestep_probabilities(even_log_snr))
        super().__init__()

    def clear(self) -> None:
        super().clear()
        self._sums = torch.zeros(_QUARTILES, dtype=torch.float64)
        self._counts = torch.zeros(_QUARTILES, dtype=torch.float64)

    def add(self, step: TrainingStep) -> None:
        super().add(step)
        if step.skipped:
            return
        losses = step.losses.to(torch.float64)
        if self._prediction_type == "v":
            # At a given x_t, an error of v is sqrt(alphas_cumprod) times as large in eps.
            losses = losses * self._schedule.alphas_cumprod[step.t]
        quartile = step.t * _QUARTILES // self._schedule.num_timesteps
        weights = self._weights[step.t]
        self._sums.index_add_(0, quartile, weights * losses)
        self._counts.index_add_(0, quartile, weights)

    def _errors(self) -> dict[str, Any]:
        seen = float(self._counts.sum())
        means = (self._sums / self._counts).tolist()
        return {
            "noise_error": float(self._sums.sum()) / seen if seen else None,
            "quartiles": [mean if math.isfinite(mean) else None for mean in means],
        }
