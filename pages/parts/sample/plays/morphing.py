"""Morph: from one sprite to another, as a player, and saved as film or sheet."""

from __future__ import annotations

import re

import numpy as np
import streamlit as st

from ddpm.diffusion.parallel import ParallelModel
from ddpm.diffusion.plays import morphing
from ddpm.diffusion.plays.morphing import FEWEST, MOST, USUAL, Morph
from pages.parts.sample.plays.pieces import Piece, choose_piece
from pages.parts.sample.plays.player import Played
from pages.parts.sample.saving import save_sequence_button
from pages.parts.shared.pictures import contact_sheet
from pages.parts.shared.scene import Panel, Row, Scene, pack, show
from pages.parts.shared.store import PATHS

_SEED = "morph-seed"


def show_morph(played: Played, found: list[Piece]) -> list[Piece]:
    """Two sprites, what lies between them, and the button that saves it; returns the two, or none."""
    if played.is_instant:
        st.info(
            "This model is an instant one: it knows a few noise levels alone, and a morph needs all of them. Draw with "
            "the model that it was made from, and morph those sprites."
        )
        return []
    if len(found) < 2:
        st.info("A morph goes from one sprite to another: draw two or more, or star one as a favourite.")
        return []
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        first = choose_piece("From", found, "play-sprite", 0)
        second = choose_piece("To", found, "play-other", _other_than(first, found))
        with st.container(width=260):
            between = st.slider("Pictures between", FEWEST, MOST, USUAL, key="morph-between", persist_state="session")
        if st.button("Other details", icon=":material/casino:", key="morph-others"):
            st.session_state[_SEED] = st.session_state.get(_SEED, 0) + 1
    if np.array_equal(first.image, second.image):
        st.info("These two are the same: choose another one under “From” or “To”.")
        return []
    seed = int(st.session_state.get(_SEED, 0))
    way = _morphed(played.mark, first.key, second.key, int(between), seed, played, first.image, second.image)
    show(_packed(way, first, second), "play-morph")
    contact_sheet(way.images, "all pictures of the morph, in rows", columns_of(len(way.images)))
    with st.container(horizontal=True, vertical_alignment="center"):
        save_sequence_button(way.images, _stem(played, first, second), columns_of(len(way.images)))
        st.caption(
            f"Both ends are the sprites themselves. Neighbours differ by {way.steps().mean():.0f} grey levels on "
            f"average, the ends by {way.ends():.0f}. The model is told no kind on the way."
        )
    return [first, second]


def columns_of(count: int) -> int:
    """Pictures in a row of a sheet: at most 17, in rows as even as can be."""
    rows = -(-count // 17)
    return -(-count // rows)


def _other_than(first: Piece, found: list[Piece]) -> int:
    """The number of the next sprite that looks otherwise."""
    at = next((i for i, piece in enumerate(found) if piece.key == first.key), 0)
    after = [i % len(found) for i in range(at + 1, at + len(found))]
    return next((i for i in after if not np.array_equal(found[i].image, first.image)), at)


@st.cache_resource(max_entries=16, show_spinner="From one to the other ...", show_time=True, hash_funcs=PATHS)
def _morphed(
    mark: str,
    first: str,
    second: str,
    between: int,
    seed: int,
    _played: Played,
    _first: np.ndarray,
    _second: np.ndarray,
) -> Morph:
    loaded = _played.loaded
    return morphing.morph(ParallelModel(loaded.model), loaded.schedule, _first, _second, between, seed)


def _packed(way: Morph, first: Piece, second: Piece) -> bytes:
    count = len(way.images) - 2
    stops = ["the first", *(f"{number} of {count} between" for number in range(1, count + 1)), "the second"]
    row = Row(
        "From one to the other",
        (
            Panel("From", first.image[None], [first.words]),
            Panel("To", second.image[None], [second.words]),
            Panel("On the way", way.images, broad=True),
        ),
    )
    return pack(Scene("From the first sprite to the second", stops, (row,), plays=True))


def _stem(played: Played, first: Piece, second: Piece) -> str:
    return re.sub(r"[^\w.+-]+", "-", f"{played.run.name}-morph-{first.name}-to-{second.name}")
