"""A shipped run draws what the run drew, and weighs less."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm.cli.main import main
from ddpm.jobs import self_check
from ddpm.jobs.job import run_training
from ddpm.jobs.model_card import run_card
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.shipping import GuideOrder, folder_size, ship_run
from ddpm.jobs.timing import cadence
from ddpm.jobs.travel.exporting import export_run
from ddpm.jobs.travel.importing import import_run
from ddpm.judging.choosing import choose_step, measure_again, read_choice
from ddpm.runs.checkpoint import can_use_raw, load_checkpoint
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.run import Run
from ddpm.runs.step_files import drawing_digest
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
    assert main(["ship", "--run", str(tmp_path / "out"), "--out", str(tmp_path / "again"), "--early", "2"]) == 0
    assert "Left out: 1 early step (to keep: --early 1,2)." in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*ship, "1;2"])
    assert "'1;2' is no list of steps" in capsys.readouterr().err


def test_a_guide_comes_along_and_travels(run: Run, tmp_path: Path) -> None:
    shipped = ship_run(run.folder, tmp_path / "out", guide=GuideOrder(1, 1.5, -1.0))
    assert shipped.steps() == [3]
    guide = load_checkpoint(shipped.folder).model.guide
    assert guide is not None
    for a, b in zip(load_checkpoint(run.step_path(1)).model.parameters(), guide.model.parameters(), strict=True):  # type: ignore[attr-defined]
        torch.testing.assert_close(a.half().float(), b)
    (tmp_path / "out.zip").write_bytes(export_run(shipped.folder).data)
    with (tmp_path / "out.zip").open("rb") as file:
        arrived = import_run(file, "out.zip", tmp_path / "checkpoints").run
    assert drawing_digest(arrived.step_path(3)) == drawing_digest(shipped.step_path(3))
    arrived_guide = load_checkpoint(arrived.folder).model.guide
    assert arrived_guide is not None
    assert (arrived_guide.scale, arrived_guide.max_log_snr) == (1.5, -1.0)
    assert load_checkpoint(ship_run(run.folder, tmp_path / "out").folder).model.guide is None
    for order, words in ((GuideOrder(3, 2.0), "not earlier"), (GuideOrder(7, 2.0), "no saved step 7")):
        with pytest.raises(CheckpointError, match=words):
            ship_run(run.folder, tmp_path / "out", guide=order)
    for scale in (1.0, 8.5, math.nan):
        with pytest.raises(ValueError, match="scale of a guide"):
            GuideOrder(1, scale)


def test_a_bound_that_is_no_number_is_refused_and_replaces_nothing(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = ship_run(run.folder, tmp_path / "out")
    ship = ["ship", "--run", str(run.folder), "--out", str(shipped.folder)]
    for options, words in (
        (["--guide", "1", "--guide-until", "nan"], "must be a finite number, got nan"),
        (["--guide-scale", "2"], "--guide-scale says how a guide acts: name its step"),
        (["--guide-until=-1"], "--guide-until says how a guide acts: name its step"),
    ):
        assert main([*ship, *options]) == 1
        assert words in capsys.readouterr().err
    assert load_checkpoint(shipped.folder).config["step"] == 3


def test_shipped_again_it_keeps_its_guide_and_may_replace_itself(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = ship_run(run.folder, tmp_path / "out", guide=GuideOrder(1, 1.5, -1.0))
    assert "led away from those of its own step 1 (autoguidance" in (shipped.folder / "README.md").read_text()
    before = {path: path.read_bytes() for path in shipped.folder.rglob("*") if path.is_file()}
    for out in ("again", "out"):
        assert main(["ship", "--run", str(shipped.folder), "--out", str(tmp_path / out)]) == 0
        assert "It keeps its guide, its own step 1, scale 1.5." in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before
    assert drawing_digest(Run(tmp_path / "again").step_path(3)) == drawing_digest(shipped.step_path(3))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "out"]


def test_a_source_that_is_damaged_replaces_nothing(run: Run, tmp_path: Path) -> None:
    shipped = ship_run(run.folder, tmp_path / "out")
    broken = Run(Path(shutil.copytree(run.folder, tmp_path / "broken")))
    (broken.folder / "run.json").write_text('{"name": "broken"}')
    with pytest.raises(RunError, match="of broken is damaged"):
        ship_run(broken.folder, shipped.folder)
    assert load_checkpoint(shipped.folder).config["step"] == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken", "out"]


def test_what_was_measured_without_the_guide_is_said_to_be(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "home"))
    copied = Run(Path(shutil.copytree(run.folder, tmp_path / "copied")))
    choose_step(copied, n=24)
    out = tmp_path / "out"
    ship = ["ship", "--run", str(copied.folder), "--out", str(out), "--guide", "1", "--guide-until", "-1"]
    chosen = read_choice(copied.folder)
    assert chosen is not None
    if chosen["chosen"] == 1:
        pytest.fail("the first step cannot have an earlier guide: the fixture must choose another")
    assert main(ship) == 0
    assert "was judged without its guide" in capsys.readouterr().err
    card = (out / "README.md").read_text()
    assert "led away from those of its own step 1 (autoguidance" in card
    assert "What follows was measured without it" in card
    assert not (out / "verdict.json").exists()
    # Whoever forgets --again does not get the verdict of one model beside the figures of another.
    found = choose_step(Run(out), n=24)
    assert [row.get("guide", {}).get("step") for row in found["rows"]] == [
        1 if row["step"] == found["chosen"] else None for row in found["rows"]
    ]
    found = measure_again(Run(out), n=24)
    (row,) = (row for row in found["rows"] if row["step"] == found["chosen"])
    assert row["guide"] == {"step": 1, "scale": 1.5, "max_log_snr": -1.0}
    assert 12 < row["calls"] < 24
    assert [row["calls"] for row in found["rows"] if row["step"] != found["chosen"]] == [12, 12]
    card = run_card(Run(out))
    assert "What follows was measured without it" not in card
    assert "the others drew without one" in card
    verdict = (out / "verdict.json").read_bytes()
    again = ship_run(out, tmp_path / "again")
    assert (again.folder / "verdict.json").read_bytes() == verdict, "it draws as it did when it was judged"
    assert "What follows was measured" not in (again.folder / "README.md").read_text()
    other = ship_run(copied.folder, tmp_path / "other", guide=GuideOrder(1, 2.0))
    shutil.copyfile(out / "choice.json", other.folder / "choice.json")
    assert "What follows was measured with another one" in (card := run_card(other))
    assert "the others drew without one" not in card
