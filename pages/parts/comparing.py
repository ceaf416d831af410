"""Which samples are questioned, and what they are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from ddpm.checkpoint import CheckpointError
from ddpm.comparison import Comparison, compare, what_was_seen
from ddpm.run import Run
from ddpm.sprites import SpriteDataset, SpriteError, load_sprites
from pages.parts.drawing import Order, current_batch, draw_timed, first_batch, remember
from pages.parts.ordering import choose_run
from pages.parts.store import default_run, find_run, run_data, shipped_run
from pages.parts.uploading import ask_for_file
from pages.parts.words import counted, plain, problem

_MOST = 1024
LAST, FRESH, UPLOAD = "The last ones drawn", "A fresh batch", "My own file"


@dataclass(frozen=True)
class Chosen:
    """Samples, and the run that they are held against.

    Attributes:
        images: uint8 (N, 16, 16, 3).
        whose: what they are called in a legend.
        first: number of the sample that the visitor asked about.
    """

    images: np.ndarray
    run: Run
    whose: str
    first: int | None = None


def choose_samples(runs: list[Run]) -> Chosen | None:
    """Ask which sprites are to be questioned; None as long as there are none."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.segmented_control(
            "Sprites to question",
            (LAST, FRESH, UPLOAD),
            default=LAST,
            required=True,
            key="question",
            persist_state="session",
        )
        run = default_run(runs)
        if source != LAST:
            with st.container(width=320):
                run = choose_run(runs, "Model", "questioned")
        pressed = source == FRESH and st.button("Draw 64", type="primary", icon=":material/brush:")
    if source == UPLOAD:
        return _uploaded(run)
    if pressed:
        return _drawn(run)
    batch = current_batch()
    if batch is None:
        batch = first_batch(shipped_run() or run, n=36)
        if batch is None:
            st.warning(f"Nothing is drawn yet, and {plain(run.name)} cannot be loaded: draw a fresh batch.")
            return None
        st.caption("Nothing was drawn on this computer yet, so here is a first batch.")
    owner = find_run(runs, batch.info["run"])
    if owner is None:
        st.warning("The model that drew these sprites is no longer here: draw a fresh batch.")
        return None
    words = f"{counted(len(batch.chain.sprites), 'sprite')}, drawn by {batch.info['model']}, seed {batch.info['seed']}."
    st.caption(plain(words))
    return Chosen(batch.chain.sprites, owner, "its own sprites", st.session_state.get("looked-at"))


def compare_with_training(chosen: Chosen) -> tuple[Comparison, SpriteDataset] | None:
    """Find the matches; None, and a word on what to do, where the training sprites are not here."""
    found = run_data(chosen.run.config())
    if found.sprites is None:
        st.warning(
            f"The sprites that {plain(chosen.run.name)} learnt from are not here. {plain(found.problem)} "
            "Put them back, or question another model.",
            icon=":material/folder_off:",
        )
        return None
    try:
        with st.spinner("Comparing ..."):
            comparison = compare(chosen.images, what_was_seen(found.sprites, chosen.run.trained_on()))
    except ValueError as error:
        st.warning(plain(error))
        return None
    return comparison, found.sprites


def _drawn(run: Run) -> Chosen | None:
    seed = int(st.session_state.get("fresh-seed", 0)) + 1
    st.session_state["fresh-seed"] = seed
    bar = st.progress(0.0, "Drawing ...")

    def watch(done: int, steps: int, chain: Any) -> None:
        bar.progress(done / steps, f"Drawing: step {done} of {steps}")

    try:
        batch = remember(draw_timed(Order(str(run.folder), n=64, seed=seed), watch))
    except CheckpointError as error:
        problem(error)
        return None
    bar.empty()
    return Chosen(batch.chain.sprites, run, "its own sprites")


def _uploaded(run: Run) -> Chosen | None:
    try:
        source = ask_for_file("question", "A .npy or .npz array of 16×16 sprites, a PNG sheet, or several PNGs")
        own = load_sprites(source) if source is not None else None
    except SpriteError as error:
        problem(error)
        return None
    if own is None:
        st.info("Choose a file: sprites that you drew, or that another program made.")
        return None
    if len(own) > _MOST:
        st.info(f"The first {_MOST:,} of {len(own):,} sprites are questioned.")
    return Chosen(np.asarray(own.images[:_MOST]), run, "your sprites")
