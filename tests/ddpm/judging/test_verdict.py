"""A verdict is read back as it was written, and what is damaged is no verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddpm.judging.copying.comparison_set import ComparisonSet
from ddpm.judging.copying.memorization import MemorizationReport
from ddpm.judging.quality.form_network import VERSION
from ddpm.judging.report import make_report
from ddpm.judging.verdict import FormVerdict, read_verdict
from ddpm.sprites import load_sprites
from tests.ddpm.helpers import simple_sprites


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], MemorizationReport]:
    """The report on four copies and two sprites that were never seen, as JSON values, and its finding."""
    folder = tmp_path_factory.mktemp("verdict")
    patch = pytest.MonkeyPatch()
    patch.setenv("DDPM_HOME", str(folder))
    np.save(folder / "simple.npy", simple_sprites(60))
    sprites = load_sprites(folder / "simple.npy")
    train, heldout = sprites.split()
    samples = np.concatenate([sprites.images[train][:4], sprites.images[heldout][:2]])
    report = make_report(samples, ComparisonSet(sprites, train, heldout), drawn_by="a copier", with_quality=False)
    patch.undo()
    quality = {"haze": 0.1, "orphans": 9.0, "merged_colours": None, "frechet_ratio": 2.5}
    quality["real"] = {"haze": 0.05, "orphans": 8.0, "merged_colours": 4.0}
    quality["forms"] = {"version": VERSION, "frechet_ratio": 1.75, "frechet_ratio_sd": 0.25, "believable": 0.5}
    quality["forms"] |= {"believable_error": 0.1, "believable_unseen": 0.9, "blind": False}
    quality["class_agreement"] = {"count": 3, "n": 6, "rate": 0.5, "real": None}
    return {**report.to_dict(), "quality": quality, "exam": {"sentence": "It passed."}}, report.memorization


def test_it_says_what_the_report_says(written: tuple[dict[str, Any], MemorizationReport], tmp_path: Path) -> None:
    stored, found = written
    (tmp_path / "verdict.json").write_text(json.dumps(stored))
    verdict = read_verdict(tmp_path)
    assert verdict is not None
    assert verdict.sentence == found.sentence
    assert verdict.rates == found.rates
    assert {name: rate.to_dict() for name, rate in verdict.claim.items()} == stored["memorization"]["claim"]
    assert sorted(verdict.labels) == sorted(found.labels)
    assert sorted(verdict.heldout_labels) == sorted(found.heldout_labels)
    assert (verdict.train_size, verdict.heldout_size) == (found.train_size, found.heldout_size)
    assert verdict.effective_rate == found.effective_rate
    assert verdict.drawn_by == "a copier"
    assert verdict.quality == {"haze": (0.1, 0.05), "orphans": (9.0, 8.0)}
    assert verdict.heldout_rates == found.heldout_rates
    assert verdict.forms == FormVerdict(1.75, 0.25, 0.5, 0.1, 0.9, False)
    assert (verdict.frechet_ratio, verdict.agreement, verdict.exam) == (2.5, (0.5, None), "It passed.")


def test_what_was_left_out_is_not_there(written: tuple[dict[str, Any], MemorizationReport], tmp_path: Path) -> None:
    (tmp_path / "verdict.json").write_text(json.dumps({**written[0], "quality": None, "exam": None, "drawn_by": None}))
    verdict = read_verdict(tmp_path)
    assert verdict is not None
    assert (verdict.quality, verdict.frechet_ratio, verdict.agreement, verdict.exam) == ({}, None, None, None)
    assert verdict.drawn_by == ""


def test_what_an_earlier_version_or_another_network_said_is_not_told(
    written: tuple[dict[str, Any], MemorizationReport], tmp_path: Path
) -> None:
    stored = json.loads(json.dumps(written[0]))
    del stored["memorization"]["heldout_rates"]
    for forms in (None, {**stored["quality"]["forms"], "version": VERSION + 1}):
        stored["quality"]["forms"] = forms
        (tmp_path / "verdict.json").write_text(json.dumps(stored))
        verdict = read_verdict(tmp_path)
        assert verdict is not None
        assert (verdict.forms, verdict.heldout_rates) == (None, {})


def _set(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(stored: dict[str, Any]) -> None:
        for name in path[:-1]:
            stored = stored[name]
        stored[path[-1]] = to

    return change


NEAR = ("memorization", "rates", "near copy")


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored.pop("memorization"),
        lambda stored: stored["memorization"]["rates"].pop("collage"),
        _set("memorization", to=[1]),
        _set("quality", to=[1]),
        _set("exam", to="passed"),
        _set(*NEAR, "count", to=-1),
        _set(*NEAR, "count", to=7),
        _set(*NEAR, "rate", to="much"),
        _set(*NEAR, "low", to=float("nan")),
        _set(*NEAR, "floor", to=1.5),
        _set(*NEAR, "excess", to=True),
        _set("memorization", "labels", "novel", to=10**12),
        _set("memorization", "labels", to={}),
        _set("quality", "class_agreement", "rate", to=2),
        _set("quality", "forms", "believable", to=1.5),
        _set("memorization", "heldout_rates", "near copy", to=None),
    ],
)
def test_what_is_damaged_is_no_verdict(
    change: Callable[[dict[str, Any]], object], written: tuple[dict[str, Any], MemorizationReport], tmp_path: Path
) -> None:
    stored = json.loads(json.dumps(written[0]))
    change(stored)
    (tmp_path / "verdict.json").write_text(json.dumps(stored))
    assert read_verdict(tmp_path) is None


def test_no_file_is_no_verdict(tmp_path: Path) -> None:
    assert read_verdict(tmp_path) is None
    (tmp_path / "verdict.json").write_text("{")
    assert read_verdict(tmp_path) is None
