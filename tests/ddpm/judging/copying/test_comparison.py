"""What a model has seen, and what its samples are near to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddpm.judging.copying.comparison import compare, grey_levels, what_was_seen
from ddpm.sprites import load_sprites
from tests.ddpm.helpers import simple_sprites


@pytest.fixture
def sprites(tmp_path: Path):
    images = simple_sprites(80)
    np.save(tmp_path / "twice.npy", np.concatenate([images, images[:30]]))
    return load_sprites(tmp_path / "twice.npy")


def test_seen_and_unseen_follow_the_hashes_of_the_run(sprites) -> None:
    train, heldout = sprites.split()
    usual = what_was_seen(sprites, None)
    assert np.array_equal(usual.seen, train)
    assert np.array_equal(usual.unseen, heldout)
    half = np.sort(sprites.split_hashes()[train[::2]])
    reference = what_was_seen(sprites, half)
    assert set(train[::2]) <= set(reference.seen)
    assert set(reference.seen) | set(reference.unseen) == set(sprites.distinct())
    assert not set(reference.seen) & set(reference.unseen)


def test_copies_rows_and_multiplicity(sprites) -> None:
    reference = what_was_seen(sprites, None)
    samples = np.asarray(sprites.images[reference.seen[:5]]).copy()
    samples[4, 0, 0, 0] ^= 1
    result = compare(samples, reference, k=3)
    assert result.exact_copies == 4
    assert result.squared_distances[:4, 0].tolist() == [0] * 4
    assert result.squared_distances[4, 0] == 1
    assert result.rows[:, 0].tolist() == reference.seen[:5].tolist()
    assert result.counts[:, 0].tolist() == [2 if row < 30 else 1 for row in reference.seen[:5]]
    assert np.isfinite(result.unseen_distances).all()
    assert len(result.unseen_distances) == len(reference.unseen)
    near, limit = result.nearer_than_unseen(0.05)
    assert near == int((result.distances[:, 0] < limit).sum()) >= 4


def test_a_model_that_saw_nothing_of_the_data_is_told(sprites) -> None:
    reference = what_was_seen(sprites, np.array([12345], np.uint64))
    with pytest.raises(ValueError, match="learnt from none"):
        compare(np.asarray(sprites.images[:2]), reference)


def test_grey_levels_are_the_root_mean_square() -> None:
    a = np.zeros((1, 16, 16, 3))
    b = np.full((1, 16, 16, 3), 7.0)
    assert grey_levels(np.square(a - b).sum(axis=(1, 2, 3))).tolist() == [7.0]
