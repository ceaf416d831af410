"""A set of sprites in numbers, and its sprites to look through: at random, by kind, by shape and by palette."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ddpm.sprites import SpriteDataset
from pages.parts.shared.pictures import contact_sheet, facts_row
from pages.parts.shared.uploading import show_notes
from pages.parts.shared.words import plain
from pages.parts.train.recipe_choices import recipe_and_holdout, rows_to_learn

_COLUMNS = 12
_SHOWN = 60
_EVERYTHING = "all kinds"
_RANDOM, _SHAPES, _PALETTES = "At random", "One shape, all its palettes", "One palette, all its shapes"
_HINTS = {
    "rows": "Pictures in the file, repeats included",
    "distinct": "Different pictures",
    "mirror pairs": "Pictures whose mirror image is there, too",
    "to learn from": "Different pictures that a training sees",
    "held out": "A tenth that no training sees: they show whether a model understands or only remembers",
    "left out": "Different pictures that are there, but not for this way of training",
    "kept for the exam": "Pairs of shape and palette that no training sees, although it sees each of the two elsewhere",
}


def data_card(sprites: SpriteDataset) -> None:
    """Show the set in numbers, what the training in the form would see of it, and some of its sprites."""
    recipe, holdout = recipe_and_holdout()
    counts, exam = sprites.counts(), len(sprites.exam())
    learnt = len(np.unique(sprites.first_rows()[rows_to_learn(sprites, holdout, recipe.most)[0]]))
    heldout = len(sprites.split()[1]) if holdout else 0
    facts = {
        "rows": f"{len(sprites):,}",
        "distinct": f"{len(counts):,}",
        "mirror pairs": f"{sprites.mirror_pairs():,}",
        "to learn from": f"{learnt:,}",
        "held out": f"{heldout:,}",
        "kinds": f"{len(sprites.label_names):,}" if sprites.label_names else "not labelled",
    }
    if exam:
        facts["kept for the exam"] = f"{exam:,}"
    if left_out := len(counts) - learnt - heldout - exam:
        facts["left out"] = f"{left_out:,}"
    facts_row(facts, _HINTS)
    show_notes(sprites.notes)
    _browse(sprites)


def _browse(sprites: SpriteDataset) -> None:
    """Show part of a set on a contact sheet, and let the visitor choose which."""
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
    else:
        name, ids = ("Shape", sprites.shape_ids) if order == _SHAPES else ("Palette", sprites.palette_ids)
        assert ids is not None
        _grouped(sprites, rows, np.asarray(ids)[rows], name, words)


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
    numbers = np.unique(groups)
    number = st.slider(name, 1, max(2, len(numbers)), 1, key=f"browse-{name}")
    shown = rows[groups == numbers[min(number, len(numbers)) - 1]]
    contact_sheet(np.asarray(sprites.images[shown]), f"{len(shown):,} sprites {words}", _COLUMNS)
    which = f"{name} {number:,} of {len(numbers):,}"
    st.caption(f"{which}: {len(shown):,} sprites {plain(words)}, their mirror twins included")
