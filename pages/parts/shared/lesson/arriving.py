"""What an address asks of a page, once for each time that a visitor arrives there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from ddpm.runs.run import Run
from pages.parts.shared.lesson.steps import STEPS, step_of, stop_at
from pages.parts.shared.words import plain

# The Sample page says by itself what is missing, and no longer when something else is drawn: under the same key.
_OPENED, _MISSING, _STEP = "opened-link", "link-problem", "lesson-step"
_PAGE = "page"


def arrive(title: str) -> None:
    """Note on which page the visitor is, and show the step of the lesson that led there; called by each page's frame.

    A page that is come to again opens its link again.
    """
    if st.session_state.get(_PAGE) != title:
        for key in (_OPENED, _MISSING, _STEP):
            st.session_state.pop(key, None)
        st.session_state[_PAGE] = title
    number = step_of(st.query_params.get("lesson"))
    if number is not None and stop_at(number, title) is not None:
        # Kept, since drawing something else empties the address.
        st.session_state[_STEP] = number
    if (shown := st.session_state.get(_STEP)) is not None:
        _show(shown, title)


def arrival(title: str) -> dict[str, str] | None:
    """The parameters by which a visitor has come to the page of this title, those of a step of the lesson included.

    None where there are none, and from the second call on.
    """
    parameters = st.query_params.to_dict()
    if not parameters or st.session_state.get(_OPENED) == parameters:
        return None
    st.session_state[_OPENED] = parameters
    st.session_state.pop(_MISSING, None)
    return address(title)


def address(title: str) -> dict[str, str]:
    """The parameters in the address of the page of this title, those of a step of the lesson included."""
    parameters = st.query_params.to_dict()
    number = step_of(parameters.pop("lesson", None))
    stop = None if number is None else stop_at(number, title)
    return {**(stop.parameters if stop else {}), **parameters}


def meant_run(parameters: Mapping[str, str], runs: Sequence[Run]) -> tuple[Run | None, str]:
    """The run that an address names by ``model``, among those that a page lists, and what to say if it is not there."""
    name = parameters.get("model")
    if name is None:
        return None, ""
    found = [run for run in runs if run.name == name]
    if parameters.get("shipped") == "1":
        found.sort(key=lambda run: not run.is_shipped())
    if found:
        return found[0], ""
    advice = (
        "It came with another version of the app."
        if parameters.get("shipped") == "1"
        else "Ask whoever sent the link for its file, and bring that in on the Train page."
    )
    return None, f"The model **{plain(name[:80])}** that this link asks for is not here: this is another one. {advice}"


def tell_missing(words: str = "") -> None:
    """Say what a link asks for that is not here, Markdown: in this run of the page and in all that follow there."""
    if words:
        st.session_state[_MISSING] = words
    if told := st.session_state.get(_MISSING):
        st.warning(told, icon=":material/link_off:")


def _show(number: int, title: str) -> None:
    step = STEPS[number - 1]
    turn = [stop.title for stop in step.stops].index(title) + 1
    where = f", stop {turn} of {len(step.stops)}" if len(step.stops) > 1 else ""
    with st.expander(
        f"Lesson, step {number} of {len(STEPS)}{where}: {step.title}", expanded=True, icon=":material/school:"
    ):
        st.markdown(f"{step.press} {step.look}\n\n**Before you go on:** {step.question}")
        with st.container(horizontal=True):
            if turn < len(step.stops):
                after = step.stops[turn]
                st.page_link(
                    after.page,
                    label=f"On to {after.title}",
                    icon=":material/arrow_forward:",
                    query_params={"lesson": str(number)},
                )
            st.page_link("pages/5_Lesson.py", label="Back to the lesson", icon=":material/arrow_back:")
