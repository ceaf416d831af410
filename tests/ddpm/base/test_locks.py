"""Locks: one holder at a time, on every file system, and none that outlives its process."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ddpm.base import locks
from ddpm.base.files import replace_json
from ddpm.base.locks import Lock, is_held, notes_of
from ddpm.runs.run import Run
from ddpm.runs.training_lock import active_training, announce_training, training_lock
from tests.ddpm.helpers import ROOT

HOLDER = """
import fcntl, sys, time
if sys.argv[2] != "0":
    def refuse(*_):
        raise OSError(int(sys.argv[2]), "no locks here")
    fcntl.flock = refuse
from pathlib import Path
from ddpm.base.locks import Lock
lock = Lock(Path(sys.argv[1])).acquire(0)
print("held", flush=True)
time.sleep(600)
"""


def no_flock(monkeypatch: pytest.MonkeyPatch, number: int = errno.ENOLCK) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)


@pytest.fixture(params=[0, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP], ids=["flock", "ENOLCK", "ENOSYS", "ENOTSUP"])
def refused(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How this file system refuses locks; 0: it has them."""
    if request.param:
        no_flock(monkeypatch, request.param)
    return int(request.param)


def leftovers(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir() if entry.name != "lock")


def test_one_holder_at_a_time(tmp_path: Path, refused: int) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    with Lock(path).acquire(timeout=0):
        assert is_held(path)
        with pytest.raises(TimeoutError, match="lock is held"):
            Lock(path).acquire(timeout=0.1)
        assert is_held(path)
    assert not is_held(path)
    with Lock(path):
        assert is_held(path)
    assert leftovers(tmp_path) == []


def test_whoever_waits_gets_it(tmp_path: Path, refused: int) -> None:
    first, got = Lock(tmp_path / "lock").acquire(0), threading.Event()

    def wait() -> None:
        with Lock(tmp_path / "lock").acquire(60):
            got.set()

    thread = threading.Thread(target=wait)
    thread.start()
    assert not got.wait(0.2)
    first.release()
    thread.join(60)
    assert got.is_set()


def test_many_at_once_come_one_by_one(tmp_path: Path, refused: int) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def count() -> None:
        for _ in range(5):
            with Lock(tmp_path / "lock").acquire(120):
                seen = int(counter.read_text())
                time.sleep(0.001)
                counter.write_text(str(seen + 1))

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read_text() == "30"
    assert leftovers(tmp_path) == ["counter"]


@pytest.mark.parametrize("number", [0, errno.ENOSYS])
def test_a_killed_holder_holds_nothing(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if number:
        no_flock(monkeypatch, number)
    replace_json(tmp_path / "run.json", {})
    replace_json(tmp_path / "status.json", {"state": "running", "start": "a"})
    run, path = Run(tmp_path), tmp_path / "lock"
    command = [sys.executable, "-c", HOLDER, str(path), str(number)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=os.environ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        assert run.state() == "running"
        with pytest.raises(TimeoutError):
            Lock(path).acquire(0)
        child.kill()
        # Before anybody has taken notice of its end.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert run.state() == "interrupted"
    assert run.state() == "interrupted"
    with Lock(path).acquire(0):
        assert run.state() == "running"


def test_a_note_whose_number_was_given_to_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_flock(monkeypatch)
    path = tmp_path / "lock"
    with Lock(path).acquire(0):
        (note,) = notes_of(path).iterdir()
        written = json.loads(note.read_text())
        assert written["pid"] == os.getpid()
        if not written["born"]:
            pytest.skip("this system does not tell when a process began")
        note.write_text(json.dumps({**written, "born": "1"}))
        assert not is_held(path)
        with Lock(path).acquire(0):
            assert is_held(path)


@pytest.mark.parametrize("text", ['{"host": "elsewhere", "space": "", "pid": 1, "born": "5"}', "{", '{"pid": "x"}'])
def test_a_note_from_another_machine_counts_as_long_as_it_is_touched(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    path.touch()
    notes_of(path).mkdir()
    note = notes_of(path) / "0123.json"
    note.write_text(text)
    # With the system's locks as well: the other machine may see the drive without them.
    assert is_held(path)
    with pytest.raises(TimeoutError):
        Lock(path).acquire(0)
    then = time.time() - 3600
    os.utime(note, (then, then))
    assert not is_held(path)
    no_flock(monkeypatch)
    with Lock(path).acquire(0):
        assert not note.exists()


def test_a_holder_keeps_its_note_fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_flock(monkeypatch)
    monkeypatch.setattr(locks, "_REFRESH_SECONDS", 0.01)
    with Lock(tmp_path / "lock").acquire(0):
        (note,) = notes_of(tmp_path / "lock").iterdir()
        os.utime(note, (1, 1))
        wait(lambda: note.stat().st_mtime > 1)


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, refused: int) -> None:
    with pytest.raises(FileNotFoundError):
        Lock(tmp_path / "none" / "lock").acquire(0)
    assert not is_held(tmp_path / "none" / "lock")


def test_a_training_is_found_alive_without_flock(tmp_path: Path, refused: int) -> None:
    run = Run(tmp_path / "checkpoints" / "cats")
    run.folder.mkdir(parents=True)
    replace_json(run.folder / "status.json", {"state": "running", "start": "a"})
    assert run.state() == "interrupted", "nobody holds it"
    with training_lock().acquire(0), run.lock().acquire(0):
        announce_training(run, "a")
        active = active_training()
        assert active is not None
        assert active.run.state() == "running"
        run.request(stop=True)
        assert run.pending()["stop"] is True
    assert active_training() is None
