"""The exam of the built-in set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddpm.judging.exam import take_exam
from ddpm.sprites import SpriteDataset, load_sprites
from tests.ddpm.helpers import simple_sprites


@pytest.fixture(scope="module")
def sprites(tmp_path_factory: pytest.TempPathFactory) -> SpriteDataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(tmp_path_factory.mktemp("home")))
        return load_sprites("builtin:4000")


def test_who_copies_fails(sprites: SpriteDataset) -> None:
    train, _ = sprites.split()
    exam = take_exam(np.asarray(sprites.images[train[:300]]), sprites, sprites.split()[0], 0)
    assert exam is not None
    assert (exam.observed.count, exam.observed.n) == (0, 300)
    assert exam.expected is not None
    assert exam.observed.high < exam.expected
    assert (exam.near_training, exam.near_exam) == (300, 0)
    assert exam.copy_ratio is None
    assert "keeps to the combinations that it saw" in exam.sentence


def test_who_recombines_passes(sprites: SpriteDataset) -> None:
    """Drawn evenly from the set, withheld or not: what an ideal generator would do."""
    rows = np.random.default_rng(0).choice(len(sprites), 1200, replace=False)
    exam = take_exam(np.asarray(sprites.images[rows]), sprites, sprites.split()[0], 0)
    assert exam is not None
    withheld = int(np.isin(rows, sprites.exam()).sum())
    assert (exam.observed.count, exam.observed.n) == (withheld, 1200)
    assert exam.expected is not None
    assert exam.observed.low <= exam.expected <= exam.observed.high
    assert exam.near_exam == withheld
    assert exam.copy_ratio is not None
    assert exam.copy_ratio_low is not None
    assert exam.copy_ratio_high is not None
    assert exam.copy_ratio_low < 1 < exam.copy_ratio_high or exam.copy_ratio == pytest.approx(1, abs=0.2)
    assert "recombines" in exam.sentence


def test_too_few_samples_say_nothing(sprites: SpriteDataset) -> None:
    train, _ = sprites.split()
    exam = take_exam(np.asarray(sprites.images[train[:8]]), sprites, train, 0)
    assert exam is not None
    assert exam.sentence.startswith("0 of 8 samples")
    assert exam.sentence.endswith("too few samples to tell.")


def test_one_of_five_is_no_evidence(sprites: SpriteDataset) -> None:
    train, _ = sprites.split()
    few = np.concatenate([sprites.images[sprites.exam()[:1]], sprites.images[train[:4]]])
    exam = take_exam(np.asarray(few), sprites, train, 0)
    assert exam is not None
    assert (exam.observed.count, exam.observed.n) == (1, 5)
    assert exam.sentence.endswith("too few samples to tell.")


def test_what_looks_like_no_sprite_says_nothing(sprites: SpriteDataset) -> None:
    """It has a nearest sprite, as everything has, and that may be one of the set's."""
    random = np.random.default_rng(0)
    drawn = np.asarray(sprites.images[random.choice(len(sprites), 300, replace=False)])
    confetti = random.permuted(drawn.reshape(300, 256, 3), axis=1).reshape(drawn.shape)
    halves = np.concatenate([drawn[:, :, :8], drawn[::-1, :, 8:]], axis=2)
    for samples in (random.integers(0, 256, (20, 16, 16, 3), dtype=np.uint8), confetti, halves):
        exam = take_exam(samples, sprites, sprites.split()[0], 0)
        assert exam is not None
        assert exam.observed.n <= 0.01 * len(samples)
        assert "recombines" not in exam.sentence


def test_other_sets_have_none(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", simple_sprites(20))
    sprites = load_sprites(tmp_path / "x.npy")
    assert take_exam(np.asarray(sprites.images), sprites, sprites.split()[0], 0) is None
