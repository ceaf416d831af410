"""All processes of a team except the first, which leads: they only repeat its training steps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ddpm.base import hardware
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.jobs.control import Context
from ddpm.jobs.plan import seconds_per_step, training_rows
from ddpm.runs.checkpoint import load_state
from ddpm.sprites import load_sprites
from ddpm.training.distributed import Team, TeamError
from ddpm.training.loop import TrainingStep, new_state, train
from ddpm.training.recipes import Recipe


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
        if order["do"] == "time":
            recipe = Recipe.from_dict(order["recipe"])
            seconds_per_step(recipe, load_sprites(order["source"]), order["precision"], context=Context(team=team))
        elif order["do"] == "train":
            steps = _steps(team, order)
        elif order["do"] == "step":
            next(steps)


def _steps(team: Team, order: dict[str, Any]) -> Iterator[TrainingStep]:
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
        order["total_steps"],
        seed=config["seed"],
        precision=config["precision"],
        team=team,
    )
