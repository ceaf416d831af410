"""Own palettes: a known one, or a visitor's file, which is remembered for the visit."""

from __future__ import annotations

import html
from typing import Any

import numpy as np
import streamlit as st

from ddpm.pixels.palette.files import Palette, read_palette
from ddpm.pixels.palette.known import KNOWN
from pages.parts.shared.words import counted, plain, problem

NONE, OWN = "", "own"
_FILE, _WRONG = "own-palette", "own-palette-wrong"
_MOST_SWATCHES = 256


def palette_of(choice: str | None) -> Palette | None:
    """The palette that a choice stands for; None for none, or for an own one as long as there is no file."""
    if choice == OWN:
        found: Palette | None = st.session_state.get(_FILE)
        return found
    return KNOWN[choice].palette if choice in KNOWN else None


def ask_for_palette(key: str, on_change: Any = None) -> Palette | None:
    """Ask which palette sprites are to be held to, and show its colours; None for none.

    A file that is no palette is told, and the one before it stays.

    Args:
        key: Streamlit's key, and in the session's state the choice, as for :func:`palette_of`.
        on_change: called before the page runs again with another palette.
    """
    choice = st.selectbox(
        "Colours",
        [NONE, *KNOWN, OWN],
        format_func=_title,
        key=key,
        persist_state="session",
        on_change=on_change,
        help="Each sprite gets the colours of this palette by regions, without dithering: the nearest ones that keep "
        "its contours.",
    )
    if choice == OWN:
        st.file_uploader(
            "A .gpl, .hex, .pal or .act file, or a PNG of at most 256 colours",
            key=f"{key}-file",
            on_change=_take,
            args=(f"{key}-file", on_change),
        )
        if wrong := st.session_state.get(_WRONG):
            problem(wrong)
    palette = palette_of(choice)
    if palette is not None:
        show_swatches(palette.colours, palette.name)
    if choice in KNOWN:
        st.caption(f"{plain(KNOWN[choice].author)}; {plain(KNOWN[choice].terms)}.")
    elif choice == OWN and palette is not None and wrong:
        st.caption(f"{plain(palette.name)} stays in use.")
    return palette


def show_swatches(colours: np.ndarray, name: str) -> None:
    """Colours, uint8 (K, 3), side by side; the first 256 of them."""
    shown = "".join(f'<i style="background:rgb({r} {g} {b})"></i>' for r, g, b in colours[:_MOST_SWATCHES].tolist())
    words = html.escape(f"{name}: {counted(len(colours), 'colour')}")
    st.html(f'<div class="colours" role="img" aria-label="{words}">{shown}</div>')


def _title(choice: str) -> str:
    # Titles must not change: the browser tells a choice by them.
    if choice not in KNOWN:
        return "My own file" if choice == OWN else "As drawn"
    return f"{KNOWN[choice].title}, {counted(len(KNOWN[choice].palette.colours), 'colour')}"


def _take(key: str, on_change: Any) -> None:
    """Read the file that was given, before the page runs again; without one forget the last."""
    upload = st.session_state[key]
    st.session_state.pop(_WRONG, None)
    if upload is None:
        st.session_state.pop(_FILE, None)
    else:
        try:
            st.session_state[_FILE] = read_palette(upload.getvalue(), upload.name)
        except ValueError as error:
            st.session_state[_WRONG] = str(error)
            return
    if on_change is not None:
        on_change()
