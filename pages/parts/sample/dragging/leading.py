"""What to do with a model that is too slow to follow a hand."""

from __future__ import annotations

import streamlit as st

from ddpm.jobs.distilling.request import USUAL_MINUTES, is_distilled
from ddpm.runs.run import Run
from pages.parts.shared.navigation import open_form, show_run
from pages.parts.shared.words import plain
from pages.parts.train.distilling import can_distil


def lead_on(run: Run, runs: list[Run]) -> None:
    """Say in one line why a model cannot do it, with the button that helps."""
    made = next((one for one in runs if _made_from(one, run)), None)
    with st.container(horizontal=True, vertical_alignment="center", key="drag-lead"):
        if made is not None:
            st.markdown(
                f"This model draws in 12 steps, too slowly to follow your hand. **{plain(made.name)}** is made from it."
            )
            st.button(
                "Use that one", icon=":material/bolt:", type="primary", on_click=_choose, args=(str(made.folder),)
            )
        elif can_distil(run):
            st.markdown(
                "This model draws in 12 steps, too slowly to follow your hand. Make it instant on the Train page: "
                f"about {USUAL_MINUTES} minutes."
            )
            if st.button("Go to this model", icon=":material/arrow_forward:", type="primary"):
                show_run(str(run.folder))
                st.switch_page("pages/1_Train.py")
        else:
            st.markdown(
                "This model draws too slowly to follow your hand, and cannot be made instant: it was not taught by the "
                "recipe Fast."
            )
            if st.button("Teach one that can", icon=":material/arrow_forward:", type="primary"):
                open_form()


def _made_from(one: Run, run: Run) -> bool:
    return is_distilled(one) and (one.config()["distilled"] or {}).get("id") == run.id()


def _choose(folder: str) -> None:
    st.session_state["model"] = folder
