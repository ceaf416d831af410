"""Samples in the browser: the gallery shows each beside its matches, the scatter one point per sample."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import streamlit as st

from ddpm.pixels.sheets import png, sheet
from pages.parts.shared.component import SCRIPT, STYLE, parcel, source

_COLUMNS = 32
# As in gallery.js: how many are shown at first; and how many fit side by side on the widest page.
_FIRST, _NARROW_FIRST, _WIDEST = 64, 12, 8


def gallery(packed: bytes, *, key: str) -> int | None:
    """Show each sample beside its matches, the nearest first.

    Args:
        packed: made by :func:`pages.parts.copied.matches.packed_matches`.
        key: Streamlit's key; one per page.

    Returns:
        The number of the sample that was clicked, in the one run of the script that this caused; otherwise None.
    """
    return _clicked(_gallery(key=key, data=packed, on_open_change=lambda: None))


def gallery_place(count: int) -> str:
    """A rule of a style sheet: as high as a gallery of ``count`` samples will be at least, until it is there."""
    rows, narrow = (
        math.ceil(min(count, first) / columns) for first, columns in ((_FIRST, _WIDEST), (_NARROW_FIRST, 2))
    )
    return f".st-key-gallery{{--rows:{rows};--rows-narrow:{narrow}}}"


def scatter(packed: bytes, *, key: str) -> int | None:
    """Show shape against palette, one point per sample; arguments and result as for :func:`gallery`."""
    return _clicked(_scatter(key=key, data=packed, on_open_change=lambda: None))


def pack(header: dict[str, Any], images: np.ndarray) -> bytes:
    """A parcel: JSON values, to which ``sprites``, their number, and what they look like are added, and one PNG.

    Args:
        images: uint8 (N, H, W, C); in the PNG they stand in rows of 32.
    """
    height, width, channels = images.shape[1:]
    look = {"sprites": len(images), "shape": [width, height], "alpha": channels == 4}
    return parcel({**header, **look}, _picture(images.tobytes(), images.shape))


@lru_cache(maxsize=8)
def _picture(pixels: bytes, shape: tuple[int, ...]) -> bytes:
    # Cached: moving the slider changes the labels, never the sprites.
    images = np.frombuffer(pixels, np.uint8).reshape(shape)
    return png(sheet(images, _COLUMNS)) if len(images) else b""


def _clicked(result: Any) -> int | None:
    number = result.get("open")
    return None if number is None else int(number)


def _component(name: str) -> Any:
    return st.components.v2.component(
        f"ddpm_{name}",
        html=source(__file__, f"{name}.html"),
        css=STYLE + source(__file__, f"{name}.css"),
        js=SCRIPT + source(__file__, "atlas.js", f"{name}.js"),
    )


_gallery, _scatter = _component("gallery"), _component("scatter")
