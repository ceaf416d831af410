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


def easel(*, key: str) -> np.ndarray | None:
    """Show the easel; returns the drawing, uint8 (16, 16, 3), or None as long as it is blank."""
    before = st.session_state.get(key, {}).get("pixels")
    result = _component(key=key, data={"colours": list(COLOURS), "pixels": before}, on_pixels_change=lambda: None)
    return to_image(result.get("pixels"))


def to_image(drawn: object) -> np.ndarray | None:
    """A drawing from the browser, one hexadecimal digit per pixel, as uint8 (16, 16, 3); None if blank or invalid."""
    if not isinstance(drawn, str) or len(drawn) != 256 or set(drawn) - set("0123456789abcdef"):
        return None
    numbers = np.array([int(digit, 16) for digit in drawn])
    if not numbers.any():
        return None
    palette = np.array([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in COLOURS], np.uint8)
    return palette[numbers].reshape(16, 16, 3)


_component = st.components.v2.component(
    "ddpm_easel",
    html=source(__file__, "easel.html"),
    css=STYLE + source(__file__, "easel.css"),
    js=source(__file__, "easel.js"),
)
