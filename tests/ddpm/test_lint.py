"""The tools that read the code must have nothing to say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ddpm.helpers import ROOT


@pytest.mark.parametrize(
    "arguments",
    [("ruff", "check", "."), ("ruff", "format", "--check", "ddpm", "tests"), ("mypy",)],
    ids=["ruff check", "ruff format", "mypy"],
)
def test_no_complaints(arguments: tuple[str, ...]) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True)
    # A tool that is not installed fails here too: its absence must not look like cleanliness.
    assert done.returncode == 0, done.stdout + done.stderr


def test_rooms_import_in_one_direction() -> None:
    """The contract is in pyproject.toml."""
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout + done.stderr
