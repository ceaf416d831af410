"""What a visitor can choose when sprites are saved; each choice is kept for the visit."""

from __future__ import annotations

from typing import cast

import numpy as np
import streamlit as st

from ddpm.pixels.exporting.aseprite_file import Each
from ddpm.pixels.exporting.atlas import AtlasForm
from ddpm.pixels.exporting.finishing import SOFT_SHADOWS, CutOut, Finish
from ddpm.pixels.exporting.palette_files import SUFFIXES
from ddpm.pixels.exporting.sheet_export import SheetLayout
from pages.parts.sample.cleaned import HELP, palette_seen, wants_clean, why_not_cut_out
from pages.parts.sample.palette_choice import ask_for_palette
from pages.parts.shared.words import counted, plain

SHEET, SINGLES, ONE = "Sheet", "Single PNGs", "PNG"
ASEPRITE, FILM, ARRAY, PALETTE = "Aseprite", "Animation", "NumPy", "Palette"
FORMS = {
    "batch": (SHEET, SINGLES, ASEPRITE, FILM, ARRAY, PALETTE),
    "favourites": (SHEET, SINGLES, ASEPRITE, ARRAY, PALETTE),
    "one": (ONE, ASEPRITE, FILM, ARRAY, PALETTE),
    "sequence": (FILM, SHEET, SINGLES, ASEPRITE, ARRAY, PALETTE),
}
"""By what is saved: a batch, favourites, whose way out of the noise is not kept, one sprite, or sprites in sequence."""

_SCALE, _GAP, _MARGIN, _EXTRUDE, _POWER = (f"save-{name}" for name in ("scale", "gap", "margin", "extrude", "power"))
_LARGEST_SCALE, _WIDEST, _MOST_COLUMNS = 8, 64, 1024
# A sheet for a game, and what older versions of this page saved.
_PRESETS = {"For a game: 1x": (1, 0), "To look at: 4x": (4, 1)}
_READERS: dict[AtlasForm, str] = {
    "array": "Phaser, Godot and most others",
    "hash": "PixiJS and Godot importers that want names",
    "numbers": "Phaser’s createFromAseprite",
}
_DRAWN, _CUT = "As drawn", "Cut out"
_GIF, _APNG = "GIF", "PNG, exact colours"


def ask_form(scope: str) -> str:
    """Ask for the form; ``scope`` is a key of :data:`FORMS`."""
    forms = FORMS[scope]
    return str(
        st.segmented_control(
            "Save as",
            forms,
            default=forms[0],
            required=True,
            key=f"save-form-{scope}",
            persist_state="session",
            wrap=True,
        )
    )


def ask_layout(count: int, usual: int | None) -> tuple[SheetLayout, AtlasForm | None]:
    """Ask how ``count`` sprites are laid on a sheet, by default in ``usual`` columns, and which atlas goes with it."""
    _presets()
    with st.grid(2, min_column_width=140):
        scale = st.slider("Scale", 1, _LARGEST_SCALE, None, format="%dx", key=_SCALE, persist_state="session")
        columns = st.number_input(
            "Columns",
            1,
            _MOST_COLUMNS,
            None,
            placeholder="square" if usual is None else f"{usual:,}",
            key="save-columns",
            persist_state="session",
        )
    atlas = st.toggle(
        "With an atlas (JSON)",
        key="save-atlas",
        persist_state="session",
        help="Where each sprite is on the sheet, and its kind as a tag. Both files come in one ZIP, the sprites in the "
        "order of their kinds.",
    )
    form: AtlasForm | None = None
    if atlas:
        form = st.selectbox(
            "Read by", list(_READERS), format_func=_READERS.__getitem__, key="save-atlas-form", persist_state="session"
        )
    with st.expander("Gaps, borders, power of two"):
        with st.grid(3, min_column_width=110):
            gap, margin, extrude = (
                int(st.number_input(label, 0, _WIDEST, key=key, persist_state="session", help=words))
                for label, key, words in (
                    ("Gap", _GAP, "Between sprites, in their own pixels."),
                    ("Margin", _MARGIN, "Around the whole, in pixels of the sprites."),
                    ("Border", _EXTRUDE, "How often a sprite’s edge is repeated around it, against seams in a game."),
                )
            )
        power = st.toggle(
            "Sides of 64, 128, 256 … pixels",
            key=_POWER,
            persist_state="session",
            help="Fills the page up, on the right and below, for engines that want powers of two.",
        )
    wide = usual if columns is None else int(columns)
    return SheetLayout(None if wide is None else min(wide, count), int(scale or 1), gap, margin, extrude, power), form


def _presets() -> None:
    """Buttons that set all lengths; what fits is marked, and what was chosen by hand may be like neither."""
    state = st.session_state
    now = state.get(_SCALE) or 1, state.get(_GAP) or 0
    fits = not any(state.get(key) for key in (_MARGIN, _EXTRUDE, _POWER))
    with st.container(horizontal=True, gap="small"):
        for name, usual in _PRESETS.items():
            icon = ":material/check:" if fits and now == usual else None
            words = f"{counted(usual[1], 'pixel')} between the sprites, no border"
            st.button(name, key=f"save-for-{usual[0]}", on_click=_use, args=usual, icon=icon, help=words)


def _use(scale: int, gap: int) -> None:
    st.session_state.update({_SCALE: scale, _GAP: gap, _MARGIN: 0, _EXTRUDE: 0, _POWER: False})


def ask_scale() -> int:
    """Ask how much single files are enlarged."""
    chosen = st.slider(
        "Scale", 1, _LARGEST_SCALE, None, format="%dx", key="save-singles-scale", persist_state="session"
    )
    return int(chosen or 1)


def ask_each() -> Each:
    """Ask what of an Aseprite file is a sprite."""
    options = {"frame": "A frame: an animation", "layer": "A layer: one picture"}
    return cast(Each, _one_of("Each sprite is", options, "save-each"))


def ask_film() -> str:
    """Ask for the kind of an animation: "gif" or "png"."""
    return _one_of("As", {"gif": _GIF, "png": _APNG}, "save-film")


def ask_ending() -> str:
    """Ask for the kind of a palette's file: ".gpl" or ".hex"."""
    programs = {".gpl": ".gpl: GIMP, Aseprite, Krita", ".hex": ".hex: Lospec"}
    return _one_of("As", {ending: programs[ending] for ending in SUFFIXES}, "save-ending")


def _one_of(label: str, options: dict[str, str], key: str) -> str:
    first = next(iter(options))
    return str(
        st.segmented_control(
            label,
            list(options),
            default=first,
            required=True,
            format_func=lambda one: options[one],
            key=key,
            persist_state="session",
            wrap=True,
        )
    )


def follow_page(scope: str) -> None:
    """Begin with what the page shows, where it shows something else than when sprites were saved last."""
    if scope == "favourites":
        return  # the page shows them as drawn
    seen = wants_clean(), palette_seen()
    if st.session_state.get("save-followed", (False, "")) != seen:
        st.session_state["save-followed"] = seen
        st.session_state["save-seen-clean"], st.session_state["save-seen-palette"] = seen


def ask_finish(images: np.ndarray, scope: str) -> Finish:
    """Ask what is done to sprites, uint8 (N, H, W, C), before they are saved."""
    key = "save-favourites" if scope == "favourites" else "save-seen"
    cut_out = _ask_cut_out(images)
    palette = ask_for_palette(f"{key}-palette")
    clean = st.toggle("Clean pixels", key=f"{key}-clean", persist_state="session", help=HELP)
    return Finish(clean, palette, cut_out)


def _ask_cut_out(images: np.ndarray) -> CutOut | None:
    if why := why_not_cut_out(images):
        st.caption(f":material/info: No background to cut out: {plain(why)}")
        return None
    chosen = st.segmented_control(
        "Background", [_DRAWN, _CUT], default=_DRAWN, required=True, key="save-background", persist_state="session"
    )
    if chosen != _CUT:
        return None
    with st.container(horizontal=True):
        holes = st.toggle(
            "Holes, too",
            key="save-holes",
            persist_state="session",
            help="What a drawing encloses and has the background’s colour. White that is meant goes with it.",
        )
        shadows = st.toggle(
            "Soft shadows, too",
            key="save-shadows",
            persist_state="session",
            help="What is a little darker than the background and touches it.",
        )
    return CutOut(holes, SOFT_SHADOWS if shadows else 0.0)
