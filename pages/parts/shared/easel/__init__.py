"""The easel, on which a visitor draws a sprite by mouse, touch or keyboard."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.parts.shared.component import STYLE, source

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
    palette = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours], np.uint8)
    if channels == 4:
        palette = np.concatenate([palette, np.full((len(palette), 1), 255, np.uint8)], axis=1)
        palette[0] = 0
    return palette[numbers].reshape(shape)


def _colours(channels: int) -> tuple[str, ...]:
    return COLOURS if channels == 3 else (*COLOURS, _WHITE)


_component = st.components.v2.component(
    "ddpm_easel",
    html=source(__file__, "easel.html"),
    css=STYLE + source(__file__, "easel.css"),
    js=source(__file__, "easel.js"),
)
