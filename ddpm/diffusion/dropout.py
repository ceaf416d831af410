"""Faster dropout on a CPU, where drawing the mask value by value takes a fifteenth of a training step."""

from __future__ import annotations

import torch
from torch import nn

_LEVELS = 2**16
_MASKS_PER_DRAW = 4


class Dropout(nn.Dropout):
    """``nn.Dropout`` (Srivastava et al. 2014) with 16 mask bits for each value, four values from each 64-bit draw.

    The share that is zeroed is ``p`` rounded to a multiple of 2**-16.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or not self.p or x.device.type != "cpu":
            return super().forward(x)
        zeroed = min(round(self.p * _LEVELS), _LEVELS - 1)
        bits = torch.empty(-(-x.numel() // _MASKS_PER_DRAW), dtype=torch.int64).random_(-(2**63), None)
        mask_bits = bits.view(torch.int16)[: x.numel()].view(x.shape)
        return x * ((mask_bits >= zeroed - _LEVELS // 2).to(x.dtype) * (_LEVELS / (_LEVELS - zeroed)))
