"""A shipped run draws what the run drew, and weighs less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm.jobs import self_check
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.shipping import folder_size, ship_run
from ddpm.runs.checkpoint import can_use_raw, load_checkpoint
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.run import Run
from tests.ddpm.helpers import simple_sprites


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with the whole network, which no test here changes."""
    place = tmp_path_factory.mktemp("shipping")
    np.save(place / "tiny.npy", simple_sprites(40))
    request = TrainingRequest(
        place / "checkpoints" / "mine", data=str(place / "tiny.npy"), steps=3, threads=1, check_sprites=0
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(place / "home"))
        patch.setattr(self_check, "FINAL_EVALUATIONS", 64)
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
