"""A distillation in its run folder, from the library and from the command line."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddpm import load_checkpoint
from ddpm.base.files import replace_json
from ddpm.cli.main import main
from ddpm.jobs.control import StopSwitch
from ddpm.jobs.distilling.job import run_distilling
from ddpm.jobs.distilling.plan import TEACHER
from ddpm.jobs.distilling.request import DistilRequest, add_options, from_options, name_for, to_options
from ddpm.jobs.recorder import Progress
from ddpm.jobs.shipping import ship_run
from ddpm.runs.checkpoint import SavedGuide, save_checkpoint
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.run import Run
from ddpm.runs.step_files import drawing_digest
from ddpm.training.loop import new_state
from ddpm.training.recipes import RECIPES
from tests.ddpm.cli.small_runs import train_small
from tests.ddpm.helpers import TINY, Ticks, digests, simple_sprites

STEPS = 12


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a run that knows two kinds."""
    folder = tmp_path_factory.mktemp("distilling")
    np.savez(folder / "tiny.npz", images=simple_sprites(12), labels=np.arange(12) % 2)
    train_small(folder, {"cats": str(folder / "tiny.npz")})
    return folder


@pytest.fixture
def here(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which is the working folder and the home."""
    shutil.copytree(place, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "here" / "home"))
    monkeypatch.setitem(RECIPES, "tiny", TINY)
    return tmp_path / "here"


def distil(name: str = "quick", watch: Callable[[Progress], Any] = lambda progress: None, **options: Any) -> Progress:
    switch = options.pop("switch", None)
    asked = {"teacher": Path("checkpoints/cats"), "steps": STEPS, "threads": 1, "check_sprites": 0, **options}
    return run_distilling(DistilRequest(Path("checkpoints") / name, **asked), watch, switch)


def test_a_distillation_leaves_a_whole_folder(here: Path) -> None:
    seen: list[Progress] = []
    last = distil(watch=seen.append, check_sprites=16)
    assert (last.state, last.step, last.total_steps) == ("finished", STEPS, STEPS)
    run, teacher = Run(here / "checkpoints" / "quick"), Run(here / "checkpoints" / "cats")
    config = run.config()
    weights = sha256((teacher.step_path(3) / "model.safetensors").read_bytes()).hexdigest()
    assert config["distilled"] == {"run": "cats", "id": teacher.id(), "step": 3, "weights": weights}
    assert config["data"] == teacher.config()["data"]
    assert run.state() == "finished"
    assert run.latest() == STEPS
    assert run.damage() == []
    assert (run.trained_on() == teacher.trained_on()).all()
    metrics = run.metrics()
    assert [record["step"] for record in metrics] == list(range(1, STEPS + 1))
    assert len(metrics[-1]["distances"]) == 4
    assert metrics[-1]["check"]["samples"] == 16
    assert run.previews()
    card = (run.folder / "README.md").read_text()
    assert "distilled from the run cats, step 3" in card
    assert weights in card
    assert 'sampler="instant"' in card
    loaded = load_checkpoint(run.folder)
    assert loaded.model.distilled
    assert loaded.config["distilled"] == config["distilled"]
    # The run that it was made from has not changed.
    assert not load_checkpoint(teacher.folder).model.distilled


def test_an_interrupted_one_goes_on_exactly(here: Path) -> None:
    distil("whole")
    switch = StopSwitch()

    def stop(progress: Progress) -> None:
        if progress.step == 7:
            switch.reason = "enough"

    stopped = distil("parts", stop, switch=switch)
    # The step that was under way is made and saved.
    assert (stopped.state, stopped.step) == ("stopped", 8)
    assert Run(here / "checkpoints" / "parts").latest() == 8
    # What it was made from is not needed any more.
    shutil.rmtree(here / "checkpoints" / "cats")
    assert distil("parts", teacher=None, steps=None, resume=True).state == "finished"
    steps = [Run(here / "checkpoints" / name).step_path(STEPS) for name in ("whole", "parts")]
    assert digests(steps[0]) == digests(steps[1])
    assert distil("parts", teacher=None, steps=None, resume=True).step == STEPS


def test_a_teacher_is_distilled_with_its_guide(here: Path) -> None:
    folder = Path(shutil.copytree("checkpoints/cats", "checkpoints/led"))
    loaded = load_checkpoint(folder)
    state = new_state(TINY, 2, seed=4)
    guide = SavedGuide(1, state.model, 3.0)
    state.ema.model.load_state_dict(loaded.model.state_dict())
    state.step = 3
    shutil.rmtree(loaded.path)
    save_checkpoint(folder / "steps", state, loaded.config, resumable=False, guide=guide)
    distil("plain")
    distil("quick", teacher=folder)
    run = Run(here / "checkpoints" / "quick")
    assert run.config()["distilled"]["weights"] == drawing_digest(load_checkpoint(folder).path)
    assert load_checkpoint(run.folder / TEACHER).model.guide is not None
    assert load_checkpoint(run.folder).model.guide is None, "what it leads to is learnt already"
    assert digests(run.step_path(STEPS)) != digests(Run(here / "checkpoints" / "plain").step_path(STEPS))
    # It goes on from the copies alone.
    shutil.rmtree(folder)
    assert distil("quick", teacher=None, steps=STEPS + 2, resume=True).step == STEPS + 2


def test_minutes_go_by_the_clock_and_go_on_exactly(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = Ticks(0.05)
    monkeypatch.setattr("ddpm.training.clock.time", ticks)
    seen: list[Progress] = []
    last = distil(watch=seen.append, steps=None, minutes=0.1)
    run = Run(here / "checkpoints" / "quick")
    assert (last.state, last.step, last.minutes) == ("finished", last.total_steps, None)
    assert ticks.now == pytest.approx(6, abs=0.5)
    assert 20 < last.step < 60
    rates = [record["learning_rate"] for record in run.metrics()]
    assert rates[-1] < 0.02 * max(rates)
    (warned,) = {progress.message for progress in seen if "Too few" in (progress.message or "")}
    assert "Its jumps do not arrive before about" in warned
    expected = digests(run.step_path(last.step))
    ticks.seconds = 0.25
    shutil.rmtree(run.step_path(last.step))
    again = distil(steps=None, teacher=None, resume=True)
    assert (again.step, digests(run.step_path(last.step))) == (last.step, expected)


def test_other_weights_are_refused_on_resume(here: Path) -> None:
    distil(steps=2)
    manifest = here / "checkpoints" / "quick" / TEACHER / "manifest.json"
    written = json.loads(manifest.read_text())
    with pytest.raises(RunError, match="--seed 3"):
        distil(resume=True, seed=3)
    with pytest.raises(RunError, match="whose weights are others"):
        distil(resume=True, teacher=here / "checkpoints" / "quick")
    shutil.copytree(here / "checkpoints" / "quick" / "steps" / "000002", manifest.parent, dirs_exist_ok=True)
    with pytest.raises(CheckpointError, match="other weights"):
        distil(resume=True)
    assert json.loads(manifest.read_text()) != written


def test_what_cannot_be_distilled_is_refused(here: Path) -> None:
    distil(steps=1)
    with pytest.raises(RunError, match="already"):
        distil("again", teacher=Path("checkpoints/quick"))
    with pytest.raises(RunError, match="say which run"):
        distil("again", teacher=None)
    with pytest.raises(RunError, match="already a run called 'cats'"):
        distil("cats")
    with pytest.raises(RunError, match="was trained, not distilled"):
        distil("cats", resume=True)
    with pytest.raises(CheckpointError):
        distil("again", teacher=Path("checkpoints/nothing"))
    replace_json(here / "checkpoints" / "cats" / "run.json", {"format_version": 1})
    with pytest.raises(RunError, match="is missing or damaged"):
        distil("again")
    assert not (here / "checkpoints" / "again").exists()


def test_a_shipped_one_still_draws_instantly(here: Path) -> None:
    distil(steps=2)
    shipped = ship_run(here / "checkpoints" / "quick", here / "small")
    loaded = load_checkpoint(shipped.folder)
    assert loaded.model.distilled
    assert loaded.config["distilled"]["run"] == "cats"
    assert not (shipped.folder / TEACHER).exists()


def test_a_request_survives_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    parser = argparse.ArgumentParser()
    add_options(parser)
    request = DistilRequest(
        Path("checkpoints/my run"), tmp_path / "checkpoints" / "cats", None, 2.5, 1, 7, 0, resume=True
    )
    assert from_options(parser.parse_args(to_options(request))) == request
    plain = from_options(parser.parse_args(["--run", "cats"]))
    assert plain.folder == Path("checkpoints/cats-instant")
    assert not plain.resume
    assert name_for(Run(Path("x" * 63))).endswith("-instant")
    assert len(name_for(Run(Path("x" * 63)))) == 63
    with pytest.raises(RunError, match="Which run"):
        from_options(parser.parse_args([]))


def test_the_commands(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["distil", "--run", "cats", "--steps", "2", "--threads", "1", "--check-sprites", "0"]) == 0
    assert "Finished at step 2 of 2" in capsys.readouterr().err
    folder = "checkpoints/cats-instant"
    draw = ["sample", "--checkpoint", folder, "--n", "3", "--out"]
    assert main([*draw, "usual.npy"]) == 0
    assert main([*draw, "four.npy", "--sampler", "instant", "--steps", "4"]) == 0
    assert (np.load("usual.npy") == np.load("four.npy")).all()
    assert main([*draw, "one.npy", "--steps", "1", "--guidance-scale", "2"]) == 0
    assert main([*draw, "x.gif"]) == 0
    capsys.readouterr()
    assert main([*draw, "x.npy", "--sampler", "fast"]) == 1
    assert "fast cannot draw with it" in capsys.readouterr().err
    assert main(["sample", "--checkpoint", "checkpoints/cats", "--out", "x.npy", "--sampler", "instant"]) == 1
    assert "distil it first" in capsys.readouterr().err
    assert main(["train", "--run", "cats-instant", "--resume"]) == 1
    assert "distil --out cats-instant --resume" in capsys.readouterr().err
    assert main(["variants", "--checkpoint", folder, "--of", "colours", "--index", "0", "--out", "v.npy"]) == 0
    assert main(["report", "--checkpoint", folder, "--n", "8"]) == 0
    told = capsys.readouterr().out
    assert "no longer predicts the noise" in " ".join(told.split())
