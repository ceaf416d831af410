"""A shipped run draws what the run drew, and weighs less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm.cli.main import main
from ddpm.jobs import self_check
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.shipping import folder_size, ship_run
from ddpm.jobs.timing import cadence
from ddpm.jobs.travel.exporting import export_run
from ddpm.jobs.travel.importing import import_run
from ddpm.runs.checkpoint import can_use_raw, load_checkpoint
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.run import Run
from tests.ddpm.helpers import simple_sprites


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with the whole network, which no test here changes; each of its three steps is saved."""
    place = tmp_path_factory.mktemp("shipping")
    np.save(place / "tiny.npy", simple_sprites(40))
    request = TrainingRequest(
        place / "checkpoints" / "mine", data=str(place / "tiny.npy"), steps=3, threads=1, check_sprites=0
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(place / "home"))
        patch.setattr(self_check, "FINAL_EVALUATIONS", 64)
        patch.setattr(cadence, "_intervals", lambda total: (1, 1))
        run_training(request, lambda progress: None)
    return Run(request.folder)


def test_a_shipped_run(run: Run, tmp_path: Path) -> None:
    shipped = ship_run(run.folder, tmp_path / "out", "interim")
    assert shipped.is_shipped()
    assert shipped.state() == "finished"
    assert shipped.latest() == 3
    assert "interim" in (shipped.folder / "README.md").read_text()
    assert folder_size(shipped.folder) < 8_000_000
    assert not can_use_raw(shipped.folder)
    assert np.array_equal(shipped.trained_on(), run.trained_on())
    assert [step for step, _ in shipped.previews()] == [step for step, _ in run.previews()]
    ours, theirs = load_checkpoint(run.folder).model, load_checkpoint(shipped.folder).model
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert b.dtype == torch.float32
        torch.testing.assert_close(a.half().float(), b)
    with pytest.raises(CheckpointError):
        load_checkpoint(shipped.folder, "raw")
    for change in (lambda: shipped.rename("other"), shipped.delete):
        with pytest.raises(RunError):
            change()
    assert ship_run(run.folder, tmp_path / "out").config().get("note") is None, "a shipped run is replaced"


def test_a_run_of_the_user_is_never_replaced(run: Run, tmp_path: Path) -> None:
    with pytest.raises(RunError):
        ship_run(run.folder, run.folder)
    assert run.latest() == 3


def test_early_steps_come_along_and_nothing_takes_them_for_the_model(run: Run, tmp_path: Path) -> None:
    assert run.steps() == [1, 2, 3]
    shipped = ship_run(run.folder, tmp_path / "out", early=[2, 1])
    assert (shipped.steps(), shipped.early(), shipped.latest()) == ([1, 2, 3], [1, 2], 3)
    assert load_checkpoint(shipped.folder).config["step"] == 3
    early = load_checkpoint(shipped.step_path(1)).model
    for a, b in zip(load_checkpoint(run.step_path(1)).model.parameters(), early.parameters(), strict=True):
        torch.testing.assert_close(a.half().float(), b)
    assert "early steps | 1, 2:" in (shipped.folder / "README.md").read_text()
    assert ship_run(shipped.folder, tmp_path / "again").early() == [], "they come along only where they are asked for"
    # What travels as one file is the model alone.
    (tmp_path / "out.zip").write_bytes(export_run(shipped.folder).data)
    with (tmp_path / "out.zip").open("rb") as file:
        arrived = import_run(file, "out.zip", tmp_path / "checkpoints").run
    assert (arrived.steps(), "early" in arrived.config()) == ([3], False)
    for steps, words in (([3], "not earlier"), ([1, 7], "no saved step 7. Before its step 3 it has: 1, 2")):
        with pytest.raises(CheckpointError, match=words):
            ship_run(run.folder, tmp_path / "out", early=steps)
        assert shipped.early() == [1, 2], "what is refused replaces nothing"


def test_early_steps_on_the_command_line(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ship = ["ship", "--run", str(run.folder), "--out", str(tmp_path / "out"), "--early"]
    assert main([*ship, "1,2"]) == 0
    assert "2 early steps among it" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*ship, "1;2"])
    assert "'1;2' is no list of steps" in capsys.readouterr().err
