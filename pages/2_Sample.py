"""Sample: draw sprites from noise, and see how they come out of it."""

from __future__ import annotations

import streamlit as st

from ddpm.checkpoint import CheckpointError
from ddpm.render import FRAMES
from pages.parts.drawing import columns_for, current_batch, draw_timed, drawer, first_batch, remember
from pages.parts.frame import frame
from pages.parts.ordering import ask
from pages.parts.player import PlayerSlot, player
from pages.parts.results import downloads, last_batches
from pages.parts.store import default_run, drawing_runs, shipped_run
from pages.parts.words import problem

NEAREST = "Find its nearest training sprites"

frame("Sample")
st.title("Draw sprites from noise")

runs = drawing_runs()
if not runs:
    st.info("There is no model to draw with yet.")
    if st.button("Teach one", type="primary"):
        st.switch_page("pages/1_Train.py")
    st.stop()

controls, stage = st.columns([4, 8], gap="large")
with controls:
    order = ask(runs)
    pressed = st.button("Draw", type="primary", icon=":material/brush:", width="stretch")

with stage:
    if pressed:
        bar = st.progress(0.0, "Drawing ...")
        slot = PlayerSlot(
            key="sample-player",
            caption=f"Drawn by {drawer(order)}",
            columns=columns_for(order.n),
            expected=min(FRAMES, (order.steps or 0) + 1),
            on_select=NEAREST,
        )

        def watch(done: int, steps: int, chain: object) -> None:
            bar.progress(done / steps, f"Step {done:,} of {steps:,}")
            if chain is not None:
                slot.show(chain)  # type: ignore[arg-type]

        try:
            remember(draw_timed(order, watch))
            st.rerun()
        except CheckpointError as error:
            problem(error)
    batch = current_batch() or first_batch(shipped_run() or default_run(runs), n=36)
    if batch is None:
        st.warning("Nothing is drawn yet, and this model cannot be loaded. Choose another one, and press Draw.")
    else:
        asked = player(
            batch.chain,
            key="sample-player",
            caption=f"Drawn by {batch.info['model']}",
            columns=columns_for(len(batch.chain.sprites)),
            on_select=NEAREST,
        )
        if asked is not None:
            if not batch.id:
                remember(batch)
            st.session_state["looked-at"] = asked.index
            st.switch_page("pages/3_Nearest_neighbors.py")
        downloads(batch)

last_batches()
