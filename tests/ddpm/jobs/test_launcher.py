"""A training as a child process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddpm import load_checkpoint
from ddpm.jobs import launcher as process
from ddpm.jobs.launcher import Child, StartError, log_tail, start_training
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.run import Run
from ddpm.runs.training_lock import active_training
from tests.ddpm.helpers import ROOT, environment, wait_until


@pytest.fixture
def request_for(tmp_path: Path, tiny_sprites: Path) -> Iterator[TrainingRequest]:
    """A training that lasts until it is stopped; at the test's end it is."""
    folder = tmp_path / "checkpoints" / "cats"
    folder.parent.mkdir()
    yield TrainingRequest(folder, data=str(tiny_sprites), steps=100_000, threads=1, holdout=0.0)
    run = Run(folder)
    if run.is_held():
        os.kill(run.status()["pid"], signal.SIGKILL)
        wait_until(lambda: not run.is_held(), "it is gone")


def ended(child: Child) -> int:
    wait_until(lambda: child.process.returncode is not None, "the child is reaped")
    return int(child.process.returncode)


def test_a_child_trains_and_stops(request_for: TrainingRequest) -> None:
    child = start_training(request_for)
    wait_until(child.has_begun, "it began")
    assert child.problem() is None
    assert child.run.status()["pid"] == child.process.pid
    assert child.run.status()["log"] == str(child.log)
    active = active_training()
    assert active is not None
    assert active.start == child.start
    # Two tabs press Start: one job.
    with pytest.raises(StartError, match="already under way: cats"):
        start_training(TrainingRequest(request_for.folder.with_name("dogs"), data=request_for.data))
    assert not request_for.folder.with_name("dogs").exists()
    assert os.getsid(child.process.pid) == child.process.pid

    wait_until(lambda: child.run.metrics(), "training began")
    child.run.request(stop=True)
    wait_until(lambda: not child.run.is_held(), "it stopped")
    assert child.run.state() == "stopped"
    # Reaped by a thread, not by whoever asks: nothing is left for init.
    assert ended(child) == 0
    assert not Path(f"/proc/{child.process.pid}").exists()
    assert child.problem() is None
    assert active_training() is None
    assert "Stopped at step" in log_tail(child.log)
    load_checkpoint(child.run.folder)


def test_the_child_outlives_neither_its_input_nor_a_kill(request_for: TrainingRequest) -> None:
    child = start_training(request_for)
    wait_until(lambda: child.run.metrics(), "training began")
    os.kill(child.process.pid, signal.SIGKILL)
    assert ended(child) == -9
    assert child.run.state() == "interrupted"
    assert active_training() is None


def test_a_child_that_cannot_begin_says_why(request_for: TrainingRequest) -> None:
    Path(str(request_for.data)).write_bytes(b"garbage")
    child = start_training(request_for)
    assert ended(child) == 1
    problem = child.problem()
    assert problem is not None
    assert "error: " in problem
    assert "Traceback" not in problem
    assert not request_for.folder.exists()
    assert active_training() is None


def test_a_process_that_cannot_be_started(request_for: TrainingRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/none/python")
    with pytest.raises(StartError, match="could not be started"):
        start_training(request_for)


def test_a_home_that_cannot_be_used(
    request_for: TrainingRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "file"))
    with pytest.raises(StartError, match="Set DDPM_HOME"):
        start_training(request_for)


def test_a_child_works_in_another_folder_and_has_the_same_home(
    tmp_path: Path, tiny_sprites: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All names are relative, and a launcher's variables are about."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DDPM_HOME", f"home-{tmp_path.name}")
    monkeypatch.setenv("PYTHONPATH", ".")
    monkeypatch.setenv("WORLD_SIZE", "2")
    place = Path("elsewhere") / "checkpoints" / "cats"
    place.parent.mkdir(parents=True)
    child = start_training(
        TrainingRequest(place, data=tiny_sprites.name, steps=1, threads=1, holdout=0.0, check_sprites=0)
    )
    assert ended(child) == 0, log_tail(child.log)
    assert child.run.folder == tmp_path / place
    assert child.run.state() == "finished"
    assert [entry.name for entry in (tmp_path / "elsewhere").iterdir()] == ["checkpoints"]
    assert (tmp_path / f"home-{tmp_path.name}" / "training.json").is_file()
    assert child.log.parent == tmp_path / f"home-{tmp_path.name}" / "logs"


def test_what_a_child_is_told_of_its_surroundings(
    tmp_path: Path, ddpm_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KAGGLEHUB_CACHE", "kaggle")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["one", "", str(tmp_path / "two")]))
    monkeypatch.setenv("RANK", "1")
    found = process._environment("7", tmp_path / "x.log")
    assert found["KAGGLEHUB_CACHE"] == str(tmp_path / "kaggle")
    assert found["PYTHONPATH"].split(os.pathsep) == [str(ROOT), str(tmp_path / "one"), str(tmp_path / "two")]
    assert found["DDPM_HOME"] == str(ddpm_home.resolve())
    assert "RANK" not in found


@pytest.mark.parametrize(("source", "same"), [("builtin", True), ("builtin:50:3", True), ("kaggle", True),
                                              ("builtin.npy", False), ("x/builtin", False), (None, True)])  # fmt: skip
def test_only_a_path_is_taken_from_here(source: str | None, same: bool) -> None:
    request = process._with_absolute_paths(TrainingRequest(Path("checkpoints/cats"), data=source))
    assert request.folder == Path.cwd() / "checkpoints" / "cats"
    assert request.data == (source if same else str(Path.cwd() / str(source)))


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert log_tail(log) == ""
    log.write_bytes(b"\xff" * 10 + b"\n" + b"\n".join(b"line %d" % i for i in range(5000)) + b"\n\n")
    assert log_tail(log, 2) == "line 4998\nline 4999"
    assert len(log_tail(log).splitlines()) == 12


_PARENT = """
import sys, time
from pathlib import Path
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.launcher import start_training

child = start_training(TrainingRequest(Path(sys.argv[1]), data=sys.argv[2], steps=100_000, threads=1, holdout=0.0))
print(child.process.pid, flush=True)
del child
import gc
gc.collect()
time.sleep(600)
"""


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGKILL,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_when_the_server_dies_the_training_saves_and_stops(
    number: signal.Signals, request_for: TrainingRequest, ddpm_home: Path
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(request_for.folder), str(request_for.data)],
        cwd=ROOT, env=environment(ddpm_home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    run = Run(request_for.folder)
    try:
        wait_until(lambda: run.metrics(), "training began")
        # It goes on although nobody holds the child's handle any more.
        before = run.status()["step"]
        wait_until(lambda: run.status()["step"] > before, "training went on")
        assert run.state() == "running"
        parent.send_signal(number)
        parent.wait(600)
        wait_until(lambda: run.state() == "stopped", "it stopped")
        assert run.status()["reason"] == "the program that started it has ended"
        assert run.latest() == run.status()["step"]
        wait_until(lambda: not run.is_held(), "its lock is free")
        load_checkpoint(run.folder)
        assert active_training() is None
    finally:
        parent.kill()
        assert parent.stdout is not None
        parent.stdout.close()
