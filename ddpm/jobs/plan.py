"""What a training will do, decided once from its request, the data and the machine."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from ddpm.base import hardware
from ddpm.base.files import npy_bytes, replace_bytes, replace_json
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.jobs.control import Context
from ddpm.jobs.request import KEEP, ONCE, TrainingRequest
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
from ddpm.pixels.seams import doubt, tile_seams
from ddpm.runs.errors import RunError
from ddpm.runs.listing import next_place
from ddpm.runs.run import Run
from ddpm.sprites import SpriteDataset, SpriteError, load_sprites
from ddpm.training.loop import TrainingState, new_state
from ddpm.training.recipes import Recipe, recipe


@dataclass(kw_only=True)
class Plan(RunPlan):
    """The decisions.

    Attributes:
        rows: int64, the rows of ``sprites`` to train on.
        heldout: int64, one row per held-out sprite; empty without a hold-out.
    """

    sprites: SpriteDataset
    rows: np.ndarray
    heldout: np.ndarray

    def new_state(self, device: torch.device) -> TrainingState:
        """New weights for these sprites."""
        return new_state(
            self.recipe,
            self.num_classes,
            self.config["seed"],
            device,
            image_shape=self.sprites.shape,
            binary_alpha=self.sprites.binary_alpha,
        )


def checkpoint_config(run_config: dict[str, Any], total_steps: int) -> dict[str, Any]:
    """What a step folder contains of ``run.json``, so that it can be used without the run; JSON values."""
    kept = ("preset", "recipe", "schedule", "data", "holdout", "precision", "seed")
    data = run_config["data"]
    return {
        **{key: run_config[key] for key in kept},
        "total_steps": total_steps,
        "label_names": data["label_names"],
        "class_frequencies": data["class_frequencies"],
        **({"distilled": run_config["distilled"]} if "distilled" in run_config else {}),
    }


def make_plan(request: TrainingRequest, context: Context) -> Plan:
    """Decide everything, and write ``run.json`` and ``trained_on.npy`` for a new run; only a team's leader does it.

    Raises:
        RunError: if options contradict the run; the message names them.
        SpriteError: if the sprites cannot be loaded, or are too few.
        StoppedEarly: if a stop was requested.
        ValueError: for an unknown preset or precision, or seamless tiles that the recipe cannot learn.
        OSError: if the run folder cannot be written.
    """
    run = Run(request.folder)
    length = request.length()
    if request.threads is not None and request.threads < 1:
        raise RunError(f"--threads must be at least 1, got {request.threads}.")
    if not run.exists():
        return _new_plan(run, request, length or None, context)
    config = run.config()
    if "distilled" in config:
        raise RunError(f"{run.name} was distilled, not trained: go on with it by distil --out {run.name} --resume.")
    check_resumable(run)
    try:
        return _resumed_plan(run, config, request, length, context)
    except (KeyError, TypeError) as error:
        raise damaged(run) from error


def _new_plan(run: Run, request: TrainingRequest, length: dict[str, float] | None, context: Context) -> Plan:
    team = context.team
    preset = recipe(request.preset or "fast")
    precision = hardware.resolve_precision(request.precision or preset.precision, team.device)
    threads = hardware.set_threads(request.threads or team.threads)
    context.say("Loading the sprites ...")
    sprites = load_sprites(request.data or "builtin")
    preset = preset.fitted(sprites.shape)
    length = length or {"minutes": preset.default_minutes}
    each_once = preset.each_once if request.repeats is None else request.repeats == ONCE
    if request.seamless:
        preset = preset.for_tiles(sprites.shape)
    # Each process uses a batch of the recipe's size.
    preset = replace(preset, batch_size=preset.batch_size * team.size, each_once=each_once)
    holdout = 0.1 if request.holdout is None else request.holdout
    rows, heldout = _rows(sprites, holdout, request.most, each_once)
    whole = length_of(length, len(rows), preset.batch_size)
    schedule = NoiseSchedule(preset.num_timesteps, preset.schedule)
    config: dict[str, Any] = {
        "format_version": RUN_FORMAT,
        "id": secrets.token_hex(8),
        "sequence": next_place(run.folder),
        "name": run.name,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "preset": preset.name,
        "recipe": preset.to_dict(),
        "schedule": {"num_timesteps": schedule.num_timesteps, "kind": schedule.kind},
        "data": _describe(sprites, rows, heldout),
        "holdout": holdout,
        "asked": length,
        # By the clock: nobody knows yet.
        "total_steps": whole.total_steps or 0,
        "precision": precision,
        "threads": threads,
        "processes": team.size,
        "device": team.device.type,
        "seed": request.seed or 0,
        "machine": hardware.describe(team.device),
    }
    if request.most is not None:
        config["most"] = request.most
    plan = Plan(
        config=config, recipe=preset, schedule=schedule, length=whole, sprites=sprites, rows=rows, heldout=heldout
    )
    if request.seamless:
        found = tile_seams(sprites.images, rows)
        config["data"]["seams"] = None if found is None else found.to_dict()
        plan.notes += filter(None, [doubt(found)])
    context.check()
    replace_bytes(run.folder / "trained_on.npy", npy_bytes(np.unique(sprites.split_hashes()[rows])))
    replace_json(run.folder / "run.json", config)
    return plan


def _resumed_plan(
    run: Run, config: dict[str, Any], request: TrainingRequest, length: dict[str, float], context: Context
) -> Plan:
    team = context.team
    preset = Recipe.from_dict(config["recipe"])
    has = {**config, "repeats": ONCE if preset.each_once else KEEP}
    wrong = [
        f"--{option} {given} (the run has {has.get(option, 'no such limit')})"
        for option, given in (
            ("preset", request.preset),
            ("holdout", request.holdout),
            ("most", request.most),
            ("repeats", request.repeats),
            ("seed", request.seed),
            ("precision", request.precision and hardware.resolve_precision(request.precision, team.device)),
        )
        if given is not None and given != has.get(option)
    ]
    if request.seamless and not preset.seamless:
        wrong.append("--seamless (the run learns without it)")
    context.say("Loading the sprites ...")
    source = request.data or config["data"]["source"]
    sprites = load_sprites(source)
    if sprites.fingerprint != config["data"]["fingerprint"]:
        if request.data is None:
            raise RunError(f"The sprites in {source} have changed since {run.name!r} began: it cannot go on with them.")
        wrong.append(f"--data {source} (the run learns from other sprites: {config['data']['source']})")
    if wrong:
        raise contradiction(run, wrong)
    rows, heldout = _rows(sprites, config["holdout"], config.get("most"), preset.each_once)
    written = run.stretches()
    before = length_before(run, written)
    plan = Plan(
        config=config,
        recipe=preset,
        schedule=NoiseSchedule(**config["schedule"]),
        length=length_now(run, length, before, len(rows), preset.batch_size),
        written=written,
        sprites=sprites,
        rows=rows,
        heldout=heldout,
    )
    plan.set_threads(request.threads)
    processes, device = config.get("processes", 1), config.get("device", "cpu")
    if (team.size, team.device.type) != (processes, device):
        plan.notes.append(
            f"The run began on {processes} x {device} and goes on on {team.size} x {team.device.type}, with the same "
            f"batch of {preset.batch_size} sprites: so its last digits will differ."
        )
    plan.notes += length_note(plan.length, before)
    return plan


def training_rows(
    sprites: SpriteDataset, holdout: float, most: int | None = None, each_once: bool = False
) -> np.ndarray:
    """The rows to train on, in file order.

    With ``most``, only those of that many distinct sprites: the first by split hash, a random order that does not
    depend on the seed or the order of the rows. Sprites with the same hash (mirror images) are all used or all left
    out, so the number may be slightly smaller.

    Args:
        holdout: 0.1 or 0, as for :meth:`ddpm.sprites.SpriteDataset.training_rows`.
        most: at least 2; None for all.
        each_once: whether repeats are left out.

    Raises:
        SpriteError: if no row is left.
    """
    rows = sprites.training_rows(holdout, each_once=each_once)
    if most is None:
        return rows
    firsts = sprites.first_rows()[rows]
    hashes, sizes = np.unique(sprites.split_hashes()[np.unique(firsts)], return_counts=True)
    chosen, left = [], most
    for hash_, size in zip(hashes, sizes.tolist(), strict=True):
        if size <= left:
            chosen.append(hash_)
            left -= size
        if not left:
            break
    rows = rows[np.isin(sprites.split_hashes()[rows], chosen)]
    if not len(rows):
        raise SpriteError(f"{sprites.name}: no sprite comes in fewer than {most} variants. Ask for more than {most}.")
    return rows


def _rows(sprites: SpriteDataset, holdout: float, most: int | None, each_once: bool) -> tuple[np.ndarray, np.ndarray]:
    rows = training_rows(sprites, holdout, most, each_once)
    heldout = sprites.split()[1] if holdout else np.empty(0, np.int64)
    if len(rows) == 0:
        raise SpriteError(
            f"{sprites.name}: all {len(sprites):,} sprites fall into the part that is held back. Use more sprites, or "
            "hold none back (--holdout 0; on the Train page a switch under More)."
        )
    return rows, heldout


def _describe(sprites: SpriteDataset, rows: np.ndarray, heldout: np.ndarray) -> dict[str, Any]:
    channels, height, width = sprites.shape
    data: dict[str, Any] = {
        "source": sprites.source,
        "name": sprites.name,
        "fingerprint": sprites.fingerprint,
        "channels": channels,
        "height": height,
        "width": width,
        "binary_alpha": sprites.binary_alpha,
        "background": sprites.background,
        "rows": len(sprites),
        "distinct": len(sprites.distinct()),
        "training_rows": len(rows),
        "training_distinct": len(np.unique(sprites.first_rows()[rows])),
        "heldout_distinct": len(heldout),
        "num_classes": None,
        "label_names": None,
        "class_frequencies": None,
    }
    if sprites.labels is not None and sprites.label_names is not None:
        counts = np.bincount(np.asarray(sprites.labels[rows]), minlength=len(sprites.label_names))
        data["num_classes"] = len(counts)
        data["label_names"] = list(sprites.label_names)
        data["class_frequencies"] = [float(share) for share in counts / counts.sum()]
    return data
