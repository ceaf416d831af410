"""Pixel art on a page, never smoothed, and facts in a row."""

from __future__ import annotations

import base64
import html
import math

import numpy as np
import streamlit as st

from ddpm.base.text import showable
from ddpm.pixels.sheets import png, sheet
from pages.parts.shared.backdrop import behind


def data_uri(picture: bytes) -> str:
    """A PNG file as an address that needs no request."""
    return "data:image/png;base64," + base64.b64encode(picture).decode("ascii")


def picture(
    png_file: bytes, alt: str, *, most: int | None = None, unit: int | None = None, alpha: bool = False
) -> None:
    """Show a PNG file in the full width.

    Args:
        most: at most so many CSS pixels wide, and in a presentation twice as many.
        unit: the picture's own width: it is enlarged by a whole number, as long as it is not wider than its column.
        alpha: whether it may be transparent.
    """
    largest = f"{most}px * var(--grow, 1)"
    limit = f"max-width:calc({largest});" if most else ""
    width = "100%"
    if unit:
        room = f"min(100%, {largest})" if most else "100%"
        width = f"max(min({room}, {unit}px), round(down, {room}, {unit}px))"
        limit = ""
    backdrop = f"background:{behind()};" if alpha else ""
    style = f"width:{width};{limit}{backdrop}"
    st.html(f'<img class="pixels" src="{data_uri(png_file)}" alt="{_escaped(alt)}" style="{style}">')


def contact_sheet(images: np.ndarray, alt: str, columns: int, *, scale: int = 3) -> None:
    """Show sprites, uint8 (N, H, W, C), in rows, on white where they have no alpha.

    Args:
        scale: CSS pixels for each pixel of a sprite of 16 by 16, if there is room; larger sprites get fewer.
    """
    height, width, channels = images.shape[1:]
    alpha = channels == 4
    page = np.pad(sheet(images, columns, gap=1), ((2, 2), (2, 2), (0, 0)), constant_values=0 if alpha else 255)
    scale = math.ceil(scale * 16 / max(height, width, 16))
    picture(png(page), alt, most=page.shape[1] * scale, unit=page.shape[1], alpha=alpha)


def facts_row(facts: dict[str, str], hints: dict[str, str] | None = None) -> None:
    """Values with their names, in rows; hints, by name, are shown when one is pointed at."""
    cells = "".join(
        f'<div title="{html.escape((hints or {}).get(name, ""))}"><span>{html.escape(name)}</span>'
        f"<b>{html.escape(value)}</b></div>"
        for name, value in facts.items()
    )
    st.html(f'<div class="facts">{cells}</div>')


def sprite_tag(image: np.ndarray, alt: str, side: int = 72) -> str:
    """An ``<img>`` of one sprite, uint8 (H, W, C), enlarged by a whole number to at most ``side`` CSS pixels.

    In a presentation it is twice as large.
    """
    height, width, channels = image.shape
    scale = max(1, side // max(height, width))
    backdrop = f";background:{behind()}" if channels == 4 else ""
    sides = (f"calc({side * scale}px * var(--grow, 1))" for side in (width, height))
    style = "--w:{};--h:{};width:{};height:{}{}".format(width, height, *sides, backdrop)
    return f'<img class="pixels" src="{data_uri(png(image))}" alt="{_escaped(alt)}" style="{style}">'


def _escaped(text: str) -> str:
    return html.escape(showable(str(text)))
