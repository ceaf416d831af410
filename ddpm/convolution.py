"""Convolutions as the network has them: small kernels over small maps, some of them four pixels large."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

_FEW_PIXELS = 4
"""Up to this many, torch's convolution takes up to twice the time of a matrix product."""


class Convolution(nn.Conv2d):
    """The same sums as ``nn.Conv2d``, on a CPU done as matrix products where these are quicker.

    So are 1x1 kernels, and kernels whose output has at most four pixels. Results differ by rounding alone. For
    ``padding`` a number, and neither groups nor dilation.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve.

        Args:
            x: floating (N, C, H, W), contiguous or channels last.

        Returns:
            (N, out_channels, H', W'), in the memory format of x.
        """
        if x.device.type == "cpu":
            height, width = (self._length(size, axis) for axis, size in enumerate(x.shape[2:]))
            if height * width <= _FEW_PIXELS:
                return self._of_windows(x, height, width)
            if self.kernel_size == self.stride == (1, 1) and not any(map(int, self.padding)) and x.is_contiguous():
                return self._of_pixels(x)
        return super().forward(x)

    def _length(self, size: int, axis: int) -> int:
        return (size + 2 * int(self.padding[axis]) - self.kernel_size[axis]) // self.stride[axis] + 1

    def _of_windows(self, x: torch.Tensor, height: int, width: int) -> torch.Tensor:
        """What lies under the kernel becomes a row, channels innermost: there it is copied in long runs."""
        (tall, wide), (down, across) = self.kernel_size, self.stride
        top, left = (int(pad) for pad in self.padding)
        padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, left, left, top, top))
        corners = [(i * down, j * across) for i in range(height) for j in range(width)]
        rows = torch.stack([padded[:, i : i + tall, j : j + wide].flatten(1) for i, j in corners], dim=1)
        out = F.linear(rows, self.weight.permute(0, 2, 3, 1).flatten(1), self.bias)
        out = out.unflatten(1, (height, width)).permute(0, 3, 1, 2)
        return out.contiguous() if x.is_contiguous() else out

    def _of_pixels(self, x: torch.Tensor) -> torch.Tensor:
        kernel = self.weight.flatten(1).expand(len(x), -1, -1)
        pixels = x.flatten(2)
        out = torch.bmm(kernel, pixels) if self.bias is None else torch.baddbmm(self.bias[:, None], kernel, pixels)
        return out.unflatten(2, x.shape[2:])
