"""Small runs that the command line trained."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from ddpm.cli.main import main
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import TINY


def train_small(folder: Path, runs: dict[str, str]) -> None:
    """Train runs of 3 steps in a folder, which is the home, too: the name of each, and the file that it learns from."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(folder / "home"))
        patch.chdir(folder)
        patch.setitem(RECIPES, "tiny", TINY)
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        small = ["--preset", "tiny", "--steps", "3", "--threads", "1", "--holdout", "0", "--check-sprites", "16"]
        for name, data in runs.items():
            assert main(["train", "--run", name, "--data", data, *small]) == 0
        for number, handler in handlers.items():
            signal.signal(number, handler)
