"""The lesson on the screen: its steps, their links, and how far a visitor has come."""

from __future__ import annotations

import streamlit as st

from pages.parts.shared.lesson.steps import STEPS, Step


def walk() -> None:
    """Show all steps; which are done is kept for the visit."""
    count = sum(bool(st.session_state.get(_key(number))) for number in range(1, len(STEPS) + 1))
    words = "All six are done." if count == len(STEPS) else f"{count} of {len(STEPS)} steps done"
    st.progress(count / len(STEPS), words)
    for number, step in enumerate(STEPS, start=1):
        with st.container(border=True, key=f"lesson-step-{number}"):
            _show(number, step)


def _show(number: int, step: Step) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header(f"{number} · {step.title}", width="content")
        minutes = "1 minute" if step.minutes == 1 else f"{step.minutes} minutes"
        st.checkbox(f"Done ({minutes})", key=_key(number), persist_state="session")
    st.markdown(f"**Do:** {step.press}\n\n**Look:** {step.look}\n\n**Before you go on:** {step.question}")
    with st.container(horizontal=True, key=f"lesson-stops-{number}"):
        for turn, stop in enumerate(step.stops, start=1):
            label = f"Open {stop.title}" if len(step.stops) == 1 else f"Stop {turn}: open {stop.title}"
            st.page_link(stop.page, label=label, icon=":material/arrow_forward:", query_params={"lesson": str(number)})
    with st.expander("For the teacher: what one should have found", icon=":material/key:"):
        st.markdown(step.found)


def _key(number: int) -> str:
    return f"lesson-done-{number}"
