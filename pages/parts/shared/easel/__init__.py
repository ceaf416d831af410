"""The easel, on which a visitor draws a sprite by mouse, touch or keyboard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from pages.parts.shared.component import MOUNTING, STYLE, source

COLOURS = (
    "#ffffff",
    "#1b1725",
    "#6b6475",
    "#c4bfc9",
    "#7a4a2b",
    "#d98f4e",
    "#f2c9a0",
    "#c22f3d",
    "#ee7f86",
    "#f2b632",
    "#f6ea7a",
    "#2e8b57",
    "#8fd36b",
    "#2c5fb8",
    "#69b7ee",
    "#7a4bc9",
)
"""Colours to draw with; the first is the background, and erases."""
_WHITE = "#ffffff"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_OPEN, _START = "0", "z"
_USUAL = (16, 16, 3)
Shape = tuple[int, ...]


def easel(*, key: str, shape: Shape = _USUAL) -> np.ndarray | None:
    """Show the easel; returns the drawing, uint8 of this shape, (H, W, C), or None as long as it is blank.

    With alpha the background is transparent, and white is a colour like the others.
    """
    height, width, channels = shape
    # A drawing of another size, for another model, is kept apart.
    key = key if tuple(shape) == _USUAL else f"{key}-{height}-{width}-{channels}"
    before = st.session_state.get(key, {}).get("pixels")
    data = {"colours": list(_colours(channels)), "pixels": before, "size": [width, height], "alpha": channels == 4}
    return to_image(_component(key=key, data=data, on_pixels_change=lambda: None).get("pixels"), shape)


@dataclass(frozen=True, eq=False)
class Part:
    """A drawing of which a part is left open.

    Attributes:
        image: uint8 (H, W, C); what is open is 0.
        fixed: bool (H, W), what is drawn.
    """

    image: np.ndarray
    fixed: np.ndarray


def open_easel(*, key: str, shape: Shape, start: Part | None = None) -> Part:
    """Show the easel for a drawing of which a part is left open, at first all of it, or all but a given part.

    Args:
        key: Streamlit's key; another start needs another one.
        shape: (H, W, C) of the drawing.
        start: what stands there at first; its other pixels can be painted back.
    """
    height, width, channels = shape
    begun = None if start is None else "".join(np.where(start.fixed.ravel(), _START, _OPEN))
    before = st.session_state.get(key, {}).get("pixels") or begun
    shown = None
    if start is not None:
        alpha = np.full((height, width, 1), 255, np.uint8)
        shown = (start.image if channels == 4 else np.concatenate([start.image, alpha], axis=-1)).ravel().tolist()
    data = {
        "colours": [*COLOURS, _WHITE],
        "pixels": before,
        "size": [width, height],
        "alpha": channels == 4,
        "open": {"start": shown, "empty": len(COLOURS) + 1 if channels == 4 else None},
    }
    drawn = _component(key=key, data=data, on_pixels_change=lambda: None).get("pixels")
    return to_part(drawn or before, shape, start)


def to_part(drawn: object, shape: Shape, start: Part | None) -> Part:
    """A drawing of :func:`open_easel` from the browser, one digit per pixel; all open if it is invalid."""
    height, width, channels = shape
    colours = [(*_rgb(colour), 255)[:channels] for colour in (*COLOURS, _WHITE)]
    colours[0] = (0,) * channels
    if channels == 4:
        colours.append((0, 0, 0, 0))
    digits = _DIGITS[: len(colours)] + ("" if start is None else _START)
    if not isinstance(drawn, str) or len(drawn) != height * width or set(drawn) - set(digits):
        drawn = _OPEN * (height * width)
    symbols = np.array(list(drawn)).reshape(height, width)
    image = np.zeros(shape, np.uint8)
    for digit, colour in zip(_DIGITS, colours, strict=False):
        image[symbols == digit] = colour
    if start is not None:
        image = np.where((symbols == _START)[..., None], start.image, image)
    return Part(image, symbols != _OPEN)


def to_image(drawn: object, shape: Shape = _USUAL) -> np.ndarray | None:
    """A drawing from the browser, one digit per pixel, as uint8 of this shape; None if blank or invalid."""
    height, width, channels = shape
    colours = _colours(channels)
    digits = _DIGITS[: len(colours)]
    if not isinstance(drawn, str) or len(drawn) != height * width or set(drawn) - set(digits):
        return None
    numbers = np.array([digits.index(digit) for digit in drawn])
    if not numbers.any():
        return None
    palette = np.array([_rgb(colour) for colour in colours], np.uint8)
    if channels == 4:
        palette = np.concatenate([palette, np.full((len(palette), 1), 255, np.uint8)], axis=1)
        palette[0] = 0
    return palette[numbers].reshape(shape)


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def _colours(channels: int) -> tuple[str, ...]:
    return COLOURS if channels == 3 else (*COLOURS, _WHITE)


_component = st.components.v2.component(
    "ddpm_easel",
    html=source(__file__, "easel.html"),
    css=STYLE + source(__file__, "easel.css"),
    js=MOUNTING + source(__file__, "easel.js"),
)
