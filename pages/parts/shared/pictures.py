"""Pixel art on a page, never smoothed, and facts in a row."""

from __future__ import annotations

import base64
import html

import numpy as np
import streamlit as st

from ddpm.base.text import showable
from ddpm.pixels.sheets import png, sheet


def data_uri(picture: bytes) -> str:
    """A PNG file as an address that needs no request."""
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


def picture(png_file: bytes, alt: str, *, most: int | None = None) -> None:
    """Show a PNG file in the full width, at most ``most`` CSS pixels wide."""
    limit = f"max-width:{most}px;" if most else ""
    st.html(f'<img class="pixels" src="{data_uri(png_file)}" alt="{_escaped(alt)}" style="width:100%;{limit}">')


def contact_sheet(images: np.ndarray, alt: str, columns: int, *, scale: int = 3) -> None:
    """Show sprites, uint8 (N, 16, 16, 3), in rows on white, each pixel ``scale`` CSS pixels wide if there is room."""
    page = np.pad(sheet(images, columns, gap=1), ((2, 2), (2, 2), (0, 0)), constant_values=255)
    picture(png(page), alt, most=page.shape[1] * scale)


def facts_row(facts: dict[str, str], hints: dict[str, str] | None = None) -> None:
    """Values with their names, in rows; hints, by name, are shown when one is pointed at."""
    cells = "".join(
        f'<div title="{html.escape((hints or {}).get(name, ""))}"><span>{html.escape(name)}</span>'
        f"<b>{html.escape(value)}</b></div>"
        for name, value in facts.items()
    )
    st.html(f'<div class="facts">{cells}</div>')


def sprite_tag(image: np.ndarray, alt: str, side: int = 64) -> str:
    """An ``<img>`` of one sprite, uint8 (16, 16, 3), ``side`` CSS pixels wide."""
    return (
        f'<img class="pixels" src="{data_uri(png(image))}" alt="{_escaped(alt)}" '
        f'style="width:{side}px;height:{side}px">'
    )


def _escaped(text: str) -> str:
    return html.escape(showable(str(text)))
