"""Convolutions as the network has them: small kernels over small maps, some of them four pixels large."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.autograd.function import once_differentiable

_FEW_PIXELS = 4
"""Up to so many out, torch's convolution takes up to three times as long as the matrix products it consists of."""


class Convolution(nn.Conv2d):
    """The same sums as ``nn.Conv2d``; in float32 on a CPU as plain matrix products where these are quicker.

    That is where at most four pixels come out, and for 1x1 kernels. Results differ by rounding alone. For ``padding``
    in numbers, and neither groups nor dilation.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve.

        Args:
            x: floating (N, C, H, W), contiguous or channels last.

        Returns:
            (N, out_channels, H', W'), in the memory format of x.
        """
        if x.device.type == "cpu" and x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu"):
            plan = _plan(self.kernel_size, self.stride, self.padding, x.shape[2:])
            if 0 < plan.height * plan.width <= _FEW_PIXELS:
                return self._of_few(x, plan)
            if self.kernel_size == self.stride == (1, 1) and self.padding == (0, 0) and x.is_contiguous():
                return self._of_pixels(x)
        return super().forward(x)

    def _of_few(self, x: torch.Tensor, plan: _Plan) -> torch.Tensor:
        kernel = self.weight.permute(0, 2, 3, 1).contiguous()
        out = _FewPixels.apply(x.permute(0, 2, 3, 1).contiguous(), kernel, self.bias, plan).permute(0, 3, 1, 2)
        return out.contiguous() if x.is_contiguous() else out

    def _of_pixels(self, x: torch.Tensor) -> torch.Tensor:
        kernel = self.weight.flatten(1).expand(len(x), -1, -1)
        pixels = x.flatten(2)
        out = torch.bmm(kernel, pixels) if self.bias is None else torch.baddbmm(self.bias[:, None], kernel, pixels)
        return out.unflatten(2, x.shape[2:])


class _Meeting(NamedTuple):
    """An output pixel, and what of one row of the map lies under which part of the kernel for it."""

    y: int
    x: int
    row: int
    pixels: slice
    kernel_row: int
    taps: slice


class _Plan(NamedTuple):
    height: int
    width: int
    meetings: tuple[_Meeting, ...]


@lru_cache
def _plan(kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], size: tuple[int, ...]) -> _Plan:
    height, width = ((s + 2 * p - k) // d + 1 for s, p, k, d in zip(size, padding, kernel, stride, strict=True))
    if not 0 < height * width <= _FEW_PIXELS:
        return _Plan(height, width, ())
    meetings = []
    for y in range(height):
        for x in range(width):
            top, left = y * stride[0] - padding[0], x * stride[1] - padding[1]
            first, last = max(0, -left), min(kernel[1], size[1] - left)
            meetings += [
                _Meeting(y, x, top + tap, slice(left + first, left + last), tap, slice(first, last))
                for tap in range(kernel[0])
                if 0 <= top + tap < size[0] and first < last
            ]
    return _Plan(height, width, tuple(meetings))


class _FewPixels(torch.autograd.Function):
    """What a row of the map adds to an output pixel is one matrix product; padding adds nothing and takes no time."""

    @staticmethod
    def forward(
        ctx: Any, pixels: torch.Tensor, kernel: torch.Tensor, bias: torch.Tensor | None, plan: _Plan
    ) -> torch.Tensor:
        """float32 (N, H, W, C) and (O, h, w, C), both contiguous, to (N, H', W', O)."""
        ctx.save_for_backward(pixels, kernel)
        ctx.plan = plan
        out = pixels.new_zeros(len(pixels), plan.height, plan.width, len(kernel))
        if bias is not None:
            out += bias
        for meeting in plan.meetings:
            out[:, meeting.y, meeting.x].addmm_(_seen(pixels, meeting), _used(kernel, meeting).T)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Those of the pixels, the kernel and the bias, as far as they are asked for."""
        gradient = gradients[0].contiguous()
        pixels, kernel = ctx.saved_tensors
        of_pixels, of_kernel = torch.zeros_like(pixels), torch.zeros_like(kernel)
        for meeting in ctx.plan.meetings:
            arrived = gradient[:, meeting.y, meeting.x]
            if ctx.needs_input_grad[0]:
                _seen(of_pixels, meeting).addmm_(arrived, _used(kernel, meeting))
            if ctx.needs_input_grad[1]:
                _used(of_kernel, meeting).addmm_(arrived.T, _seen(pixels, meeting))
        of_bias = gradient.sum((0, 1, 2)) if ctx.needs_input_grad[2] else None
        return of_pixels, of_kernel, of_bias, None


def _seen(pixels: torch.Tensor, meeting: _Meeting) -> torch.Tensor:
    return pixels[:, meeting.row, meeting.pixels].view(len(pixels), -1)


def _used(kernel: torch.Tensor, meeting: _Meeting) -> torch.Tensor:
    return kernel[:, meeting.kernel_row, meeting.taps].view(len(kernel), -1)
