"""Known answers: what the page says about sprites of which it is certain whether they are copies."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ddpm.judging.controls import CONTROLS, make_control
from ddpm.judging.copying.comparison_set import ComparisonSet
from ddpm.judging.copying.memorization import MemorizationReport
from pages.parts.copied.comparing import Chosen
from pages.parts.shared.words import problem

_KEY = "known"
_MOST = 64


def ask_for_test() -> str | None:
    """Offer the tests; the name of the one that is chosen, or None."""
    chosen = st.pills(
        "Test this page on sprites whose answer is known",
        list(CONTROLS),
        format_func=lambda name: CONTROLS[name].title.lower(),
        key=_KEY,
        help="Sprites of which it is certain what they are, held against the same training sprites.",
    )
    return chosen if chosen in CONTROLS else None


def make_test(name: str, chosen: Chosen, reference: ComparisonSet) -> Chosen | None:
    """Sprites with a known answer in place of the chosen ones; None, and a word, where they cannot be made."""
    try:
        images = _made(f"{reference.sprites.fingerprint}-{len(reference.seen)}", name, reference)
    except ValueError as error:
        problem(error)
        return None
    return Chosen(images, chosen.run, CONTROLS[name].title.lower())


def test_line(name: str, report: MemorizationReport) -> str:
    """What is tested, what has to come out, and whether it did."""
    known = CONTROLS[name]
    right = known.is_right(report)
    outcome = "The page says so." if right else "The page does not say so, at this false-positive rate."
    return f"A test, not your samples: {known.what} Right answer: {known.answer} {outcome}"


def way_back() -> None:
    """A button that ends the test."""
    if st.button("Back to my samples", icon=":material/arrow_back:", type="primary", on_click=_end_test):
        # The button stands in a fragment; what is questioned is decided outside of it.
        st.rerun()


def _end_test() -> None:
    st.session_state[_KEY] = None


@st.cache_resource(max_entries=32, show_spinner=False)
def _made(key: str, name: str, _reference: ComparisonSet) -> np.ndarray:
    return make_control(name, _reference, _MOST)
