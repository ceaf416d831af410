"""The source report's "simple U-Net": it predicts the noise from a noisy sprite and the timestep t.

Four resolutions (16, 8, 4, 2 for sprites of 16 pixels a side), with one residual block each in the encoder and in the
decoder, skip connections between the two, and an embedding of t added in every block (Ronneberger et al. 2015, arXiv
1505.04597; Ho et al. 2020, app. B).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, get_args

import torch
from torch import nn
from torch.nn import functional as F

from ddpm.base.hardware import has_wide_registers, working_precision
from ddpm.diffusion.convolution import Convolution, PaddingMode
from ddpm.diffusion.dropout import Dropout
from ddpm.diffusion.guidance.guide import Guide
from ddpm.diffusion.schedule import PredictionType
from ddpm.pixels.conversion import is_sprite_shape


def sinusoidal_embedding(t: torch.Tensor, dim: int) -> torch.Tensor:
    """Sines and cosines of t at ``dim / 2`` frequencies from 1 down to 1e-4 (Vaswani et al. 2017, sec. 3.5).

    Args:
        t: (N,), integer or floating.
        dim: even, at least 4.

    Returns:
        float32 (N, dim): the sines, then the cosines.
    """
    half = dim // 2
    frequencies = torch.exp(-math.log(10_000) * torch.arange(half, dtype=torch.float32, device=t.device) / (half - 1))
    angles = t.to(torch.float32)[:, None] * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with a residual connection; the embedding of t is added between them."""

    def __init__(
        self, in_channels: int, out_channels: int, time_channels: int, dropout: float, padding_mode: PaddingMode
    ) -> None:
        super().__init__()
        self.norm1 = _norm(in_channels)
        self.conv1 = Convolution(in_channels, out_channels, 3, padding=1, padding_mode=padding_mode)
        self.time = nn.Linear(time_channels, out_channels)
        self.norm2 = _norm(out_channels)
        self.dropout = Dropout(dropout)
        self.conv2 = Convolution(out_channels, out_channels, 3, padding=1, padding_mode=padding_mode)
        self.shortcut = nn.Identity() if in_channels == out_channels else Convolution(in_channels, out_channels, 1)
        # Each block starts as the identity, so that a deep network learns from the first step.
        _zero(self.conv2)

    def forward(self, x: torch.Tensor, time: torch.Tensor) -> torch.Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        # In place, here and below: no gradient needs the output of a convolution.
        h += self.time(time)[:, :, None, None]
        h = self.conv2(self.dropout(F.silu(self.norm2(h))))
        h += self.shortcut(x)
        return h


class SelfAttention(nn.Module):
    """Every pixel attends to every other one (Vaswani et al. 2017, sec. 3.2).

    It gives a region one colour, which a convolution must guess from a few nearby pixels. Heads are 32 channels wide,
    or as wide as there are channels.

    Queries and keys are normalised, with a learned gain (Henry et al. 2020, arXiv 2010.04245): otherwise they grow
    without limit at a high learning rate, until bfloat16 cannot distinguish pixels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heads = max(1, channels // 32)
        self.norm = _norm(channels)
        self.queries = Convolution(channels, channels, 1)
        # A bias on the keys would only change rounding: it shifts all scores of a query equally.
        self.keys = Convolution(channels, channels, 1, bias=False)
        self.gain = nn.Parameter(torch.ones(self.heads, 1, channels // self.heads))
        self.values = Convolution(channels, channels, 1)
        # Not zero at first, as is common for residual branches: it would need up to a thousand more steps to help.
        self.project = Convolution(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.norm(x)
        # (N, C, H, W) to (N, heads, H * W, C / heads).
        q, k, v = (
            part(h).unflatten(1, (self.heads, -1)).flatten(3).mT for part in (self.queries, self.keys, self.values)
        )
        q, k = (F.rms_norm(x, x.shape[-1:], eps=1e-6) for x in (q, k))
        q = q * self.gain.to(q.dtype)
        if torch.is_grad_enabled():
            # With gradients the plain product takes half the time of the fused one on a CPU.
            attended = torch.softmax((q * q.shape[-1] ** -0.5) @ k.mT, dim=-1) @ v
        else:
            # Without, the fused one saves the memory of N * heads * (H * W)^2 weights; strided values double its time.
            attended = F.scaled_dot_product_attention(q, k, v.contiguous())
        return x + self.project(attended.mT.reshape(x.shape))


class UNet(nn.Module):
    """Predicts the noise (or the velocity) in noisy sprites.

    Args:
        channels: width of each resolution, a multiple of 8; each resolution has half the side of the one before.
        time_embedding_dim: size of the sinusoidal embedding of t: even, at least 4.
        num_classes: number of kinds; None for a network without kinds.
        prediction_type: what the output means, "eps" or "v".
        dropout: share of feature values that are zeroed in training, 0..1.
        attention: resolutions (0 is the finest) whose decoder block is followed by self-attention.
        image_shape: (C, H, W) of its sprites, C of 3 or 4. Weights depend on C alone: other sizes can be passed, too.
        binary_alpha: whether the fourth channel of its sprites is alpha of 0 or 1 alone.
        seamless: whether a sprite goes on at its opposite border, as on a torus, so that it can be laid side by side.
            The 3x3 convolutions are then padded with what lies there instead of zeros, and a prediction moves with its
            input, if that is shifted around by multiples of ``unit``. The sides must be multiples of it, too.
        distilled: whether its weights are for the sampler "instant" alone; the network is the same.

    Raises:
        ValueError: for values outside these ranges.
    """

    guidance_max_log_snr = -1.0
    """Where guidance ends in sampling. Later, when what is drawn is seen already, it only makes specks and haze: at
    scale 8 three to ten times as much as without guidance (ddpm/diffusion/guidance/guidance.md)."""

    guide: Guide | None = None
    """What it is led away from in sampling: no part of the network, whose own answer it does not change."""

    def __init__(
        self,
        channels: Sequence[int] = (32, 64, 128, 256),
        time_embedding_dim: int = 32,
        num_classes: int | None = None,
        prediction_type: PredictionType = "eps",
        dropout: float = 0.0,
        attention: Sequence[int] = (),
        image_shape: Sequence[int] = (3, 16, 16),
        binary_alpha: bool = False,
        seamless: bool = False,
        distilled: bool = False,
    ) -> None:
        super().__init__()
        self.channels = channels = tuple(channels)
        self.time_embedding_dim = time_embedding_dim
        self.num_classes = num_classes
        self.prediction_type = prediction_type
        self.dropout = dropout
        self.attention = tuple(attention)
        image_channels, height, width = image_shape
        self.image_shape = (image_channels, height, width)
        self.binary_alpha = binary_alpha
        self.seamless = seamless
        self.distilled = distilled
        self._check()

        time_channels = 4 * time_embedding_dim
        self.time_mlp = nn.Sequential(
            nn.Linear(time_embedding_dim, time_channels),
            nn.SiLU(),
            nn.Linear(time_channels, time_channels),
        )
        # The last row means "any kind".
        self.class_embedding = None if num_classes is None else nn.Embedding(num_classes + 1, time_channels)

        first, last = channels[0], channels[-1]
        border: PaddingMode = "circular" if seamless else "zeros"
        self.stem = Convolution(image_channels, first, 3, padding=1, padding_mode=border)
        self.encoder = nn.ModuleList()
        self.downsamplers = nn.ModuleList()
        width = first
        for level, out_channels in enumerate(channels):
            if level:
                self.downsamplers.append(Convolution(width, width, 3, 2, padding=1, padding_mode=border))
            self.encoder.append(ResidualBlock(width, out_channels, time_channels, dropout, border))
            width = out_channels
        self.decoder = nn.ModuleList([ResidualBlock(last, last, time_channels, dropout, border)])
        self.upsamplers = nn.ModuleList()
        for skip in reversed(channels[:-1]):
            # Fewer channels first, then upsampling: a quarter of the cost of the other order.
            self.upsamplers.append(nn.Sequential(Convolution(width, skip, 1), nn.Upsample(scale_factor=2)))
            self.decoder.append(ResidualBlock(2 * skip, skip, time_channels, dropout, border))
            width = skip
        self.attenders = nn.ModuleDict({str(level): SelfAttention(channels[level]) for level in self.attention})
        out = Convolution(first, image_channels, 3, padding=1, padding_mode=border)
        self.head = nn.Sequential(_norm(first), nn.SiLU(), out)
        _zero(self.head[-1])

    def _check(self) -> None:
        if not self.channels or any(width < 8 or width % 8 for width in self.channels):
            raise ValueError(f"channels must be multiples of 8, got {self.channels}")
        channels, height, width = self.image_shape
        if not is_sprite_shape((height, width, channels)):
            raise ValueError(f"image_shape must be (C, H, W), C of 3 or 4, sides of 8 to 64, got {self.image_shape}")
        if self.time_embedding_dim < 4 or self.time_embedding_dim % 2:
            raise ValueError(f"time_embedding_dim must be even and at least 4, got {self.time_embedding_dim}")
        if self.num_classes is not None and self.num_classes < 1:
            raise ValueError(f"num_classes must be at least 1 or None, got {self.num_classes}")
        if self.prediction_type not in get_args(PredictionType):
            raise ValueError(f"unknown prediction type {self.prediction_type!r}: choose eps or v")
        if any(not 0 <= level < len(self.channels) for level in self.attention):
            raise ValueError(f"attention must name resolutions 0..{len(self.channels) - 1}, got {self.attention}")
        if self.seamless:
            check_wraps(height, width, self.unit)
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must lie in [0, 1), got {self.dropout}")

    def _apply(self, fn: Callable[..., torch.Tensor], recurse: bool = True) -> UNet:
        # To another device, or precision: its guide must come along, to be asked about the same sprites.
        if self.guide is not None and isinstance(self.guide.model, nn.Module):
            self.guide.model._apply(fn, recurse)
        return super()._apply(fn, recurse)

    @property
    def unit(self) -> int:
        """Pixels per side of the picture for one of the coarsest resolution."""
        return 2 ** (len(self.channels) - 1)

    def set_dropout(self, share: float) -> None:
        """Use this dropout, 0..1, from now on; the attribute ``dropout`` stays that of a new network."""
        for block in (*self.encoder, *self.decoder):
            block.dropout.p = share

    @property
    def arguments(self) -> dict[str, Any]:
        """JSON values with which ``UNet(**arguments)`` builds the same network."""
        return {
            "channels": list(self.channels),
            "time_embedding_dim": self.time_embedding_dim,
            "num_classes": self.num_classes,
            "prediction_type": self.prediction_type,
            "dropout": self.dropout,
            "attention": list(self.attention),
            "image_shape": list(self.image_shape),
            "binary_alpha": self.binary_alpha,
            "seamless": self.seamless,
            "distilled": self.distilled,
        }

    def forward(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """Predict eps or v, as ``prediction_type`` says; shape of ``x_t``.

        Args:
            x_t: floating (N, C, H, W). Sides that are no multiples of ``unit`` are padded with 0 inside.
            t: int64 (N,).
            labels: int64 (N,), 0..num_classes-1, or -1 for any kind; None is -1 for all.

        Raises:
            ValueError: for labels that the network does not know, or sides that a seamless one cannot halve.
        """
        height, width = x_t.shape[2:]
        if self.seamless:
            check_wraps(height, width, self.unit)
        time = self.time_mlp(sinusoidal_embedding(t, self.time_embedding_dim))
        if self.class_embedding is not None:
            time = time + self.class_embedding(self._class_rows(labels, x_t))
        elif labels is not None and bool((labels >= 0).any()):
            raise ValueError("this network was trained without classes: labels must be None")
        time = F.silu(time)

        if x_t.device.type == "cpu" and working_precision(x_t) == torch.float32 and has_wide_registers():
            # The layout in which its convolutions compute: converted once here, not in each of them.
            x_t = x_t.contiguous(memory_format=torch.channels_last)
        right, below = -width % self.unit, -height % self.unit
        h = self.stem(F.pad(x_t, (0, right, 0, below)) if right or below else x_t)
        skips: list[torch.Tensor] = []
        for level, block in enumerate(self.encoder):
            if level:
                h = self.downsamplers[level - 1](h)
            h = block(h, time)
            skips.append(h)
        skips.pop()
        for level, block in enumerate(self.decoder):
            if level:
                h = torch.cat([self.upsamplers[level - 1](h), skips.pop()], dim=1)
            h = block(h, time)
            if (finest := str(len(self.decoder) - 1 - level)) in self.attenders:
                h = self.attenders[finest](h)
        return self.head(h)[:, :, :height, :width]

    def _class_rows(self, labels: torch.Tensor | None, x_t: torch.Tensor) -> torch.Tensor:
        assert self.num_classes is not None
        if labels is None:
            return torch.full((len(x_t),), self.num_classes, dtype=torch.int64, device=x_t.device)
        if bool((labels < -1).any()) or bool((labels >= self.num_classes).any()):
            raise ValueError(f"labels must lie in 0..{self.num_classes - 1}, or be -1 for anything")
        return torch.where(labels < 0, self.num_classes, labels)


def check_wraps(height: int, width: int, unit: int) -> None:
    """Raises ValueError for a picture that a seamless network cannot halve: on a torus nothing can be padded."""
    if height % unit or width % unit:
        raise ValueError(
            f"seamless: sides of {width} x {height} pixels are not both multiples of {unit}, and a tile that is padded "
            "does not go on at its border"
        )


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(8, channels)


def _zero(convolution: nn.Module) -> None:
    for parameter in convolution.parameters():
        nn.init.zeros_(parameter)
