"""Play with a sprite: what one can do with a drawn one, beside drawing from noise."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import streamlit as st

from ddpm.runs.album import Batch
from ddpm.runs.errors import CheckpointError
from pages.parts.sample.finishing import finishing
from pages.parts.sample.finishing.starts import begin_with
from pages.parts.sample.plays.linking import followed_play, play_link_button
from pages.parts.sample.plays.morphing import show_morph
from pages.parts.sample.plays.pieces import Piece, pieces
from pages.parts.sample.plays.player import Played, model_of
from pages.parts.sample.plays.rewinding import show_rewind
from pages.parts.shared.component import MOUNTING, source
from pages.parts.shared.orders import Order
from pages.parts.shared.words import problem

ACTIONS = {"rewind": "Rewind", "morph": "Morph from here", "finish": "Finish it anew"}
"""Buttons under an enlarged sprite that lead here; the names are those of plays."""

_PLAY, _TOKEN = "play", "play-token"


def play_with(batch: Batch, index: int, play: str) -> None:
    """Let the section, later in this run of the page, begin a play with one sprite of a batch, and come into sight."""
    st.session_state["play-sprite"] = pieces(batch)[index]
    if play == "finish":
        begin_with(batch.chain.sprites[index])
    st.session_state[_PLAY] = play
    st.session_state[_TOKEN] = secrets.token_hex(6)


def plays_section(order: Order, batch: Batch | None) -> None:
    """The section of the page.

    Args:
        order: what the form of the page says.
        batch: what the page shows; None if it shows none.
    """
    if batch is not None:
        _follow_link(batch)
    _arrival(key="play-arrival", data={"token": st.session_state.get(_TOKEN, "")})
    st.header("Play with a sprite")
    chosen = st.segmented_control(
        "Play",
        list(_PLAYS),
        format_func=lambda name: _PLAYS[name][0],
        key=_PLAY,
        persist_state="session",
        label_visibility="collapsed",
    )
    # Nothing is drawn before somebody asks for it: each drawing of the page would have to wait for that, too.
    if chosen not in _PLAYS:
        st.caption("Choose one, or click a sprite above: it is enlarged, and what you can do with it stands beneath.")
        return
    _PLAYS[chosen][1](order, batch)


def _follow_link(batch: Batch) -> None:
    followed = followed_play(len(batch.chain.sprites))
    if followed is None or followed[0] not in _PLAYS:
        return
    play, numbers = followed
    found = pieces(batch)
    play_with(batch, numbers[0], play)
    if len(numbers) > 1:
        st.session_state["play-other"] = found[numbers[1]]


@st.fragment
def _rewind(order: Order, batch: Batch | None) -> None:
    st.caption(
        "Lay noise over a sprite, up to timestep t, and let the model draw it forward again: little noise leaves it as "
        "it was, much noise makes it another one. What stays in between was decided earlier than what changes."
    )
    _begin(batch, "rewind", show_rewind)


@st.fragment
def _morph(order: Order, batch: Batch | None) -> None:
    st.caption(
        "From one sprite to another. Both are taken back to noise, the noisy ones are mixed, and what lies between is "
        "drawn: sprites, not a blend of two pictures."
    )
    _begin(batch, "morph", show_morph)


def _begin(batch: Batch | None, play: str, show: Callable[[Played, list[Piece]], list[Piece]]) -> None:
    if batch is None:
        st.info("There is no sprite to play with yet. Press **Draw** above, then come back here.")
        return
    try:
        chosen = show(model_of(batch), pieces(batch))
    except (CheckpointError, ValueError) as error:
        problem(error)
        return
    play_link_button(batch, play, chosen)


_PLAYS: dict[str, tuple[str, Callable[[Order, Batch | None], None]]] = {
    "rewind": ("Rewind", _rewind),
    "morph": ("Morph", _morph),
    "finish": ("Finish my sprite", finishing),
}
"""Name of a play -> its title, and what shows it, each a fragment of its own."""

_arrival = st.components.v2.component("ddpm_arrival", js=MOUNTING + source(__file__, "arrival.js"))
