"""From arrays in the many formats that people store images in to uint8 RGB or RGBA, ``(N, H, W, C)``.

A format is accepted only if it is certain: a wrong guess would train on wrong pixels and nobody would notice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ddpm.base.blocks import blocks
from ddpm.pixels.conversion import LARGEST, SMALLEST
from ddpm.pixels.transparency import is_blank, without_hidden_colours
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.alpha import plan_alpha
from ddpm.sprites.readers.numpy_files.array_store import ArrayStore

_CHANNELS = (1, 3, 4)
_SLACK = 1e-4  # what rounding in float16 or a resize may leave outside 0..1


@dataclass(frozen=True)
class Form:
    """How an array holds sprites.

    Attributes:
        shape: (N, H, W, C) of the sprites.
        single: whether the array is a single one, without an axis N.
        channels_first: whether C stands before H and W.
    """

    shape: tuple[int, int, int, int]
    single: bool
    channels_first: bool

    @property
    def count(self) -> int:
        return self.shape[0]

    def take(self, array: np.ndarray, part: slice) -> np.ndarray:
        """Some sprites as ``(n, H, W, C)``, with their values unchanged."""
        sprites = array[None] if self.single else array[part]
        if sprites.ndim == 3:
            sprites = sprites[..., None]
        return np.moveaxis(sprites, 1, -1) if self.channels_first else sprites


def find_form(shape: tuple[int, ...], where: str) -> Form:
    """Work out from its shape how an array holds sprites.

    Raises:
        SpriteError: if it holds none, holds sprites of less than 8 or more than 64 pixels a side, or can be read in two
            ways.
    """
    if 0 in shape:
        raise SpriteError(f"{where} holds no sprites: its shape is {shape}.")
    if len(shape) == 4:
        n, a, b, c = shape
        if c in _CHANNELS and _is_size(a, b):
            return Form((n, a, b, c), single=False, channels_first=False)
        if a in _CHANNELS and _is_size(b, c):
            return Form((n, b, c, a), single=False, channels_first=True)
    if len(shape) == 3:
        a, b, c = shape
        if c in _CHANNELS and _is_size(a, b):
            return Form((1, a, b, c), single=True, channels_first=False)
        if a in (3, 4) and _is_size(b, c):
            colours = "RGB" if a == 3 else "RGBA"
            raise SpriteError(
                f"{where} has the shape {shape}, which can mean {a} grey sprites or a single {colours} one. "
                f"Save it as ({a}, {b}, {c}, 1) or as (1, {a}, {b}, {c})."
            )
        if _is_size(b, c):
            return Form((a, b, c, 1), single=False, channels_first=False)
    if len(shape) == 2 and _is_size(*shape):
        return Form((1, *shape, 1), single=True, channels_first=False)
    raise SpriteError(
        f"{where} has the shape {_brief(shape)}. Sprites have {SMALLEST} to {LARGEST} pixels a side: (N, H, W, 3), or "
        f"(N, H, W, 4) with alpha, is expected. {_shape_advice(shape)}"
    )


def convert(
    array: np.ndarray, store: ArrayStore, where: str, background: str | None = None
) -> tuple[np.ndarray, str | None, tuple[str, ...]]:
    """Turn a number array into uint8 ``(N, H, W, C)``, put into the store as "images".

    Args:
        array: uint, int or float, any byte order; ``(N,H,W,C)``, ``(N,C,H,W)``, ``(N,H,W)``, ``(H,W,C)`` or ``(H,W)``
            with C in 1, 3, 4. Floats are 0..1, -1..1, or whole numbers in 0..255.
        background: what RGBA is laid on, as in :class:`ddpm.sprites.readers.reading.Reading`.

    Returns:
        (images, background, notes): RGBA if something in them is transparent and no background was asked for.

    Raises:
        SpriteError: if the shape or the range of values leaves a doubt about what the pixels are.
    """
    form = find_form(array.shape, where)
    to_bytes = _scale(array, form, where)
    count, height, width, channels = form.shape

    def pieces() -> Iterator[np.ndarray]:
        for part in blocks(count):
            yield to_bytes(form.take(array, part))

    if channels == 4:
        pixels = store.put("rgba", form.shape, np.dtype(np.uint8), pieces())
        try:
            return finish_rgba(pixels, store, where, background)
        finally:
            store.remove("rgba")
    coloured = (np.repeat(piece, 3, axis=-1) if channels == 1 else piece for piece in pieces())
    return store.put("images", (count, height, width, 3), np.dtype(np.uint8), coloured), None, ()


def finish_rgba(
    pixels: np.ndarray, store: ArrayStore, where: str, background: str | None
) -> tuple[np.ndarray, str | None, tuple[str, ...]]:
    """RGBA sprites, uint8 ``(N, H, W, 4)``, as they are stored; returns the same as :func:`convert`."""
    count = len(pixels)
    plan = plan_alpha(pixels, background, where)
    shape = (*pixels.shape[:3], plan.channels)
    images = store.put("images", shape, np.dtype(np.uint8), (plan.apply(pixels[part]) for part in blocks(count)))
    if plan.colour is None:
        return images, None, ()
    drawn = (~is_blank(without_hidden_colours(pixels[part])) for part in blocks(count))
    hidden = sum(int((is_blank(images[part]) & some).sum()) for part, some in zip(blocks(count), drawn, strict=True))
    notes = plan.notes
    if hidden == count:
        raise SpriteError(f"{where}: {plan.hidden_words(hidden)}: nothing is to be seen. Try another colour, or auto.")
    if hidden:
        notes = (*notes, f"{where}: {plan.hidden_words(hidden)}: they are blank now. Try another colour, or auto.")
    return images, plan.colour, notes


def _is_size(height: int, width: int) -> bool:
    return all(SMALLEST <= side <= LARGEST for side in (height, width))


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
    if len(shape) == 2 and shape[1] % 3 == 0 and math.isqrt(shape[1] // 3) ** 2 == shape[1] // 3:
        side = math.isqrt(shape[1] // 3)
        return f"Reshape it to (N, {side}, {side}, 3) and save it again."
    if len(shape) == 2 and math.isqrt(shape[1]) ** 2 == shape[1]:
        side = math.isqrt(shape[1])
        return f"Reshape it to (N, {side}, {side}), grey, and save it again."
    if len(shape) in (3, 4) and max(shape[1:]) > LARGEST:
        return "Larger art is not scaled down, since that blurs it."
    return "Save the pixels as numpy.uint8, shape (N, H, W, 3)."


def dtype_is_final(shape: tuple[int, ...], dtype: np.dtype[Any], fortran: bool) -> bool:
    """Whether an array already has the format that we store, so that copying its bytes is enough."""
    return len(shape) == 4 and _is_size(*shape[1:3]) and shape[3] == 3 and dtype == np.uint8 and not fortran
