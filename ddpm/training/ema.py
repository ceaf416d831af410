"""Averaged weights, which draw better than the last ones (Ho et al. 2020, sec. 4)."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


class EMA(Generic[M]):
    """Exponential moving average of a network's weights.

    The decay rises as ``(1 + step) / (10 + step)``, so that the first steps of a short run hardly count.

    Args:
        model: the network to average; :attr:`model` starts as a copy of it, in eval mode.
        decay: the most that the decay rises to, 0..1.
    """

    def __init__(self, model: M, decay: float = 0.9995) -> None:
        self.decay = decay
        self.model: M = copy.deepcopy(model).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, model: nn.Module, step: float) -> None:
        """Move towards the weights that ``model`` has after a training step.

        Args:
            step: 0, 1, ...; or as many as the time so far would have been enough for, if some steps took longer.
        """
        decay = min(self.decay, (1 + step) / (10 + step))
        averages, weights = self.model.state_dict(), model.state_dict()
        floating = [name for name, value in averages.items() if value.is_floating_point()]
        torch._foreach_lerp_([averages[n] for n in floating], [weights[n] for n in floating], 1 - decay)
        for name in averages.keys() - set(floating):
            averages[name].copy_(weights[name])
