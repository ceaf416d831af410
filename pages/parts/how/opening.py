"""Links to "How it works": one scene alone, about a model."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.parts.shared.lesson.arriving import address, arrival, meant_run, tell_missing
from pages.parts.shared.store import drawing_runs

_PAGE = "How it works"


def open_link(scenes: Collection[str]) -> str | None:
    """Do what the address asks for: ``model`` and ``scene``; to be called before the page is built.

    Returns:
        The scene that is to be shown alone; None for all.
    """
    parameters = arrival(_PAGE)
    scene = address(_PAGE).get("scene")
    missing = ""
    if parameters is not None:
        run, missing = meant_run(parameters, drawing_runs())
        if run is not None:
            st.session_state["explained"] = str(run.folder)
        if scene is not None and scene not in scenes:
            missing = f"{missing} This link asks for a scene that is not here: here are all.".strip()
    tell_missing(missing)
    if scene not in scenes:
        return None
    st.button("Show all scenes", icon=":material/unfold_more:", on_click=st.query_params.clear)
    return scene
