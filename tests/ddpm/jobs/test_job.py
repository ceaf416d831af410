"""A training in its run folder."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ddpm import SpriteError, load_checkpoint, load_sprites
from ddpm.base import files
from ddpm.base.files import replace_json
from ddpm.jobs import job, recorder
from ddpm.jobs.control import StoppedEarly, StopSwitch
from ddpm.jobs.job import run_training
from ddpm.jobs.recorder import Progress, Recorder
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from ddpm.runs.training_lock import active_training, training_lock
from ddpm.training.loop import TrainingError, TrainingStep, train
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import TINY, digests, finish, simple_sprites, start


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "tiny", TINY)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path / "checkpoints" / "cats")


@pytest.fixture
def go(run: Run, tiny_sprites: Path) -> Callable[..., list[Progress]]:
    """Train for 24 steps, or as told; returns all that a watcher was told."""

    def go(watch: Callable[[Progress], None] = lambda progress: None, **options: Any) -> list[Progress]:
        asked: dict[str, Any] = {"data": str(tiny_sprites), "preset": "tiny", "steps": 24, "threads": 1, "holdout": 0.0}
        options = {"check_sprites": 0, **options}
        seen: list[Progress] = []

        def watcher(progress: Progress) -> None:
            seen.append(progress)
            watch(progress)

        switch = options.pop("switch", None)
        if options.get("resume"):
            asked = {}
        last = run_training(TrainingRequest(run.folder, **{**asked, **options}), watcher, switch)
        assert seen[-1] == last
        return seen

    return go


Go = Callable[..., list[Progress]]


def at(step: int, act: Callable[[], Any]) -> Callable[[Progress], None]:
    """Do something once, when training has made ``step`` steps."""
    done = []

    def watch(progress: Progress) -> None:
        if progress.state == "running" and progress.step >= step and not done:
            done.append(True)
            act()

    return watch


def status(run: Run) -> dict[str, Any]:
    return run.status()


# A whole training


def test_a_training_leaves_a_whole_folder(run: Run, go: Go) -> None:
    seen = go(holdout=0.1)
    assert (seen[-1].state, seen[-1].step, seen[-1].total_steps) == ("finished", 24, 24)
    steps = [progress.step for progress in seen if progress.loss is not None]
    assert sorted(set(steps)) == list(range(1, 25))
    assert run.state() == "finished"
    assert run.steps() == [10, 20, 24]
    assert run.latest() == 24
    assert {path.name for path in run.folder.iterdir()} >= {
        "run.json", "trained_on.npy", "metrics.jsonl", "status.json", "previews", "steps", "latest", "README.md",
    }  # fmt: skip
    metrics = run.metrics()
    assert [record["step"] for record in metrics] == list(range(1, 25))
    assert {record["start"] for record in metrics} == {run.status()["start"]}
    for record in metrics:
        assert math.isfinite(record["loss"])
        assert len(record["quartiles"]) == 4
    assert [record["step"] for record in metrics if "heldout" in record] == [10, 20, 24]
    assert {"final_heldout", "final_heldout_even", "final_heldout_raw", "heldout_raw"} <= metrics[-1].keys()
    assert "final_heldout" not in metrics[-5]
    checkpoint = load_checkpoint(run.folder)
    assert checkpoint.config["step"] == checkpoint.config["total_steps"] == 24
    assert checkpoint.config["data"] == run.config()["data"]
    assert not active_training()
    card = (run.folder / "README.md").read_text()
    assert card.startswith("# cats\n")
    assert f"{metrics[-1]['final_heldout']:.4f}" in card
    (step, picture), *_ = run.previews()
    assert step == 24
    assert Image.open(picture).size == (9 * 17 - 1, 4 * 17 - 1)


@pytest.mark.parametrize("total", [1, 7, 24, 499, 500, 1000, 1600, 3330, 4400, 21_700])
def test_every_saved_step_is_measured(total: int, run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the best by held-out loss can be told, and the curve has points, whatever the length."""
    measured: list[int] = []
    saved: list[int] = []
    made: list[int] = []

    def pretend(state: Any, *arguments: Any, **options: Any) -> Any:
        for step in range(1, total + 1):
            state.step = step
            made.append(step)
            yield TrainingStep(step, 0.5, torch.tensor([0.5]), torch.tensor([3]), 1.0, 1e-3, False)

    monkeypatch.setattr(job, "train", pretend)
    monkeypatch.setattr(Recorder, "save", lambda self, state, config: saved.append(state.step))
    monkeypatch.setattr(Recorder, "add_preview", lambda *_: None)

    def errors(state: Any, *about: Any, final: bool = False, **options: Any) -> dict[str, float]:
        if not final:
            measured.append(state.step)
        return {"heldout": 0.5}

    monkeypatch.setattr(job, "heldout_errors", errors)
    go(steps=total)
    assert made[-1] == saved[-1] == total
    assert measured == saved
    assert len(saved) >= min(8, total // 10)
    assert 1 <= len(run.metrics()) <= 4100


def test_classes(run: Run, go: Go, tmp_path: Path, tiny_sprites: Path) -> None:
    np.savez(tmp_path / "labelled.npz", images=np.load(tiny_sprites), labels=np.arange(40) % 2)
    go(data=str(tmp_path / "labelled.npz"), steps=3)
    checkpoint = load_checkpoint(run.folder)
    assert checkpoint.model.num_classes == 2
    assert len(checkpoint.config["data"]["class_frequencies"]) == 2


# Stop, pause, threads


def test_stop(run: Run, go: Go) -> None:
    seen = go(at(7, lambda: run.request(stop=True)))
    assert (seen[-1].state, seen[-1].step) == ("stopped", 8)
    assert run.state() == "stopped"
    assert run.status()["reason"] == "stopped by the user"
    assert run.latest() == 8
    assert run.metrics()[-1]["step"] == 8
    assert go(resume=True)[-1].step == 24


def test_a_switch_stops(run: Run, go: Go) -> None:
    switch = StopSwitch()
    seen = go(at(5, lambda: setattr(switch, "reason", "closed")), switch=switch)
    assert seen[-1].state == "stopped"
    assert run.status()["reason"] == "closed"
    assert run.latest() == seen[-1].step == 6


def test_a_stop_before_the_start_leaves_nothing(run: Run, go: Go) -> None:
    with pytest.raises(StoppedEarly):
        go(switch=StopSwitch("at once"))
    assert not run.folder.exists()
    assert not active_training()
    go(steps=2)


def test_a_stop_while_going_on_keeps_the_run(run: Run, go: Go) -> None:
    go(steps=10)
    before = digests(run.step_path(10))
    with contextlib.suppress(StoppedEarly):
        assert go(resume=True, steps=20, switch=StopSwitch("at once"))[-1].state == "stopped"
    # At most the step that was under way.
    assert run.latest() in (10, 11)
    assert digests(run.step_path(10)) == before
    assert go(resume=True, steps=20)[-1].step == 20


def test_pause_saves_and_goes_on(run: Run, go: Go) -> None:
    states = []

    def watch(progress: Progress) -> None:
        if states[-1:] != [progress.state]:
            states.append(progress.state)
        if progress.state == "running" and progress.step == 5 and "paused" not in states:
            run.request(pause=True)
        if progress.state == "paused":
            assert run.state() == "paused"
            assert run.latest() == 5
            assert active_training() is not None
            run.request(pause=False)

    assert go(watch)[-1].state == "finished"
    assert states == ["starting", "running", "paused", "running", "finished"]


def test_stop_ends_a_pause(run: Run, go: Go) -> None:
    def watch(progress: Progress) -> None:
        if progress.state == "running" and progress.step == 5:
            run.request(pause=True)
        if progress.state == "paused":
            run.request(stop=True)

    seen = go(watch)
    assert seen[-1].state == "stopped"
    assert seen[-1].step < 24


def test_threads_change_while_it_runs(run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(job.hardware, "set_threads", lambda threads: asked.append(threads))
    go(at(5, lambda: run.request(threads=10_000)))
    # Once: more than there are must not be asked for again at every step.
    assert asked.count(10_000) == 1
    assert run.state() == "finished"


def test_watching_changes_nothing(run: Run, go: Go, tmp_path: Path) -> None:
    go(holdout=0.1)
    plain = digests(run.step_path(24))
    shutil.rmtree(run.folder)

    def watch(progress: Progress) -> None:
        torch.randn(3)
        if progress.state == "running" and progress.step == 3:
            run.request(pause=True)
        if progress.state == "paused":
            run.request(pause=False, threads=1)

    with torch.no_grad():
        go(watch, holdout=0.1)
    assert digests(run.step_path(24)) == plain


def test_stale_requests_are_ignored(run: Run, go: Go) -> None:
    go(steps=10)
    run.request(stop=True)
    assert go(resume=True, steps=20)[-1].state == "finished"
    for control in ({"stop": True}, {"stop": True, "start": "of another"}, [1], "garbage"):
        replace_json(run.folder / "control.json", control)
        total = run.status()["total_steps"] + 2
        assert go(resume=True, steps=total)[-1].state == "finished"


# Going on


def test_a_name_is_taken_once(run: Run, go: Go) -> None:
    go(steps=2)
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*") if path.name != "lock"}
    with pytest.raises(RunError, match="already a run called 'cats'"):
        go(steps=2)
    assert {path: path.stat().st_mtime_ns for path in run.folder.rglob("*") if path.name != "lock"} == before


def test_resuming_at_the_end_says_so(run: Run, go: Go) -> None:
    go(steps=4)
    before = digests(run.step_path(4))
    for total in (4, 3):
        seen = go(resume=True, steps=total)
        assert seen[-1].state == "finished"
        assert any("Nothing to do" in (progress.message or "") for progress in seen)
    assert run.latest() == 4
    assert digests(run.step_path(4)) == before
    assert (run.state(), run.status()["total_steps"]) == ("finished", 4), "a shorter total was only a question"


def test_a_run_whose_json_was_lost_is_not_taken_for_a_new_one(run: Run, go: Go) -> None:
    go(steps=3)
    (run.folder / "run.json").unlink()
    with pytest.raises(RunError, match="already a run"):
        go(steps=3, seed=5)
    assert run.latest() == 3


@pytest.mark.parametrize("leftover", ["nothing", "an empty folder", "no step"])
def test_resuming_with_nothing_saved_begins_at_0(leftover: str, run: Run, go: Go, tiny_sprites: Path) -> None:
    if leftover == "an empty folder":
        run.folder.mkdir(parents=True)
    if leftover == "no step":
        go(steps=24)
        shutil.rmtree(run.folder / "steps")
        (run.folder / "latest").unlink()
    seen = go(resume=True, data=str(tiny_sprites), preset="tiny", steps=24, threads=1, holdout=0.0)
    assert min(progress.step for progress in seen if progress.loss is not None) == 1
    assert run.latest() == 24


def test_a_damaged_step_is_passed_over(run: Run, go: Go) -> None:
    go()
    expected = digests(run.step_path(24))
    for step, name in ((24, "state.safetensors"), (20, "model.safetensors")):
        path = run.step_path(step) / name
        path.write_bytes(path.read_bytes()[:-1])
    seen = go(resume=True)
    told = [progress.message for progress in seen if progress.message]
    assert any("Step 24 cannot be used" in message and "damaged" in message for message in told)
    assert any("Step 20 cannot be used" in message for message in told)
    assert seen[-1].state == "finished"
    # They are made anew, and the same: from step 10, bit for bit.
    assert digests(run.step_path(24)) == expected
    assert load_checkpoint(run.step_path(20)).config["step"] == 20
    assert [record["step"] for record in run.metrics()] == list(range(1, 25))


def test_all_steps_damaged(run: Run, go: Go) -> None:
    go(steps=12)
    expected = digests(run.step_path(12))
    for step in run.steps():
        (run.step_path(step) / "state.safetensors").write_bytes(b"")
    seen = go(resume=True)
    assert any("begins at step 0" in (progress.message or "") for progress in seen)
    assert digests(run.step_path(12)) == expected


@pytest.mark.parametrize("kill_at", [13, *(pytest.param(step, marks=pytest.mark.slow) for step in (1, 9, 10, 23))])
def test_killed_and_resumed_equals_uninterrupted(
    kill_at: int, run: Run, go: Go, tmp_path: Path, tiny_sprites: Path
) -> None:
    """With a real SIGKILL in another process."""
    go(holdout=0.1)
    expected = digests(run.step_path(24))
    shutil.rmtree(run.folder)
    options = ["train", "--run", "cats", "--data", tiny_sprites, "--preset", "tiny", "--steps", 24, "--threads", 1]
    process = start(options, tmp_path, "tests.ddpm.killable_cli", TINY_KILL_AT=str(kill_at))
    process.communicate(timeout=600)
    assert process.returncode == -9
    assert run.state() == "interrupted"
    assert active_training() is None
    latest = run.latest() or 0
    assert latest == 10 * ((kill_at - 1) // 10)
    # What a kill may leave: half a line, half a folder.
    with open(run.folder / "metrics.jsonl", "ab") as file:
        file.write(b'{"step": 11, "lo')
    (run.folder / "steps").mkdir(exist_ok=True)
    (run.folder / "steps" / ".000020.0011.tmp").mkdir()
    seen = go(resume=True)
    assert seen[-1].state == "finished"
    assert digests(run.step_path(24)) == expected
    assert [record["step"] for record in run.metrics()] == list(range(1, 25))
    # None of the new lines was glued to the half one.
    again = [record for record in run.metrics() if record["step"] > latest]
    assert {record["start"] for record in again} == {run.status()["start"]}
    assert not list((run.folder / "steps").glob(".*"))


# What goes wrong


def test_only_one_training_a_home(run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ddpm.runs.training_lock._LOCK_SECONDS", 0.1)
    other = TrainingRequest(run.folder.with_name("dogs"), preset="tiny", steps=2)
    refusals = []

    def second() -> None:
        with pytest.raises(RunError) as caught:
            run_training(other, lambda progress: None)
        refusals.append(str(caught.value))

    assert go(at(3, second))[-1].state == "finished"
    assert refusals == ["A training is already under way (the run 'cats'). Stop it first, or wait for its end."]
    assert not other.folder.exists()
    # Another program's lock, of which nothing is known.
    with training_lock(), pytest.raises(RunError, match="another program"):
        run_training(other, lambda progress: None)


def test_a_run_that_trains_from_another_home(run: Run, go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go(steps=2)
    monkeypatch.setattr("ddpm.runs.training_lock._LOCK_SECONDS", 0.1)
    with run.lock(), pytest.raises(RunError, match="training right now"):
        go(resume=True, steps=4)
    assert run.latest() == 2


def test_broken_data_leave_no_run(run: Run, go: Go, tmp_path: Path) -> None:
    (tmp_path / "bad.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(SpriteError):
        go(data=str(tmp_path / "bad.npy"))
    assert not run.folder.exists()
    with pytest.raises(RunError, match="cannot be the name"):
        run_training(TrainingRequest(run.folder.with_name("-x")), lambda progress: None)
    assert not run.folder.with_name("-x").exists()


def test_contradictions_leave_the_run_as_it_was(run: Run, go: Go) -> None:
    go(steps=4)
    with pytest.raises(RunError, match="--seed 3"):
        go(resume=True, seed=3, steps=8)
    assert run.state() == "finished"
    assert "--seed 3" in run.status()["error"]["message"]
    assert go(resume=True, steps=8)[-1].state == "finished"


def failing_after(step: int, error: BaseException) -> Callable[..., Any]:
    def pretend(*arguments: Any, **options: Any) -> Any:
        for result in train(*arguments, **options):
            if result.step > step:
                raise error
            yield result

    return pretend


def test_a_failure_keeps_what_was_learnt(run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "train", failing_after(13, KeyError("on purpose")))
    with pytest.raises(TrainingError, match="on purpose"):
        go()
    assert run.state() == "failed"
    error = run.status()["error"]
    assert "on purpose" in error["message"]
    assert "failing_after" in error["traceback"] or "pretend" in error["traceback"]
    # The weights at the failure are those after step 14, whose result was never told.
    assert run.latest() in (13, 14)
    monkeypatch.setattr(job, "train", train)
    assert go(resume=True)[-1].state == "finished"
    assert not run.status().get("error")


def test_out_of_memory_is_explained(run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a CPU it is a plain RuntimeError."""
    error = RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: 999 bytes")
    monkeypatch.setattr(job, "train", failing_after(3, error))
    with pytest.raises(TrainingError, match="not enough memory"):
        go()
    assert run.state() == "failed"
    assert run.latest() is not None


def test_a_loss_that_is_never_finite(run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "tiny", replace(TINY, learning_rate=1e38))
    with pytest.raises(TrainingError, match="smaller learning rate"):
        go(steps=60)
    assert run.state() == "failed"
    assert "smaller learning rate" in run.status()["error"]["message"]
    lines = (run.folder / "metrics.jsonl").read_text().splitlines()
    assert any(json.loads(line).get("skipped") for line in lines)
    assert "NaN" not in "".join(lines)


def test_a_second_ctrl_c_saves_all_the_same(run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "train", failing_after(13, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        go()
    assert run.state() == "interrupted"
    assert run.latest() in (13, 14)


def test_a_run_folder_deleted_while_training(run: Run, go: Go) -> None:
    with pytest.raises(TrainingError, match="was removed"):
        go(at(12, lambda: shutil.rmtree(run.folder)))
    assert not run.folder.exists()
    assert active_training() is None
    assert go(steps=2)[-1].state == "finished"


@pytest.mark.parametrize("total", [24, 1000])
def test_a_deleted_run_folder_is_not_made_again(total: int, run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recorder, "add_preview", lambda *_: None)
    go(steps=2)
    with pytest.raises(TrainingError, match="was removed"):
        go(at(12, lambda: shutil.rmtree(run.folder)), resume=True, steps=total)
    assert not run.folder.exists()


def test_a_full_disk_at_metrics_costs_no_step(run: Run, go: Go) -> None:

    def block() -> None:
        (run.folder / "metrics.jsonl").rename(run.folder / "aside")
        (run.folder / "metrics.jsonl").mkdir()

    def unblock() -> None:
        (run.folder / "metrics.jsonl").rmdir()
        (run.folder / "aside").rename(run.folder / "metrics.jsonl")

    first, second = at(5, block), at(9, unblock)
    seen = go(lambda progress: (first(progress), second(progress))[0])
    assert any("could not be written" in (progress.message or "") for progress in seen)
    assert seen[-1].state == "finished"
    # They were written later.
    assert [record["step"] for record in run.metrics()] == list(range(1, 25))


@pytest.mark.parametrize("refusals", [1, 100])
def test_a_refused_rename_at_a_checkpoint(refusals: int, run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a folder cannot be renamed while somebody reads in it."""
    left, rename = [refusals], os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target).name == "000020" and left[0]:
            left[0] -= 1
            raise PermissionError(13, "The process cannot access the file")
        rename(source, target)

    monkeypatch.setattr(files, "_WAITS", (0.0,))
    monkeypatch.setattr(os, "replace", replace)
    if refusals == 1:
        assert go()[-1].state == "finished"
        assert run.steps() == [10, 20, 24]
        return
    with pytest.raises(TrainingError, match=r"cannot access.*Close the program.*earlier steps are safe") as told:
        go()
    assert "Make room" not in str(told.value)
    assert 10 in run.steps()


def test_a_full_disk_at_a_checkpoint(run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    real = recorder.save_checkpoint

    def full(steps: Path, state: Any, config: Any) -> Path:
        if state.step > 10:
            raise OSError(28, "No space left on device")
        return real(steps, state, config)

    monkeypatch.setattr(recorder, "save_checkpoint", full)
    with pytest.raises(TrainingError, match=r"No space left.*earlier steps are safe"):
        go()
    assert run.state() == "failed"
    assert run.latest() == 10
    monkeypatch.setattr(recorder, "save_checkpoint", real)
    assert go(resume=True)[-1].step == 24


def test_a_clock_that_goes_back(run: Run, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    now = iter(range(2_000_000_000, 0, -1000))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    assert go()[-1].state == "finished"
    assert run.metrics()[-1]["seconds"] > 0


def test_a_home_that_cannot_be_used(run: Run, go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "file"))
    with pytest.raises(OSError, match="Set DDPM_HOME"):
        go()
    assert not run.folder.exists()


def test_seconds_and_heldout_go_on_over_a_resume(run: Run, go: Go) -> None:
    go(steps=10, holdout=0.1)
    before = run.metrics()[-1]["seconds"]
    go(resume=True, steps=20)
    assert all(record["seconds"] >= before for record in run.metrics() if record["step"] > 10)
    starts = [record["start"] for record in run.metrics()]
    assert len(set(starts)) == 2


def test_the_real_command_line_equals_the_engine(run: Run, go: Go, tmp_path: Path, tiny_sprites: Path) -> None:
    go()
    expected = digests(run.step_path(24))
    shutil.rmtree(run.folder)
    options = ["train", "--run", "cats", "--data", tiny_sprites, "--preset", "tiny", "--steps", 24, "--threads", 1]
    _, errors = finish(start([*options, "--holdout", 0, "--check-sprites", 0], tmp_path, "tests.ddpm.killable_cli"))
    assert "Finished at step 24 of 24" in errors
    assert digests(run.step_path(24)) == expected
    assert load_sprites(tiny_sprites).fingerprint == run.config()["data"]["fingerprint"]


def test_steps_on_the_way_are_kept_if_asked(run: Run, go: Callable[..., list[Progress]]) -> None:
    go(steps=70, keep_every=20)
    assert run.pinned() == [20, 40, 60]
    assert set(run.steps()) == {20, 40, 50, 60, 70}
    with pytest.raises(RunError, match="--keep-every"):
        go(resume=True, keep_every=-1)


def test_what_was_trained_is_never_told_as_nothing(run: Run, go: Go) -> None:
    """Between the press of "Train longer" and its first step, and where it is stopped before that."""
    go()
    spent = run.status()["seconds"]
    assert spent > 0
    told: list[float] = []

    def watch(progress: Progress) -> None:
        told.append(run.status()["seconds"])

    go(watch, resume=True, steps=30)
    assert min(told) > spent - 0.01
    spent = run.status()["seconds"]
    go(resume=True, steps=40, switch=StopSwitch("at once"))
    assert run.status()["state"] == "stopped"
    assert run.status()["seconds"] == pytest.approx(spent, abs=0.01)


def test_the_card_of_a_run_that_was_given_little(run: Run, go: Go, tmp_path: Path) -> None:
    images = simple_sprites(60)
    np.savez(tmp_path / "many.npz", images=images, labels=np.arange(60) % 30)
    go(data=str(tmp_path / "many.npz"), most=4, steps=4, holdout=0.1)
    data, card = run.config()["data"], (run.folder / "README.md").read_text()
    assert data["training_distinct"] <= 4
    assert f"| learnt from | {data['training_distinct']} distinct sprites, the most that it was allowed" in card
    assert f"It knows the {data['training_distinct']} sprites that it learnt from" in card
    assert "Good sprites" not in card
    seen = next(line for line in card.splitlines() if line.startswith("| classes")).split("|")[2].split(",")
    assert len(seen) == sum(share > 0 for share in data["class_frequencies"]) <= 4


def test_what_it_does_at_its_end_is_said(go: Callable[..., list[Progress]], run: Run) -> None:
    said: list[tuple[str, int]] = []

    def watch(progress: Progress) -> None:
        if progress.message and progress.state == "running":
            assert run.status()["message"] == progress.message
            said.append((progress.message.split()[1], run.status()["step"]))

    go(watch, holdout=0.1, check_sprites=16)
    assert said == [("measures", 24), ("questions", 24)]
    assert not run.status().get("message"), "what is over is no longer said"
