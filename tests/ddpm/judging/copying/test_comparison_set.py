"""What a model has seen of a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddpm.judging.copying.comparison_set import check_seen, what_was_seen
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
    comparison_set = what_was_seen(sprites, half)
    assert set(train[::2]) <= set(comparison_set.seen)
    assert set(comparison_set.seen) | set(comparison_set.unseen) == set(sprites.distinct())
    assert not set(comparison_set.seen) & set(comparison_set.unseen)


def test_a_model_that_saw_nothing_of_the_data_is_told(sprites) -> None:
    comparison_set = what_was_seen(sprites, np.array([12345], np.uint64))
    with pytest.raises(ValueError, match="learnt from none"):
        check_seen(comparison_set)
