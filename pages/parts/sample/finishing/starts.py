"""What a visitor can begin with: a sprite of which one half is left to the model, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from ddpm.diffusion.plays.filling import half_mask
from ddpm.judging.copying.comparison_set import what_was_seen
from ddpm.runs.album import Batch
from ddpm.runs.favourites import favourites
from ddpm.runs.run import Run
from pages.parts.shared.easel import Part, Shape
from pages.parts.shared.store import may_have_data, run_data

DRAWN, UNSEEN, FAVOURITE, NOTHING = "A drawn sprite", "An unseen one", "A favourite", "Nothing"
_SHOWN = {"Right half": "left", "Lower half": "top", "Left half": "right", "Upper half": "bottom"}
"""What is left to the model, and the half that stays."""
_BRUSH = "What I erase"

# From one sprite of a set to the next: a prime, since neighbours are often alike.
_STRIDE = 7919
_FROM, _HALF, _TAKEN, _NUMBER = "finish-from", "finish-half", "finish-taken", "finish-number"
_NEXT, _COME = "finish-next", "finish-come"


def ask_start(run: Run, shape: Shape, batch: Batch | None) -> tuple[Part | None, str]:
    """Ask what to begin with.

    Args:
        shape: (H, W, C) of what the model draws.
        batch: what the page shows.

    Returns:
        what stands on the easel at first, None for nothing, and a key that is another one for another start.
    """
    sources = _sources(run, shape, batch)
    _receive(run, shape)
    if _NEXT in st.session_state:
        st.session_state[_FROM] = st.session_state.pop(_NEXT)
        st.session_state[_HALF] = _BRUSH
    if st.session_state.get(_FROM) not in sources:
        st.session_state[_FROM] = next(iter(sources))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = str(
            st.segmented_control("Begin with", list(sources), required=True, key=_FROM, persist_state="session")
        )
        other = chosen != NOTHING and st.button("Another one", icon=":material/shuffle:", key="finish-another")
    number = int(st.session_state.get(_NUMBER, 0)) + int(other)
    st.session_state[_NUMBER] = number
    if chosen == NOTHING:
        return None, f"{NOTHING}-{shape}"
    wanted = chosen, str(run.folder), tuple(shape), number
    taken = st.session_state.get(_TAKEN)
    # A sprite that was taken stays, although the page may show others by now.
    if taken is None or taken[0] != wanted:
        taken = wanted, sources[chosen](number)
        st.session_state[_TAKEN] = taken
    if st.session_state.get(_HALF) not in (*_SHOWN, _BRUSH):
        st.session_state[_HALF] = next(iter(_SHOWN))
    half = str(
        st.segmented_control(
            "Leave to the model", [*_SHOWN, _BRUSH], required=True, key=_HALF, persist_state="session", wrap=True
        )
    )
    height, width, _ = shape
    fixed = np.ones((height, width), np.bool_) if half == _BRUSH else half_mask(height, width, _SHOWN[half])
    return Part(taken[1], fixed), f"{'-'.join(map(str, wanted))}-{half}"


def begin_with(image: np.ndarray) -> None:
    """Begin with a half of a drawn sprite, uint8 (H, W, C), when the easel is shown next."""
    st.session_state[_COME] = image


def _receive(run: Run, shape: Shape) -> None:
    image = st.session_state.pop(_COME, None)
    if image is None or image.shape != tuple(shape):
        return
    number = int(st.session_state.get(_NUMBER, 0)) + 1
    st.session_state.update({_FROM: DRAWN, _HALF: next(iter(_SHOWN)), _NUMBER: number})
    st.session_state[_TAKEN] = (DRAWN, str(run.folder), tuple(shape), number), image


def take(run: Run, shape: Shape, image: np.ndarray) -> None:
    """Begin with a whole sprite, uint8 (H, W, C), in the next run of the page."""
    number = int(st.session_state.get(_NUMBER, 0)) + 1
    source = st.session_state.get(_FROM)
    # The choice itself can no longer be changed in this run of the page.
    st.session_state[_NEXT] = DRAWN if source == NOTHING else source
    st.session_state[_NUMBER] = number
    wanted = st.session_state[_NEXT], str(run.folder), tuple(shape), number
    st.session_state[_TAKEN] = wanted, image


def _sources(run: Run, shape: Shape, batch: Batch | None) -> dict[str, Callable[[int], np.ndarray]]:
    """By name what can give a sprite of this size, by its number; what has none is left out."""
    found: dict[str, Callable[[int], np.ndarray]] = {}
    drawn = None if batch is None else batch.chain.sprites
    if drawn is not None and drawn.shape[1:] == tuple(shape):
        found[DRAWN] = lambda number: np.asarray(drawn[number % len(drawn)])
    if may_have_data(run):
        found[UNSEEN] = lambda number: _unseen(run, shape, number)
    stars = [one.image for one in favourites() if one.image.shape == tuple(shape)]
    if stars:
        found[FAVOURITE] = lambda number: stars[number % len(stars)]
    found[NOTHING] = lambda number: np.zeros(shape, np.uint8)
    return found


def _unseen(run: Run, shape: Shape, number: int) -> np.ndarray:
    data = run_data(run).sprites
    rows = np.empty(0, np.int64) if data is None else what_was_seen(data, run.trained_on()).unseen
    if data is None or not len(rows) or data.images.shape[1:] != tuple(shape):
        raise ValueError("Its sprites are not here, or it has seen all of them: begin with another one.")
    return np.asarray(data.images[int(rows[number * _STRIDE % len(rows)])])
