"""The one place where pixels become what the network reads, and back.

Outside the network a batch of sprites is uint8 ``(N, H, W, 3)``; inside it is float32 ``(N, 3, H, W)`` in [-1, 1].
"""

from __future__ import annotations

import numpy as np
import torch

SHAPE = (3, 16, 16)
"""A sprite's shape inside the network."""


def to_float(images: np.ndarray) -> torch.Tensor:
    """Turn stored pixels into what the network reads: ``x = (p - 127.5) / 127.5``.

    Args:
        images: uint8 ``(N, H, W, 3)``.

    Returns:
        float32 ``(N, 3, H, W)`` in [-1, 1].

    Raises:
        TypeError: if ``images`` is not uint8: any other type would wrap or scale wrongly and silently.
        ValueError: if the shape is not ``(N, H, W, 3)``.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(f"to_float expects uint8 pixels, got {images.dtype}")
    if images.ndim != 4 or images.shape[-1] != 3:
        raise ValueError(f"to_float expects images of shape (N, H, W, 3), got {images.shape}")
    pixels = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    return pixels.to(torch.float32).sub_(127.5).div_(127.5)


def to_uint8(x: torch.Tensor) -> np.ndarray:
    """Turn what the network returns into pixels; the exact inverse of :func:`to_float` on its range.

    Args:
        x: floating ``(N, 3, H, W)``; values outside [-1, 1] are clipped.

    Returns:
        uint8 ``(N, H, W, 3)``.

    Raises:
        ValueError: if the shape is not ``(N, 3, H, W)``, or a value is NaN: it would become a black pixel unseen.
    """
    if x.ndim != 4 or x.shape[1] != 3:
        raise ValueError(f"to_uint8 expects a tensor of shape (N, 3, H, W), got {tuple(x.shape)}")
    pixels = x.detach().to("cpu", torch.float32)
    if torch.isnan(pixels).any():
        raise ValueError("to_uint8 got NaN: the network's output is broken")
    pixels = pixels.mul(127.5).add_(127.5).round_().clamp_(0, 255).to(torch.uint8)
    return np.ascontiguousarray(pixels.permute(0, 2, 3, 1).numpy())


def pack_rgb(pixels: np.ndarray) -> np.ndarray:
    """Each colour as one number, 0xRRGGBB.

    Args:
        pixels: uint8 (..., 3).

    Returns:
        int32 (...).
    """
    red, green, blue = (pixels[..., channel].astype(np.int32) for channel in range(3))
    return red << 16 | green << 8 | blue


def unpack_rgb(colours: np.ndarray) -> np.ndarray:
    """The inverse of :func:`pack_rgb`: uint8 (..., 3) of whole numbers (...)."""
    return np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=-1).astype(np.uint8)


def require_sprites(**images: np.ndarray) -> list[np.ndarray]:
    """The arguments as arrays, if all are sprites.

    Raises:
        TypeError: if one is not uint8; it is named.
        ValueError: if one has another shape than (N, 16, 16, 3).
    """
    arrays = []
    for name, value in images.items():
        array = np.asanyarray(value)
        if array.dtype != np.uint8:
            raise TypeError(f"{name} must be uint8 images, got {array.dtype}")
        if array.shape[1:] != (16, 16, 3):
            raise ValueError(f"{name} must have shape (N, 16, 16, 3), got {array.shape}")
        arrays.append(array)
    return arrays
