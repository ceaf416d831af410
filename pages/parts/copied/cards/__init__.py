"""The gallery: each sample beside its matches, the nearest first; filtered and opened in the browser."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.atlas import SCRIPT
from pages.parts.shared.component import source


def cards(parcel: bytes, *, key: str) -> int | None:
    """Show the gallery.

    Args:
        parcel: made by :func:`pages.parts.copied.matches.parcel`.
        key: Streamlit's key for this gallery; one a page.

    Returns:
        In the one run that a click caused, the number of the sample that was clicked; otherwise None.
    """
    clicked = _component(key=key, data=parcel, on_open_change=lambda: None).get("open")
    return None if clicked is None else int(clicked)


_component = st.components.v2.component(
    "ddpm_cards",
    html=source(__file__, "cards.html"),
    css=source(__file__, "cards.css"),
    js=SCRIPT + source(__file__, "cards.js"),
)

__all__ = ["cards"]
