"""Drawing sprites for a page: the sampler at work, and the batches that come out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import streamlit as st
import torch

from ddpm.album import Batch, keep_batch, recent_batches
from ddpm.checkpoint import CheckpointError
from ddpm.render import Chain, ChainRecorder
from ddpm.run import Run
from ddpm.sampling import Sampler, default_steps, draw_labels, sample
from pages.parts.store import checkpoint, manifest_mark

_BATCH, _PACE = "batch", "seconds-a-sprite-and-step"
_USUAL_PACE = 0.0007
_NEEDED = {"run", "name", "model", "step", "steps", "sampler", "seed"}


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

    def path(self) -> Path:
        """The folder of the checkpoint that draws."""
        run = Run(Path(self.run))
        return run.folder if self.step is None else run.step_path(self.step)


def drawer(order: Order) -> str:
    """Who draws, in words."""
    run = Run(Path(order.run))
    step = f"{run.latest() or 0 if order.step is None else order.step:,}"
    if run.is_shipped():
        return f"the model that came with the app ({run.name}, {step} training steps)"
    return f"your run {run.name}, step {step}"


def draw(order: Order, watch: Callable[[int, int, Chain | None], None] = lambda *_: None) -> Batch:
    """Draw a batch; it is not kept anywhere.

    Args:
        watch: told after each step (steps done, steps in all, the chain so far where a new frame of it is kept).

    Raises:
        CheckpointError: if the model cannot be loaded, or draws no numbers.
    """
    loaded = checkpoint(order.path(), order.weights)
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
    try:
        for done, moment in enumerate(moments):
            watch(done, steps, recorder.chain() if recorder.add(moment) else None)
    except ValueError as error:
        raise CheckpointError(f"This model cannot draw: {error}") from error
    names = loaded.config.get("label_names") or []
    kind = names[order.label] if order.label is not None and 0 <= order.label < len(names) else None
    info = {
        **asdict(order),
        "steps": steps,
        "step": int(loaded.config["step"]),
        "name": Path(order.run).name,
        "model": drawer(order),
        "kind": kind,
    }
    return Batch("", recorder.chain(), info)


def draw_timed(order: Order, watch: Callable[[int, int, Chain | None], None]) -> Batch:
    """:func:`draw`, remembering how long it took on this machine."""
    began = time.perf_counter()
    batch = draw(order, watch)
    st.session_state[_PACE] = (time.perf_counter() - began) / (order.n * int(batch.info["steps"]))
    return batch


def seconds_to_draw(n: int, steps: int) -> float:
    """About how long n sprites will take, by the last ones that were drawn."""
    return n * steps * float(st.session_state.get(_PACE, _USUAL_PACE)) + 0.5


def first_batch(run: Run, n: int) -> Batch | None:
    """A small batch that is there at once: drawn once, then remembered. None if the model is damaged."""
    try:
        return _first_batch(str(run.folder), manifest_mark(run.folder), n)
    except CheckpointError:
        return None


@st.cache_resource(max_entries=8, show_spinner="Drawing a few sprites from noise ...")
def _first_batch(folder: str, mark: tuple[str, int], n: int) -> Batch:
    return draw(Order(folder, n=n))


def columns_for(n: int) -> int | None:
    """Sprites in a row, where they fill a square."""
    side = math.isqrt(n)
    return side if side * side == n else None


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
    """What this visitor drew or opened last; else what was drawn last on this computer."""
    found = st.session_state.get(_BATCH)
    return found if found is not None else next(iter(album(1)), None)


def album(limit: int) -> list[Batch]:
    """The newest batches on this computer, those without the usual particulars left out."""
    return [batch for batch in recent_batches() if batch.info.keys() >= _NEEDED][:limit]
