"""Draw while you drag: sliders whose movement is answered by newly drawn sprites at once.

The browser sends the newest state of its sliders, and the next one only when that is answered, each with a number. A
fragment answers with raw pixels and the same number. So the page is not run, and no older picture takes the place of a
newer one.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import streamlit as st

from ddpm.jobs.distilling.request import is_distilled
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from pages.parts.sample.dragging.answering import BUDGET, Answer, Answerer
from pages.parts.sample.dragging.leading import lead_on
from pages.parts.sample.dragging.wish import CALLS, COUNTS, MOST_STRICT, WHEEL, Wish, first_seed, read_wish
from pages.parts.sample.sharing import leave_link
from pages.parts.shared.backdrop import backdrop_rule
from pages.parts.shared.component import SCRIPT, STYLE, parcel, source
from pages.parts.shared.orders import EACH, Order
from pages.parts.shared.words import problem

_SWITCH, _BESIDE, _KEY, _ANSWERER = "drag", "drag-beside", "drag-board", "drag-answerer"


def drag_switch() -> bool:
    """The switch between the player and the sliders; what is drawn or opened otherwise turns it off."""
    shown = st.session_state.get("batch")
    if st.session_state.get(_SWITCH) and st.session_state.get(_BESIDE) is not shown:
        st.session_state[_SWITCH] = False
    st.session_state[_BESIDE] = shown
    return st.toggle(
        "Draw while you drag",
        key=_SWITCH,
        persist_state="session",
        help="Sliders that redraw the sprites as they move. For instant models.",
    )


def dragging(order: Order, runs: list[Run]) -> None:
    """Show the sliders with the model, saved step and seed of an order, or what stands against it."""
    run = Run(Path(order.run))
    if not is_distilled(run):
        lead_on(run, runs)
        return
    st.html(f"<style>{backdrop_rule()}</style>")
    _board(order)


@st.fragment
def _board(base: Order) -> None:
    key = f"{_KEY}-{Run(Path(base.run)).key}-{base.step}-{base.weights}-{base.seed}"
    known, before = st.session_state.get(_ANSWERER, ("", Answerer()))
    # Another model has another pace.
    answerer = before if known == key else Answerer()
    st.session_state[_ANSWERER] = key, answerer
    wish = read_wish(st.session_state.get(key, {}).get("wish"))
    if wish is None and before.last is not None:
        wish = before.last.wish if known == key else _elsewhere(before.last.wish, base)
    wish = wish or Wish()
    try:
        answer = answerer.answer(wish, base)
    except CheckpointError as error:
        problem(error)
        return
    result = _component(key=key, data=pack(answer, base), on_wish_change=lambda: None, on_keep_change=lambda: None)
    if result.get("keep"):
        leave_link()
        st.session_state["wanted"] = answer.order
        st.rerun(scope="app")


def _elsewhere(wish: Wish, base: Order) -> Wish:
    """The state of the sliders for another model or seed: what is said of sprites does not hold there."""
    known = wish.label is None or wish.label < len(_kinds(base))
    return replace(wish, label=wish.label if known else EACH, wheel=0.0, anchor=None, others=0.0)


def pack(answer: Answer, base: Order) -> bytes:
    """A parcel: the state of the sliders that was answered, what they can be set to, and the pixels, row by row."""
    height, width, channels = answer.images.shape[1:]
    header: dict[str, Any] = {
        "wish": asdict(answer.wish),
        "size": [width, height],
        "channels": channels,
        "kinds": _kinds(base),
        "each": EACH,
        "seed": first_seed(base.seed),
        "wheel": WHEEL,
        "strictest": MOST_STRICT,
        "counts": COUNTS,
        "choices": CALLS,
        "calls": answer.order.steps,
        "milliseconds": round(1000 * answer.seconds),
        "slow": answer.seconds > BUDGET and answer.order.steps == 1,
    }
    return parcel(header, answer.images.tobytes())


def _kinds(base: Order) -> list[str]:
    config = Run(Path(base.run)).config()
    names = (config.get("data") or {}).get("label_names") or []
    return [str(name) for name in names] if (config.get("recipe") or {}).get("classes") else []


_component = st.components.v2.component(
    "ddpm_dragging",
    html=source(__file__, "dragging.html"),
    css=STYLE + source(__file__, "dragging.css"),
    js=SCRIPT + source(__file__, "board.js", "dragging.js"),
)
