"""Sample: draw sprites from noise, step by step."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from ddpm.diffusion.chain import FRAMES, Chain
from ddpm.runs.album import Batch
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from pages.parts.sample.cleaned import as_seen, clean_switch, just_turned
from pages.parts.sample.dragging import drag_switch, dragging
from pages.parts.sample.more_like_this import likeness, more_like
from pages.parts.sample.ordering import LONG, USUAL, ask, seconds_to_wait, show_order
from pages.parts.sample.plays import ACTIONS as PLAYS
from pages.parts.sample.plays import play_with, plays_section
from pages.parts.sample.results import favourites_section, last_batches, star, starred
from pages.parts.sample.saving import save_button, save_sprite
from pages.parts.sample.seam_line import is_seamless, seam_line
from pages.parts.sample.sharing import leave_link, link_button, opened_link
from pages.parts.sample.variants import variety, vary
from pages.parts.shared.backdrop import ask_for_backdrop
from pages.parts.shared.batches import batch_titles, current_batch, difference, kinds_of, remember, show_again
from pages.parts.shared.drawing import columns_for, draw_timed, first_batch
from pages.parts.shared.frame import frame
from pages.parts.shared.navigation import models_or_stop, run_to_draw_with
from pages.parts.shared.orders import Order, from_info, model_words
from pages.parts.shared.player import PlayerSlot, player
from pages.parts.shared.resolving import resolve
from pages.parts.shared.store import shipped_run
from pages.parts.shared.words import problem

ACTIONS = {
    "more": "More like this",
    "colours": "Other colours",
    "shape": "Other shape",
    **PLAYS,
    "save": "Save",
    "nearest": "Find its nearest training sprites",
}

frame("Sample")
st.title("Draw sprites from noise")

runs = models_or_stop("There is no model to draw with yet.")

link = opened_link(runs)
if link is not None and link.order is not None:
    show_order(link.order)
sent_with = run_to_draw_with()

form, stage = st.columns([4, 8], gap="large")
with form:
    order, pressed = ask(runs, sent_with)
    drags = drag_switch()


def is_by(batch: Batch | None, order: Order) -> bool:
    """Whether a batch was drawn by the model of an order."""
    drawn = None if batch is None else from_info(batch.info)
    return batch is not None and drawn is not None and (drawn.run, batch.info["step"]) == (order.run, order.step)


# The sprites of a link, or the first ones of the model that another page chose.
came_for = link.order if link else None
if sent_with == order.run and not is_by(current_batch(), order):
    came_for = Order(order.run, order.step, order.n, seed=order.seed, label=order.label)
wanted: Order | None = st.session_state.pop("wanted", came_for)


def draw_now(order: Order, keep: bool) -> None:
    """Draw and show each step, then run the page again with the result; ``keep`` puts it into the album."""
    try:
        resolved = resolve(order)
        slot = PlayerSlot(
            key="sample-player",
            count=order.n,
            size=resolved.size,
            caption=f"Drawn by {model_words(order)}",
            columns=columns_for(order.n),
            expected=min(FRAMES, resolved.moments),
            actions=ACTIONS,
            titles=resolved.titles,
        )
        # No bar for a short drawing: each update takes processor time from the network.
        is_long = seconds_to_wait(order) > LONG

        def watch(done: int, steps: int, chain: Chain | None, other: Chain | None = None) -> None:
            if is_long:
                slot.progress(done / steps, f"Step {done:,} of {steps:,}")
            if chain is not None:
                slot.show(as_seen(chain), as_seen(other) if other else None)

        batch = draw_timed(resolved, watch)
        (remember if keep else show_again)(batch)
    except CheckpointError as error:
        # Shown in the next run: in this one the player may be in the place of the message.
        st.session_state["failed"] = str(error)
    st.rerun()


def ask_for(order: Order | None) -> None:
    """Run the page again, and draw something else than the link in its address."""
    leave_link()
    st.session_state["wanted"] = order
    st.rerun()


with stage:
    notes = st.container()
    if link is not None and link.problem:
        st.session_state["link-problem"] = link.problem
    if pressed:
        leave_link()
        st.session_state.pop("link-problem", None)
        wanted = order
    if words := st.session_state.get("link-problem"):
        notes.warning(words, icon=":material/link_off:")
    if wanted is not None:
        # Each reload of a link draws again, and must not fill the album.
        draw_now(wanted, keep=wanted is not came_for)
    if failed := st.session_state.pop("failed", None):
        with notes:
            problem(failed)
    batch: Batch | None = None
    if drags:
        dragging(order, runs)
    else:
        with notes:
            firsts = (first_batch(run, n=USUAL) for run in (Run(Path(order.run)), shipped_run()) if run is not None)
            batch = current_batch() or next((first for first in firsts if first is not None), None)
    if batch is None and not drags:
        st.warning("Nothing is drawn yet, and this model cannot be loaded. Choose another one, and press Draw.")
    elif batch is not None:
        asked = player(
            as_seen(batch.chain),
            key="sample-player",
            other=as_seen(batch.other) if batch.other else None,
            favourites=starred(batch),
            caption=f"Drawn by {batch.info['model']}",
            columns=columns_for(len(batch.chain.sprites)),
            actions=ACTIONS,
            titles=batch_titles(batch),
            names=kinds_of(batch.info, len(batch.chain.sprites)),
            autoplay=not just_turned(),
            tiles=is_seamless(batch) or None,
        )
        if asked is not None and asked.kind in ("star", "unstar"):
            star(batch, asked.index, asked.kind == "star")
            st.rerun()
        elif asked is not None and asked.kind == "more":
            ask_for(more_like(batch, asked.index))
        elif asked is not None and asked.kind == "colours":
            ask_for(vary(batch, asked.index, "colours"))
        elif asked is not None and asked.kind == "shape":
            ask_for(vary(batch, asked.index, "shape"))
        elif asked is not None and asked.kind in PLAYS:
            play_with(batch, asked.index, asked.kind)
        elif asked is not None and asked.kind == "save":
            save_sprite(batch, asked.index)
        elif asked is not None:
            if not batch.id:
                remember(batch)
            st.session_state["looked-at"] = asked.index
            st.switch_page("pages/3_Nearest_neighbors.py")
        ask_for_backdrop(batch.chain.sprites)
        seam_line(batch)
        if batch.other is not None:
            st.caption(difference(batch), text_alignment="center")
        if (nearer := likeness(batch) or variety(batch)) is not None:
            ask_for(nearer)
        with st.container(
            horizontal=True, horizontal_alignment="center", vertical_alignment="center", key="batch-actions"
        ):
            save_button(batch)
            link_button(batch)
            clean_switch(batch)

plays_section(order, batch)
favourites_section()
last_batches()
