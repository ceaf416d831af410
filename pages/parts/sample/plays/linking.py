"""The play that is open, as a parameter of a link to the batch whose sprites play."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from ddpm.runs.album import Batch
from pages.parts.sample.plays.pieces import Piece
from pages.parts.sample.sharing import link_button

_PARAMETER, _FOLLOWED = "play", "play-followed"
_PLAY = re.compile(r"([a-z]{1,12})-(\d{1,3})(?:-(\d{1,3}))?", re.ASCII)


def play_link_button(batch: Batch, play: str, chosen: Sequence[Piece]) -> None:
    """Offer a link that opens a play with these sprites; nothing where one is not of the batch, which draws it."""
    places = [piece.place for piece in chosen]
    if places and None not in places:
        link_button(batch, {_PARAMETER: "-".join(map(str, (play, *places)))})


def followed_play(count: int) -> tuple[str, list[int]] | None:
    """The play of the link by which this visitor has come, and the numbers of its sprites.

    None where there is none, from the second call on, or for what cannot be: the batch has ``count`` sprites.
    """
    text = st.query_params.get(_PARAMETER, "")
    if not text or st.session_state.get(_FOLLOWED) == text:
        return None
    st.session_state[_FOLLOWED] = text
    found = _PLAY.fullmatch(text)
    numbers = [int(number) for number in found.groups()[1:] if number is not None] if found else []
    if found is None or not all(number < count for number in numbers):
        return None
    return found[1], numbers
