"""The request for a training; each field is an option of the command ``train``."""

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
ONCE, KEEP = "once", "keep"


def _option(default: Any, text: str, **how: Any) -> Any:
    """A field with its default and its arguments for argparse."""
    return field(default=default, metadata={"help": text, **how})


@dataclass(frozen=True)
class TrainingRequest:
    """A request for a training; the options say what each field means. None: the value of the run or of the recipe.

    Attributes:
        folder: the run folder; on a command line NAME means ``checkpoints/NAME``.
        data: a source for :func:`ddpm.sprites.load_sprites`.
        steps, minutes, epochs: the total length, including earlier steps; at most one of them.
        most, repeats: see :func:`ddpm.jobs.plan.training_rows`.
        keep_every: in each interval of this many steps, the first saved step is kept permanently; 0: none.
    """

    folder: Path
    data: str | None = _option(None, "builtin, kaggle, or a path (default: builtin, or the run's)", metavar="SOURCE")
    # The dictionary itself, so that recipes added later can be chosen too.
    preset: str | None = _option(None, "the recipe (default: fast, or the run's)", choices=RECIPES)
    steps: int | None = _option(None, "total number of steps", type=int)
    minutes: float | None = _option(None, "total time by the clock, without pauses (default: the recipe's)", type=float)
    epochs: float | None = _option(None, "total number of passes over all training rows", type=float)
    holdout: float | None = _option(None, "share of sprites kept apart, 0.1 or 0 (default: 0.1)", type=float)
    most: int | None = _option(None, "learn from at most K distinct sprites (default: all)", type=int, metavar="K")
    repeats: str | None = _option(
        None, "learn from equal sprites once, or keep them (default: the recipe's: once for fast)", choices=[ONCE, KEEP]
    )
    seamless: bool = _option(
        False, "learn tiles that go on at their opposite border (default: no, or as the run)", action="store_true"
    )
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
        """The requested length, by its unit; empty if none. Raises RunError for several, or one not above 0."""
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
    """The request in parsed options of :func:`add_options`; raises RunError if no run can have that name."""
    values = {one.name: getattr(options, one.name) for one in _options()}
    return TrainingRequest(Path("checkpoints") / check_name(options.run), **values)


def to_options(request: TrainingRequest) -> list[str]:
    """The request as options, for a process whose working folder contains ``checkpoints``."""
    words = [f"--run={request.folder.name}"]
    for one in _options():
        value = getattr(request, one.name)
        if value is not None and value != one.default:
            # With "=", since a value may begin with a dash.
            words.append(_flag(one) if value is True else f"{_flag(one)}={value}")
    return words


def _options() -> list[Field[Any]]:
    return [one for one in fields(TrainingRequest) if one.name != "folder"]


def _flag(one: Field[Any]) -> str:
    return f"--{one.name.replace('_', '-')}"
