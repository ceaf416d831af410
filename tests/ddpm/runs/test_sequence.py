"""Order is by sequence: a clock that stands still or is set back loses nothing and hides nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ddpm.base.files import replace_json
from ddpm.jobs.control import QUIET
from ddpm.jobs.plan import make_plan
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.album import batch_names, keep_batch, load_batch
from ddpm.runs.favourites import favourite_id, favourites, keep, kept_among, remove
from ddpm.runs.listing import list_runs, next_place
from ddpm.runs.run import Run
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import TINY, simple_sprites
from tests.ddpm.runs.test_album import chain, seeds
from tests.ddpm.runs.test_favourites import old_file

HOUR = 3600 * 10**9
Clock = Callable[[int], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """``clock(-HOUR)`` sets it back by an hour from now, and stops it there."""
    now = time.time_ns()

    def set_to(offset: int) -> None:
        monkeypatch.setattr(time, "time_ns", lambda: now + offset)
        monkeypatch.setattr(time, "time", lambda: (now + offset) / 1e9)

    return set_to


def test_the_batch_that_was_just_drawn_is_kept_whatever_the_clock_says(clock: Clock) -> None:
    for seed in range(12):
        keep_batch(chain(seed), {"seed": seed})
    clock(-HOUR)
    for seed in range(12, 16):
        kept = keep_batch(chain(seed), {"seed": seed})
        found = load_batch(kept.id)
        assert found is not None
        assert found.info == {"seed": seed}
        assert batch_names()[0] == kept.id
    assert seeds() == list(range(15, 3, -1))


def test_a_short_name_of_an_older_album_is_older(ddpm_home: Path, clock: Clock) -> None:
    """They were sorted as text: "f..." of twelve digits after "1..." of sixteen."""
    clock(0)
    old = keep_batch(chain(0), {"seed": 0})
    (ddpm_home / "batches" / old.id).rename(ddpm_home / "batches" / "ffffffffffff")
    new = keep_batch(chain(1), {"seed": 1})
    assert batch_names() == [new.id, "ffffffffffff"]


def test_two_who_draw_at_once_keep_two_batches(clock: Clock) -> None:
    clock(0)
    ids: list[str] = []

    def draw(first: int) -> None:
        for seed in range(first, first + 5):
            ids.append(keep_batch(chain(seed), {"seed": seed}).id)

    threads = [threading.Thread(target=draw, args=(first,)) for first in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "" not in ids
    assert len(set(ids)) == 10
    assert set(batch_names()) == set(ids)
    assert set(seeds()) == {*range(5), *range(100, 105)}


def test_a_batch_that_was_never_finished_is_swept_away(ddpm_home: Path) -> None:
    left = ddpm_home / "batches" / ".building-0123"
    left.mkdir(parents=True)
    kept = keep_batch(chain(0), {"seed": 0})
    assert [entry.name for entry in (ddpm_home / "batches").iterdir()] == [kept.id]


def test_favourites_stand_in_the_order_in_which_they_were_kept(clock: Clock) -> None:
    images = simple_sprites(4)
    for i, offset in enumerate((0, -HOUR, -HOUR, -2 * HOUR)):
        clock(offset)
        keep(images[i], {"index": i})
    assert [one.info["index"] for one in favourites()] == [3, 2, 1, 0]


def test_favourites_of_an_earlier_version_come_after_the_new_ones(ddpm_home: Path, clock: Clock) -> None:
    images = simple_sprites(3)
    future = time.time() + 1e6
    for i, kept in enumerate((future, future - 10)):
        old_file(ddpm_home, images[i], {"index": i}, kept)
    keep(images[2], {"index": 2})
    assert [one.info["index"] for one in favourites()] == [2, 0, 1]


def test_keeping_the_same_at_once_is_keeping_once(ddpm_home: Path) -> None:
    images = simple_sprites(3)
    threads = [threading.Thread(target=keep, args=(image, {})) for image in images for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list((ddpm_home / "favourites").iterdir())) == 3
    assert sorted(one.place for one in favourites()) == [1, 2, 3]


def test_a_favourite_is_known_by_the_weights_not_by_the_name_of_its_model(ddpm_home: Path) -> None:
    (image,) = simple_sprites(1)
    origin = {"mark": "12345678", "seed": 3, "index": 0}
    old_file(ddpm_home, image, {**origin, "name": "small"}, 5.0)
    now = {**origin, "name": "big cats", "id": "0" * 16}
    name = favourite_id(image, now)
    assert kept_among({name}) == {name}
    assert keep(image, now).info["name"] == "small", "it is kept already"
    assert len(favourites()) == 1
    assert favourite_id(image, {**now, "mark": "87654321"}) != name
    remove(name)
    assert list((ddpm_home / "favourites").iterdir()) == []


def old_run(root: Path, name: str, age: float) -> None:
    (root / name).mkdir(parents=True)
    replace_json(root / name / "run.json", {"name": name})
    then = time.time() - age
    os.utime(root / name / "run.json", (then, then))


def test_runs_stand_in_the_order_in_which_they_began(tmp_path: Path, clock: Clock) -> None:
    root = tmp_path / "checkpoints"
    old_run(root, "old", 7200)
    old_run(root, "older", 9000)
    for name, offset in (("first", 0), ("second", -HOUR), ("third", -HOUR), ("fourth", -3 * HOUR)):
        clock(offset)
        place = next_place(root / name)
        (root / name).mkdir()
        replace_json(root / name / "run.json", {"sequence": place})
        # A file's date follows the clock, and a copy has the date of its copying.
        os.utime(root / name / "run.json", ns=(time.time_ns(), time.time_ns()))
    assert [run.name for run in list_runs(root)] == ["fourth", "third", "second", "first", "old", "older"]


def test_a_training_gives_its_run_an_id_and_a_place(
    tmp_path: Path, tiny_sprites: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RECIPES, "tiny", TINY)
    root = tmp_path / "checkpoints"
    old_run(root, "old", -1e6)
    for name in ("a", "b"):
        (root / name).mkdir()
        request = TrainingRequest(root / name, data=str(tiny_sprites), preset="tiny", steps=5, threads=1)
        make_plan(request, QUIET)
    a, b, old = Run(root / "a"), Run(root / "b"), Run(root / "old")
    assert [run.name for run in list_runs(root)] == ["b", "a", "old"], "though the old one has a date to come"
    assert len({a.id(), b.id(), old.id()}) == 3
    assert all(len(run.id()) == 16 for run in (a, b, old))
    for run in (a, old):
        before = run.id()
        assert run.rename(f"{run.name} again").id() == before
    assert Run(root / "none").id() == ""


def test_the_stored_index_that_was_used_last_goes_last(ddpm_home: Path, clock: Clock) -> None:
    from ddpm.judging.copying.index import stored_index

    parent = ddpm_home / "yardsticks"
    for name in "abc":
        (parent / name).mkdir(parents=True)
        replace_json(parent / name / "facts.json", {})
    clock(-HOUR)
    for name in "ab":
        stored_index._mark_used(parent / name)
    assert [path.parent.name for path in stored_index._by_use(parent)] == ["c", "a", "b"]


def test_arrays_of_a_batch_are_whole_or_absent(ddpm_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ddpm.runs.album.replace_json", full)
    batch = keep_batch(chain(0), {"seed": 0})
    assert batch.id == ""
    assert np.array_equal(batch.chain.x_t, chain(0).x_t)
    assert list((ddpm_home / "batches").iterdir()) == []
