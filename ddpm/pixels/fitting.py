"""Sprites made to fit others, so that they can be compared at all."""

from __future__ import annotations

import numpy as np

from ddpm.pixels.transparency import lay_on


class SizeError(ValueError):
    """Sprites that cannot be compared with others; the message says why, and what to do."""


def fitted(images: np.ndarray, like: np.ndarray) -> tuple[np.ndarray, str]:
    """Sprites with the channels of others, and a sentence that says what was done for that; empty if nothing was.

    Args:
        images: uint8 (N, H, W, C).
        like: uint8 (M, H, W, C), what they are to be compared with.

    Raises:
        SizeError: if they are of another size.
    """
    if images.shape[1:3] != like.shape[1:3]:
        these, those = (f"{shape[2]} x {shape[1]}" for shape in (images.shape, like.shape))
        raise SizeError(
            f"These sprites are {these} pixels, and those to compare with {those}: they cannot be compared. "
            f"Choose what was learnt from sprites of {these}, or bring sprites of {those}."
        )
    if images.shape[-1] == like.shape[-1]:
        return images, ""
    if like.shape[-1] == 4:
        alpha = np.full((*images.shape[:-1], 1), 255, np.uint8)
        words = "These sprites have no transparency, those to compare with do: here every pixel is opaque."
        return np.concatenate([images, alpha], axis=-1), words
    words = "These sprites have transparency, those to compare with do not: here they lie on white."
    return lay_on(images), words


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """uint8 (H, W, 3): white where two sprites, uint8 (H, W, C), are the same, darker where they differ more.

    A difference in alpha darkens all three colours.
    """
    gap = np.abs(one.astype(int) - other)
    return (255 - np.maximum(gap[..., :3], gap[..., 3:].max(axis=-1, initial=0)[..., None])).astype(np.uint8)
