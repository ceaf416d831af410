"""A training that questions itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.sampling import sample
from ddpm.jobs import self_check
from ddpm.jobs.self_check import SHARE, SelfCheck, fitting_evaluations
from ddpm.judging.quality.measures import quality_report
from ddpm.pixels.conversion import to_uint8
from ddpm.runs.run import Run
from ddpm.sprites import SpriteDataset, load_sprites
from tests.ddpm.helpers import simple_sprites, tiny_schedule

SCHEDULE = tiny_schedule()


@pytest.fixture
def sprites(tmp_path: Path) -> SpriteDataset:
    np.save(tmp_path / "x.npy", np.tile(simple_sprites(60), (3, 1, 1, 1)))
    return load_sprites(tmp_path / "x.npy")


def check_of(sprites: SpriteDataset, **options: Any) -> SelfCheck:
    rows, heldout = sprites.training_rows(), sprites.split()[1]
    return SelfCheck(sprites, rows, heldout, SCHEDULE, None, **{"sprites_drawn": 40, **options})


def test_a_memoriser_is_found_out(sprites: SpriteDataset) -> None:
    train, _ = sprites.split()
    model: Any = PerfectMemoriser(sprites.images[train], SCHEDULE)
    found = check_of(sprites).run(model, lambda: False)
    assert found is not None
    assert found["samples"] == found["exact_copies"] == 40
    # Also at 1%, which among so few is raised to what is possible.
    assert found["near_copies"] == {"0.01": 1.0, "0.05": 1.0}
    assert found["real"]["near_copies"]["0.05"] < 0.5
    *_, last = sample(model, SCHEDULE, 40, "fast")
    whole = quality_report(to_uint8(last.x0), np.asarray(sprites.images[sprites.distinct()]))
    for name in ("frechet_ratio", "haze", "merged_colours", "orphans"):
        assert found[name] == pytest.approx(getattr(whole, name))
    json.dumps(found, allow_nan=False)


def test_it_takes_no_more_than_its_share(sprites: SpriteDataset) -> None:
    check = check_of(sprites, spent=3.0)
    assert not check.fits(3.0 / SHARE)
    assert check.fits(1000.0)
    model: Any = PerfectMemoriser(sprites.images[:20], SCHEDULE)
    first = check.run(model, lambda: False)
    assert first is not None
    # What it has really cost takes the place of the guess.
    assert check.fits((3.0 + 2 * first["seconds"]) / SHARE + 1)
    assert not check.fits((3.0 + first["seconds"]) / SHARE)


def test_it_gives_up_when_it_is_told(sprites: SpriteDataset) -> None:
    asked = []

    def interrupted() -> bool:
        asked.append(True)
        return len(asked) == 3

    assert check_of(sprites).run(PerfectMemoriser(sprites.images[:20], SCHEDULE), interrupted) is None  # type: ignore[arg-type]
    assert len(asked) == 3


def test_a_broken_model_and_nothing_to_draw(sprites: SpriteDataset) -> None:
    def broken(x_t: torch.Tensor, t: torch.Tensor, labels: object = None) -> torch.Tensor:
        return x_t * torch.nan

    assert check_of(sprites).run(broken, lambda: False) is None  # type: ignore[arg-type]
    assert check_of(sprites).possible
    assert not check_of(sprites, sprites_drawn=0).possible
    rows = sprites.training_rows()[:2]
    assert not SelfCheck(sprites, rows, rows[:0], SCHEDULE, None).possible


@pytest.mark.parametrize(
    "line",
    [
        '{"step": 5, "check": 3}',
        '{"step": 5, "check": {"near_copies": "x", "seconds": 1}}',
        '{"step": 5, "check": {"haze": -1, "seconds": 1}}',
        '{"step": 5, "check": {"haze": 1}}',
    ],
)
def test_damaged_findings_are_left_out(line: str, tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text(line + '\n{"step": 6, "check": {"haze": 0.1, "seconds": 2}}\n')
    records = Run(tmp_path).metrics()
    assert "check" not in records[0]
    assert records[1]["check"] == {"haze": 0.1, "seconds": 2}


def test_the_final_errors_fit_into_a_twentieth_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(self_check, "FINAL_EVALUATIONS", 2048)
    assert fitting_evaluations(None, 4.0) is None
    assert fitting_evaluations(8.0, None) is None
    assert fitting_evaluations(8.0, 400.0) is None
    assert fitting_evaluations(8.0, 20.0) == 480
    assert fitting_evaluations(8.0, 0.1) == self_check.HELDOUT_EVALUATIONS
