"""Faster convolutions on a CPU, for small kernels over small maps (down to 2x2 pixels)."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from ddpm.base.hardware import has_wide_registers, working_precision
from ddpm.base.matmul import matmul

# From how many pixels per map a matrix product is faster for a 1x1 kernel, by precision: never in float32 on a
# processor with wide registers.
_PIXELS = {torch.float32: math.inf if has_wide_registers() else 1, torch.bfloat16: 64}


PaddingMode = Literal["zeros", "circular"]


class Convolution(nn.Conv2d):
    """``nn.Conv2d``, on a CPU computed as a matrix product where that is faster; results differ only by rounding.

    That is where every output pixel sees the whole map, and for some 1x1 kernels. Only for padding given in numbers,
    with zeros or (``padding_mode="circular"``) with the opposite border, without groups or dilation.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Floating (N, C, H, W), contiguous or channels last, to (N, out_channels, H', W') in the same layout."""
        wraps = self.padding_mode == "circular"
        if x.device.type == "cpu":
            precision = working_precision(x)
            if precision in _PIXELS:
                if plan := _plan(self.kernel_size, self.stride, self.padding, x.shape[2:], wraps):
                    return self._whole_map_product(x.to(precision), plan)
                pointwise = self.kernel_size == self.stride == (1, 1) and self.padding == (0, 0)
                if pointwise and x.shape[2] * x.shape[3] >= _PIXELS[precision] and x.is_contiguous():
                    return self._pointwise_product(x.to(precision))
        if wraps:
            return functional.conv2d(_Wrapped.apply(x, *self.padding), self.weight, self.bias, self.stride)
        return super().forward(x)

    def _whole_map_product(self, x: torch.Tensor, plan: _Plan) -> torch.Tensor:
        pixels = x.permute(0, 2, 3, 1).flatten(1)
        out = _WholeMaps.apply(pixels, self.weight, self.bias, plan)
        out = out.unflatten(1, (plan.height, plan.width, -1)).permute(0, 3, 1, 2)
        return out.contiguous() if x.is_contiguous() else out

    def _pointwise_product(self, x: torch.Tensor) -> torch.Tensor:
        kernel, pixels = self.weight.to(x.dtype).flatten(1).expand(len(x), -1, -1), x.flatten(2)
        if self.bias is None:
            out = torch.bmm(kernel, pixels)
        else:
            out = torch.baddbmm(self.bias.to(x.dtype)[:, None], kernel, pixels)
        return out.unflatten(2, x.shape[2:])


class _Wrapped(torch.autograd.Function):
    """A map with rows and columns of its opposite sides around it, in the same layout (``pad`` loses channels last)."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
        """(N, C, H, W) to (N, C, H + 2 * rows, W + 2 * columns)."""
        ctx.rows, ctx.columns = rows, columns
        n, channels, height, width = x.shape
        order = torch.contiguous_format if x.is_contiguous() else torch.channels_last
        shape = (n, channels, height + 2 * rows, width + 2 * columns)
        out = torch.empty(shape, dtype=x.dtype, device=x.device, memory_format=order)
        out[:, :, rows : rows + height, columns : columns + width] = x
        out[:, :, rows : rows + height, :columns] = x[..., width - columns :]
        out[:, :, rows : rows + height, columns + width :] = x[..., :columns]
        # The corners, too: whole rows of what is there by now.
        out[:, :, :rows] = out[:, :, height : height + rows]
        out[:, :, rows + height :] = out[:, :, rows : 2 * rows]
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        rows, height = ctx.rows, gradients[0].shape[2] - 2 * ctx.rows
        parts = gradients[0].tensor_split((rows, rows + height), dim=2)
        above, inner, below = (_unwrap_columns(part, ctx.columns) for part in parts)
        inner[:, :, height - rows :] += above
        inner[:, :, :rows] += below
        return inner, None, None


def _unwrap_columns(gradient: torch.Tensor, columns: int) -> torch.Tensor:
    """A copy without the columns around it, which are added to those at the opposite side."""
    width = gradient.shape[3] - 2 * columns
    left, inner, right = gradient.tensor_split((columns, columns + width), dim=3)
    inner = inner.clone()
    inner[..., width - columns :] += left
    inner[..., :columns] += right
    return inner


class _Plan(NamedTuple):
    """The size of the output, and for each of its pixels the part of the kernel that covers the map.

    Attributes:
        period: the size of a map that goes on at its opposite border; None for one with zeros around it.
    """

    height: int
    width: int
    windows: tuple[tuple[slice, slice], ...]
    period: tuple[int, ...] | None


@lru_cache
def _plan(
    kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], size: tuple[int, ...], wraps: bool
) -> _Plan | None:
    """None if an output pixel does not see the whole map, or there is no output."""
    height, width = ((s + 2 * p - k) // d + 1 for s, p, k, d in zip(size, padding, kernel, stride, strict=True))
    starts = [(padding[0] - y * stride[0], padding[1] - x * stride[1]) for y in range(height) for x in range(width)]
    if not starts or any(not 0 <= s <= k - n for start in starts for s, k, n in zip(start, kernel, size, strict=True)):
        return None
    windows = tuple((slice(y, y + size[0]), slice(x, x + size[1])) for y, x in starts)
    return _Plan(height, width, windows, size if wraps else None)


def _add_repeats(kernel: torch.Tensor, period: tuple[int, ...]) -> torch.Tensor:
    """What a kernel becomes where a map smaller than it repeats: taps on the same pixel have the sum of their weights.

    That sum stands at each of them, since a window covers only one. The same for the gradient, as the map from weights
    to sums is symmetric. (O, h, w, C), changed in place.
    """
    for axis, size in enumerate(period, start=1):
        taps = kernel.unbind(axis)
        for first in range(min(size, len(taps) - size)):
            same = taps[first::size]
            total = torch.stack(same).sum(0)
            for tap in same:
                tap.copy_(total)
    return kernel


class _WholeMaps(torch.autograd.Function):
    """One matrix product of whole maps with the kernel, unrolled for each output pixel."""

    @staticmethod
    def forward(
        ctx: Any, pixels: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, plan: _Plan
    ) -> torch.Tensor:
        """(N, H * W * C), (O, C, h, w) and (O,) to (N, H' * W' * O)."""
        if plan.period is None:
            kernel = weight.to(pixels.dtype).permute(0, 2, 3, 1).contiguous()
        else:
            # Summed in float32: the copy is in place.
            apart = weight.permute(0, 2, 3, 1).clone(memory_format=torch.contiguous_format)
            kernel = _add_repeats(apart, plan.period).to(pixels.dtype)
        unrolled = torch.stack([kernel[:, rows, columns] for rows, columns in plan.windows]).flatten(2).flatten(0, 1)
        ctx.save_for_backward(pixels, unrolled)
        ctx.plan, ctx.shape = plan, kernel.shape
        return matmul(pixels, unrolled.T, None if bias is None else bias.to(pixels.dtype).repeat(len(plan.windows)))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        gradient, windows = gradients[0], ctx.plan.windows
        pixels, unrolled = ctx.saved_tensors
        pixel_gradient = matmul(gradient, unrolled) if ctx.needs_input_grad[0] else None
        weight_gradient = bias_gradient = None
        if ctx.needs_input_grad[1]:
            # In float32, like the weights, since the gradients of several pixels are added up.
            kernel_gradient = torch.zeros(ctx.shape, dtype=torch.float32)
            parts = matmul(gradient.T, pixels).unflatten(0, (len(windows), -1))
            for (rows, columns), part in zip(windows, parts, strict=True):
                window = kernel_gradient[:, rows, columns]
                window += part.view_as(window)
            if ctx.plan.period is not None:
                _add_repeats(kernel_gradient, ctx.plan.period)
            weight_gradient = kernel_gradient.permute(0, 3, 1, 2).contiguous()
        if ctx.needs_input_grad[2]:
            bias_gradient = gradient.unflatten(1, (len(windows), -1)).sum((0, 1), dtype=torch.float32)
        return pixel_gradient, weight_gradient, bias_gradient, None
