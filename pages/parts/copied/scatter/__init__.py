"""Shape against palette: one point a sample, and the sprites behind the point that one is at."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.atlas import SCRIPT
from pages.parts.shared.component import source


def scatter(parcel: bytes, *, key: str) -> int | None:
    """Show the points.

    Args:
        parcel: made by :func:`pages.parts.copied.matches.parcel`.
        key: Streamlit's key for this figure; one a page.

    Returns:
        In the one run that a click caused, the number of the sample that was clicked; otherwise None.
    """
    clicked = _component(key=key, data=parcel, on_open_change=lambda: None).get("open")
    return None if clicked is None else int(clicked)


_component = st.components.v2.component(
    "ddpm_scatter",
    html=source(__file__, "scatter.html"),
    css=source(__file__, "scatter.css"),
    js=SCRIPT + source(__file__, "scatter.js"),
)

__all__ = ["scatter"]
