"""Finish my sprite: the visitor draws a part on the easel, and the model draws the rest, sixteen times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st

from ddpm.diffusion.chain import Chain
from ddpm.jobs.distilling.request import is_distilled
from ddpm.pixels.exporting.finishing import Finish, own_colours
from ddpm.runs.album import Batch
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from pages.parts.sample.cleaned import finish_seen
from pages.parts.sample.finishing.drawing import finish, seen
from pages.parts.sample.finishing.starts import ask_start, take
from pages.parts.sample.results import star, starred
from pages.parts.sample.saving import save_button, save_sprite
from pages.parts.shared.drawing import columns_for
from pages.parts.shared.easel import Part, open_easel
from pages.parts.shared.orders import MOST_SEED, Order, model_words
from pages.parts.shared.player import PlayerSlot, player
from pages.parts.shared.resolving import resolve
from pages.parts.shared.store import sprite_shape
from pages.parts.shared.words import counted, plain, problem

COUNT = 16
_DONE, _SEED, _WRONG = "finished", "finish-seed", "finish-wrong"
_TURNED = "finish-turned"
_ACTIONS = {"go-on": "Go on with this one", "save": "Save"}


@dataclass(frozen=True, eq=False)
class _Done:
    """What was finished last.

    Attributes:
        run: the folder of the model.
    """

    part: Part
    batch: Batch
    run: str


@st.fragment
def finishing(order: Order, batch: Batch | None) -> None:
    """The easel, the button, and what came of it.

    Args:
        order: what the form of the page says: its model finishes the sprite, of its kind if one is chosen.
        batch: what the page shows, to begin with one of its sprites.
    """
    run = Run(Path(order.run))
    if is_distilled(run):
        st.info(
            "This model is an instant one. It knows only a few noise levels, too few to fit a drawing to yours: choose "
            "the model that it was made from above."
        )
        return
    shape = sprite_shape(run)
    st.caption(
        f"Draw a part, or erase one: the model draws what is striped, {COUNT} times. What you drew stays as it is, "
        "pixel by pixel."
    )
    left, right = st.columns([4, 8], gap="large")
    with left:
        part, pressed = _ask(run, shape, batch)
        mine = st.toggle(
            "Only my colours",
            key="finish-mine",
            persist_state="session",
            on_change=_turned,
            help="The rest gets the colours of what you drew, and white where nothing can be transparent; no others.",
        )
    with right:
        if pressed:
            _draw(replace(order, n=COUNT), part)
        if wrong := st.session_state.pop(_WRONG, None):
            problem(wrong)
        done: _Done | None = st.session_state.get(_DONE)
        if done is None or done.batch.chain.sprites.shape[1:] != tuple(shape):
            st.info(f"Press **Finish it**: {COUNT} ways to go on from your part appear here.")
            return
        _show(done, run, mine)


def _ask(run: Run, shape: tuple[int, int, int], batch: Batch | None) -> tuple[Part, bool]:
    """The easel and its buttons; whether to draw now."""
    try:
        start, key = ask_start(run, shape, batch)
    except ValueError as error:
        problem(error)
        start, key = None, "none"
    part = open_easel(key=f"finish-easel-{key}", shape=shape, start=start)
    open_pixels = int((~part.fixed).sum())
    if not open_pixels:
        st.caption("Nothing is left to the model: take the striped brush, and erase something.")
    elif not part.fixed.any():
        st.caption("Nothing is yours yet: draw something, or begin with a sprite. Until then the model draws it all.")
    else:
        st.caption(f"{counted(part.fixed.size - open_pixels, 'pixel')} yours, {open_pixels:,} left to the model.")
    with st.container(horizontal=True):
        pressed = st.button(
            "Finish it", type="primary", icon=":material/auto_fix_high:", disabled=not open_pixels, key="finish-now"
        )
        others = st.button(
            f"{COUNT} others",
            icon=":material/casino:",
            disabled=not open_pixels or _DONE not in st.session_state,
            key="finish-others",
        )
    st.session_state[_SEED] = (int(st.session_state.get(_SEED, 0)) + int(others)) % MOST_SEED
    return part, pressed or others


def _draw(order: Order, part: Part) -> None:
    """Draw and show it meanwhile, then run the page again with the result."""
    try:
        # A kind by frequency says nothing about a sprite that is there in part.
        label = order.label if order.label is not None and order.label >= 0 else None
        wanted = Order(
            order.run,
            order.step,
            order.n,
            seed=int(st.session_state[_SEED]),
            label=label,
            guidance_scale=order.guidance_scale,
            weights=order.weights,
        )
        resolved = resolve(wanted)
        slot = PlayerSlot(
            key="finish-player",
            count=wanted.n,
            size=resolved.size,
            caption=f"Finished by {model_words(wanted)}",
            columns=columns_for(wanted.n),
            expected=resolved.own.steps + 1,
            actions=_ACTIONS,
        )

        def watch(share: float, chain: Chain | None) -> None:
            slot.progress(share, f"{share:.0%} drawn")
            if chain is not None:
                slot.show(chain)

        st.session_state[_DONE] = _Done(part, finish(resolved, part, watch), order.run)
    except CheckpointError as error:
        # Shown in the next run: in this one the player may be in the place of the message.
        st.session_state[_WRONG] = str(error)
    st.rerun()


def _turned() -> None:
    st.session_state[_TURNED] = True


def _show(done: _Done, run: Run, mine: bool) -> None:
    batch, fixed = done.batch, done.part.fixed
    if mine:
        try:
            held = Finish(palette=own_colours(done.part.image, fixed))
            batch = replace(batch, chain=seen(batch.chain, held, fixed))
        except ValueError:
            st.caption("Nothing of it is drawn by you, so there are no colours to hold it to.")
    chain = seen(batch.chain, finish_seen(), fixed)
    asked = player(
        chain,
        key="finish-player",
        favourites=starred(batch),
        caption=f"Finished by {batch.info['model']}",
        columns=columns_for(len(chain.sprites)),
        actions=_ACTIONS,
        autoplay=not st.session_state.pop(_TURNED, False),
    )
    if asked is not None and asked.kind in ("star", "unstar"):
        star(batch, asked.index, asked.kind == "star")
        st.rerun()
    elif asked is not None and asked.kind == "save":
        save_sprite(batch, asked.index)
    elif asked is not None:
        take(run, sprite_shape(run), np.asarray(chain.sprites[asked.index]))
        st.rerun()
    words = f"{counted(int(fixed.sum()), 'pixel')} of each are yours, and exactly as you drew them."
    if done.run != str(run.folder):
        words += f" Drawn by {plain(batch.info['name'])}: press Finish it to let the chosen model draw."
    with st.container(horizontal=True, horizontal_alignment="center", vertical_alignment="center"):
        st.caption(words, width="content")
        save_button(batch, "finish-save")
