"""The saved steps of a run: the same network, earlier in its training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ddpm.base.text import counted
from ddpm.diffusion.parallel import ParallelModel
from ddpm.runs.checkpoint import load_checkpoint
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run

# A first step that is later than this share of the last has learnt most of what there is to learn.
_LATE = 0.25
_KEEP = (
    "A training keeps its last steps, and begun on the command line, with --keep-every 500, also earlier ones: with "
    "those, a second slider leads from blobs to sprites."
)


def spread(steps: Sequence[int], most: int) -> list[int]:
    """At most so many of some rising steps, evenly in their logarithm, the first and the last included."""
    if len(steps) <= most:
        return list(steps)
    known = np.log(np.maximum(steps, 1))
    places = np.abs(known - np.linspace(known[0], known[-1], most)[:, None]).argmin(axis=1)
    return [steps[place] for place in np.unique(places).tolist()]


def earlier(run: Run, step: int) -> list[int]:
    """The saved steps of a run before a step, rising."""
    return [saved for saved in run.steps() if saved < step]


def networks(
    run: Run, steps: Sequence[int], last: int, network: ParallelModel
) -> tuple[dict[int, ParallelModel], list[int]]:
    """The networks of some earlier steps and of the last one, which is given, by step, rising; and what is damaged."""
    found: dict[int, ParallelModel] = {}
    damaged = []
    for step in steps:
        try:
            model = load_checkpoint(run.step_path(step)).model
        except CheckpointError:
            # A live training may have removed it since.
            damaged.append(step)
            continue
        found[step] = ParallelModel(model)
    return {**found, last: network}, damaged


def remark(shown: Sequence[int], saved: int, damaged: Sequence[int], shipped: bool) -> str:
    """What the second slider shows, or why there is none, and what to do.

    Args:
        shown: the steps on it, rising.
        saved: how many there are in all.
        damaged: those that cannot be read.
    """
    lost = f" {counted(len(damaged), 'step')} cannot be read and {'is' if len(damaged) == 1 else 'are'} passed over."
    tail = lost if damaged else ""
    if len(shown) == 1:
        words = "Only one step of this training is here, so that this cannot be asked of earlier ones."
        do = " Teach a model of your own, and it can." if shipped else f" {_KEEP}"
        return words + do + tail
    which = f"all {saved:,} saved steps of this training"
    if len(shown) + len(damaged) < saved:
        which = f"{len(shown):,} of the {saved:,} saved steps of this training, evenly in the logarithm of the step"
    late = f" {_KEEP}" if shown[0] > _LATE * shown[-1] and not shipped else ""
    return f"The second slider asks {which}, the last included.{late}{tail}"
