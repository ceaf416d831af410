"""A training by the clock, in its run folder."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddpm import NoiseSchedule, load_checkpoint, load_sprites
from ddpm.jobs.job import run_training
from ddpm.jobs.recorder import Progress
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.run import Run
from ddpm.training.loop import new_state, train
from ddpm.training.recipes import RECIPES
from ddpm.training.timetable import Stretch, Timetable
from tests.ddpm.helpers import PLAIN, TINY, Ticks, digests
from tests.ddpm.training.test_distributed import torchrun

Go = Callable[..., list[Progress]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "checkpoints" / "cats")


@pytest.fixture
def go(run: Run, tiny_sprites: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    """Train as told; returns all that a watcher was told."""
    monkeypatch.setitem(RECIPES, "tiny", TINY)

    def go(watch: Callable[[Progress], None] = lambda progress: None, **options: Any) -> list[Progress]:
        new = (
            {} if options.get("resume") else {"data": str(tiny_sprites), "preset": "tiny", "threads": 1, "holdout": 0.0}
        )
        seen: list[Progress] = []

        def watcher(progress: Progress) -> None:
            seen.append(progress)
            watch(progress)

        run_training(TrainingRequest(run.folder, **{"check_sprites": 0, **new, **options}), watcher)
        return seen

    return go


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Ticks:
    found = Ticks(0.05)
    monkeypatch.setattr("ddpm.training.clock.time", found)
    return found


def forget_after(run: Run, step: int) -> None:
    """As if it had been killed after it saved that step, which is then its newest."""
    for later in run.steps():
        if later > step:
            shutil.rmtree(run.step_path(later))
    run.set_latest(step)


def rate_at_end(run: Run) -> float:
    """The learning rate of the last step over the highest."""
    found = [record["learning_rate"] for record in run.metrics()]
    return found[-1] / max(found)


def test_minutes_go_by_the_clock(run: Run, go: Go, ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "tiny", replace(TINY, least_steps=300))
    seen = go(minutes=0.1, holdout=0.1)
    last = seen[-1]
    assert (last.state, last.step, last.minutes) == ("finished", last.total_steps, None)
    assert ticks.now == pytest.approx(6, abs=0.5)
    assert 20 < last.step < 60
    assert rate_at_end(run) < 0.02
    stretches = run.stretches()
    assert (stretches[0], stretches[-1].step, stretches[-1].seconds) == (Stretch(0, minutes=0.1), last.step, 6)
    # While it trains, its length is a forecast.
    told = [progress for progress in seen if progress.state == "running" and progress.minutes and progress.loss]
    assert all(abs(progress.total_steps - last.step) <= 3 for progress in told[5:])
    assert [progress.share for progress in told] == sorted(progress.share for progress in told)
    (warned,) = {progress.message for progress in seen if "Too few" in (progress.message or "")}
    assert re.search(r"Too few steps to learn: \d\d in 0.1 minutes. .* before about 300", warned)
    assert run.config()["total_steps"] == 0
    assert load_checkpoint(run.folder).config["total_steps"] == last.step
    assert f"{last.step} steps in 0.1 of 0.1 minutes" in (run.folder / "README.md").read_text()
    assert all("heldout" in record for record in run.metrics() if record["step"] in run.steps())
    assert any("Nothing to do" in (progress.message or "") for progress in go(resume=True, minutes=0.05))
    assert run.status()["total_steps"] == last.step


def test_a_training_by_the_clock_goes_on_exactly(run: Run, go: Go, ticks: Ticks) -> None:
    """From every saved step to its end, on a machine that is five times slower."""
    end = go(minutes=0.1)[-1].step
    expected, written = digests(run.step_path(end)), (run.folder / "timetable.jsonl").read_bytes()
    saved = run.steps()
    assert len(saved) > 2
    ticks.seconds = 0.25
    for step in reversed(saved[:-1]):
        forget_after(run, step)
        last = go(resume=True)[-1]
        assert (last.step, last.total_steps, last.minutes) == (end, end, None)
        assert digests(run.step_path(end)) == expected
        assert (run.folder / "timetable.jsonl").read_bytes() == written


def test_what_was_not_yet_written_is_for_the_clock(run: Run, go: Go, ticks: Ticks) -> None:
    """A kill in the middle: what is written down is made again, and then the rest of the time goes on."""
    go(minutes=0.1)
    first = run.steps()[0]
    lines = (run.folder / "timetable.jsonl").read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line)["step"] <= first + 5]
    (run.folder / "timetable.jsonl").write_bytes(b"".join(kept) + b'{"step": 1')
    forget_after(run, first)
    ticks.seconds, before = 0.25, ticks.now
    end = go(resume=True)[-1].step
    assert run.folder.joinpath("timetable.jsonl").read_bytes().startswith(b"".join(kept))
    assert (run.stretches()[-1].step, run.stretches()[-1].seconds) == (end, 6)
    left = 6 - Stretch.from_dict(json.loads(kept[-1])).seconds
    assert ticks.now - before == pytest.approx(left + 5 * 0.25 * 4, abs=3)
    assert rate_at_end(run) < 0.1


@pytest.mark.parametrize("factor", [8, 0.25], ids=["slowed", "quickened"])
def test_the_end_is_a_finished_one_whatever_happens(run: Run, go: Go, ticks: Ticks, factor: float) -> None:
    def watch(progress: Progress) -> None:
        if progress.step == 12:
            ticks.seconds = 0.05 * factor

    seen = go(watch, minutes=0.1)
    assert ticks.now == pytest.approx(6, abs=1 + factor * 0.2)
    assert rate_at_end(run) < 0.1
    assert seen[-1].state == "finished"


def test_pauses_do_not_count(run: Run, go: Go, ticks: Ticks) -> None:
    def watch(progress: Progress) -> None:
        if progress.state == "running" and progress.step == 5 and ticks.now < 1000:
            run.request(pause=True)
        if progress.state == "paused":
            ticks.now += 1000
            run.request(pause=False)

    end = go(watch, minutes=0.1)[-1].step
    assert ticks.now > 1000
    assert 20 < end < 60


def test_a_finished_training_can_have_more_minutes_or_steps(run: Run, go: Go, ticks: Ticks) -> None:
    first = go(minutes=0.05)[-1].step
    seen = go(resume=True, minutes=0.1)
    assert any("now 0.1 minutes (before: 0.05 minutes)" in (progress.message or "") for progress in seen)
    assert seen[-1].step == pytest.approx(2 * first, abs=4)
    rates = {record["step"]: record["learning_rate"] for record in run.metrics()}
    assert rates[first + 2] > 5 * rates[first]
    assert rate_at_end(run) < 0.1
    assert run.stretches()[-1].seconds == 6
    more = seen[-1].step + 6
    assert go(resume=True, steps=more)[-1].step == more
    assert "Nothing to do" in str([progress.message for progress in go(resume=True)])


def test_a_run_in_steps_has_no_timetable(run: Run, go: Go) -> None:
    go(steps=2)
    go(resume=True, steps=3)
    assert not (run.folder / "timetable.jsonl").exists()
    assert run.status().get("minutes") is None


@pytest.mark.slow
def test_all_processes_of_a_team_go_by_one_clock(tmp_path: Path, tiny_sprites: Path) -> None:
    """What two processes learnt is what one learns by the same timetable with twice the batch."""
    done = torchrun(tmp_path, "--minutes", "0.1", TINY_TICKS="0.05")
    assert done.returncode == 0, done.stderr
    run = Run(tmp_path / "checkpoints" / "cats")
    stretches, losses = run.stretches(), [record["loss"] for record in run.metrics()]
    assert len(stretches) > 3
    recipe = replace(PLAIN, batch_size=2 * PLAIN.batch_size)
    sprites, state = load_sprites(tiny_sprites), new_state(recipe, None, 0)
    schedule = NoiseSchedule(recipe.num_timesteps, recipe.schedule)
    alone = train(state, sprites, sprites.training_rows(0.1), schedule, recipe, Timetable(stretches))
    expected = [step.loss for step in islice(alone, stretches[-1].step)]
    logged = [expected[record["step"] - 1] for record in run.metrics()]
    np.testing.assert_allclose(losses, logged, rtol=1e-2)
