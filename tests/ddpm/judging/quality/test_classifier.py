"""The classifier learns, tells how well, and leaves no trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ddpm.judging.quality.classifier import _held_out, train_classifier
from ddpm.pixels.duplicates import duplicate_groups
from ddpm.sprites import load_sprites
from tests.ddpm.helpers import ROOT, simple_sprites

REAL = ROOT.parent / "shared" / "data" / "sprites_exact.npz"


@pytest.fixture
def few_steps(monkeypatch: Any) -> None:
    monkeypatch.setattr("ddpm.judging.quality.classifier._STEPS", 40)
    monkeypatch.setattr("ddpm.judging.quality.classifier._BATCH", 64)


def reddish(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Sprites, and whether their middle is more red than blue."""
    images = simple_sprites(count)
    middle = images[:, 8, 8].astype(int)
    return images, (middle[:, 0] > middle[:, 2]).astype(np.int64)


@pytest.mark.usefixtures("few_steps")
def test_it_learns_and_says_how_well() -> None:
    images, labels = reddish(600)
    classifier = train_classifier(images, labels, 2)
    fresh, answers = simple_sprites(900)[600:], reddish(900)[1][600:]
    assert classifier.held_out == 60
    assert classifier.accuracy > 0.85
    predicted = classifier.predict(fresh)
    assert predicted.dtype == np.int64
    assert (predicted == answers).mean() == pytest.approx(classifier.accuracy, abs=0.12)


@pytest.mark.usefixtures("few_steps")
def test_it_is_a_function_of_its_arguments_and_leaves_random_numbers_alone() -> None:
    images, labels = reddish(60)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one = train_classifier(images, labels, 2)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        torch.manual_seed(6)
        other = train_classifier(np.tile(images, (3, 1, 1, 1)), np.tile(labels, 3), 2)
        assert not torch.is_grad_enabled()
    torch.manual_seed(5)
    assert torch.equal(before, torch.get_rng_state())
    for a, b in zip(one.network.state_dict().values(), other.network.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert torch.is_grad_enabled()
    assert not one.network.training


def test_twins_are_on_one_side() -> None:
    images = simple_sprites(50)
    both = np.concatenate([images, images[:, :, ::-1]])
    apart = _held_out(both, 0)
    groups = duplicate_groups(both)
    assert 0 < apart.sum() < len(both)
    assert not set(groups[apart]) & set(groups[~apart])


@pytest.mark.usefixtures("few_steps")
def test_with_hardly_any_sprites_there_is_no_accuracy() -> None:
    images, labels = reddish(5)
    classifier = train_classifier(images, labels, 2)
    assert classifier.held_out == 0
    assert np.isnan(classifier.accuracy)
    assert classifier.predict(images[:0]).shape == (0,)


def test_labels_that_do_not_fit_are_refused() -> None:
    images, labels = reddish(5)
    with pytest.raises(ValueError, match="one label"):
        train_classifier(images, labels[:4], 2)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        train_classifier(images, labels + 2, 2)
    with pytest.raises(ValueError, match="one label"):
        train_classifier(images[:0], labels[:0], 2)


@pytest.mark.slow
def test_on_the_built_in_set() -> None:
    sprites = load_sprites("builtin")
    assert sprites.labels is not None
    assert sprites.label_names is not None
    train, heldout = sprites.split()
    classifier = train_classifier(sprites.images[train], sprites.labels[train], len(sprites.label_names))
    assert classifier.accuracy > 0.97
    assert (classifier.predict(sprites.images[heldout]) == sprites.labels[heldout]).mean() > 0.97


@pytest.mark.slow
def test_on_the_real_set() -> None:
    if not REAL.exists():
        pytest.fail(f"this test needs the real sprites: {REAL} is missing")
    with np.load(REAL) as data:
        classifier = train_classifier(data["images"], data["labels"], 5)
    assert classifier.accuracy > 0.95
