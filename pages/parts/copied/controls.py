"""Controls: sprites whose right answer is known, so that visitors can test the page."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ddpm.judging import controls
from ddpm.judging.controls import CONTROLS
from ddpm.judging.copying.comparison_set import ComparisonSet
from ddpm.judging.copying.memorization import MemorizationReport
from pages.parts.copied.comparing import Chosen
from pages.parts.shared.words import problem

_KEY = "known"
_MOST = 64


def chosen_control() -> str | None:
    """The name of the control that the visitor chose with :func:`ask_for_control`, or None."""
    chosen = st.session_state.get(_KEY)
    return chosen if chosen in CONTROLS else None


def choose_control(name: str | None) -> None:
    """Choose a control for the visitor, or none; to be called before the page is built."""
    st.session_state[_KEY] = name


def ask_for_control() -> None:
    """Offer the controls."""
    st.pills(
        "Test this page on sprites whose answer is known",
        list(CONTROLS),
        format_func=lambda name: CONTROLS[name].title.lower(),
        key=_KEY,
        help="Sprites of which it is certain what they are, held against the same training sprites.",
    )


def make_control(name: str, chosen: Chosen, comparison: ComparisonSet) -> Chosen | None:
    """A control in place of the chosen sprites; where it cannot be made, say why, and return None."""
    try:
        images = _made(f"{comparison.sprites.fingerprint}-{len(comparison.seen)}", name, comparison)
    except ValueError as error:
        problem(error)
        return None
    st.caption(f"A test in place of your samples: {len(images)} sprites whose answer is known. {CONTROLS[name].what}")
    return Chosen(images, chosen.run, CONTROLS[name].title.lower())


def control_line(name: str, report: MemorizationReport) -> str:
    """What the sprites are, what the right answer is, and whether the page gives it."""
    control = CONTROLS[name]
    right = control.is_right(report)
    outcome = "The page says so." if right else "The page does not say so, at this false-positive rate."
    return f"A test, not your samples: {control.what} Right answer: {control.answer} {outcome}"


def end_button() -> None:
    if st.button("Back to my samples", icon=":material/arrow_back:", type="primary", on_click=_end):
        # The button is in a fragment; the samples are chosen outside of it.
        st.rerun()


def _end() -> None:
    st.session_state[_KEY] = None


@st.cache_resource(max_entries=32, show_spinner=False)
def _made(key: str, name: str, _comparison: ComparisonSet) -> np.ndarray:
    return controls.make_control(name, _comparison, _MOST)
