"""Drawing sprites for a page: the choice of a model, the sampler at work, the batch that comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import streamlit as st
import torch

from ddpm.album import Batch, keep_batch
from ddpm.checkpoint import CheckpointError
from ddpm.render import Chain, ChainRecorder
from ddpm.run import Run
from ddpm.sampling import Sampler, default_steps, draw_labels, sample
from pages.parts.store import checkpoint

_BATCH = "batch"


@dataclass(frozen=True)
class Order:
    """What is to be drawn.

    Attributes:
        run: folder of the run that draws.
        step: the saved step; None for the newest.
        label: a kind's number; -1 for each sprite's kind by frequency, None for no kind at all.
    """

    run: str
    step: int | None = None
    n: int = 64
    sampler: Sampler = "fast"
    steps: int | None = None
    seed: int = 0
    label: int | None = -1
    guidance_scale: float = 1.0
    weights: Literal["ema", "raw"] = "ema"


def draw(order: Order, watch: Callable[[int, int, Chain | None], None] = lambda *_: None) -> Batch:
    """Draw a batch; it is not kept anywhere.

    Args:
        watch: told after each step (steps done, steps in all, the chain so far where a new frame of it is kept).

    Raises:
        CheckpointError: if the model cannot be loaded.
    """
    run = Run(Path(order.run))
    path = run.folder if order.step is None else run.step_path(order.step)
    loaded = checkpoint(path, order.weights)
    steps = order.steps or default_steps(order.sampler, loaded.schedule.num_timesteps)
    labels: torch.Tensor | None = None
    if loaded.model.num_classes is not None and order.label is not None:
        if order.label >= 0:
            labels = torch.full((order.n,), order.label)
        elif frequencies := loaded.config.get("class_frequencies"):
            labels = draw_labels(frequencies, order.n, order.seed)
    recorder = ChainRecorder(loaded.schedule, steps)
    moments = sample(
        loaded.model,
        loaded.schedule,
        order.n,
        order.sampler,
        order.steps,
        order.seed,
        labels,
        order.guidance_scale,
    )
    for done, moment in enumerate(moments):
        watch(done, steps, recorder.chain() if recorder.add(moment) else None)
    step = int(loaded.config["step"])
    origin = "the model that came with the app" if run.is_shipped() else f"your run {run.name}"
    info = {
        **asdict(order),
        "steps": steps,
        "step": step,
        "name": run.name,
        "model": f"{origin} ({run.name}, {step:,} training steps)" if run.is_shipped() else f"{origin}, step {step:,}",
        "data": loaded.config["data"],
    }
    return Batch("", recorder.chain(), info)


def first_batch(run: Run, n: int) -> Batch | None:
    """A small batch that is there at once: drawn once, then remembered. None if the model is damaged."""
    try:
        return _first_batch(str(run.folder), run.latest() or 0, n)
    except CheckpointError:
        return None


@st.cache_resource(max_entries=8, show_spinner="Drawing a few sprites from noise ...")
def _first_batch(folder: str, step: int, n: int) -> Batch:
    return draw(Order(folder, step, n))


def remember(batch: Batch) -> Batch:
    """Make a batch the current one of this visitor, and put it into the album."""
    kept = keep_batch(batch.chain, batch.info)
    show_again(kept)
    return kept


def show_again(batch: Batch) -> None:
    """Make a batch of the album the current one."""
    st.session_state[_BATCH] = batch
    st.session_state.pop("looked-at", None)


def current_batch() -> Batch | None:
    """What this visitor drew or opened last."""
    return st.session_state.get(_BATCH)
