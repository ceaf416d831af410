"""How long a training will take on this computer."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ddpm.base import hardware
from ddpm.base.text import roughly
from ddpm.cli.console import duration
from ddpm.jobs.control import Context
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.timing import length
from ddpm.jobs.timing.length import counted_minutes, steps_for, too_few_steps
from ddpm.sprites import SpriteDataset
from ddpm.training.distributed import Team
from ddpm.training.recipes import RECIPES
from pages.parts.shared.words import counted


def estimate(request: TrainingRequest, sprites: SpriteDataset, rows: np.ndarray) -> None:
    """Show how long a training on some rows of a set will take, and how often it sees each sprite."""
    st.caption("Timing a few steps on this computer ...")
    recipe = RECIPES[str(request.preset)].fitted(sprites.shape)
    precision = request.precision or recipe.precision
    asked = (recipe.name, request.seamless, precision, request.threads)
    seconds = seconds_per_step(*asked, sprites.fingerprint, sprites)
    ((unit, amount),) = request.length().items()
    steps = steps_for(unit, amount, len(rows), recipe.batch_size, seconds)
    seen = steps * recipe.batch_size
    passes = seen / len(np.unique(sprites.first_rows()[rows]))
    times = f"about {counted(round(passes), 'time')}" if passes >= 1 else "less than once"
    by_clock = unit == "minutes"
    if by_clock:
        told = (
            f"{roughly(steps).capitalize()} steps in **{counted_minutes(amount)}** on this computer, as busy as it is"
        )
    else:
        told = f"About **{duration(steps * seconds)}** on this computer: {steps:,} steps"
    # One element, in place of the caption above.
    with st.container():
        st.markdown(
            f"{told}, {seen / len(rows):,.1f} passes over all rows (epochs), each distinct sprite seen {times}."
        )
        if by_clock and (too_few := too_few_steps(recipe, steps, amount)):
            st.warning(too_few, icon=":material/hourglass_disabled:")
            # What was timed is kept for a while: whoever has closed other programs need not wait for that.
            st.button("Time it again", icon=":material/refresh:", on_click=_forget)


def _forget() -> None:
    seconds_per_step.clear()


@st.cache_data(ttl=120, show_spinner=False, max_entries=16)
def seconds_per_step(
    recipe: str, seamless: bool, precision: str, threads: int | None, fingerprint: str, _sprites: SpriteDataset
) -> float:
    """Time a few steps of a recipe, with the settings of a run on this machine."""
    alone = Team(device=hardware.best_device())
    resolved = hardware.resolve_precision(precision, alone.device)
    with hardware.thread_pool(1, threads or hardware.cores(), "timing") as timing:
        context = Context(team=alone)
        fitted = RECIPES[recipe].fitted(_sprites.shape)
        if seamless:
            fitted = fitted.for_tiles(_sprites.shape)
        timed = timing.submit(length.seconds_per_step, fitted, _sprites, resolved, steps=4, context=context)
        return timed.result()
