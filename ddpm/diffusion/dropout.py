"""Dropout whose coins are cheap: on a CPU, drawing them one by one takes a fifteenth of a training step."""

from __future__ import annotations

import torch
from torch import nn

_SIDES = 2**16
_COINS_A_DRAW = 4


class Dropout(nn.Dropout):
    """``nn.Dropout`` (Srivastava et al. 2014) with four coins cut from each 64 random bits.

    The share that is blanked is ``p`` rounded to a multiple of 2**-16.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Blank a share of x and scale the rest up by as much; in evaluation, x itself."""
        if not self.training or not self.p or x.device.type != "cpu":
            return super().forward(x)
        blanked = min(round(self.p * _SIDES), _SIDES - 1)
        bits = torch.empty(-(-x.numel() // _COINS_A_DRAW), dtype=torch.int64).random_(-(2**63), None)
        coins = bits.view(torch.int16)[: x.numel()].view(x.shape)
        return x * ((coins >= blanked - _SIDES // 2).to(x.dtype) * (_SIDES / (_SIDES - blanked)))
