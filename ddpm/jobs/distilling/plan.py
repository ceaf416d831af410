"""What a distillation will do, decided once from its request, the run that is distilled, and the machine."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.base import hardware
from ddpm.base.files import replace_json
from ddpm.base.folders import build_aside, discard, put_in_place
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.jobs.control import Context
from ddpm.jobs.distilling.request import USUAL_MINUTES, DistilRequest, is_distilled
from ddpm.jobs.length import steps_for
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint, step_folder, why_not_resumable
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.listing import next_place
from ddpm.runs.run import Run
from ddpm.runs.step_files import CONFIG, MANIFEST, MODEL, read_checked
from ddpm.training.distilling.lessons import USES
from ddpm.training.distilling.loop import distil, new_student, recipe_to_distil
from ddpm.training.recipes import Recipe

RUN_FORMAT = 1
TEACHER = "teacher"
"""The folder in a run with a copy of the weights from which it was distilled: to resume, they must be the same."""

_TIMED_SHEAVES = 2
_MOST_TIMING_SECONDS = 20.0


@dataclass
class DistilPlan:
    """The decisions.

    Attributes:
        config: the content of ``run.json``; its ``distilled`` names the run, the step and the SHA-256 of the weights.
        teacher: the network that is distilled.
        notes: messages for people.
    """

    config: dict[str, Any]
    recipe: Recipe
    schedule: NoiseSchedule
    teacher: UNet
    total_steps: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def class_frequencies(self) -> list[float] | None:
        """Share of each kind in what it learnt from; None if it knows no kinds."""
        return self.config["data"].get("class_frequencies") if self.teacher.num_classes is not None else None


def make_distil_plan(request: DistilRequest, context: Context) -> DistilPlan:
    """Decide everything, and write ``run.json`` and what belongs to it for a new run.

    Raises:
        RunError: if options contradict the run, or the run cannot be distilled.
        CheckpointError: if its weights cannot be used.
        StoppedEarly: if a stop was requested.
        OSError: if the run folder cannot be written.
    """
    run, length = Run(request.folder), request.length()
    if not run.exists():
        return _new_plan(run, request, length, context)
    config = run.config()
    damaged = f"The run.json of {run.name} is damaged or of another version: the run cannot be resumed."
    if not is_distilled(run):
        raise RunError(f"{run.name} was trained, not distilled: go on with it by train --run {run.name} --resume.")
    if reason := why_not_resumable(run):
        raise RunError(reason)
    if config.get("format_version") != RUN_FORMAT:
        raise RunError(damaged)
    try:
        return _resumed_plan(run, config, request, length, context)
    except (KeyError, TypeError) as error:
        raise RunError(damaged) from error


def _new_plan(run: Run, request: DistilRequest, length: dict[str, float], context: Context) -> DistilPlan:
    if request.teacher is None:
        raise RunError(f"There is no run {run.name} yet: say which run it should be distilled from, with --run NAME.")
    folder = step_folder(request.teacher)
    source = Run(folder.parent.parent)
    taught = source.config()
    if not {"recipe", "schedule", "data"} <= taught.keys():
        raise RunError(f"{folder} is not part of a run: its run.json is missing or damaged.")
    loaded = load_checkpoint(folder)
    try:
        recipe = recipe_to_distil(Recipe.from_dict(taught["recipe"]), loaded.model)
    except (KeyError, ValueError) as error:
        raise RunError(f"{source.name} cannot be distilled: {error}.") from error
    threads = hardware.set_threads(request.threads or hardware.cores())
    weights = json.loads((folder / MANIFEST).read_bytes())["files"][MODEL]["sha256"]
    config = {
        "format_version": RUN_FORMAT,
        "id": secrets.token_hex(8),
        "sequence": next_place(run.folder),
        "name": run.name,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "preset": taught.get("preset", recipe.name),
        "recipe": recipe.to_dict(),
        "schedule": taught["schedule"],
        "data": taught["data"],
        "holdout": taught.get("holdout", 0.1),
        "distilled": {
            "run": source.name,
            "id": source.id(),
            "step": int(loaded.config["step"]),
            "weights": weights,
        },
        "asked": length or {"minutes": USUAL_MINUTES},
        "total_steps": 0,
        "precision": hardware.resolve_precision(recipe.precision),
        "threads": threads,
        "processes": 1,
        "device": "cpu",
        "seed": request.seed or 0,
        "machine": hardware.describe(hardware.CPU),
    }
    if "most" in taught:
        config["most"] = taught["most"]
    plan = DistilPlan(config, recipe, loaded.schedule, loaded.model)
    plan.total_steps = config["total_steps"] = _total_steps(plan, config["asked"], context)
    context.check()
    _copy_teacher(loaded, run.folder / TEACHER)
    if source.has_hashes():
        shutil.copyfile(source.folder / "trained_on.npy", run.folder / "trained_on.npy")
    replace_json(run.folder / "run.json", config)
    return plan


def _resumed_plan(
    run: Run, config: dict[str, Any], request: DistilRequest, length: dict[str, float], context: Context
) -> DistilPlan:
    origin = config["distilled"]
    if request.seed is not None and request.seed != config["seed"]:
        raise RunError(
            f"Options contradict the run {run.name!r}: --seed {request.seed} (the run has {config['seed']})."
        )
    loaded = load_teacher(run)
    if request.teacher is not None and _weights_of(step_folder(request.teacher)) != origin["weights"]:
        raise RunError(
            f"Options contradict the run {run.name!r}: --run {request.teacher} (it is distilled from "
            f"{origin['run']}, step {origin['step']:,}, whose weights are others)."
        )
    plan = DistilPlan(config, Recipe.from_dict(config["recipe"]), loaded.schedule, loaded.model)
    threads = hardware.set_threads(request.threads or config["threads"])
    if threads != config["threads"]:
        plan.notes.append(
            f"The run began with {config['threads']} threads and goes on with {threads}: from here its last digits "
            "differ from those of an uninterrupted run."
        )
    before = int(run.status().get("total_steps") or config["total_steps"])
    if not length:
        plan.total_steps = before
    else:
        same = length == config["asked"]
        plan.total_steps = config["total_steps"] if same else _total_steps(plan, length, context)
    if plan.total_steps != before:
        plan.notes.append(f"The run's length is now {plan.total_steps:,} steps (before: {before:,}).")
    return plan


def load_teacher(run: Run) -> Checkpoint:
    """The copy in a distilled run of what it was distilled from. Raises CheckpointError if it cannot be used."""
    folder, origin = run.folder / TEACHER, run.config()["distilled"]
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is missing: without the weights that it was distilled from it cannot go on.")
    loaded = load_checkpoint(folder)
    if _weights_of(folder) != origin["weights"]:
        raise CheckpointError(f"{folder} holds other weights than those from which {run.name} was distilled.")
    return loaded


def _weights_of(folder: Path) -> str:
    return str(json.loads((folder / MANIFEST).read_bytes())["files"][MODEL]["sha256"])


def _copy_teacher(loaded: Checkpoint, target: Path) -> None:
    files = read_checked(loaded.path, [MODEL, CONFIG])
    manifest = json.loads((loaded.path / MANIFEST).read_bytes())
    manifest["files"] = {name: manifest["files"][name] for name in files}
    if target.exists():
        # Of a start that was killed before it wrote its run.json.
        discard(target)
    with build_aside(target.parent) as building:
        for name, data in {**files, MANIFEST: json.dumps(manifest, indent=2).encode()}.items():
            (building / name).write_bytes(data)
        put_in_place(building, target)


def _total_steps(plan: DistilPlan, length: dict[str, float], context: Context) -> int:
    ((unit, amount),) = length.items()
    seconds = 0.0
    if unit == "minutes":
        context.say("Timing a few steps on this machine ...")
        seconds = _seconds_per_step(plan, context)
    return steps_for(unit, amount, 1, 1, seconds)


def _seconds_per_step(plan: DistilPlan, context: Context) -> float:
    """Mean time of a step with a temporary network, with the teacher's part of it."""
    student, times = new_student(plan.recipe, plan.teacher), []
    steps = USES * (1 + _TIMED_SHEAVES)
    frequencies, precision = plan.class_frequencies, plan.config["precision"]
    last = began = time.perf_counter()
    for _ in distil(
        student, plan.teacher, plan.schedule, plan.recipe, steps, frequencies=frequencies, precision=precision
    ):
        now = time.perf_counter()
        times.append(now - last)
        last = now
        context.check()
        if now - began > _MOST_TIMING_SECONDS and len(times) % USES == 0:
            break
    # Whole rounds: the teacher works in the first step of each. The first round is slow, unless there is no other.
    return float(np.mean(times[USES:] or times))
