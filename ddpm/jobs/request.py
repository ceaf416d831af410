"""What is asked of a training, and how it is said on a command line: each field is an option of ``train``."""

from __future__ import annotations

import argparse
import math
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from ddpm.runs.errors import RunError
from ddpm.runs.names import check_name
from ddpm.training.recipes import RECIPES

MOST_CHECK_SPRITES = 4096


def _option(default: Any, text: str, **how: Any) -> Any:
    """A field with its default, and what argparse has to know of it."""
    return field(default=default, metadata={"help": text, **how})


@dataclass(frozen=True)
class TrainingRequest:
    """What is asked of a training. None means: as the run has it, or as the recipe has it.

    Attributes:
        folder: the run folder; on a command line NAME means ``checkpoints/NAME``.
        data: what ``load_sprites`` understands.
        preset: name of a recipe.
        steps, minutes, epochs: the total length, steps made before included; at most one of them.
        holdout: share of the sprites kept apart, 0.1 or 0.
        most: distinct sprites to learn from, at most; see :func:`ddpm.jobs.plan.training_rows`.
        precision: "auto", "float32" or "bfloat16".
        check_sprites: samples that the training draws each time it questions itself; 0: never.
        keep_every: the first step that is saved after each so many steps is never thinned out; 0: none.
        resume: go on from the newest saved step.
    """

    folder: Path
    data: str | None = _option(None, "builtin, kaggle, or a path (default: builtin, or the run's)", metavar="SOURCE")
    # The dictionary itself: a recipe that is added later can be chosen, too.
    preset: str | None = _option(None, "the recipe (default: fast, or the run's)", choices=RECIPES)
    steps: int | None = _option(None, "total number of steps", type=int)
    minutes: float | None = _option(None, "total time, turned into steps once (default: the recipe's)", type=float)
    epochs: float | None = _option(None, "total number of passes over all training rows", type=float)
    holdout: float | None = _option(None, "share of sprites kept apart, 0.1 or 0 (default: 0.1)", type=float)
    most: int | None = _option(None, "learn from at most K distinct sprites (default: all)", type=int, metavar="K")
    threads: int | None = _option(None, "processor cores to use (default: all)", type=int)
    seed: int | None = _option(None, "fixes weights, order and noise (default: 0)", type=int)
    precision: str | None = _option(
        None,
        "auto follows the processor (default: the recipe's: auto for fast, float32 for original)",
        choices=["auto", "float32", "bfloat16"],
    )
    check_sprites: int = _option(
        512, "samples drawn each time the training questions itself; 0: never", type=int, metavar="N"
    )
    keep_every: int = _option(
        0,
        "keep a saved step for good after each so many (default: the last three and the best)",
        type=int,
        metavar="STEPS",
    )
    resume: bool = _option(False, "go on from the newest saved step", action="store_true")

    def length(self) -> dict[str, float]:
        """The length that was asked for, by its unit; empty if none was.

        Raises:
            RunError: if there are several, or it is not a positive number.
        """
        asked = {"steps": self.steps, "minutes": self.minutes, "epochs": self.epochs}
        given = {unit: amount for unit, amount in asked.items() if amount is not None}
        if len(given) > 1:
            raise RunError(f"Give only one of {' and '.join('--' + unit for unit in given)}.")
        for unit, amount in given.items():
            if not 0 < amount < math.inf:
                raise RunError(f"--{unit} must be above 0, got {amount}.")
        return given

    def check(self) -> None:
        """Raises RunError for a number that is out of range."""
        if not 0 <= self.check_sprites <= MOST_CHECK_SPRITES:
            raise RunError(f"--check-sprites must lie in 0..{MOST_CHECK_SPRITES:,}, got {self.check_sprites}.")
        if self.keep_every < 0:
            raise RunError(f"--keep-every must be 0 or more, got {self.keep_every}.")
        if self.most is not None and self.most < 2:
            raise RunError(f"--most must be at least 2, got {self.most}: of one sprite alone nothing can be learnt.")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give ``parser`` an option for each field of a request."""
    parser.add_argument("--run", required=True, metavar="NAME", help="train in checkpoints/NAME of this folder")
    length = parser.add_mutually_exclusive_group()
    for one in _options():
        group = length if one.name in ("steps", "minutes", "epochs") else parser
        group.add_argument(_flag(one), default=one.default, **one.metadata)


def from_options(options: argparse.Namespace) -> TrainingRequest:
    """The request that was parsed by :func:`add_options`.

    Raises:
        RunError: if no run can have that name.
    """
    values = {one.name: getattr(options, one.name) for one in _options()}
    return TrainingRequest(Path("checkpoints") / check_name(options.run), **values)


def to_options(request: TrainingRequest) -> list[str]:
    """What says the same on a command line, in the folder that holds ``checkpoints``."""
    words = [f"--run={request.folder.name}"]
    for one in _options():
        value = getattr(request, one.name)
        if value is not None and value != one.default:
            # One word each: a value that begins with a dash is still a value.
            words.append(_flag(one) if value is True else f"{_flag(one)}={value}")
    return words


def _options() -> list[Field[Any]]:
    return [one for one in fields(TrainingRequest) if one.name != "folder"]


def _flag(one: Field[Any]) -> str:
    return f"--{one.name.replace('_', '-')}"
