"""All processes of a team except the first, which leads: they only repeat its training steps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ddpm.base import hardware
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.jobs.plan import training_rows
from ddpm.runs.checkpoint import load_state
from ddpm.sprites import load_sprites
from ddpm.training.distributed import Team, TeamError
from ddpm.training.loop import TrainingStep, new_state, train
from ddpm.training.recipes import Recipe
from ddpm.training.timetable import Stretch, Timetable


def dismiss(team: Team) -> None:
    """The leader tells the others to end; it does not matter if they have already ended."""
    with contextlib.suppress(TeamError):
        team.tell({"do": "end"})


def follow(team: Team) -> None:
    """Do what the leader's :func:`ddpm.jobs.job.run_training` orders, until it orders the end.

    Raises:
        TeamError: if the leader has ended without that order.
        SpriteError, CheckpointError: if this process cannot read a file that the leader could read.
    """
    hardware.keep_memory()
    steps: Iterator[TrainingStep] = iter(())
    while (order := team.hear())["do"] != "end":
        if "threads" in order:
            hardware.set_threads(order["threads"])
        if order["do"] == "train":
            timetable = Timetable(map(Stretch.from_dict, order["timetable"]))
            steps = _steps(team, order, timetable)
        elif order["do"] == "step":
            next(steps)
        elif order["do"] == "stretch":
            # Only the leader has a clock: steps are the same on all only if all go by what it read.
            timetable.add(Stretch.from_dict(order["stretch"]))


def _steps(team: Team, order: dict[str, Any], timetable: Timetable) -> Iterator[TrainingStep]:
    config = order["config"]
    recipe = Recipe.from_dict(config["recipe"])
    sprites = load_sprites(config["data"]["source"])
    state = new_state(
        recipe,
        config["data"]["num_classes"],
        config["seed"],
        team.device,
        image_shape=sprites.shape,
        binary_alpha=sprites.binary_alpha,
    )
    if order["state"] is not None:
        load_state(Path(order["state"]), state)
    return train(
        state,
        sprites,
        training_rows(sprites, config["holdout"], config.get("most"), recipe.each_once),
        NoiseSchedule(**config["schedule"]),
        recipe,
        timetable,
        seed=config["seed"],
        precision=config["precision"],
        team=team,
    )
