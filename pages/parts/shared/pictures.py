"""Pixel art on a page: exactly its pixels, never smoothed."""

from __future__ import annotations

import base64
import html
import io

import numpy as np
import streamlit as st
from PIL import Image

from ddpm.base.text import showable
from ddpm.pixels.sheets import png, sheet


def data_uri(picture: bytes) -> str:
    """A PNG file as an address that a browser shows without a request."""
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


def image_uri(image: Image.Image) -> str:
    """:func:`data_uri` of a picture."""
    file = io.BytesIO()
    image.save(file, "PNG")
    return data_uri(file.getvalue())


def picture(png_file: bytes, alt: str, *, width: str = "100%", most: int | None = None) -> None:
    """Show a PNG file with hard pixels.

    Args:
        alt: what it shows, for those who cannot see it.
        width: CSS width.
        most: the most CSS pixels it may take in width.
    """
    limit = f"max-width:{most}px;" if most else ""
    st.html(f'<img class="pixels" src="{data_uri(png_file)}" alt="{_escaped(alt)}" style="width:{width};{limit}">')


def contact_sheet(images: np.ndarray, alt: str, columns: int, *, scale: int = 3) -> None:
    """Show sprites in rows on a white card.

    Args:
        images: uint8 (N, 16, 16, 3).
        scale: CSS pixels per sprite pixel, where there is room.
    """
    page = sheet(images, columns, gap=1)
    page = np.pad(page, ((2, 2), (2, 2), (0, 0)), constant_values=255)
    picture(png(page), alt, most=page.shape[1] * scale)


def facts_row(facts: dict[str, str], hints: dict[str, str] | None = None) -> None:
    """Numbers with their names, in a row that wraps.

    Args:
        facts: name to value.
        hints: name to a longer explanation, shown on hover.
    """
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
