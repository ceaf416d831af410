"""Ways out of the same noise: the one that was ordered, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
import torch

from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.parallel import ParallelModel
from ddpm.diffusion.sampling import Sampler, default_steps
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.copying.comparison_set import what_was_seen
from ddpm.pixels.neighbors import rms_grey_levels
from ddpm.runs.album import Batch
from ddpm.runs.checkpoint import Checkpoint, can_use_raw
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from pages.parts.shared.orders import SAMPLER_NAMES, Order, labels_of
from pages.parts.shared.store import all_runs, checkpoint, run_data
from pages.parts.shared.words import counted

# 8 bytes a value and 768 values a sprite: a quarter of a gigabyte.
_MOST_REMEMBERED = 40_000
# Root mean square, in grey levels: two sprites that most people take for the same.
_ALIKE = 16.0


@dataclass(frozen=True)
class Way:
    """A network, and how it is led from noise to sprites.

    Attributes:
        title: what is special about it, next to another one.
        labels: int64 (N,), or None.
        step: of the checkpoint.
        run_id: of another run than the one that was asked to draw; else empty.
    """

    title: str
    model: Callable[..., torch.Tensor]
    schedule: NoiseSchedule
    sampler: Sampler
    steps: int
    labels: torch.Tensor | None
    guidance_scale: float
    label_names: list[str]
    step: int
    run_id: str = ""

    def title_beside(self, other: Way) -> str:
        """The title, next to a way that may differ in the sampler alone."""
        if (other.sampler, other.steps) != (self.sampler, self.steps):
            return _sampler_title(self.sampler, self.steps)
        return self.title


def own_way(order: Order) -> Way:
    """The way that was ordered.

    Raises:
        CheckpointError: if the model cannot be loaded, or does not know the kind.
    """
    run = Run(Path(order.run))
    if not run.exists():
        raise CheckpointError(f"The model {run.name} is no longer here: choose another one, and press Draw.")
    if order.step is not None and not order.path().is_dir():
        raise CheckpointError(
            f"The model {run.name} is here, but no longer its step {order.step:,}: choose another step under More."
        )
    loaded = checkpoint(order.path(), order.weights)
    try:
        labels = labels_of(order, loaded)
    except ValueError as error:
        raise CheckpointError(f"This model cannot draw that: {error}.") from error
    title = "The averaged weights" if order.against == "raw" else f"{run.name}, step {_step(loaded):,}"
    return _way(title, loaded, order.sampler, order.steps, labels, order.guidance_scale)


def rival_way(order: Order, own: Way) -> Way | None:
    """The way that an order is compared with; None if with nothing.

    Raises:
        CheckpointError: if it cannot be had; the message says why.
    """
    what = order.against
    if what is None:
        return None
    if what == "memoriser":
        memoriser = _memoriser(order, own)
        labels = own.labels if memoriser.num_classes is not None else None
        title = "The perfect memoriser"
        return Way(
            title,
            ParallelModel(memoriser),
            own.schedule,
            own.sampler,
            own.steps,
            labels,
            1.0,
            own.label_names,
            own.step,
        )
    if what.startswith("run:"):
        name = what.removeprefix("run:")
        run = rival_run(what, all_runs())
        if run is None:
            raise CheckpointError(f"The model {name} is not here: choose another one to compare with.")
        loaded = checkpoint(run.folder)
        labels = _translated(own, [str(kind) for kind in loaded.config.get("label_names") or []], loaded)
        title = f"{name}, step {_step(loaded):,}"
        way = _way(title, loaded, order.sampler, order.steps, labels, order.guidance_scale)
        return replace(way, run_id=run.id())
    if what == "raw":
        loaded = checkpoint(order.path(), "raw")
        return _way("The last weights", loaded, order.sampler, order.steps, own.labels, order.guidance_scale)
    loaded = checkpoint(order.path(), order.weights)
    sampler: Sampler = "ddpm" if what == "ddpm" else "ddim"
    steps = default_steps(sampler, loaded.schedule.num_timesteps)
    return _way(_sampler_title(sampler, steps), loaded, sampler, steps, own.labels, order.guidance_scale)


def rival_run(against: str, runs: list[Run], known: object = None) -> Run | None:
    """The run that "run:NAME" means, if it can draw.

    Args:
        known: its id, where that was noted: it finds the run under another name.
    """
    name = against.removeprefix("run:")
    able = sorted((run for run in runs if run.latest() is not None), key=lambda run: run.name != name)
    alike = [run for run in able if known and run.id() == known]
    return next(iter(alike or [run for run in able if run.name == name]), None)


def titles(order: Order) -> tuple[str, str] | None:
    """What the two are called that an order draws; None if it draws one.

    Raises:
        CheckpointError: as :func:`own_way` and :func:`rival_way`.
    """
    own = own_way(order)
    rival = rival_way(order, own)
    return (own.title_beside(rival), rival.title) if rival is not None else None


def rivals(order: Order, runs: list[Run]) -> dict[str, str]:
    """What an order can be compared with: values of ``Order.against``, and how a menu calls them."""
    found: dict[str, str] = {}
    own = Run(Path(order.run))
    total = (own.config().get("schedule") or {}).get("num_timesteps", 1000)
    if (order.sampler, order.steps) != ("ddpm", total):
        found["ddpm"] = f"the original’s {total:,} steps (slow)"
    if order.sampler != "ddim":
        found["ddim"] = "plain steps without new noise (DDIM)"
    if order.weights == "ema" and can_use_raw(order.path()):
        found["raw"] = "the last weights, not averaged"
    if (own.folder / "trained_on.npy").is_file() and own.config().get("data"):
        found["memoriser"] = "a perfect memoriser of what it learnt from"
    for run in runs:
        if str(run.folder) != order.run and run.name != own.name:
            found.setdefault(f"run:{run.name}", f"the model {run.name}")
    return found


def batch_titles(batch: Batch) -> tuple[str, str]:
    """What the two of a batch are called; empty if it holds one."""
    if batch.other is None:
        return "", ""
    left, right = (str(title) for title in [*(batch.info.get("titles") or ()), "Left", "Right"][:2])
    return left, right


def difference(batch: Batch) -> str:
    """What one sees in a batch that was compared, in one sentence."""
    assert batch.other is not None
    apart = batch.chain.sprites.astype(np.int64) - batch.other.sprites
    alike = int((rms_grey_levels(np.square(apart).sum(axis=(1, 2, 3))) <= _ALIKE).sum())
    n = len(apart)
    came = f"{alike:,} of {counted(n, 'sprite')} {'comes' if alike == 1 else 'come'} out nearly the same"
    why = {
        "ddpm": "the rest shows what the order of the steps decides, not the model.",
        "ddim": "the rest shows what new noise on the way decides, not the model.",
        "raw": "the rest shows what averaging the weights changes.",
        "memoriser": "the right side can only repeat what was learnt from. Where the left parts from it, it is new.",
    }.get(str(batch.info.get("against")), "the rest shows where the two models learnt different things.")
    return f"From the same noise, {came}: {why}"


def _way(
    title: str, loaded: Checkpoint, sampler: Sampler, steps: int | None, labels: torch.Tensor | None, guidance: float
) -> Way:
    steps = steps or default_steps(sampler, loaded.schedule.num_timesteps)
    names = [str(name) for name in loaded.config.get("label_names") or []]
    model = ParallelModel(loaded.model)
    return Way(title, model, loaded.schedule, sampler, steps, labels, guidance, names, _step(loaded))


def _step(loaded: Checkpoint) -> int:
    return int(loaded.config["step"])


def _sampler_title(sampler: Sampler, steps: int) -> str:
    return f"{SAMPLER_NAMES[sampler].removesuffix(' (slow)')}, {counted(steps, 'step')}"


def _translated(own: Way, names: list[str], loaded: Checkpoint) -> torch.Tensor | None:
    """The same kinds for a model that may count them differently; -1, anything, where it knows none of that name."""
    if own.labels is None or loaded.model.num_classes is None:
        return None
    numbers = {name: number for number, name in enumerate(names)}
    wanted = [own.label_names[label] if 0 <= label < len(own.label_names) else "" for label in own.labels.tolist()]
    return torch.tensor([numbers.get(name, -1) for name in wanted])


def _memoriser(order: Order, own: Way) -> PerfectMemoriser:
    run = Run(Path(order.run))
    found = run_data(run)
    if found.sprites is None:
        raise CheckpointError(f"The sprites that {run.name} learnt from are not here, so nothing can remember them.")
    seen = what_was_seen(found.sprites, run.trained_on()).seen
    if not 0 < len(seen) <= _MOST_REMEMBERED:
        raise CheckpointError(
            f"A perfect memoriser would have to hold {counted(len(seen), 'sprite')}; 1 to {_MOST_REMEMBERED:,} can be."
        )
    labels = None if found.sprites.labels is None or own.labels is None else np.asarray(found.sprites.labels)[seen]
    mark = (found.sprites.fingerprint, run.key, len(seen), labels is not None)
    return _remembering(mark, np.asarray(found.sprites.images[seen]), own.schedule, labels)


# One at a time: it holds 8 bytes for each value of each sprite.
@st.cache_resource(max_entries=1, show_spinner=False)
def _remembering(
    mark: tuple[Any, ...], _images: np.ndarray, _schedule: NoiseSchedule, _labels: np.ndarray | None
) -> PerfectMemoriser:
    return PerfectMemoriser(_images, _schedule, _labels)
