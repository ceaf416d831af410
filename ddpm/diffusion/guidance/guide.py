"""Autoguidance: a network is led away from what an earlier version of itself would draw (Karras et al. 2024).

Both err in the same way, the earlier one more: so the difference of their answers points to what both miss. Other than
guidance by the kind, it does not make sprites more alike (arXiv 2406.02507).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import torch

from ddpm.diffusion.schedule import NoiseSchedule

Model = Callable[..., torch.Tensor]
M = TypeVar("M")

LARGEST_SCALE = 8.0


@dataclass(frozen=True)
class Guide:
    """The attribute ``guide`` of a model that is to be sampled from with autoguidance.

    Attributes:
        model: an earlier version of that model, with the same ``prediction_type`` and kinds.
        scale: w in ``eps_g + w (eps - eps_g)``, above 1 and at most 8.
        max_log_snr: the log-SNR above which it does not act; it saves the second call there.
    """

    model: Model
    scale: float
    max_log_snr: float = math.inf

    def acts(self, schedule: NoiseSchedule, t: int) -> bool:
        """Whether it is called at a timestep, 0..T-1."""
        return float(schedule.log_snr()[t]) <= self.max_log_snr


def led_further(
    model: Any,
    schedule: NoiseSchedule,
    x_t: torch.Tensor,
    ts: torch.Tensor,
    labels: torch.Tensor | None,
    answer: torch.Tensor,
) -> torch.Tensor:
    """A model's answer, led away from that of its guide; unchanged if it has none, or that does not act here.

    Args:
        model: its attribute ``guide`` counts, if it has one.
        x_t: floating (N, C, H, W).
        ts: int64 (N,), all the same.
        labels: int64 (N,), or None.
        answer: of the model, shape of ``x_t``; "eps" or "v", which are linear functions of each other.
    """
    guide: Guide | None = getattr(model, "guide", None)
    if guide is None or not guide.acts(schedule, int(ts[0])):
        return answer
    earlier = guide.model(x_t, ts, labels=labels)
    return earlier + guide.scale * (answer - earlier)


def unguided(model: M) -> M:
    """The same network, with the same weights in memory, without its guide."""
    alone = copy.copy(model)
    alone.guide = None  # type: ignore[attr-defined]
    return alone
