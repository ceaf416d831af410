"""How the original recipe learnt the same sprites."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ddpm import load_sprites
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.runs import baseline
from ddpm.runs.baseline import baseline_curve, keep_baseline_curve
from ddpm.runs.run import Run
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import TINY, built_in_sprites


@pytest.fixture
def run(tmp_path: Path, tiny_sprites: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of a tiny network that says it is of the recipe "original"."""
    monkeypatch.setitem(RECIPES, "tiny", TINY)
    monkeypatch.setattr(baseline, "_FILE", tmp_path / "baseline.json")
    run = Run(tmp_path / "checkpoints" / "cats")
    request = TrainingRequest(run.folder, str(tiny_sprites), "tiny", steps=40, threads=1, check_sprites=0)
    run_training(request, lambda progress: None)
    config = {**run.config(), "preset": "original"}
    (run.folder / "run.json").write_text(json.dumps(config))
    return run


def test_a_kept_curve_is_found_by_its_sprites(run: Run, tiny_sprites: Path) -> None:
    fingerprint = load_sprites(tiny_sprites).fingerprint
    assert baseline_curve(fingerprint) is None
    kept = keep_baseline_curve(run)
    assert baseline_curve(fingerprint) == kept
    measured = {record["step"]: record["heldout"] for record in run.metrics() if "heldout" in record}
    assert kept.steps == tuple(measured)
    assert kept.heldout == pytest.approx(list(measured.values()), abs=1e-4)
    assert baseline_curve("other") is None


def test_it_is_thinned_and_replaced(run: Run) -> None:
    whole, thin = keep_baseline_curve(run), keep_baseline_curve(run, most=2)
    assert thin.steps == (whole.steps[0], whole.steps[-1])
    assert baseline_curve(whole.fingerprint) == thin


def test_only_the_original_recipe_is_a_reference(run: Run) -> None:
    (run.folder / "run.json").write_text(json.dumps({**run.config(), "preset": "fast"}))
    with pytest.raises(ValueError, match="original"):
        keep_baseline_curve(run)


def test_a_run_without_measurements_is_no_reference(run: Run) -> None:
    (run.folder / "metrics.jsonl").write_text("")
    with pytest.raises(ValueError, match="no curve"):
        keep_baseline_curve(run)


def test_the_built_in_sprites_have_one() -> None:
    curve = baseline_curve(built_in_sprites().fingerprint)
    assert curve is not None
    assert len(curve.steps) == len(curve.heldout) > 4
    assert curve.heldout[0] > curve.heldout[-1] > 0
