"""Two small runs that can draw."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest

from ddpm.cli.main import main
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import TINY, simple_sprites
from tests.ddpm.sprites.pixel_art import icons


@pytest.fixture(scope="package")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs of 3 steps: ``kinds``, opaque sprites of two kinds, and ``clear``, icons on nothing."""
    folder = tmp_path_factory.mktemp("trained")
    np.savez(folder / "kinds.npz", images=simple_sprites(20), labels=np.arange(20) % 2)
    np.save(folder / "clear.npy", icons(20))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(folder / "home"))
        patch.chdir(folder)
        patch.setitem(RECIPES, "tiny", TINY)
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        small = ["--preset", "tiny", "--steps", "3", "--threads", "1", "--holdout", "0"]
        for name in ("kinds.npz", "clear.npy"):
            assert main(["train", "--run", name[:5], "--data", name, *small]) == 0
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return folder


@pytest.fixture(params=["kinds", "clear"])
def run(request: pytest.FixtureRequest, trained: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(trained)
    return f"checkpoints/{request.param}"
