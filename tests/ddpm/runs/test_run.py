"""Run folders: what readers make of whatever is in them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddpm.base.files import replace_json
from ddpm.runs import run as module
from ddpm.runs.errors import RunError
from ddpm.runs.listing import list_runs
from ddpm.runs.names import check_name
from ddpm.runs.run import Run
from ddpm.runs.training_lock import active_training, announce_training, training_lock


@pytest.fixture
def run(tmp_path: Path) -> Run:
    folder = tmp_path / "checkpoints" / "cats"
    folder.mkdir(parents=True)
    replace_json(folder / "run.json", {"format_version": 1, "name": "cats"})
    return Run(folder)


def save_steps(run: Run, *steps: int) -> None:
    for step in steps:
        run.step_path(step).mkdir(parents=True)
        (run.step_path(step) / "manifest.json").write_text("{}")


def write_metrics(run: Run, *lines: str) -> None:
    (run.folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")


def everything(run: Run) -> None:
    """Every reader, on whatever the folder holds: none may raise."""
    run.exists(), run.config(), run.status(), run.state(), run.is_held(), run.steps(), run.latest(), run.previews()
    run.metrics(), run.trained_on(), run.pinned(), run.best_step(), run.is_shipped()


# Readers


def test_a_run_that_is_not_there(tmp_path: Path) -> None:
    run = Run(tmp_path / "none")
    assert not run.exists()
    assert run.config() == run.status() == {}
    assert run.state() == "unknown"
    assert not run.is_held()
    assert run.steps() == run.previews() == run.metrics() == run.pinned() == []
    assert run.latest() is run.trained_on() is run.best_step() is None
    # To look is not to make.
    assert not run.folder.exists()


GARBAGE = [
    b"",
    b"\xff\xfe",
    b"null",
    b"[1]",
    b'{"state": [1], "steps": {"a": 1}, "start": 3, "step": "x"}',
    b'{"state": {"a": 1}, "steps": [null, "3", 2.5]}',
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    bytes(100),
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_in_any_file(garbage: bytes, run: Run) -> None:
    names = ("run.json", "status.json", "control.json", "pinned.json", "metrics.jsonl", "latest", "trained_on.npy")
    for name in names:
        (run.folder / name).write_bytes(garbage)
    everything(run)
    assert run.state() == "unknown"
    assert run.metrics() == []
    assert run.latest() is None
    assert run.trained_on() is None
    run.prune()
    run.sweep()
    run.request(stop=True)
    assert json.loads((run.folder / "control.json").read_text())["stop"] is True


def test_folders_in_place_of_files(run: Run) -> None:
    for name in ("status.json", "control.json", "pinned.json", "metrics.jsonl", "latest", "trained_on.npy"):
        (run.folder / name).mkdir()
    everything(run)
    with pytest.raises(RunError, match="could not be written"):
        run.request(stop=True)


@pytest.mark.parametrize("state", ["stopped", "finished", "failed"])
def test_an_ended_run_is_what_it_says(state: str, run: Run) -> None:
    replace_json(run.folder / "status.json", {"state": state})
    assert run.state() == state
    # Another start that has not yet said anything.
    with run.lock():
        assert run.state() == state


@pytest.mark.parametrize("state", ["starting", "running", "paused"])
def test_only_a_held_lock_means_alive(state: str, run: Run) -> None:
    # A pid that has been given to another process since, and a heartbeat from the future, mean nothing.
    replace_json(run.folder / "status.json", {"state": state, "pid": os.getpid(), "heartbeat": 4e9})
    assert run.state() == "interrupted"
    with run.lock():
        assert run.is_held()
        assert run.state() == state
    assert not run.is_held()
    assert run.state() == "interrupted"


def test_an_unknown_state(run: Run) -> None:
    replace_json(run.folder / "status.json", {"state": "dreaming"})
    assert run.state() == "unknown"


def test_looking_does_not_take_the_lock_away(run: Run) -> None:
    for _ in range(3):
        assert not run.is_held()
    with run.lock().acquire(timeout=0):
        assert run.is_held()


def test_metrics(run: Run) -> None:
    write_metrics(
        run,
        '{"step": 20, "loss": 0.2}',
        '{"step": 10, "loss": 0.5}',
        "",
        "garbage",
        "[1, 2]",
        "7",
        '{"loss": 3}',
        '{"step": null}',
        '{"step": "30"}',
        '{"step": Infinity}',
        '{"step": 1e400}',
        '{"step": 20, "loss": 0.1, "start": "later"}',
        "[" * 5000,
        '{"step": 40, "loss": 0.05}',
    )
    with open(run.folder / "metrics.jsonl", "ab") as file:
        file.write(b'{"step": 50, "lo')
    assert [(record["step"], record["loss"]) for record in run.metrics()] == [(10, 0.5), (20, 0.1), (40, 0.05)]
    with open(run.folder / "metrics.jsonl", "ab") as file:
        file.write(b'ss": 0.04}\n\xff\xfe\n')
    assert run.metrics()[-1] == {"step": 50, "loss": 0.04}


def test_steps_and_latest(run: Run) -> None:
    save_steps(run, 500, 20, 1_500_000)
    (run.folder / "steps" / "000700").mkdir()
    for name in (".000800.abc.tmp", "notes", "²", "٣", "-5", "9" * 200):
        (run.folder / "steps" / name).mkdir()
    (run.folder / "steps" / "000900").write_text("a file")
    assert run.steps() == [20, 500, 1_500_000]
    assert run.latest() is None
    run.set_latest(500)
    assert run.latest() == 500
    assert (run.folder / "latest").read_text() == "000500\n"
    for wrong in ("000501", "x", "", "-500", "²", "9" * 5000, "../steps/000500"):
        (run.folder / "latest").write_text(wrong)
        assert run.latest() is None


def test_previews(run: Run) -> None:
    (run.folder / "previews").mkdir()
    for name in ("000025.png", "000100.png", "x.png", "²5.png", ".000050.png.1.tmp", "000050.gif"):
        (run.folder / "previews" / name).write_bytes(b"")
    assert run.previews() == [(step, run.folder / "previews" / f"{step:06d}.png") for step in (25, 100)]


def test_trained_on(run: Run) -> None:
    hashes = np.array([3, 2**63], np.uint64)
    np.save(run.folder / "trained_on.npy", hashes)
    assert np.array_equal(run.trained_on(), hashes)  # type: ignore[arg-type]
    for wrong in (np.zeros((2, 2), np.uint64), np.zeros(2), np.array([{}], object)):
        np.save(run.folder / "trained_on.npy", wrong, allow_pickle=True)
        assert run.trained_on() is None


# Requests


def test_requests_add_up_and_name_their_start(run: Run) -> None:
    replace_json(run.folder / "status.json", {"state": "running", "start": "a"})
    control = run.folder / "control.json"
    run.request(threads=2)
    run.request(pause=True)
    assert json.loads(control.read_text()) == {"start": "a", "threads": 2, "pause": True}
    run.request(pause=False)
    assert json.loads(control.read_text()) == {"start": "a", "threads": 2, "pause": False}
    # A new start: what was asked of the old one is forgotten.
    replace_json(run.folder / "status.json", {"state": "running", "start": "b"})
    run.request(stop=True)
    assert json.loads(control.read_text()) == {"start": "b", "stop": True}


def one_waits_for_the_other(
    monkeypatch: pytest.MonkeyPatch, first: Callable[[], object], second: Callable[[], object]
) -> None:
    """``first`` has read and is about to write when ``second`` begins."""
    write, reached, done = module.replace_json, threading.Event(), threading.Event()

    def slow(*arguments: Any, **options: Any) -> None:
        if threading.current_thread() is thread:
            reached.set()
            # If the second one need not wait for us, it is done long before.
            done.wait(0.5)
        write(*arguments, **options)

    def follow() -> None:
        second()
        done.set()

    monkeypatch.setattr(module, "replace_json", slow)
    thread = threading.Thread(target=first)
    other = threading.Thread(target=follow)
    thread.start()
    assert reached.wait(60)
    other.start()
    thread.join()
    other.join()


def test_two_requests_at_the_same_moment_are_both_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    replace_json(run.folder / "status.json", {"state": "running", "start": "a"})
    one_waits_for_the_other(monkeypatch, lambda: run.request(threads=2), lambda: run.request(stop=True))
    assert json.loads((run.folder / "control.json").read_text()) == {"start": "a", "threads": 2, "stop": True}


def test_two_pins_at_the_same_moment_are_both_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    one_waits_for_the_other(monkeypatch, lambda: run.pin(10), lambda: run.pin(20))
    assert run.pinned() == [10, 20]


def test_many_pairs_of_requests_lose_nothing(run: Run) -> None:
    replace_json(run.folder / "status.json", {"state": "running", "start": "a"})
    for number in range(1, 41):
        (run.folder / "control.json").unlink(missing_ok=True)
        both = threading.Barrier(2)

        def ask(both: threading.Barrier = both, **what: Any) -> None:
            both.wait()
            Run(run.folder).request(**what)

        threads = [threading.Thread(target=ask, kwargs=what) for what in ({"stop": True}, {"threads": number})]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert run.pending() == {"start": "a", "stop": True, "threads": number}


def test_a_step_that_is_pinned_meanwhile_is_not_thinned_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    save_steps(run, *range(10, 60, 10))
    best, pinner = Run.best_step, threading.Thread(target=run.pin, args=(10,))

    def best_step(self: Run) -> int | None:
        pinner.start()
        pinner.join(0.3)
        return best(self)

    monkeypatch.setattr(Run, "best_step", best_step)
    run.prune()
    pinner.join()
    # Either it was seen in time, or there was nothing left to pin.
    assert run.steps() == [30, 40, 50]


def test_a_request_that_cannot_be_written_names_the_run_not_a_path(run: Run, tmp_path: Path) -> None:
    (run.folder / "control.json").mkdir()
    with pytest.raises(RunError, match="cats") as caught:
        run.request(stop=True)
    assert str(tmp_path) not in str(caught.value)


# Keeping


def test_prune_keeps_the_last_the_best_the_pinned_and_latest(run: Run) -> None:
    save_steps(run, *range(10, 110, 10))
    write_metrics(
        run,
        '{"step": 10, "heldout": 0.9}',
        '{"step": 30, "heldout": 0.4}',
        '{"step": 35, "heldout": 0.1}',
        '{"step": 60, "heldout": 0.5}',
        '{"step": 70, "heldout": "0.0"}',
        '{"step": 100, "loss": 0.0}',
    )
    run.pin(20)
    run.set_latest(50)
    assert run.best_step() == 30
    run.prune()
    assert run.steps() == [20, 30, 50, 80, 90, 100]
    run.pin(20, keep=False)
    run.set_latest(100)
    run.prune()
    assert run.steps() == [30, 80, 90, 100]
    run.prune(keep_last=1)
    assert run.steps() == [30, 100]
    # Nothing is left of those that went.
    assert sorted(path.name for path in (run.folder / "steps").iterdir()) == ["000030", "000100"]


def test_pins(run: Run) -> None:
    for step in (30, 10, 30):
        run.pin(step)
    assert run.pinned() == [10, 30]
    run.pin(10, keep=False)
    run.pin(99, keep=False)
    assert run.pinned() == [30]


def test_without_heldout_losses_there_is_no_best(run: Run) -> None:
    save_steps(run, 10, 20)
    write_metrics(run, '{"step": 10, "loss": 0.9}')
    assert run.best_step() is None
    run.prune()
    assert run.steps() == [10, 20]


# Rename and delete


def test_rename(run: Run) -> None:
    save_steps(run, 10)
    renamed = run.rename("big cats")
    assert renamed.folder == run.folder.with_name("big cats")
    assert renamed.steps() == [10]
    assert not run.folder.exists()
    assert list_runs(renamed.folder.parent)[0].name == "big cats"


def test_rename_to_what_cannot_be(run: Run) -> None:
    (run.folder.parent / "dogs").mkdir()
    with pytest.raises(RunError, match="already a run called 'dogs'"):
        run.rename("dogs")
    for name in ("..", "a/b", "", "x" * 64):
        with pytest.raises(RunError, match="cannot be the name"):
            run.rename(name)
    assert run.exists()


def test_delete(run: Run) -> None:
    save_steps(run, 10)
    run.delete()
    assert list(run.folder.parent.iterdir()) == []


@pytest.mark.parametrize("act", [lambda run: run.delete(), lambda run: run.rename("other")])
def test_what_is_alive_or_shipped_stays(act: Any, run: Run) -> None:
    with run.lock(), pytest.raises(RunError, match="training right now"):
        act(run)
    replace_json(run.folder / "run.json", {"shipped": True})
    with pytest.raises(RunError, match="came with the program"):
        act(run)
    assert run.exists()


@pytest.mark.parametrize("act", [lambda run: run.delete(), lambda run: run.rename("other")])
def test_what_is_gone_already(act: Any, tmp_path: Path) -> None:
    with pytest.raises(RunError):
        act(Run(tmp_path / "gone"))
    assert not (tmp_path / "gone").exists()
    assert not (tmp_path / "other").exists()


HOSTILE = [
    "", " ", ".", "..", "../x", "a/b", "a\\b", "/etc", "C:x", "a\0b", "a\nb", "a\n", "x" * 64, "-rf", "--resume",
    ".hidden", "_x", "trailing.", "trailing ", "con", "NUL", "Com1", "lpt9.txt", "aux.x", "<b>x</b>", "a\"b", "a'b",
    "$(x)",
    "a*b", "a?b", "ä", "日本", "a\u202eb", "٣", "a\tb", "a|b", "%00",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names(name: str) -> None:
    with pytest.raises(RunError, match="cannot be the name") as caught:
        check_name(name)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("name", ["a", "x" * 63, "my run 2", "v1.5", "a-b_c", "0", "console", "com", "community"])
def test_good_names(name: str) -> None:
    assert check_name(name) == name


# All runs


def test_list_runs(run: Run, tmp_path: Path) -> None:
    root = run.folder.parent
    for number, name in enumerate(("dogs", "birds")):
        (root / name).mkdir()
        replace_json(root / name / "run.json", {})
        os.utime(root / name / "run.json", (2e9 + number, 2e9 + number))
    (root / "no run").mkdir()
    (root / "file").write_text("")
    (root / ".deleted-1").mkdir()
    replace_json(root / ".deleted-1" / "run.json", {})
    (tmp_path / "link").symlink_to(root)
    found = list_runs(root, root, tmp_path / "link", tmp_path / "none", root / "file")
    assert [run.name for run in found] == ["birds", "dogs", "cats"]
    assert list_runs() == []


# The training that is alive


def test_active_training(run: Run) -> None:
    assert active_training() is None
    announce_training(run, "a")
    replace_json(run.folder / "status.json", {"state": "running", "start": "a"})
    # Announced, but nobody holds the lock: it was killed.
    assert active_training() is None
    with run.lock():
        active = active_training()
        assert active is not None
        assert active.run.folder == run.folder.resolve()
        assert active.start == "a"
        # A run that goes on after another start was announced.
        replace_json(run.folder / "status.json", {"state": "running", "start": "b"})
        assert active_training() is None
        replace_json(run.folder / "status.json", {"state": "finished", "start": "a"})
        assert active_training() is None


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_a_damaged_announcement(garbage: bytes, ddpm_home: Path) -> None:
    ddpm_home.mkdir()
    (ddpm_home / "training.json").write_bytes(garbage)
    assert active_training() is None


def test_one_training_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with training_lock().acquire(timeout=0):
        with pytest.raises(TimeoutError):
            training_lock().acquire(timeout=0)
        monkeypatch.setenv("DDPM_HOME", str(tmp_path / "another home"))
        with training_lock().acquire(timeout=0):
            pass
