"""A set of sprites in numbers, and its sprites to look through: at random, by kind, by shape and by palette."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ddpm.sprites import SpriteDataset
from ddpm.sprites.readers.tally import in_words
from pages.parts.shared.backdrop import ask_for_backdrop
from pages.parts.shared.pictures import contact_sheet, facts_row
from pages.parts.shared.uploading import show_notes
from pages.parts.shared.words import counted, plain
from pages.parts.train.recipe_choices import recipe_and_holdout, rows_to_learn
from pages.parts.train.tally_table import files_words, look_words, tally_table

_ROWS = 5
_WIDE = 153  # pixels of sprites beside one another: shown twice as wide on a phone, four times on a desk
_WIDEST = 640
_FEW = 50
_EVERYTHING = "all kinds"
_RANDOM, _SHAPES, _PALETTES = "At random", "One shape, all its palettes", "One palette, all its shapes"
_HINTS = {
    "sprites": "Repeats included",
    "distinct": "Different pictures",
    "mirror pairs": "Pictures whose mirror image is there, too",
    "to learn from": "Different pictures that a training sees",
    "held out": "A tenth that no training sees: they show whether a model understands or only remembers",
    "left out": "Different pictures that are there, but not for this way of training",
    "kept for the exam": "Pairs of shape and palette that no training sees, although it sees each of the two elsewhere",
}


def data_card(sprites: SpriteDataset) -> None:
    """Show the set in numbers, what the training in the form would see of it, and some of its sprites."""
    recipe, holdout, each_once = recipe_and_holdout()
    counts, exam = sprites.counts(), len(sprites.exam())
    learnt = len(np.unique(sprites.first_rows()[rows_to_learn(sprites, holdout, recipe.most, each_once)[0]]))
    heldout = len(sprites.split()[1]) if holdout else 0
    facts = {
        "sprites": f"{len(sprites):,}",
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
    st.markdown(_headline(sprites))
    facts_row(facts, _HINTS)
    if len(counts) < _FEW:
        # Whether or not it is meant: some want just that.
        different = counted(len(counts), "different sprite")
        st.warning(f"Only {different}: it will mostly copy.", icon=":material/content_copy:")
    tally_table(sprites.tally)
    show_notes(_further_notes(sprites))
    _browse(sprites)
    ask_for_backdrop(sprites.images)


def _further_notes(sprites: SpriteDataset) -> list[str]:
    """The notes without what the table says, the preview of a sheet, and the choice of a background."""
    if sprites.tally:
        table = in_words(sprites.tally)
        notes = [note for note in sprites.notes if not note.endswith(table)]
    else:
        notes = [note for note in sprites.notes if ": cut into " not in note]
    return [note for note in notes if ": what is transparent is laid on " not in note]


def _headline(sprites: SpriteDataset) -> str:
    """What a set is, in a line: "24 × 24 pixels, transparent · **1,041 of 1,111 files**"."""
    files = f" · **{files_words(sprites.tally)}**" if sprites.tally else ""
    return look_words(sprites) + files


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
    most = _ROWS * _columns(sprites)
    shown = np.sort(np.random.default_rng(turn).permutation(rows)[:most])
    _show(sprites, shown, words)
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(rows) > most and st.button("Show others", icon=":material/shuffle:", type="tertiary"):
            st.session_state["browse-turn"] = turn + 1
            st.rerun()
        st.caption(f"{len(shown):,} of {len(rows):,} distinct sprites {plain(words)}")


def _grouped(sprites: SpriteDataset, rows: np.ndarray, groups: np.ndarray, name: str, words: str) -> None:
    numbers = np.unique(groups)
    number = st.slider(name, 1, max(2, len(numbers)), 1, key=f"browse-{name}")
    shown = rows[groups == numbers[min(number, len(numbers)) - 1]]
    _show(sprites, shown, words)
    which = f"{name} {number:,} of {len(numbers):,}"
    st.caption(f"{which}: {len(shown):,} sprites {plain(words)}, their mirror twins included")


def _columns(sprites: SpriteDataset) -> int:
    return max(2, _WIDE // (sprites.shape[2] + 1))


def _show(sprites: SpriteDataset, shown: np.ndarray, words: str) -> None:
    columns = _columns(sprites)
    _, height, width = sprites.shape
    # As for sprites of 16 x 16: larger ones get fewer of these.
    scale = _WIDEST // (columns * (width + 1)) * max(height, width, 16) // 16
    contact_sheet(
        np.asarray(sprites.images[shown]), f"{len(shown):,} sprites {words}", min(columns, len(shown)), scale=scale
    )
