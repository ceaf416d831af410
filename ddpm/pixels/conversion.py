"""The one place where pixels become what the network reads, and back.

Outside the network a batch of sprites is uint8 ``(N, H, W, C)``; inside it is float32 ``(N, C, H, W)`` in [-1, 1].
C is 3, RGB, or 4, RGBA with straight alpha.
"""

from __future__ import annotations

import numpy as np
import torch

CHANNELS = (3, 4)
SMALLEST, LARGEST = 8, 64
"""The least and the greatest side of a sprite, in pixels."""


def to_float(images: np.ndarray) -> torch.Tensor:
    """Turn stored pixels into what the network reads: ``x = (p - 127.5) / 127.5``.

    Args:
        images: uint8 ``(N, H, W, C)``, C of 3 or 4.

    Returns:
        float32 ``(N, C, H, W)`` in [-1, 1].

    Raises:
        TypeError: if ``images`` is not uint8: any other type would wrap or scale wrongly and silently.
        ValueError: for another shape.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise TypeError(f"to_float expects uint8 pixels, got {images.dtype}")
    if images.ndim != 4 or images.shape[-1] not in CHANNELS:
        raise ValueError(f"to_float expects images of shape (N, H, W, 3) or (N, H, W, 4), got {images.shape}")
    pixels = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    return pixels.to(torch.float32).sub_(127.5).div_(127.5)


def to_uint8(x: torch.Tensor) -> np.ndarray:
    """Turn what the network returns into pixels; the exact inverse of :func:`to_float` on its range.

    Args:
        x: floating ``(N, C, H, W)``, C of 3 or 4; values outside [-1, 1] are clipped.

    Returns:
        uint8 ``(N, H, W, C)``.

    Raises:
        ValueError: for another shape, or if a value is NaN: it would become a black pixel unseen.
    """
    if x.ndim != 4 or x.shape[1] not in CHANNELS:
        raise ValueError(f"to_uint8 expects a tensor of shape (N, 3, H, W) or (N, 4, H, W), got {tuple(x.shape)}")
    pixels = x.detach().to("cpu", torch.float32)
    if torch.isnan(pixels).any():
        raise ValueError("to_uint8 got NaN: the network's output is broken")
    pixels = pixels.mul(127.5).add_(127.5).round_().clamp_(0, 255).to(torch.uint8)
    return np.ascontiguousarray(pixels.permute(0, 2, 3, 1).numpy())


def pack_rgb(pixels: np.ndarray) -> np.ndarray:
    """Each colour as one number, 0xRRGGBB; the transparency of RGBA, 255 - alpha, stands above these bits.

    Args:
        pixels: uint8 (..., C), C of 3 or 4.

    Returns:
        int32 (...), or int64 where there is alpha.
    """
    red, green, blue = (pixels[..., channel].astype(np.int32) for channel in range(3))
    colours = red << 16 | green << 8 | blue
    return colours if pixels.shape[-1] == 3 else (255 - pixels[..., 3].astype(np.int64)) << 24 | colours


def unpack_rgb(colours: np.ndarray, channels: int = 3) -> np.ndarray:
    """The inverse of :func:`pack_rgb`: uint8 (..., channels) of whole numbers (...)."""
    parts = [colours >> 16 & 255, colours >> 8 & 255, colours & 255]
    if channels == 4:
        parts.append(255 - (colours >> 24))
    return np.stack(parts, axis=-1).astype(np.uint8)


def require_sprites(**images: np.ndarray) -> list[np.ndarray]:
    """The arguments as arrays, if all are sprites of one size.

    Raises:
        TypeError: if one is not uint8; it is named.
        ValueError: if one has another shape than (N, H, W, 3) or (N, H, W, 4) with sides of 8 to 64, or if they differ.
    """
    arrays: list[np.ndarray] = []
    for name, value in images.items():
        array = np.asanyarray(value)
        if array.dtype != np.uint8:
            raise TypeError(f"{name} must be uint8 images, got {array.dtype}")
        if array.ndim != 4 or not is_sprite_shape(array.shape[1:]):
            raise ValueError(f"{name} must have shape (N, H, W, 3) or (N, H, W, 4), sides 8 to 64, got {array.shape}")
        if arrays and array.shape[1:] != arrays[0].shape[1:]:
            raise ValueError(
                f"{name} must be of the same size as the others: {size_words(arrays[0])}, not {size_words(array)}"
            )
        arrays.append(array)
    return arrays


def is_sprite_shape(shape: tuple[int, ...]) -> bool:
    """Whether ``(H, W, C)`` is the shape of a sprite."""
    return len(shape) == 3 and shape[2] in CHANNELS and all(SMALLEST <= side <= LARGEST for side in shape[:2])


def size_words(images: np.ndarray) -> str:
    """What (N, H, W, C) sprites are, for a message: "16 x 24 RGBA", width first."""
    height, width, channels = images.shape[1:]
    return f"{width} x {height} {'RGBA' if channels == 4 else 'RGB'}"
