"""Looking through a set of sprites: at random, by kind, and where they are known by shape and by palette."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ddpm.sprites import SpriteDataset
from pages.parts.shared.pictures import contact_sheet
from pages.parts.shared.words import plain

_COLUMNS = 12
_SHOWN = 60
_EVERYTHING = "all kinds"
_RANDOM, _SHAPES, _PALETTES = "At random", "One shape, all its palettes", "One palette, all its shapes"


def browse(sprites: SpriteDataset) -> None:
    """Show part of a set on a contact sheet, and let people choose which."""
    rows = sprites.distinct()
    words = f"of {sprites.name}"
    order = _RANDOM
    if sprites.labels is not None and sprites.label_names is not None:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            kind = st.selectbox("Look at", [_EVERYTHING, *sprites.label_names], key="browse-kind", width=220)
            if kind != _EVERYTHING:
                rows = rows[np.asarray(sprites.labels)[rows] == sprites.label_names.index(kind)]
                words = f"of the kind {kind}"
                if sprites.shape_ids is not None:
                    order = st.segmented_control(
                        "Arranged", (_RANDOM, _SHAPES, _PALETTES), default=_RANDOM, required=True, key="browse-order"
                    )
    if len(rows) == 0:
        st.info("There are no sprites of this kind.")
        return
    if order == _RANDOM:
        _at_random(sprites, rows, words)
    elif order == _SHAPES:
        assert sprites.shape_ids is not None
        _grouped(sprites, rows, np.asarray(sprites.shape_ids)[rows], "Shape", words)
    else:
        assert sprites.palette_ids is not None
        _grouped(sprites, rows, np.asarray(sprites.palette_ids)[rows], "Palette", words)


def _at_random(sprites: SpriteDataset, rows: np.ndarray, words: str) -> None:
    turn = st.session_state.setdefault("browse-turn", 0)
    shown = np.sort(np.random.default_rng(turn).permutation(rows)[:_SHOWN])
    contact_sheet(np.asarray(sprites.images[shown]), f"{len(shown):,} sprites {words}", _COLUMNS)
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(rows) > _SHOWN and st.button("Show others", icon=":material/shuffle:", type="tertiary"):
            st.session_state["browse-turn"] = turn + 1
            st.rerun()
        st.caption(f"{len(shown):,} of {len(rows):,} distinct sprites {plain(words)}")


def _grouped(sprites: SpriteDataset, rows: np.ndarray, groups: np.ndarray, name: str, words: str) -> None:
    known = np.unique(groups)
    number = st.slider(name, 1, max(2, len(known)), 1, key=f"browse-{name}")
    shown = rows[groups == known[min(number, len(known)) - 1]]
    contact_sheet(np.asarray(sprites.images[shown]), f"{len(shown):,} sprites {words}", _COLUMNS)
    which = f"{name} {number:,} of {len(known):,}"
    st.caption(f"{which}: {len(shown):,} sprites {plain(words)}, their mirror twins included")
