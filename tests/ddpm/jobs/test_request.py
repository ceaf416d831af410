"""A request, and how it is said on a command line."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from ddpm.jobs.request import TrainingRequest, add_options, from_options, to_options
from ddpm.runs.errors import RunError

FOLDER = Path("checkpoints/cats")
NAMES = [one.name for one in fields(TrainingRequest)]
VALUES: dict[str, Any] = {
    "folder": Path("checkpoints/big dogs"), "data": "-odd.npy", "preset": "original", "precision": "bfloat16",
    "resume": True, "seamless": True, "repeats": "keep",
}  # fmt: skip


def parsed(words: list[str]) -> TrainingRequest:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_options(parser)
    return from_options(parser.parse_args(words))


def other_value(name: str) -> Any:
    """A value for a field that is not its default."""
    return VALUES.get(name, 7 if name in ("steps", "most", "threads", "seed", "check_sprites", "keep_every") else 0.25)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_survives_the_command_line(name: str) -> None:
    request = TrainingRequest(**{"folder": FOLDER, name: other_value(name)})
    assert request != TrainingRequest(FOLDER)
    assert parsed(to_options(request)) == request


def test_all_fields_at_once() -> None:
    lengths = ("minutes", "epochs")
    request = TrainingRequest(**{name: other_value(name) for name in NAMES if name not in lengths})
    assert parsed(to_options(request)) == request


@pytest.mark.parametrize("name", ["check_sprites", "holdout", "seed"])
def test_zero_is_said(name: str) -> None:
    request = TrainingRequest(**{"folder": FOLDER, name: 0})
    assert parsed(to_options(request)) == request


def test_what_is_not_asked_is_not_said() -> None:
    assert to_options(TrainingRequest(FOLDER)) == ["--run=cats"]
    assert parsed(["--run", "cats"]) == TrainingRequest(FOLDER)


def test_a_command_that_makes_no_sense(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunError, match="cannot be the name"):
        parsed(["--run=-x"])
    for words in (["--steps", "3", "--minutes", "2"], ["--preset", "none"], ["--precision", "int8"], ["--res"]):
        with pytest.raises(SystemExit):
            parsed(["--run", "cats", *words])
