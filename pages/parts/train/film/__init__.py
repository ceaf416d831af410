"""The film of a training: its drawings from the first to the newest, played in the browser."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.shared.component import SCRIPT, STYLE, parcel, source


def film(frames: Sequence[tuple[int, bytes]], *, key: str) -> None:
    """Show the newest drawing, with a slider back to all earlier ones.

    Called again with the same key and more frames, it stays where the viewer left it, or shows the newest one.

    Args:
        frames: (step, PNG file) by step, at least one.
        key: Streamlit's key for this film; one per page.
    """
    _component(key=key, data=pack(frames))


def pack(frames: Sequence[tuple[int, bytes]]) -> bytes:
    """One parcel with all PNG files; ValueError if there are none."""
    if not frames:
        raise ValueError("a film needs at least one frame")
    header = [{"step": step, "size": len(png)} for step, png in frames]
    return parcel(header, *(png for _, png in frames))


_component = st.components.v2.component(
    "ddpm_film",
    html=source(__file__, "film.html"),
    css=STYLE + source(__file__, "film.css"),
    js=SCRIPT + source(__file__, "film.js"),
)
