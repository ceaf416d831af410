"""Pages are run as Streamlit runs them, in a working folder of their own with one small run in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ddpm.jobs import self_check
from ddpm.jobs.distilling.job import run_distilling
from ddpm.jobs.distilling.request import DistilRequest
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.album import batch_names
from ddpm.sprites import load_sprites
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import SMALL

ROOT = Path(__file__).resolve().parents[2]

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def built_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a home keeps the built-in sprites."""
    home = tmp_path_factory.mktemp("built-in")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(home))
        load_sprites("builtin")
    return home / "builtin"


@pytest.fixture(autouse=True)
def ddpm_home(ddpm_home: Path, built_in: Path) -> Path:
    """A home of this test alone, in which the built-in sprites need not be drawn once more."""
    shutil.copytree(built_in, ddpm_home / "builtin", copy_function=os.link)
    return ddpm_home


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder whose ``checkpoints/small`` has learnt for a few steps from simple sprites."""
    place = tmp_path_factory.mktemp("pages")
    patch = pytest.MonkeyPatch()
    patch.setenv("DDPM_HOME", str(place / "home"))
    random = np.random.default_rng(0)
    images = np.full((60, 16, 16, 3), 255, np.uint8)
    images[:, 4:12, 4:12] = random.integers(0, 256, (60, 1, 1, 3), dtype=np.uint8)
    images[:, 6:9, 6:9] = random.integers(0, 256, (60, 1, 1, 3), dtype=np.uint8)
    np.savez(place / "simple.npz", images=images, labels=np.arange(60) % 3)
    # Two threads wait for each other, and for whoever else is on the second core.
    request = TrainingRequest(
        place / "checkpoints" / "small", data=str(place / "simple.npz"), steps=12, threads=1, check_sprites=16
    )
    patch.setattr(self_check, "FINAL_EVALUATIONS", 16)
    patch.setitem(RECIPES, "fast", SMALL)
    run_training(request, lambda progress: None)
    patch.undo()
    return place


@pytest.fixture(scope="session")
def distilled(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the small run, and one that was distilled from it."""
    place = tmp_path_factory.mktemp("instant")
    shutil.copytree(trained / "checkpoints", place / "checkpoints")
    folder = place / "checkpoints" / "quick"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(place / "home"))
        request = DistilRequest(folder, place / "checkpoints" / "small", steps=2, threads=1, check_sprites=0)
        run_distilling(request, lambda progress: None)
    return place


@pytest.fixture
def instant_place(distilled: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, as where the app was started."""
    monkeypatch.chdir(distilled)
    monkeypatch.setenv("DDPM_HOME", str(distilled / "home"))
    monkeypatch.setattr("pages.parts.shared.store.ROOT", distilled)
    return distilled


@pytest.fixture
def small(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run, in a working folder of its own."""
    shutil.copytree(trained / "checkpoints", tmp_path / "checkpoints")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "checkpoints" / "small"


@pytest.fixture
def open_page(trained: Path, monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """``open_page("pages/1_Train.py")`` opens a page as a visitor of the trained working folder."""
    monkeypatch.chdir(trained)
    monkeypatch.setenv("DDPM_HOME", str(trained / "home"))
    # What another test drew must not be seen here, in whatever order they run.
    for name in batch_names():
        shutil.rmtree(trained / "home" / "batches" / name)

    def open_one(page: str = "streamlit_app.py") -> AppTest:
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300)
        app.run()
        return app if page == "streamlit_app.py" else app.switch_page(page).run()

    return open_one
