"""Yardsticks that are kept: the same as fresh ones, and rebuilt whenever they are not whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddpm.base.home import home
from ddpm.judging.controls import hue_turned, moved
from ddpm.judging.copying import kept_yardsticks
from ddpm.judging.copying.comparison import ComparisonSet, what_was_seen
from ddpm.judging.copying.evidence import Yardstick
from ddpm.judging.copying.kept_yardsticks import is_prepared, prepared
from ddpm.judging.copying.memorization import judge
from ddpm.sprites import load_sprites
from tests.ddpm.helpers import simple_sprites


@pytest.fixture
def reference(tmp_path: Path) -> ComparisonSet:
    images = simple_sprites(80)
    images[7] = 255  # one without a palette
    np.save(tmp_path / "cats.npy", images)
    return what_was_seen(load_sprites(tmp_path / "cats.npy"), None)


def samples_of(reference: ComparisonSet) -> np.ndarray:
    """Something of everything."""
    images = reference.sprites.images[reference.seen[:24]]
    white = np.full((1, 16, 16, 3), 255, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    turned = hue_turned(images[12:18], 120)
    return np.concatenate([images[:6], moved(images[6:12], 1, 0), turned, white, noise, simple_sprites(6, seed=9)])


def fresh(reference: ComparisonSet) -> Yardstick:
    return Yardstick(reference.sprites.images[reference.seen], reference.sprites.images[reference.unseen])


def facts(yardstick: Yardstick, samples: np.ndarray) -> dict[str, Any]:
    return judge(yardstick.measure(samples), yardstick).to_dict()


def folder() -> Path:
    (found,) = (home() / "yardsticks").iterdir()
    return found


def test_kept_and_fresh_are_the_same(reference: ComparisonSet) -> None:
    samples = samples_of(reference)
    told: list[tuple[float, str]] = []
    assert not is_prepared(reference)
    first = prepared(reference, lambda done, what: told.append((done, what)))
    assert is_prepared(reference)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert (told[0][0], told[-1][0]) == (0.0, 1.0)
    assert all(what for _, what in told)
    told.clear()
    again = prepared(reference, lambda done, what: told.append((done, what)))
    assert told == []
    expected = facts(fresh(reference), samples)
    assert facts(first, samples) == facts(again, samples) == expected
    assert len(set(expected["labels"])) > 3
    # What is read is what was computed, to the last bit, and nothing is left to compute.
    for name, values in fresh(reference).parts().items():
        kept = again.parts()[name]
        assert kept.dtype == values.dtype, name
        assert np.array_equal(kept, values, equal_nan=values.dtype.kind == "f"), name
    assert np.array_equal(again.train, first.train)
    assert np.array_equal(again.heldout, first.heldout)
    assert again.near_share(samples, 0.05) == first.near_share(samples, 0.05)


def test_reading_computes_nothing(reference: ComparisonSet, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = samples_of(reference)
    expected = facts(prepared(reference), samples)
    for name in ("_distances", "prepare", "__init__"):
        monkeypatch.setattr(Yardstick, name, None)
    assert facts(prepared(reference), samples) == expected


def test_what_was_seen_is_part_of_the_key(reference: ComparisonSet) -> None:
    hashes = reference.sprites.split_hashes()[reference.seen[:20]]
    other = what_was_seen(reference.sprites, hashes)
    prepared(reference)
    assert not is_prepared(other)
    assert len(prepared(other).train) == len(other.seen) < len(reference.seen)
    assert is_prepared(reference)
    assert is_prepared(other)
    # Unseen sprites set the floors: other ones, another yardstick.
    assert not is_prepared(ComparisonSet(reference.sprites, reference.seen, reference.unseen[:-1]))


def test_another_version_is_computed_anew(reference: ComparisonSet, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared(reference)
    monkeypatch.setattr(kept_yardsticks, "_VERSION", kept_yardsticks._VERSION + 1)
    assert not is_prepared(reference)


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
def test_what_is_damaged_is_made_anew(damage: Any, name: str, reference: ComparisonSet) -> None:
    samples = samples_of(reference)
    expected = facts(prepared(reference), samples)
    damage(folder() / name)
    assert facts(prepared(reference), samples) == expected
    told: list[float] = []
    prepared(reference, lambda done, what: told.append(done))
    assert told == []
    assert len(list((home() / "yardsticks").iterdir())) == 1


@pytest.mark.parametrize("text", ["[]", "{}", '{"digests": 3}', '{"digests": {}}', '{"digests": {"../x": "y"}}'])
def test_facts_of_no_use(text: str, reference: ComparisonSet) -> None:
    expected = facts(prepared(reference), samples_of(reference))
    (folder() / "facts.json").write_text(text)
    assert facts(prepared(reference), samples_of(reference)) == expected


def test_parts_that_belong_to_other_sprites(reference: ComparisonSet) -> None:
    """Whole files that do not fit together: told by what they hold, not by a traceback."""
    prepared(reference)
    path = folder() / "facts.json"
    stored = json.loads(path.read_text())
    stored["digests"].pop("groups")
    path.write_text(json.dumps(stored))
    assert len(prepared(reference).train) == len(reference.seen)


def test_where_nothing_can_be_kept(reference: ComparisonSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = samples_of(reference)
    expected = facts(prepared(reference), samples)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "file" / "home"))
    assert not is_prepared(reference)
    assert facts(prepared(reference), samples) == expected

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "other"))
    monkeypatch.setattr(kept_yardsticks, "replace_bytes", full)
    assert facts(prepared(reference), samples) == expected
    assert not is_prepared(reference)
    assert list((tmp_path / "other" / "yardsticks").iterdir()) == []


def test_the_least_used_make_room(reference: ComparisonSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_yardsticks, "_KEPT", 2)
    references = [ComparisonSet(reference.sprites, reference.seen[:count], reference.unseen) for count in (20, 30, 40)]
    prepared(references[0])
    prepared(references[1])
    # As long ago as it takes; then the first is asked for again.
    for path in (home() / "yardsticks").glob("*/facts.json"):
        os.utime(path, (1, 1))
    prepared(references[0])
    (home() / "yardsticks" / ".building-dead").mkdir()
    os.utime(home() / "yardsticks" / ".building-dead", (1, 1))
    prepared(references[2])
    assert [is_prepared(each) for each in references] == [True, False, True]
    assert len(list((home() / "yardsticks").iterdir())) == 2


def test_a_model_that_saw_nothing_is_told(reference: ComparisonSet) -> None:
    with pytest.raises(ValueError, match="learnt from none"):
        prepared(what_was_seen(reference.sprites, np.array([12345], np.uint64)))
    with pytest.raises(ValueError, match="two distinct"):
        prepared(ComparisonSet(reference.sprites, reference.seen[:1], reference.unseen))
