"""Two small runs that can draw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ddpm.cli.small_runs import train_small
from tests.ddpm.helpers import simple_sprites
from tests.ddpm.sprites.pixel_art import icons


@pytest.fixture(scope="package")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two runs of 3 steps: ``kinds``, opaque sprites of two kinds, and ``clear``, icons on nothing."""
    folder = tmp_path_factory.mktemp("trained")
    np.savez(folder / "kinds.npz", images=simple_sprites(20), labels=np.arange(20) % 2)
    np.save(folder / "clear.npy", icons(20))
    train_small(folder, {"kinds": "kinds.npz", "clear": "clear.npy"})
    return folder


@pytest.fixture(params=["kinds", "clear"])
def run(request: pytest.FixtureRequest, trained: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(trained)
    return f"checkpoints/{request.param}"
