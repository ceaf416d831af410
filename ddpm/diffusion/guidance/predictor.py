"""The network with guidance, as a sampler asks it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import nn

from ddpm.diffusion.guidance.guide import Guide, Model, led_further
from ddpm.diffusion.schedule import NoiseSchedule, PredictionType


@dataclass(frozen=True)
class Predictor:
    """The network with guidance, from (x_t, t) to (x0, eps), both float32 (N, C, H, W).

    ``labels`` are int64 (N,), as ``checked_labels`` returns them; all else is as in :func:`ddpm.sample`.
    """

    model: Model
    schedule: NoiseSchedule
    labels: torch.Tensor | None
    guidance_scale: float
    clip_x0: bool

    @torch.no_grad()
    def __call__(self, x_t: torch.Tensor, t: int) -> tuple[torch.Tensor, torch.Tensor]:
        model = self.model
        training = isinstance(model, nn.Module) and model.training
        if training:
            model.eval()  # type: ignore[attr-defined]
        try:
            ts = torch.full((len(x_t),), t, dtype=torch.int64, device=x_t.device)
            output = self._guided(x_t, ts)
        finally:
            if training:
                model.train()  # type: ignore[attr-defined]
        if output.shape != x_t.shape:
            raise ValueError(f"the model returned shape {tuple(output.shape)}, expected {tuple(x_t.shape)}")
        prediction_type: PredictionType = getattr(model, "prediction_type", "eps")
        return self.schedule.split_prediction(output.to(torch.float32), x_t, ts, prediction_type, self.clip_x0)

    def _guided(self, x_t: torch.Tensor, ts: torch.Tensor) -> torch.Tensor:
        labels = None if self.labels is None else self.labels.to(x_t.device)
        conditional = self._answer(x_t, ts, labels)
        if self.guidance_scale == 1.0 or labels is None or _is_decided(self.model, self.schedule, int(ts[0])):
            return conditional
        unconditional = self._answer(x_t, ts, None)
        # The same formula for eps and v: at a given x_t one is a linear function of the other.
        return unconditional + self.guidance_scale * (conditional - unconditional)

    def _answer(self, x_t: torch.Tensor, ts: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        answer = self.model(x_t, ts, labels=labels)
        return led_further(self.model, self.schedule, x_t, ts, labels, answer)


def network_calls(model: Model, schedule: NoiseSchedule, timesteps: Iterable[int], insists: bool = False) -> int:
    """How often sprites go through the network, or through its guide, at these timesteps.

    Args:
        model: as in :func:`ddpm.sample`.
        insists: whether there are labels, and a ``guidance_scale`` other than 1.
    """
    guide: Guide | None = getattr(model, "guide", None)
    return sum(
        (2 if insists and not _is_decided(model, schedule, t) else 1)
        * (2 if guide is not None and guide.acts(schedule, t) else 1)
        for t in timesteps
    )


def _is_decided(model: Model, schedule: NoiseSchedule, t: int) -> bool:
    """Whether at this noise level the kind is no longer in question, so that insisting on it would do harm."""
    highest = getattr(model, "guidance_max_log_snr", math.inf)
    return float(schedule.log_snr()[t]) > highest
