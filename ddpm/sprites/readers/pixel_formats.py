"""From arrays in the many formats that people store images in to uint8 RGB, ``(N, 16, 16, 3)``.

A format is accepted only if it is certain: a wrong guess would train on wrong pixels and nobody would notice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ddpm.base.blocks import blocks
from ddpm.pixels.transparency import lay_on_white
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.array_store import ArrayStore

SIDE = 16
_CHANNELS = (1, 3, 4)
_SLACK = 1e-4  # what rounding in float16 or a resize may leave outside 0..1


@dataclass(frozen=True)
class Form:
    """How an array holds sprites: how many, whether a single one without an axis N, and where the channels are."""

    count: int
    single: bool
    channels_first: bool

    def take(self, array: np.ndarray, part: slice) -> np.ndarray:
        """Some sprites as ``(n, 16, 16, C)``, with their values unchanged."""
        sprites = array[None] if self.single else array[part]
        if sprites.ndim == 3:
            sprites = sprites[..., None]
        return np.moveaxis(sprites, 1, -1) if self.channels_first else sprites


def find_form(shape: tuple[int, ...], where: str) -> Form:
    """Work out from its shape how an array holds sprites.

    Raises:
        SpriteError: if it holds none, holds other sizes than 16x16, or can be read in two ways.
    """
    square = (SIDE, SIDE)
    if 0 in shape:
        raise SpriteError(f"{where} holds no sprites: its shape is {shape}.")
    if len(shape) == 4:
        if shape[1:3] == square and shape[3] in _CHANNELS:
            return Form(shape[0], single=False, channels_first=False)
        if shape[2:] == square and shape[1] in _CHANNELS:
            return Form(shape[0], single=False, channels_first=True)
    if len(shape) == 3:
        if shape[:2] == square and shape[2] in _CHANNELS:
            return Form(1, single=True, channels_first=False)
        if shape[1:] == square and shape[0] in (3, 4):
            colours = "RGB" if shape[0] == 3 else "RGBA"
            raise SpriteError(
                f"{where} has the shape {shape}, which can mean {shape[0]} grey sprites or a single {colours} one. "
                f"Save it as ({shape[0]}, 16, 16, 1) or as (1, {shape[0]}, 16, 16)."
            )
        if shape[1:] == square:
            return Form(shape[0], single=False, channels_first=False)
    if shape == square:
        return Form(1, single=True, channels_first=False)
    raise SpriteError(
        f"{where} has the shape {_brief(shape)}. Sprites are 16x16 pixels: (N, 16, 16, 3) is expected. "
        + _shape_advice(shape)
    )


def convert(array: np.ndarray, store: ArrayStore, where: str) -> np.ndarray:
    """Turn a number array into uint8 ``(N, 16, 16, 3)``, put into the store as "images".

    Args:
        array: uint, int or float, any byte order; ``(N,16,16,C)``, ``(N,C,16,16)``, ``(N,16,16)``, ``(16,16,C)`` or
            ``(16,16)`` with C in 1, 3, 4. Floats are 0..1, -1..1, or whole numbers in 0..255. Alpha goes on white.

    Raises:
        SpriteError: if the shape or the range of values leaves a doubt about what the pixels are.
    """
    form = find_form(array.shape, where)
    to_bytes = _scale(array, form, where)

    def pieces() -> Iterator[np.ndarray]:
        for part in blocks(form.count):
            yield to_rgb(to_bytes(form.take(array, part)))

    return store.put("images", (form.count, SIDE, SIDE, 3), np.dtype(np.uint8), pieces())


def to_rgb(pixels: np.ndarray) -> np.ndarray:
    """Grey, RGB or RGBA pixels as RGB; what is transparent is laid on white.

    Args:
        pixels: uint8 ``(N, ..., C)`` with C of 1, 3 or 4.

    Returns:
        uint8 ``(N, ..., 3)``.
    """
    if pixels.shape[-1] == 4:
        return lay_on_white(pixels)
    return np.repeat(pixels, 3, axis=-1) if pixels.shape[-1] == 1 else pixels


def _scale(array: np.ndarray, form: Form, where: str) -> Callable[[np.ndarray], np.ndarray]:
    """A function that turns a block into uint8; what the values mean is worked out from all of them."""
    kind = array.dtype.kind
    if array.dtype == np.uint8:
        return lambda block: block
    if kind == "b":
        raise SpriteError(f"{where} holds true/false values, not colours. Save it as numpy.uint8 with values 0 to 255.")
    low, high, whole = _range(array, form, where)
    if kind in "ui" or (low >= 0 and high > 1 + _SLACK and high <= 255 and whole):
        if low >= 0 and high <= 255:
            return lambda block: block.astype(np.uint8)
        hint = " It looks like bytes that were stored as signed numbers." if array.dtype == np.int8 and low < 0 else ""
        raise SpriteError(
            f"{where} holds {array.dtype} values from {low:g} to {high:g}; colours go from 0 to 255.{hint} "
            "Convert it to numpy.uint8 and save it again."
        )
    if low >= -_SLACK and high <= 1 + _SLACK:
        return lambda block: _round(block.astype(np.float64) * 255)
    if -1 - _SLACK <= low <= -0.5 and high <= 1 + _SLACK:
        return lambda block: _round(block.astype(np.float64) * 127.5 + 127.5)
    raise SpriteError(
        f"{where} holds {array.dtype} values from {low:g} to {high:g}, and it is not certain what they mean. "
        "Floats must span 0 to 1, or -1 to 1, or be whole numbers from 0 to 255. "
        "Scale them to 0..255, round, convert to numpy.uint8 and save again."
    )


def _range(array: np.ndarray, form: Form, where: str) -> tuple[float, float, bool]:
    low, high, whole = np.inf, -np.inf, True
    for part in blocks(form.count):
        block = form.take(array, part)
        if array.dtype.kind == "f":
            finite = np.isfinite(block)
            if not finite.all():
                row = part.start + int(np.argmin(finite.reshape(len(block), -1).all(axis=1)))
                raise SpriteError(
                    f"{where} holds a value that is no number (NaN or infinity) in sprite {row}. "
                    "Replace such values and save it again."
                )
            whole = whole and bool((block == np.rint(block)).all())
        low, high = min(low, float(block.min())), max(high, float(block.max()))
    return low, high, whole


def _round(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _brief(shape: tuple[int, ...]) -> str:
    return str(shape) if len(shape) <= 6 else f"of {len(shape)} dimensions"


def _shape_advice(shape: tuple[int, ...]) -> str:
    if len(shape) == 2 and shape[1] in (SIDE * SIDE * 3, SIDE * SIDE):
        return "Reshape it to (N, 16, 16, 3), or (N, 16, 16) for grey, and save it again."
    sides = [shape[1:3], shape[2:4]] if len(shape) == 4 else [shape[:2], shape[1:3]] if len(shape) == 3 else []
    if any(len(side) == 2 and side[0] == side[1] and side[0] > 4 for side in sides):
        return "Arrays are not scaled, only PNG images are: bring them to 16x16 yourself, or give a folder of PNGs."
    return "Save the pixels as numpy.uint8, shape (N, 16, 16, 3)."


def dtype_is_final(shape: tuple[int, ...], dtype: np.dtype[Any], fortran: bool) -> bool:
    """Whether an array already has the format that we store, so that copying its bytes is enough."""
    return len(shape) == 4 and shape[1:] == (SIDE, SIDE, 3) and dtype == np.uint8 and not fortran
