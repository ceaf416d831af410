"""Numbers as pictures."""

from __future__ import annotations

import numpy as np
import torch

from ddpm.pixels.conversion import to_uint8

NOISE_REACH = 3.0
"""Noise of this size, and more, is shown as black or white."""


def as_sprites(x: torch.Tensor) -> np.ndarray:
    """float (N, C, H, W), -1 to 1, as uint8 (N, H, W, C)."""
    return to_uint8(x)


def as_noise(x: torch.Tensor, reach: float = NOISE_REACH) -> np.ndarray:
    """float (N, C, H, W), -reach to reach, as uint8 (N, H, W, 3): grey is 0. Without alpha, which would hide it."""
    return to_uint8(x[:, :3] / reach)


def as_error(difference: torch.Tensor) -> np.ndarray:
    """float (N, C, H, W), 0 or more, as uint8 (N, H, W, 3): black is 0, white is 1 and above, over all channels."""
    size = difference.square().mean(dim=1, keepdim=True).sqrt()
    return to_uint8((2 * size - 1).expand(-1, 3, -1, -1))
