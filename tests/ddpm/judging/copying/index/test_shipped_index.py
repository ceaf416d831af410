"""The parts that come with the program: those of the built-in set as it is judged now, and never taken for others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load

from ddpm.judging.copying.comparison_set import ComparisonSet, what_was_seen
from ddpm.judging.copying.guards.near_twins import nearest_others, twin_distance
from ddpm.judging.copying.index import shipped_index, stored_index
from ddpm.judging.copying.index.shipped_index import SHIPPED, packed, shipped_parts
from ddpm.judging.copying.index.stored_index import index_key, load_or_build, ship
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.copying.memorization import judge
from ddpm.pixels.duplicates import duplicate_groups
from ddpm.runs.run import Run
from ddpm.sprites import load_sprites
from tests.ddpm.helpers import ROOT, built_in_sprites, simple_sprites

AGAIN = "make it again: python -m ddpm.judging.copying.index.stored_index"


@pytest.fixture
def comparison_set(tmp_path: Path) -> ComparisonSet:
    np.save(tmp_path / "cats.npy", simple_sprites(80))
    return what_was_seen(load_sprites(tmp_path / "cats.npy"), None)


@pytest.fixture
def expected(comparison_set: ComparisonSet) -> TrainingIndex:
    images = comparison_set.sprites.images
    return TrainingIndex(images[comparison_set.seen], images[comparison_set.unseen])


@pytest.fixture
def shipped(
    comparison_set: ComparisonSet, expected: TrainingIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    path = tmp_path / "shipped.safetensors"
    path.write_bytes(packed(index_key(comparison_set), expected.parts()))
    monkeypatch.setattr(shipped_index, "SHIPPED", path)
    return path


def is_equal(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def test_it_belongs_to_the_shipped_model_and_to_the_measures_of_today() -> None:
    comparison_set = what_was_seen(built_in_sprites(), Run(ROOT / "checkpoints" / "builtin").trained_on())
    parts = shipped_parts(index_key(comparison_set))
    assert parts is not None, AGAIN
    assert SHIPPED.stat().st_size < 300_000
    # A measure that changed while its version did not is told by a part that is soon computed; the rest by a long test.
    images = comparison_set.sprites.images
    index = TrainingIndex(images[comparison_set.seen], images[comparison_set.unseen], parts)
    without = {name: values for name, values in parts.items() if name != "limits"}
    fresh = TrainingIndex(images[comparison_set.seen], images[comparison_set.unseen], without)
    assert fresh.limits == index.limits, AGAIN
    rows = np.arange(0, len(index.train), 200)
    mirrors, limit = duplicate_groups(index.train), twin_distance(index.train)
    squared, _ = nearest_others(index.train, mirrors, limit, rows)
    assert np.isin(squared[squared >= 0], index.distances).all(), AGAIN


@pytest.mark.slow
def test_it_is_what_is_computed() -> None:
    """Other processors may round otherwise, so of fractions the last digits are left open."""
    fresh, shipped = load(ship()), load(SHIPPED.read_bytes())
    assert sorted(fresh) == sorted(shipped), AGAIN
    for name, values in fresh.items():
        assert values.dtype == shipped[name].dtype, (name, AGAIN)
        if values.dtype.kind == "f":
            np.testing.assert_allclose(shipped[name], values, rtol=1e-5, atol=1e-6, err_msg=f"{name}: {AGAIN}")
        else:
            np.testing.assert_array_equal(shipped[name], values, err_msg=f"{name}: {AGAIN}")


def test_nothing_differs_and_nothing_is_computed_twice(
    comparison_set: ComparisonSet, expected: TrainingIndex, shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts, samples = expected.parts(), np.concatenate([expected.train[:8], simple_sprites(8, seed=9)])
    report = judge(expected.measure(samples), expected).to_dict()
    for name in ("_calibration", "heldout_evidence"):
        monkeypatch.setattr(TrainingIndex, name, None)
    index = load_or_build(comparison_set)
    assert list(index.parts()) == list(parts)
    for name, values in index.parts().items():
        assert is_equal(values, parts[name]), name
    assert judge(index.measure(samples), index).to_dict() == report


def test_others_are_computed(comparison_set: ComparisonSet, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shipped_parts(index_key(comparison_set)) is not None
    other = ComparisonSet(comparison_set.sprites, comparison_set.seen[:-1], comparison_set.unseen)
    assert shipped_parts(index_key(other)) is None
    assert len(load_or_build(other).train) == len(other.seen)
    monkeypatch.setattr(stored_index, "_VERSION", stored_index._VERSION + 1)
    assert shipped_parts(index_key(comparison_set)) is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "missing", "other file", "no key"])
def test_what_is_damaged_is_not_believed(damage: str, comparison_set: ComparisonSet, shipped: Path) -> None:
    data = shipped.read_bytes()
    flipped = data[:-3] + bytes([data[-3] ^ 64]) + data[-2:]
    key = index_key(comparison_set)
    changed = {"cut": data[:-9], "flipped": flipped, "empty": b"", "other file": b"hello" * 99}
    changed["no key"] = data.replace(key.encode(), b" " * len(key))
    if damage == "missing":
        shipped.unlink()
    else:
        shipped.write_bytes(changed[damage])
    assert shipped_parts(key) is None
    assert len(load_or_build(comparison_set).train) == len(comparison_set.seen)


def test_files_of_equal_parts_are_equal(comparison_set: ComparisonSet, expected: TrainingIndex, shipped: Path) -> None:
    assert packed(index_key(comparison_set), expected.parts()) == shipped.read_bytes()
