"""What a training is going to do."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ddpm import SpriteError, load_sprites
from ddpm.base import hardware
from ddpm.base.files import replace_json
from ddpm.jobs.control import QUIET, Context, StoppedEarly
from ddpm.jobs.plan import Plan, make_plan, training_rows
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.timing.length import seconds_per_step
from ddpm.judging.copying.comparison_set import what_was_seen
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from ddpm.training.recipes import RECIPES
from ddpm.training.timetable import Stretch, Timetable
from tests.ddpm.helpers import TINY, simple_sprites


@pytest.fixture(autouse=True)
def _tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "tiny", TINY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def made(folder: Path, data: Path, stop: bool = False, **options: Any) -> Plan:
    request = TrainingRequest(folder, **{"data": str(data), "preset": "tiny", "steps": 40, "threads": 1, **options})
    return make_plan(request, Context(stopped=lambda: stop))


def resumed(folder: Path, **options: Any) -> Plan:
    return make_plan(TrainingRequest(folder, resume=True, **options), QUIET)


def test_what_is_decided_is_written(folder: Path, tiny_sprites: Path) -> None:
    found = made(folder, tiny_sprites, seed=3, precision="bfloat16")
    config = Run(folder).config()
    assert config == json.loads(json.dumps(found.config))
    sprites = load_sprites(tiny_sprites)
    train, heldout = sprites.split()
    assert config["preset"] == "tiny"
    assert config["recipe"]["channels"] == [8, 8, 8, 8]
    assert config["schedule"] == {"num_timesteps": 1000, "kind": "cosine"}
    assert config["asked"] == {"steps": 40}
    assert (config["total_steps"], config["seed"], config["threads"], config["holdout"]) == (40, 3, 1, 0.1)
    assert config["precision"] == "bfloat16"
    assert config["data"]["fingerprint"] == sprites.fingerprint
    assert config["data"]["rows"] == config["data"]["distinct"] == 40
    assert config["data"]["training_distinct"] == len(train) == len(found.rows)
    assert config["data"]["heldout_distinct"] == len(heldout) == len(found.heldout) > 0
    assert config["data"]["label_names"] is None
    assert found.num_classes is None
    hashes = Run(folder).trained_on()
    assert hashes is not None
    assert set(hashes) == set(sprites.split_hashes()[train])
    assert not set(hashes) & set(sprites.split_hashes()[heldout])


def test_no_holdout(folder: Path, tiny_sprites: Path) -> None:
    found = made(folder, tiny_sprites, holdout=0.0)
    assert len(found.rows) == 40
    assert len(found.heldout) == 0


def test_labels_become_classes(folder: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=simple_sprites(40), labels=np.arange(40) % 2)
    found = made(folder, tmp_path / "x.npz", holdout=0.0)
    assert found.num_classes == 2
    assert found.config["data"]["class_frequencies"] == pytest.approx([0.5, 0.5])
    assert len(found.config["data"]["label_names"]) == 2


def test_repeats_count_as_rows(folder: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.tile(simple_sprites(40), (3, 1, 1, 1)))
    found = made(folder, tmp_path / "x.npy", steps=None, epochs=2.0, repeats="keep")
    assert len(found.rows) == 3 * found.config["data"]["training_distinct"]
    assert found.total_steps == math.ceil(2 * len(found.rows) / 8)
    assert len(found.heldout) == 40 - found.config["data"]["training_distinct"]


def test_minutes_go_by_the_clock(folder: Path, tiny_sprites: Path) -> None:
    new = made(folder, tiny_sprites, steps=None, minutes=2.0)
    assert (new.length, new.total_steps, Run(folder).config()["total_steps"]) == (Stretch(0, minutes=2.0), 0, 0)
    assert resumed(folder).length.minutes == resumed(folder, minutes=2.0).length.minutes == 2.0
    shorter = resumed(folder, minutes=1.0)
    assert shorter.length.minutes == 1.0
    assert "now 1 minute (before: 2 minutes)" in shorter.notes[0]
    assert resumed(folder, steps=70).total_steps == 70


def test_a_run_that_turned_minutes_into_steps_goes_on_in_steps(folder: Path, tiny_sprites: Path) -> None:
    """As versions did that had no timetable."""
    made(folder, tiny_sprites, steps=None, minutes=2.0)
    replace_json(folder / "run.json", {**Run(folder).config(), "total_steps": 480})
    for again in (resumed(folder), resumed(folder, minutes=2.0)):
        assert (again.total_steps, again.length.minutes) == (480, None)
    table, new = resumed(folder).timetable(100, 30.0)
    assert (table.to_list(), new) == (Timetable.of_steps(480).to_list(), None)
    # Another time is by the clock, which has then run for as long as its steps took.
    table, new = resumed(folder, minutes=3.0).timetable(100, 30.0)
    assert new == Stretch(100, minutes=3.0, seconds=30.0, seconds_per_step=0.3)
    assert table.total_steps(99) == 480
    assert table.total_steps(100) == 600


def test_the_timetable_of_a_run_that_goes_on(folder: Path, tiny_sprites: Path) -> None:
    table, new = made(folder, tiny_sprites, steps=None, minutes=2.0).timetable(0, 0.0)
    assert new == table.last == Stretch(0, minutes=2.0)
    written = [Stretch(0, minutes=2.0), Stretch(50, minutes=2.0, seconds=60.0, seconds_per_step=1.0)]
    lines = [json.dumps(stretch.to_dict()) + "\n" for stretch in written]
    (folder / "timetable.jsonl").write_text("".join(lines) + "{}\ngarbage\n" + '{"step": 60, "minutes": 2')
    assert Run(folder).stretches() == written
    assert "timetable.jsonl (2 lines)" in Run(folder).damage()
    # What a kill has lost is made again as it is written, unless the length is another one now.
    table, new = resumed(folder).timetable(20, 10.0)
    assert (table.last, new) == (written[1], None)
    table, new = resumed(folder, minutes=4.0).timetable(60, 10.0)
    assert new == table.last == Stretch(60, minutes=4.0, seconds=70.0, seconds_per_step=1.0)
    table, new = resumed(folder, steps=90).timetable(60, 10.0)
    assert (table.end, table.total_steps(59), table.total_steps(60)) == (90, 103, 90)
    (folder / "timetable.jsonl").unlink()
    lost = resumed(folder)
    assert lost.timetable(20, 10.0)[1] == Stretch(20, minutes=2.0, seconds=10.0, seconds_per_step=0.5)
    assert "timetable is lost" in lost.notes[-1]


def test_timing_leaves_no_trace(folder: Path, tiny_sprites: Path) -> None:
    found = made(folder, tiny_sprites)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert seconds_per_step(TINY, found.sprites, "float32") > 0
    assert torch.equal(torch.get_rng_state(), before)


def test_without_a_length_it_is_that_of_the_recipe(folder: Path, tiny_sprites: Path) -> None:
    assert made(folder, tiny_sprites, steps=None).length.minutes == TINY.default_minutes
    assert Run(folder).config()["asked"] == {"minutes": TINY.default_minutes}


@pytest.mark.parametrize(
    "length", [{"steps": 0}, {"steps": -5}, {"minutes": 0.0}, {"minutes": math.nan}, {"epochs": math.inf}]
)
def test_a_length_that_is_none(length: dict[str, Any], folder: Path, tiny_sprites: Path) -> None:
    with pytest.raises(RunError, match=f"--{next(iter(length))}"):
        made(folder, tiny_sprites, **{"steps": None, **length})
    assert not Run(folder).exists()


def test_only_one_length(folder: Path, tiny_sprites: Path) -> None:
    with pytest.raises(RunError, match="only one of --steps and --epochs"):
        made(folder, tiny_sprites, epochs=1.0)


def test_a_stop_comes_early(folder: Path, tiny_sprites: Path) -> None:
    with pytest.raises(StoppedEarly):
        made(folder, tiny_sprites, stop=True)
    assert list(folder.iterdir()) == []


def test_wrong_words(folder: Path, tiny_sprites: Path) -> None:
    with pytest.raises(ValueError, match="unknown preset"):
        made(folder, tiny_sprites, preset="quick")
    with pytest.raises(ValueError, match="unknown precision"):
        made(folder, tiny_sprites, precision="float8")
    with pytest.raises(SpriteError, match=r"0\.1 or 0"):
        made(folder, tiny_sprites, holdout=0.2)
    assert list(folder.iterdir()) == []


def test_all_sprites_held_out(folder: Path, tmp_path: Path, tiny_sprites: Path) -> None:
    sprites = load_sprites(tiny_sprites)
    np.save(tmp_path / "held.npy", sprites.images[sprites.split()[1]])
    with pytest.raises(SpriteError, match="holdout"):
        made(folder, tmp_path / "held.npy")


# At most so many sprites


def variants(tmp_path: Path) -> Path:
    """Forty sprites, ten of them with their mirror image, five of them twice."""
    images = simple_sprites(40)
    images[:, 12, 3] = 77, 1, 2  # none is its own mirror image
    np.save(tmp_path / "variants.npy", np.concatenate([images, images[:10, :, ::-1], images[5:10]]))
    return tmp_path / "variants.npy"


@pytest.mark.parametrize("most", [2, 5, 8, 13, 1000])
def test_at_most_so_many_distinct_sprites(most: int, folder: Path, tmp_path: Path) -> None:
    data = variants(tmp_path)
    found = made(folder, data, most=most, repeats="keep")
    sprites = load_sprites(data)
    train, heldout = sprites.split()
    distinct = np.unique(sprites.first_rows()[found.rows])
    assert set(distinct) <= set(train)
    assert min(most, len(train)) - 1 <= len(distinct) <= most
    assert found.config["most"] == Run(folder).config()["most"] == most
    assert found.config["data"]["training_distinct"] == len(distinct)
    assert np.array_equal(found.heldout, heldout)
    # Repeats and mirror images come along, so that what it was trained on is exactly what it has seen.
    assert set(np.flatnonzero(np.isin(sprites.first_rows(), distinct))) == set(found.rows)
    reference = what_was_seen(sprites, Run(folder).trained_on())
    assert np.array_equal(reference.seen, distinct)
    assert len(reference.unseen) == len(sprites.distinct()) - len(distinct)


def test_which_sprites_they_are_does_not_hang_on_seed_or_order(folder: Path, tmp_path: Path) -> None:
    data = variants(tmp_path)
    one = made(folder, data, most=9, seed=1)
    assert np.array_equal(training_rows(load_sprites(data), 0.1, 9), one.rows)
    images = np.load(data)
    np.save(tmp_path / "backwards.npy", images[::-1])
    other = load_sprites(tmp_path / "backwards.npy")
    again = training_rows(other, 0.1, 9)
    assert sorted(map(bytes, other.images[again])) == sorted(map(bytes, images[one.rows]))


def test_the_limit_holds_when_the_run_goes_on(folder: Path, tiny_sprites: Path, tmp_path: Path) -> None:
    first = made(folder, tiny_sprites, most=6)
    assert np.array_equal(resumed(folder).rows, first.rows)
    assert np.array_equal(resumed(folder, most=6).rows, first.rows)
    with pytest.raises(RunError, match=r"--most 7 \(the run has 6\)"):
        resumed(folder, most=7)
    (tmp_path / "all").mkdir()
    made(tmp_path / "all", tiny_sprites)
    assert "most" not in Run(tmp_path / "all").config()
    with pytest.raises(RunError, match=r"--most 7 .*no such limit"):
        resumed(tmp_path / "all", most=7)


def test_a_limit_of_one_is_refused(folder: Path) -> None:
    with pytest.raises(RunError, match="--most must be at least 2"):
        TrainingRequest(folder, most=1).check()


# Going on


def test_resuming_repeats_what_was_decided(folder: Path, tiny_sprites: Path) -> None:
    first = made(folder, tiny_sprites, seed=5)
    written = (folder / "run.json").read_bytes()
    again = resumed(folder)
    assert again.config == json.loads(json.dumps(first.config))
    assert again.total_steps == 40
    assert np.array_equal(again.rows, first.rows)
    assert np.array_equal(again.heldout, first.heldout)
    assert again.notes == []
    # The same options, said again, contradict nothing.
    resumed(
        folder, data=str(tiny_sprites), preset="tiny", seed=5, holdout=0.1, precision="float32", threads=1, steps=40
    )
    assert (folder / "run.json").read_bytes() == written


def test_every_contradiction_is_named(folder: Path, tiny_sprites: Path, tmp_path: Path) -> None:
    made(folder, tiny_sprites)
    np.save(tmp_path / "other.npy", simple_sprites(30, seed=9))
    with pytest.raises(RunError) as caught:
        resumed(folder, data=str(tmp_path / "other.npy"), preset="original", seed=1, holdout=0.0, precision="bfloat16")
    message = str(caught.value)
    for words in (
        "--preset original (the run has tiny)",
        "--holdout 0.0 (the run has 0.1)",
        "--seed 1 (the run has 0)",
    ):
        assert words in message
    assert "--precision bfloat16" in message
    assert "--data" in message
    with pytest.raises(RunError) as caught:
        resumed(folder, seed=1)
    assert "--preset" not in str(caught.value)


def test_sprites_that_changed(folder: Path, tiny_sprites: Path) -> None:
    made(folder, tiny_sprites)
    images = simple_sprites(40)
    images[3, 4, 5, 0] ^= 1
    np.save(tiny_sprites, images)
    with pytest.raises(RunError, match="have changed"):
        resumed(folder)


def test_the_same_sprites_from_elsewhere_are_the_same(folder: Path, tiny_sprites: Path, tmp_path: Path) -> None:
    made(folder, tiny_sprites)
    moved = tiny_sprites.rename(tmp_path / "moved.npy")
    with pytest.raises(SpriteError):
        resumed(folder)
    assert resumed(folder, data=str(moved)).total_steps == 40


def test_other_threads_are_warned_of(folder: Path, tiny_sprites: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 2)
    made(folder, tiny_sprites, threads=1)
    assert resumed(folder).notes == []
    assert torch.get_num_threads() == 1
    (note,) = resumed(folder, threads=2).notes
    assert "1 threads" in note
    assert "2" in note
    assert torch.get_num_threads() == 2


def test_another_total_is_told(folder: Path, tiny_sprites: Path) -> None:
    made(folder, tiny_sprites)
    longer = resumed(folder, steps=60)
    assert longer.total_steps == 60
    assert "60 steps (before: 40 steps)" in longer.notes[0]
    # What was decided last holds, not what run.json says of the first start.
    replace_json(folder / "status.json", {"total_steps": 60})
    assert resumed(folder).total_steps == 60


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format_version": 99}', '{"format_version": 1'])
def test_a_damaged_run(text: str, folder: Path) -> None:
    (folder / "run.json").write_text(text)
    with pytest.raises(RunError, match="damaged or of another version"):
        resumed(folder)
