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
from ddpm.uploads import keep_upload
from pages.parts.drawing import Order, current_batch, draw, first_batch, remember
from pages.parts.store import run_data, run_label

LAST, FRESH, UPLOAD = "The last ones drawn", "A fresh batch", "My own file"


@dataclass(frozen=True)
class Chosen:
    """Samples, and the run that they are held against.

    Attributes:
        images: uint8 (N, 16, 16, 3).
        first: number of the sample that the visitor asked about.
    """

    images: np.ndarray
    run: Run
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
        names = {run.name: run for run in runs}
        run = runs[0]
        if source != LAST:
            if st.session_state.get("questioned") not in names:
                st.session_state.pop("questioned", None)
            run = names[
                st.selectbox(
                    "Model",
                    list(names),
                    format_func=lambda name: run_label(names[name]),
                    key="questioned",
                    persist_state="session",
                    width=320,
                )
            ]
        pressed = source == FRESH and st.button("Draw 64", type="primary", icon=":material/brush:")
    if source == UPLOAD:
        return _uploaded(run)
    if pressed:
        return _drawn(run)
    batch = current_batch() or first_batch(run, n=36)
    if batch is None:
        st.warning(f"The model {run.name!r} cannot be loaded: draw with another one.")
        return None
    drawer = next((other for other in runs if str(other.folder) == batch.info["run"]), None)
    if drawer is None:
        st.warning("The model that drew these sprites is no longer here: draw a fresh batch.")
        return None
    st.caption(f"{len(batch.chain.sprites)} sprites, drawn by {batch.info['model']}, seed {batch.info['seed']}.")
    return Chosen(batch.chain.sprites, drawer, st.session_state.get("looked-at"))


def compare_with_training(chosen: Chosen) -> tuple[Comparison, SpriteDataset] | None:
    """Find the matches; None, and a word on what to do, where the training sprites are not here."""
    found = run_data(chosen.run.config())
    if found.sprites is None:
        st.warning(
            f"The sprites that {chosen.run.name} learnt from are not here. {found.problem} "
            "Put them back, or question another model.",
            icon=":material/folder_off:",
        )
        return None
    try:
        with st.spinner("Comparing ..."):
            comparison = _compare(chosen.images, chosen.run, found.sprites)
    except ValueError as error:
        st.warning(str(error))
        return None
    return comparison, found.sprites


def _compare(images: np.ndarray, run: Run, sprites: SpriteDataset) -> Comparison:
    return compare(images, what_was_seen(sprites, run.trained_on()), k=5)


def _drawn(run: Run) -> Chosen | None:
    seed = int(st.session_state.get("fresh-seed", 0)) + 1
    st.session_state["fresh-seed"] = seed
    bar = st.progress(0.0, "Drawing ...")

    def watch(done: int, steps: int, chain: Any) -> None:
        bar.progress(done / steps, f"Drawing: step {done} of {steps}")

    try:
        batch = remember(draw(Order(str(run.folder), n=64, seed=seed), watch))
    except CheckpointError as error:
        st.error(str(error), icon=":material/error:")
        return None
    bar.empty()
    return Chosen(batch.chain.sprites, run)


def _uploaded(run: Run) -> Chosen | None:
    uploads = st.file_uploader(
        "A .npy array of 16×16 sprites, or a PNG sheet", type=["npy", "npz", "png"], accept_multiple_files=True
    )
    if not uploads:
        st.info("Choose a file: sprites that you drew, or that another program made.")
        return None
    try:
        own = load_sprites(keep_upload([(upload.name, upload.getvalue()) for upload in uploads]))
    except SpriteError as error:
        st.error(str(error), icon=":material/error:")
        return None
    if len(own) > 1024:
        st.info(f"The first 1,024 of {len(own):,} sprites are questioned.")
    return Chosen(np.asarray(own.images[:1024]), run)
