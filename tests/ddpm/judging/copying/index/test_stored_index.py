"""Stored indices: the same as fresh ones, and rebuilt whenever they are not whole."""

from __future__ import annotations

import json
import os
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddpm.base.home import home
from ddpm.judging.controls import hue_turned, moved
from ddpm.judging.copying.collage import CollageIndex
from ddpm.judging.copying.comparison_set import ComparisonSet, what_was_seen
from ddpm.judging.copying.index import stored_index
from ddpm.judging.copying.index.stored_index import is_stored, load_or_build
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.copying.memorization import judge
from ddpm.judging.copying.palettes import PaletteIndex
from ddpm.judging.copying.shapes import ShapeIndex
from ddpm.sprites import load_sprites
from tests.ddpm.helpers import simple_sprites


@pytest.fixture
def comparison_set(tmp_path: Path) -> ComparisonSet:
    images = simple_sprites(80)
    images[7] = 255  # one without a palette
    np.save(tmp_path / "cats.npy", images)
    return what_was_seen(load_sprites(tmp_path / "cats.npy"), None)


def samples_of(comparison_set: ComparisonSet) -> np.ndarray:
    """Something of everything."""
    images = comparison_set.sprites.images[comparison_set.seen[:24]]
    white = np.full((1, 16, 16, 3), 255, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    turned = hue_turned(images[12:18], 120)
    return np.concatenate([images[:6], moved(images[6:12], 1, 0), turned, white, noise, simple_sprites(6, seed=9)])


def fresh(comparison_set: ComparisonSet) -> TrainingIndex:
    return TrainingIndex(
        comparison_set.sprites.images[comparison_set.seen], comparison_set.sprites.images[comparison_set.unseen]
    )


def facts(index: TrainingIndex, samples: np.ndarray) -> dict[str, Any]:
    return judge(index.measure(samples), index).to_dict()


def folder() -> Path:
    (found,) = (home() / "yardsticks").iterdir()
    return found


def test_stored_and_fresh_are_the_same(comparison_set: ComparisonSet) -> None:
    samples = samples_of(comparison_set)
    told: list[tuple[float, str]] = []
    assert not is_stored(comparison_set)
    first = load_or_build(comparison_set, lambda done, what: told.append((done, what)))
    assert is_stored(comparison_set)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert (told[0][0], told[-1][0]) == (0.0, 1.0)
    assert all(what for _, what in told)
    told.clear()
    again = load_or_build(comparison_set, lambda done, what: told.append((done, what)))
    assert told == []
    expected = facts(fresh(comparison_set), samples)
    assert facts(first, samples) == facts(again, samples) == expected
    assert len(set(expected["labels"])) > 3
    # What is read is what was computed, to the last bit, and nothing is left to compute.
    for name, values in fresh(comparison_set).parts().items():
        kept = again.parts()[name]
        assert kept.dtype == values.dtype, name
        assert np.array_equal(kept, values, equal_nan=values.dtype.kind == "f"), name
    assert np.array_equal(again.train, first.train)
    assert np.array_equal(again.heldout, first.heldout)
    assert again.near_share(samples, 0.05) == first.near_share(samples, 0.05)


def test_reading_computes_nothing(comparison_set: ComparisonSet, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = samples_of(comparison_set)
    expected = facts(load_or_build(comparison_set), samples)
    for name in ("_calibration", "prepare"):
        monkeypatch.setattr(TrainingIndex, name, None)
    for kind in (CollageIndex, PaletteIndex, ShapeIndex):
        monkeypatch.setattr(kind, "of", None)
    assert facts(load_or_build(comparison_set), samples) == expected


def test_what_was_seen_is_part_of_the_key(comparison_set: ComparisonSet) -> None:
    hashes = comparison_set.sprites.split_hashes()[comparison_set.seen[:20]]
    other = what_was_seen(comparison_set.sprites, hashes)
    load_or_build(comparison_set)
    assert not is_stored(other)
    assert len(load_or_build(other).train) == len(other.seen) < len(comparison_set.seen)
    assert is_stored(comparison_set)
    assert is_stored(other)
    # Unseen sprites set the floors: other ones, another index.
    assert not is_stored(ComparisonSet(comparison_set.sprites, comparison_set.seen, comparison_set.unseen[:-1]))


def test_another_version_is_computed_anew(comparison_set: ComparisonSet, monkeypatch: pytest.MonkeyPatch) -> None:
    load_or_build(comparison_set)
    monkeypatch.setattr(stored_index, "_VERSION", stored_index._VERSION + 1)
    assert not is_stored(comparison_set)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-3] ^= 64
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [cut, flip, empty, as_folder, os.unlink])
@pytest.mark.parametrize("name", ["facts.json", "distances.npy", "palette_points.npy", "heldout_row.npy"])
def test_what_is_damaged_is_made_anew(damage: Any, name: str, comparison_set: ComparisonSet) -> None:
    samples = samples_of(comparison_set)
    expected = facts(load_or_build(comparison_set), samples)
    damage(folder() / name)
    assert facts(load_or_build(comparison_set), samples) == expected
    told: list[float] = []
    load_or_build(comparison_set, lambda done, what: told.append(done))
    assert told == []
    assert len(list((home() / "yardsticks").iterdir())) == 1


@pytest.mark.parametrize("text", ["[]", "{}", '{"digests": 3}', '{"digests": {}}', '{"digests": {"../x": "y"}}'])
def test_facts_of_no_use(text: str, comparison_set: ComparisonSet) -> None:
    expected = facts(load_or_build(comparison_set), samples_of(comparison_set))
    (folder() / "facts.json").write_text(text)
    assert facts(load_or_build(comparison_set), samples_of(comparison_set)) == expected


def test_parts_that_belong_to_other_sprites(comparison_set: ComparisonSet) -> None:
    """Whole files that do not fit together: told by what they hold, not by a traceback."""
    load_or_build(comparison_set)
    path = folder() / "facts.json"
    stored = json.loads(path.read_text())
    stored["digests"].pop("groups")
    path.write_text(json.dumps(stored))
    assert len(load_or_build(comparison_set).train) == len(comparison_set.seen)


def test_what_an_earlier_version_stored_besides(comparison_set: ComparisonSet) -> None:
    """A part that is not needed any more is passed over."""
    samples = samples_of(comparison_set)
    expected = facts(load_or_build(comparison_set), samples)
    np.save(folder() / "heldout_shape_confirmed.npy", np.ones(3))
    stored = json.loads((folder() / "facts.json").read_text())
    data = (folder() / "heldout_shape_confirmed.npy").read_bytes()
    stored["digests"]["heldout_shape_confirmed"] = blake2b(data, digest_size=16).hexdigest()
    (folder() / "facts.json").write_text(json.dumps(stored))
    told: list[float] = []
    assert facts(load_or_build(comparison_set, lambda done, what: told.append(done)), samples) == expected
    assert told == []


def test_where_nothing_can_be_kept(
    comparison_set: ComparisonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = samples_of(comparison_set)
    expected = facts(load_or_build(comparison_set), samples)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "file" / "home"))
    assert not is_stored(comparison_set)
    assert facts(load_or_build(comparison_set), samples) == expected

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "other"))
    monkeypatch.setattr(stored_index, "replace_bytes", full)
    assert facts(load_or_build(comparison_set), samples) == expected
    assert not is_stored(comparison_set)
    assert list((tmp_path / "other" / "yardsticks").iterdir()) == []


def test_the_least_used_make_room(comparison_set: ComparisonSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored_index, "_MOST_STORED", 2)
    sets = [
        ComparisonSet(comparison_set.sprites, comparison_set.seen[:count], comparison_set.unseen)
        for count in (20, 30, 40)
    ]
    load_or_build(sets[0])
    load_or_build(sets[1])
    # As long ago as it takes; then the first is asked for again.
    for path in (home() / "yardsticks").glob("*/facts.json"):
        os.utime(path, (1, 1))
    load_or_build(sets[0])
    (home() / "yardsticks" / ".building-dead").mkdir()
    os.utime(home() / "yardsticks" / ".building-dead", (1, 1))
    load_or_build(sets[2])
    assert [is_stored(each) for each in sets] == [True, False, True]
    assert len(list((home() / "yardsticks").iterdir())) == 2


def test_a_model_that_saw_nothing_is_told(comparison_set: ComparisonSet) -> None:
    with pytest.raises(ValueError, match="learnt from none"):
        load_or_build(what_was_seen(comparison_set.sprites, np.array([12345], np.uint64)))
    with pytest.raises(ValueError, match="two distinct"):
        load_or_build(ComparisonSet(comparison_set.sprites, comparison_set.seen[:1], comparison_set.unseen))
