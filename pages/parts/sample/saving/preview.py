"""What a file will look like, beside the choices: its pixels, never smoothed, and its size in words."""

from __future__ import annotations

import html
from base64 import b64encode

import numpy as np
import streamlit as st

from ddpm.pixels.exporting.palette_files import colours_used
from ddpm.pixels.exporting.sheet_export import Frame, SheetLayout, lay_out
from ddpm.pixels.sheets import png
from pages.parts.sample.palette_choice import show_swatches
from pages.parts.sample.saving.goods import Goods
from pages.parts.shared.backdrop import behind
from pages.parts.shared.pictures import data_uri, sprite_tag
from pages.parts.shared.words import counted, plain

_SHOWN = 12
_SIDE, _SIDE_OF_ONE = 64, 320
# A page so many times as high as wide is scrolled in its place rather than made too small to be seen.
_TALL = 3
_MOST_IN_EDITORS = 256
_MOMENTS = 5


def show_sheet(goods: Goods, layout: SheetLayout) -> None:
    """Show the page with its grid, and tell its size.

    Raises:
        ValueError: if the sheet would be too large.
    """
    count, height, width, channels = goods.images.shape
    down, across = layout.page_size(count, height, width)
    # At scale 1, whatever the file has: that is the same picture, and sixty times less to send.
    plain_layout = SheetLayout(layout.columns, 1, layout.gap, layout.margin, layout.extrude)
    sheet = lay_out(goods.images, plain_layout)
    units = (across / layout.scale, down / layout.scale)
    page = _page(
        png(sheet.picture), sheet.picture.shape, units, _grid(sheet.frames, sheet.picture.shape), channels == 4
    )
    st.html(page)
    columns = min(layout.columns_for(count), count)
    rows = -(-count // layout.columns_for(count))
    full = f"{columns:,} × {rows:,} sprites"
    words = full if columns * rows == count else f"{counted(count, 'sprite')} in {columns:,} × {rows:,} places"
    st.markdown(f"**{words}, {across:,} × {down:,} pixels**")


def _page(picture: bytes, shape: tuple[int, ...], units: tuple[float, float], grid: str, alpha: bool) -> str:
    """The picture at the upper left of its page, whose size is given in pixels of the sprites."""
    across, down = units
    scrolls = ' tabindex="0" role="region" aria-label="The sheet"' if down > _TALL * across else ""
    style = f"--w:{across:g};--h:{down:g};background:{behind() if alpha else '#fff'}"
    return (
        f'<div class="sheet-view"{scrolls}><div class="page" style="{style}">'
        f'<div style="width:{100 * shape[1] / across:.4f}%">'
        f'<img src="{data_uri(picture)}" alt="The sprites as they will be saved">'
        f"{grid}</div></div></div>"
    )


def _grid(frames: list[Frame], shape: tuple[int, ...]) -> str:
    """Lines around the frames, above a picture of this shape."""
    # As a picture: Streamlit takes drawings out of the page's own markup.
    path = "".join(f"M{x} {y}h{w}v{h}h-{w}z" for x, y, w, h in frames)
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {shape[1]} {shape[0]}" preserveAspectRatio="none">'
        f'<path d="{path}" fill="none" stroke="#7c5cff" stroke-opacity="0.7" vector-effect="non-scaling-stroke"/></svg>'
    )
    return f'<img class="grid" alt="" src="data:image/svg+xml;base64,{b64encode(drawing.encode()).decode()}">'


def show_singles(goods: Goods, scale: int) -> None:
    """Show the first files by name."""
    _, height, width, _ = goods.images.shape
    shown = zip(goods.images[:_SHOWN], goods.names(), strict=False)
    side = _SIDE_OF_ONE if len(goods.images) == 1 else _SIDE
    side = max(side, width, height)
    figures = (
        f"<figure>{sprite_tag(image, '', side)}<figcaption>{html.escape(name)}.png</figcaption></figure>"
        for image, name in shown
    )
    st.html(f'<div class="singles">{"".join(figures)}</div>')
    size = f"{width * scale:,} × {height * scale:,} pixels"
    if len(goods.images) == 1:
        st.markdown(f"**One sprite, {size}**")
        return
    more = len(goods.images) - _SHOWN
    st.markdown(
        f"**{counted(len(goods.images), 'PNG')}, {size} each**" + (f"; {more:,} are not shown here" if more > 0 else "")
    )


def show_sprites(goods: Goods, words: str) -> None:
    """Show all sprites in rows, and say what the file holds; Markdown."""
    sheet = lay_out(goods.images, SheetLayout(gap=1))
    size = (float(sheet.picture.shape[1]), float(sheet.picture.shape[0]))
    st.html(_page(png(sheet.picture), sheet.picture.shape, size, "", goods.images.shape[-1] == 4))
    st.markdown(f"**{words}**")


def show_film(goods: Goods) -> None:
    """Show some moments of the first sprites on their way out of the noise."""
    assert goods.chain is not None
    moments = np.linspace(0, len(goods.chain.t) - 1, min(_MOMENTS, len(goods.chain.t))).round().astype(int)
    rows = min(4, len(goods.images))
    # A row for each sprite, a column for each moment.
    stills = goods.chain.x_t[moments, :rows].swapaxes(0, 1).reshape(-1, *goods.images.shape[1:])
    sheet = lay_out(stills, SheetLayout(columns=len(moments), gap=1))
    size = (float(sheet.picture.shape[1]), float(sheet.picture.shape[0]))
    st.html(_page(png(sheet.picture), sheet.picture.shape, size, "", goods.images.shape[-1] == 4))
    more = "" if rows == len(goods.images) else f"; here the first {rows}, at {len(moments)} moments"
    st.markdown(f"**{counted(len(goods.images), 'sprite')}, {counted(len(goods.chain.t), 'frame')}**{more}")


def show_palette(goods: Goods) -> None:
    """Show the colours used."""
    colours = colours_used(goods.images)
    show_swatches(colours, "The colours used")
    st.markdown(f"**{counted(len(colours), 'colour')}**, the most used first")
    if len(colours) > _MOST_IN_EDITORS:
        st.caption(
            f"Many programs take {_MOST_IN_EDITORS} at most, and so many are shown here. Cleaned, or in a palette of "
            "your choice, sprites have fewer."
        )


def show_told(told: tuple[str, ...]) -> None:
    """What was done to the sprites."""
    if told:
        st.caption("  \n".join(plain(one) for one in told))
