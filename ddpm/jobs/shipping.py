"""Copying a run into a small one that comes with the program: for drawing, not for resuming."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.base.files import read_json, replace_bytes, replace_json
from ddpm.base.folders import build_aside, discard, put_in_place
from ddpm.diffusion.guidance.guide import LARGEST_SCALE
from ddpm.diffusion.unet import UNet
from ddpm.jobs.model_card import run_card
from ddpm.jobs.plan import checkpoint_config
from ddpm.judging.choosing import CHOICE, VERDICT, read_choice
from ddpm.judging.verdict import read_verdict
from ddpm.runs.checkpoint import Checkpoint, SavedGuide, load_checkpoint, save_checkpoint, step_folder
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.run import Run
from ddpm.training.loop import new_state
from ddpm.training.recipes import Recipe

_POINTS, _PREVIEWS = 250, 14


@dataclass(frozen=True)
class GuideOrder:
    """Which saved step becomes the guide of a shipped one; see :class:`ddpm.diffusion.guidance.guide.Guide`.

    Raises:
        ValueError: for a scale that is not above 1 and at most 8, or a bound that is no finite number.
    """

    step: int
    scale: float
    max_log_snr: float | None = None

    def __post_init__(self) -> None:
        if not 1 < self.scale <= LARGEST_SCALE:
            raise ValueError(f"the scale of a guide must be above 1 and at most {LARGEST_SCALE:g}, got {self.scale}")
        if self.max_log_snr is not None and not math.isfinite(self.max_log_snr):
            raise ValueError(f"the log-SNR at which a guide ends must be a finite number, got {self.max_log_snr}")

    def saved(self, checkpoint: Checkpoint) -> SavedGuide:
        """The guide itself, of the weights of its step."""
        return SavedGuide(self.step, checkpoint.model, self.scale, self.max_log_snr)


def ship_run(
    source: Path,
    target: Path,
    note: str | None = None,
    data: str | None = None,
    data_name: str | None = None,
    early: Sequence[int] = (),
    guide: GuideOrder | None = None,
) -> Run:
    """Copy a run without what only training needs, with weights in half precision.

    Args:
        source: a step folder, or a run folder: its chosen step if there is one, else its latest.
        target: the folder of the shipped run; an older shipped run is replaced, once all else is written.
        note: a word for people, such as "interim".
        data, data_name: the source from which others load its sprites, and their name, if not those of the run.
        early: saved steps before it that come along to show how it learnt; nothing draws with them unless asked to.
        guide: the saved step before it that leads it in sampling. What was measured without it is then left out. None
            for the guide that the step has, if any.

    Raises:
        CheckpointError: if the source, an early step or the guide cannot be used.
        RunError: if the target is a run that was not shipped, or the source is damaged.
        OSError: if the target cannot be written.
    """
    choice = read_choice(source)
    folder = step_folder(source if choice is None else Run(source).step_path(int(choice["chosen"])))
    run = Run(folder.parent.parent)
    checkpoint = load_checkpoint(folder)
    if not run.exists():
        raise CheckpointError(f"{folder} is not part of a run: its run.json is missing.")
    if target.exists() and not Run(target).is_shipped():
        raise RunError(f"{target} is a run of yours: it is not replaced.")
    step = int(checkpoint.config["step"])
    before = [_early(run, at, step) for at in sorted(set(early))]
    led = _own_guide(checkpoint) if guide is None else _new_guide(run, guide, checkpoint)
    # The id is not copied: with weights in another precision it is another run.
    copied = {key: value for key, value in run.config().items() if key not in ("id", "sequence", "early")}
    config = {**copied, "name": target.name, "shipped": True}
    if note:
        config["note"] = note
    if before:
        config["early"] = [int(one.config["step"]) for one in before]
    # Aside: the source may be what is replaced.
    with build_aside(target.parent) as building:
        try:
            config["data"] |= {key: value for key, value in (("source", data), ("name", data_name)) if value}
            replace_json(building / "run.json", config)
            _copy_measurements(run, building, step)
            _copy_choice(run, building, choice, config["data"]["name"], guide is not None)
            _copy_previews(run, building, step)
            total_steps = int(run.status().get("total_steps") or config["total_steps"])
            for one in (*before, checkpoint):
                _save(one, building, config, total_steps, led if one is checkpoint else None)
        except (KeyError, TypeError) as error:
            raise RunError(
                f"The run.json of {run.name} is damaged or of another version: it cannot be shipped."
            ) from error
        Run(building).set_latest(step)
        card = run_card(Run(building)).replace(building.name, target.name)
        replace_bytes(building / "README.md", card.encode())
        if target.exists():
            discard(target)
        put_in_place(building, target)
    return Run(target)


def _new_guide(run: Run, order: GuideOrder, checkpoint: Checkpoint) -> SavedGuide:
    earlier = _early(run, order.step, int(checkpoint.config["step"]))
    if earlier.model.arguments != checkpoint.model.arguments:
        raise CheckpointError(
            f"Step {order.step:,} of {run.name} is of another network than the step that is shipped: it is no guide "
            "for that. Choose another step, or leave it out."
        )
    return order.saved(earlier)


def _own_guide(checkpoint: Checkpoint) -> SavedGuide | None:
    """The guide that a step has already: shipped again, it draws as before."""
    guide = checkpoint.model.guide
    if guide is None:
        return None
    assert isinstance(guide.model, UNet)
    told = checkpoint.config["guide"]
    return SavedGuide(told["step"], guide.model, told["scale"], told["max_log_snr"])


def _early(run: Run, step: int, chosen: int) -> Checkpoint:
    """An early step of a run; raises CheckpointError if it is missing, damaged, or not before the chosen one."""
    if step not in run.steps():
        here = ", ".join(f"{saved:,}" for saved in run.steps() if saved < chosen) or "none"
        raise CheckpointError(f"{run.name} has no saved step {step:,}. Before its step {chosen:,} it has: {here}.")
    if step >= chosen:
        raise CheckpointError(f"Step {step:,} of {run.name} is not earlier than step {chosen:,}, which is shipped.")
    return load_checkpoint(run.step_path(step))


def _save(
    checkpoint: Checkpoint, target: Path, config: dict[str, Any], total_steps: int, guide: SavedGuide | None
) -> None:
    """Write a step in half precision."""
    model = checkpoint.model
    state = new_state(
        Recipe.from_dict(config["recipe"]),
        model.num_classes,
        seed=0,
        image_shape=model.image_shape,
        binary_alpha=model.binary_alpha,
    )
    state.ema.model.load_state_dict(model.state_dict())
    state.model.distilled = model.distilled
    state.step = int(checkpoint.config["step"])
    told = checkpoint_config(config, total_steps)
    save_checkpoint(target / "steps", state, told, resumable=False, half=True, guide=guide)


def _copy_measurements(run: Run, target: Path, step: int) -> None:
    """Copy some of the measurements up to a step, and write the status of a finished run."""
    metrics = [record for record in run.metrics() if record["step"] <= step]
    every = max(1, len(metrics) // _POINTS)
    kept = [r for i, r in enumerate(metrics) if i % every == 0 or "heldout" in r or "check" in r or r is metrics[-1]]
    lines = [json.dumps(record, separators=(",", ":")) + "\n" for record in kept]
    replace_bytes(target / "metrics.jsonl", "".join(lines).encode())
    status = run.status()
    told = {key: status[key] for key in ("total_steps", "seconds", "threads", "loss") if key in status}
    replace_json(target / "status.json", {"state": "finished", "step": step, "start": "shipped", **told})


def _copy_choice(run: Run, target: Path, choice: dict[str, Any] | None, data_name: str, led: bool) -> None:
    """Copy the hashes of the training sprites; if the step was chosen, also the table of steps and the verdict.

    With a guide (``led``) it draws otherwise than when it was judged: the table stays, as what it was chosen by.
    """
    if (run.folder / "trained_on.npy").is_file():
        shutil.copyfile(run.folder / "trained_on.npy", target / "trained_on.npy")
    if choice is not None:
        replace_json(target / CHOICE, {**choice, "all_steps": None} if led else choice)
    if choice is not None and not led and (run.folder / VERDICT).is_file():
        if read_verdict(run.folder) is None:
            raise RunError(f"{run.folder / VERDICT} is damaged: remove it, and measure the step again with choose.")
        replace_json(target / VERDICT, {**read_json(run.folder / VERDICT), "data": data_name})


def _copy_previews(run: Run, target: Path, step: int) -> None:
    """Copy some previews, evenly over the steps."""
    (target / "previews").mkdir()
    film = [picture for at, picture in run.previews() if at <= step]
    for i in np.unique(np.linspace(0, len(film) - 1, min(_PREVIEWS, len(film))).round().astype(int)):
        shutil.copyfile(film[i], target / "previews" / film[i].name)


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
