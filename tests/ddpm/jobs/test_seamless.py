"""Trainings of seamless tiles: what is decided, told, kept and refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddpm import load_checkpoint
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.shipping import ship_run
from ddpm.runs import checkpoint
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.run import Run
from ddpm.training.recipes import RECIPES, Recipe, recipe
from tests.art.tiles import tiles
from tests.ddpm.helpers import TINY, simple_sprites


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "tiny", TINY)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    np.save(tmp_path / "tiles.npy", tiles(60)[0])
    return tmp_path / "tiles.npy"


def train(folder: Path, source: Path, steps: int = 2, **rest: Any) -> tuple[Run, list[str]]:
    """The run, and what it told."""
    told: list[str] = []
    asked = {"preset": "tiny", "seamless": True, **rest}
    request = TrainingRequest(folder, data=str(source), steps=steps, threads=1, check_sprites=0, **asked)
    run_training(request, lambda progress: told.append(progress.message or ""))
    return Run(folder), told


def test_it_is_kept_wherever_a_network_is_made_again(tmp_path: Path, source: Path) -> None:
    run, told = train(tmp_path / "run", source)
    config = run.config()
    assert config["recipe"]["seamless"]
    assert config["data"]["seams"]["repeats"]
    assert not any("repeat" in line for line in told)
    checkpoint = load_checkpoint(run.folder)
    assert checkpoint.model.seamless
    assert checkpoint.config["network"]["seamless"] is True
    assert checkpoint.config["data"]["seams"]["ratio"] == config["data"]["seams"]["ratio"]
    assert "16x16 seamless tiles" in (run.folder / "README.md").read_text()
    # Whether it is asked for again or not.
    train(run.folder, source, 3, preset=None, resume=True)
    train(run.folder, source, 4, preset=None, resume=True, seamless=False)
    assert run.latest() == 4
    assert load_checkpoint(run.folder).model.seamless
    assert load_checkpoint(ship_run(run.folder, tmp_path / "shipped").folder).model.seamless


def test_a_run_without_it_cannot_go_on_with_it(tmp_path: Path, source: Path) -> None:
    run, _ = train(tmp_path / "run", source, seamless=False)
    assert "seams" not in run.config()["data"]
    assert not load_checkpoint(run.folder).model.seamless
    with pytest.raises(RunError, match=r"--seamless \(the run learns without it\)"):
        train(run.folder, source, 3, resume=True)


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (tiles(60, side=32)[0][:, 4:20, 7:23], "do not repeat themselves"),
        (simple_sprites(60), "stand on a background"),
        (np.concatenate([tiles(60)[0], np.eye(16, dtype=np.uint8)[None, ..., None].repeat(60, 0) * 255], 3), "transp"),
    ],
    ids=["cut tiles", "a background", "alpha"],
)
def test_what_it_will_hardly_learn_from_is_told(images: np.ndarray, words: str, tmp_path: Path) -> None:
    np.save(tmp_path / "some.npy", images)
    run, told = train(tmp_path / "run", tmp_path / "some.npy", 1)
    assert sum(words in line for line in told) == 1
    assert load_checkpoint(run.folder).model.seamless


@pytest.mark.parametrize(("side", "unit"), [(20, 8), (40, 16)])
def test_a_size_that_cannot_be_halved_is_refused_before_anything_is_made(side: int, unit: int, tmp_path: Path) -> None:
    np.save(tmp_path / "odd.npy", np.tile(tiles(16, side=32)[0], (1, 2, 2, 1))[:, :side, :side])
    with pytest.raises(ValueError, match=f"{side} x {side} pixels.*multiples of {unit}.*16, 24"):
        train(tmp_path / "run", tmp_path / "odd.npy", preset="fast")
    assert not (tmp_path / "run" / "run.json").exists()


def test_the_reports_recipe_is_to_the_letter(tmp_path: Path, source: Path) -> None:
    with pytest.raises(ValueError, match=r"not for the recipe Original.*Take the recipe Fast"):
        train(tmp_path / "run", source, preset="original")


def test_which_sizes_can_be_learnt() -> None:
    fast = recipe("fast")
    for height, width in ((8, 8), (16, 24), (24, 24), (32, 32), (16, 48), (64, 64)):
        shape = (3, height, width)
        wrapping = fast.fitted(shape).for_tiles(shape)
        assert wrapping.seamless
        assert Recipe.from_dict(json.loads(json.dumps(wrapping.to_dict()))) == wrapping
    # As earlier versions stored it.
    old = {name: value for name, value in fast.to_dict().items() if name != "seamless"}
    assert not Recipe.from_dict(old).seamless
    with pytest.raises(ValueError, match="seamless"):
        Recipe.from_dict({**old, "seamless": "yes"})


def test_a_checkpoint_that_says_neither_yes_nor_no(tmp_path: Path, source: Path) -> None:
    run, _ = train(tmp_path / "run", source)
    config = load_checkpoint(run.folder).config
    config["network"]["seamless"] = "perhaps"
    with pytest.raises(CheckpointError, match="its seamless is neither true nor false"):
        checkpoint._build(run.folder, config, run.folder, 10**9)
