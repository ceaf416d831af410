"""How a sheet is cut into sprites: shown over the sheet, asked where it is in doubt, and said by hand."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st

from ddpm.base.text import counted, display_name
from ddpm.pixels.conversion import LARGEST, SMALLEST
from ddpm.pixels.sheets import png
from ddpm.sprites import SpriteError
from ddpm.sprites.readers.listing import Listing, list_archive, list_file, list_folder
from ddpm.sprites.readers.picture_files.archives import Archive
from ddpm.sprites.readers.picture_files.pictures import is_picture, read_picture
from ddpm.sprites.readers.sheets.sheet_layout import Cut, Grid, find_cuts
from ddpm.sprites.readers.sheets.sheet_splitter import cut_by_note
from ddpm.sprites.uploads import shown_name
from pages.parts.shared.pictures import data_uri
from pages.parts.shared.store import PATHS
from pages.parts.shared.uploading.sheet_preview import grid_picture
from pages.parts.shared.words import plain

_PRESS = "Cut it like this"
_MOST_ASKED = 4
_MOST_SEARCHED = 24  # pictures of an archive among which the one in doubt is looked for

Choose = Callable[[Grid | None], None]
"""Called back with the grid that the visitor chose; None for what is found in the picture."""


@dataclass(frozen=True)
class Sheet:
    """A still picture that may be a sheet: uint8 (H, W, 4), and the layout that our own sheets note."""

    name: str
    pixels: np.ndarray
    note: str | None


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=PATHS)
def find_sheet(path: str) -> Sheet | None:
    """The picture in a file; None for other files, animations, and what cannot be read."""
    if not is_picture(path) or not Path(path).is_file():
        return None
    try:
        picture = read_picture(Path(path).read_bytes(), display_name(path))
    except (SpriteError, OSError):
        return None
    return Sheet(display_name(path), picture.frames[0], picture.note) if len(picture.frames) == 1 else None


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=PATHS)
def cut_of(path: str, grid: Grid) -> Cut | None:
    """How ``load_sprites`` cuts a sheet; None if that is no sheet, or in doubt."""
    sheet = find_sheet(path)
    if sheet is None:
        return None
    if sheet.note is not None and not grid.asked and cut_by_note(sheet.pixels, sheet.note) is not None:
        return _noted(sheet.note, sheet.pixels)
    cuts = find_cuts(sheet.pixels, grid)
    return cuts[0] if len(cuts) == 1 else None


def show_cut(path: str, grid: Grid) -> None:
    """Show the grid over a sheet, if it is one with several sprites, and say why it is cut so."""
    sheet, cut = find_sheet(path), cut_of(path, grid)
    if sheet is None or cut is None or cut.columns * cut.rows == 1:
        return
    why = "as you said" if grid.asked else cut.evidence
    size = f" Each pixel of the art is {cut.scale} pixels wide in the file." if cut.scale > 1 else ""
    with st.container(key="cut"):
        st.markdown(f"Cut into **{grid_words(cut.grid)}**, {_count_words(cut)}: {plain(why)}.{size}")
        _preview(sheet, cut)


def ask_grid(path: str, cuts: Sequence[Cut], choose: Choose, key: str) -> None:
    """Ask which of several grids is right, by previews side by side."""
    sheet = find_sheet(path) or _sheet_in_doubt(path)
    name = f" {plain(sheet.name)}" if sheet is not None else ""
    st.warning(f"How is the sheet{name} to be cut? The picture does not say it clearly.", icon=":material/grid_on:")
    shown = list(cuts[:_MOST_ASKED])
    for row in range(0, len(shown), 2):
        for column, cut in zip(st.columns(2), shown[row : row + 2], strict=False):
            with column:
                st.markdown(f"**{grid_words(cut.grid)}**")
                if sheet is not None:
                    _preview(sheet, cut)
                st.caption(f"{_count_words(cut).capitalize()}: {plain(cut.evidence)}.")
                st.button(
                    _PRESS, key=f"{key}-cut-{shown.index(cut)}", on_click=choose, args=(cut.grid,), width="stretch"
                )


def by_hand(path: str, grid: Grid, choose: Choose, key: str, *, title: str, is_open: bool = False) -> None:
    """Let the visitor say tile, margin and gap, starting from what was found."""
    sheet, cut = find_sheet(path), cut_of(path, grid)
    start = cut.grid if cut is not None else grid
    width, height = start.tile or (16, 16)
    with st.expander(title, expanded=is_open):
        st.caption("In pixels of the art, as it was drawn.")
        with st.container(horizontal=True):
            # Another start, another key: a number that was typed stays, one that was found follows what was found.
            mark = f"{key}-{width}-{height}-{start.margin}-{start.gap}"
            width = st.number_input("Tile width", SMALLEST, LARGEST, width, key=f"{mark}-width", width=100)
            height = st.number_input("Tile height", SMALLEST, LARGEST, height, key=f"{mark}-height", width=100)
            margin = st.number_input("Margin", 0, 64, start.margin, key=f"{mark}-margin", width=100)
            gap = st.number_input("Gap", 0, 64, start.gap, key=f"{mark}-gap", width=100)
        said = Grid((int(width), int(height)), int(margin), int(gap))
        fits = True
        if sheet is not None:
            by_this = cut_of(path, said)
            fits = by_this is not None
            if by_this is None:
                high, wide = sheet.pixels.shape[:2]
                st.caption(
                    f":material/info: The picture is {wide} × {high} pixels: {grid_words(said)} does not fill it "
                    "exactly."
                )
            elif said != start:
                st.caption(f"{_count_words(by_this).capitalize()}.")
                _preview(sheet, by_this)
        with st.container(horizontal=True):
            st.button(_PRESS, key=f"{key}-by-hand", on_click=choose, args=(said,), disabled=not fits or said == grid)
            if grid.asked:
                st.button("Find it for me", key=f"{key}-found", on_click=choose, args=(None,), type="tertiary")


def grid_words(grid: Grid) -> str:
    """A grid for people: "16 × 24, gap 1"."""
    tile = "{} × {}".format(*grid.tile) if grid.tile is not None else "tiles"
    return tile + "".join(f", {name} {n}" for name, n in (("margin", grid.margin), ("gap", grid.gap)) if n)


def _count_words(cut: Cut) -> str:
    return f"{counted(cut.rows, 'row')} of {cut.columns:,}"


def _preview(sheet: Sheet, cut: Cut) -> None:
    picture, is_part = grid_picture(sheet.pixels, cut)
    alt = f"{sheet.name} with its grid: {grid_words(cut.grid)}"
    # Twice as fine as it is shown, and scaled smoothly: else lines would be of uneven width.
    st.html(
        f'<img class="pixels sheet-grid" src="{data_uri(png(picture))}" alt="{html.escape(alt)}" '
        f'style="width:100%;max-width:{picture.shape[1] // 2}px;image-rendering:auto">'
    )
    if is_part:
        high, wide = (side // cut.scale for side in sheet.pixels.shape[:2])
        st.caption(f"A part of the sheet, which is {wide:,} × {high:,} pixels.")


def _noted(note: str, pixels: np.ndarray) -> Cut:
    values = json.loads(note)
    tile, scale = values["tile"], values["scale"]
    width, height = tile if isinstance(tile, list) else (tile, tile)
    grid = Grid((width, height), values["margin"], values["gap"])
    columns, rows = grid.count(pixels.shape[1] // scale, pixels.shape[0] // scale)
    if "page" in values:  # larger than the sheet on it
        columns, rows = values["columns"], -(-values["count"] // values["columns"])
    return Cut(grid, scale, columns, rows, "the file itself says so")


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=PATHS)
def _sheet_in_doubt(path: str) -> Sheet | None:
    """The first picture of a folder or archive whose grid is in doubt."""
    try:
        if Path(path).is_dir():
            return _first_in_doubt(list_folder(Path(path), shown_name))
        if path.lower().endswith(".zip"):
            with Archive(Path(path)) as archive:
                return _first_in_doubt(list_archive(Path(path), archive))
        return _first_in_doubt(list_file(Path(path)))
    except (SpriteError, OSError):
        return None


def _first_in_doubt(listing: Listing) -> Sheet | None:
    for entry in listing.entries[:_MOST_SEARCHED]:
        try:
            picture = read_picture(entry.read(), entry.name)
        except SpriteError:
            continue
        if len(picture.frames) == 1 and len(find_cuts(picture.frames[0])) > 1:
            return Sheet(entry.name, picture.frames[0], None)
    return None
