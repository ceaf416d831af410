"""Sample: draw sprites from noise, and see how they come out of it."""

from __future__ import annotations

import streamlit as st

from ddpm.checkpoint import CheckpointError
from pages.parts.drawing import current_batch, draw, first_batch, remember
from pages.parts.frame import frame
from pages.parts.ordering import ask
from pages.parts.player import PlayerSlot, player
from pages.parts.results import downloads, last_batches
from pages.parts.store import drawing_runs

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
        slot = PlayerSlot(key="sample-player", caption="On its way ...")

        def watch(done: int, steps: int, chain: object) -> None:
            bar.progress(done / steps, f"Step {done:,} of {steps:,}")
            if chain is not None:
                slot.show(chain)  # type: ignore[arg-type]

        try:
            remember(draw(order, watch))
            st.rerun()
        except (CheckpointError, ValueError) as error:
            st.error(str(error), icon=":material/error:")
    batch = current_batch() or first_batch(runs[0], n=36)
    if batch is None:
        st.warning("This model cannot be loaded. Choose another one.")
    else:
        asked = player(
            batch.chain,
            key="sample-player",
            caption=f"Drawn by {batch.info['model']}",
            on_select="Find its nearest training sprites",
        )
        if asked is not None:
            if not batch.id:
                remember(batch)
            st.session_state["looked-at"] = asked.index
            st.switch_page("pages/3_Nearest_neighbors.py")
        downloads(batch)

last_batches()
