"""What a distillation will do, decided once from its request, the run that is distilled, and the machine."""

from __future__ import annotations

import json
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from ddpm.base import hardware
from ddpm.base.files import replace_json
from ddpm.base.folders import build_aside, discard, put_in_place
from ddpm.diffusion.unet import UNet
from ddpm.jobs.control import Context
from ddpm.jobs.distilling.request import USUAL_MINUTES, DistilRequest, is_distilled
from ddpm.jobs.run_plan import (
    RUN_FORMAT,
    RunPlan,
    check_resumable,
    contradiction,
    damaged,
    length_before,
    length_note,
    length_now,
)
from ddpm.jobs.timing.length import length_of
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint, step_folder
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.listing import next_place
from ddpm.runs.run import Run
from ddpm.runs.step_files import MANIFEST, drawing_digest, drawing_files, read_checked
from ddpm.training.distilling.loop import recipe_to_distil
from ddpm.training.recipes import Recipe

TEACHER = "teacher"
"""The folder in a run with a copy of the weights from which it was distilled: to resume, they must be the same."""


@dataclass(kw_only=True)
class DistilPlan(RunPlan):
    """The decisions; ``distilled`` in the config names the run, the step and the SHA-256 of its weights.

    Attributes:
        teacher: the network that is distilled.
    """

    teacher: UNet


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
    if not is_distilled(run):
        raise RunError(f"{run.name} was trained, not distilled: go on with it by train --run {run.name} --resume.")
    check_resumable(run)
    try:
        return _resumed_plan(run, request, length)
    except (KeyError, TypeError) as error:
        raise damaged(run) from error


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
    length = length or {"minutes": USUAL_MINUTES}
    whole = length_of(length, 1, 1)
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
            "weights": drawing_digest(folder),
        },
        "asked": length,
        "total_steps": whole.total_steps or 0,
        "precision": hardware.resolve_precision(recipe.precision),
        "threads": threads,
        "processes": 1,
        "device": "cpu",
        "seed": request.seed or 0,
        "machine": hardware.describe(hardware.CPU),
    }
    if "most" in taught:
        config["most"] = taught["most"]
    plan = DistilPlan(config=config, recipe=recipe, schedule=loaded.schedule, length=whole, teacher=loaded.model)
    context.check()
    _copy_teacher(loaded, run.folder / TEACHER)
    if source.has_hashes():
        shutil.copyfile(source.folder / "trained_on.npy", run.folder / "trained_on.npy")
    replace_json(run.folder / "run.json", config)
    return plan


def _resumed_plan(run: Run, request: DistilRequest, length: dict[str, float]) -> DistilPlan:
    config = run.config()
    origin = config["distilled"]
    if request.seed is not None and request.seed != config["seed"]:
        raise contradiction(run, [f"--seed {request.seed} (the run has {config['seed']})"])
    loaded = load_teacher(run)
    if request.teacher is not None and drawing_digest(step_folder(request.teacher)) != origin["weights"]:
        taught = f"it is distilled from {origin['run']}, step {origin['step']:,}, whose weights are others"
        raise contradiction(run, [f"--run {request.teacher} ({taught})"])
    written = run.stretches()
    before = length_before(run, written)
    plan = DistilPlan(
        config=config,
        recipe=Recipe.from_dict(config["recipe"]),
        schedule=loaded.schedule,
        length=length_now(run, length, before, 1, 1),
        written=written,
        teacher=loaded.model,
    )
    plan.set_threads(request.threads)
    plan.notes += length_note(plan.length, before)
    return plan


def load_teacher(run: Run) -> Checkpoint:
    """The copy in a distilled run of what it was distilled from. Raises CheckpointError if it cannot be used."""
    folder, origin = run.folder / TEACHER, run.config()["distilled"]
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is missing: without the weights that it was distilled from it cannot go on.")
    loaded = load_checkpoint(folder)
    if drawing_digest(folder) != origin["weights"]:
        raise CheckpointError(f"{folder} holds other weights than those from which {run.name} was distilled.")
    return loaded


def _copy_teacher(loaded: Checkpoint, target: Path) -> None:
    files = read_checked(loaded.path, drawing_files(loaded.path))
    manifest = json.loads((loaded.path / MANIFEST).read_bytes())
    manifest["files"] = {name: manifest["files"][name] for name in files}
    if target.exists():
        # Of a start that was killed before it wrote its run.json.
        discard(target)
    with build_aside(target.parent) as building:
        for name, data in {**files, MANIFEST: json.dumps(manifest, indent=2).encode()}.items():
            (building / name).write_bytes(data)
        put_in_place(building, target)
