"""Recipes: what they say, and that a run keeps the one that it was begun with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from ddpm.training.learning_rate import learning_rate_at
from ddpm.training.recipes import RECIPES, Recipe, recipe
from tests.ddpm.helpers import SMALL


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_survives_json(name: str) -> None:
    assert Recipe.from_dict(json.loads(json.dumps(recipe(name).to_dict()))) == recipe(name)


@pytest.mark.parametrize("change", [{"channels": None}, {"unknown": 1}])
def test_what_is_no_recipe_is_told(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a recipe"):
        Recipe.from_dict({**recipe("fast").to_dict(), **change})


def test_the_report_to_the_letter() -> None:
    original = recipe("original")
    assert (original.learning_rate, original.batch_size, original.num_timesteps) == (1e-4, 64, 1000)
    assert (original.schedule, original.prediction_type, original.channels) == ("linear", "eps", (32, 64, 128, 256))
    assert {learning_rate_at(original, step, 1000) for step in range(1000)} == {1e-4}
    assert original.clip_norm is None
    assert not original.classes


def test_fast_warms_up_and_falls_to_nothing() -> None:
    fast = recipe("fast")
    rates = [learning_rate_at(fast, step, 5000) for step in range(5000)]
    assert rates[0] == pytest.approx(4e-3 / 200)
    assert max(rates) == rates[199] == pytest.approx(4e-3)
    assert rates[-1] < 1e-8
    assert rates[200:] == sorted(rates[200:], reverse=True)


def test_dropout_of_fast_begins_after_a_third_and_not_at_all_in_short_runs() -> None:
    fast = recipe("fast")
    assert [fast.dropout_at(step, 6000) for step in (0, 1999, 2000, 5999)] == [0, 0, 0.1, 0.1]
    assert {fast.dropout_at(step, 3999) for step in range(3999)} == {0}


def test_a_resumed_run_keeps_its_own_recipe(
    tmp_path: Path, tiny_sprites: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "fast", SMALL)
    folder = tmp_path / "checkpoints" / "old"
    run_training(TrainingRequest(folder, data=str(tiny_sprites), steps=1, check_sprites=0), lambda progress: None)
    written = json.loads((folder / "run.json").read_text())
    written["recipe"]["learning_rate"] = 5e-4
    (folder / "run.json").write_text(json.dumps(written))
    run_training(TrainingRequest(folder, steps=3, resume=True, check_sprites=0), lambda progress: None)
    assert Run(folder).metrics()[1]["learning_rate"] < 5e-4
    del written["recipe"]["batch_size"], written["recipe"]["channels"]
    (folder / "run.json").write_text(json.dumps(written))
    with pytest.raises((RunError, ValueError)):
        run_training(TrainingRequest(folder, steps=4, resume=True, check_sprites=0), lambda progress: None)


def test_the_learning_rate_of_the_fast_recipe() -> None:
    fast = RECIPES["fast"]
    rates = np.array([learning_rate_at(fast, step, 4000) for step in range(4000)])
    assert rates[0] == pytest.approx(4e-3 / 200)
    assert rates[199] == pytest.approx(4e-3)
    assert rates.max() == pytest.approx(4e-3)
    assert rates[2100] == pytest.approx(2e-3)
    assert 0 < rates[3999] < 1e-8
    assert (np.diff(rates[:200]) > 0).all()
    assert (np.diff(rates[200:]) < 0).all()


@pytest.mark.parametrize("total", [1, 2, 5, 30])
def test_a_short_run_learns_at_a_useful_rate(total: int) -> None:
    rates = [learning_rate_at(RECIPES["fast"], step, total) for step in range(total)]
    assert max(rates) >= 1.9e-3
    assert min(rates) > 0


def test_the_learning_rate_of_the_report_is_constant() -> None:
    original = recipe("original")
    assert {learning_rate_at(original, step, 1600) for step in range(1600)} == {1e-4}
    assert (original.prediction_type, original.schedule, original.precision) == ("eps", "linear", "float32")
    assert original.clip_norm is None
    assert original.batch_size == 64


def test_an_unknown_recipe() -> None:
    with pytest.raises(ValueError, match="fast, original"):
        recipe("slow")
