"""The network of forms is taught as it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm.judging.quality.form_network import from_bytes
from ddpm.judging.quality.train_forms import Lessons, _Pupil, recoloured, shapes_of, train_forms, weights_bytes
from ddpm.pixels.conversion import to_float
from ddpm.sprites import load_sprites
from tests.ddpm.helpers import built_in_sprites, simple_sprites


def lessons(count: int = 40) -> Lessons:
    images = simple_sprites(count)
    return Lessons(images, np.arange(count), np.arange(count) % 3)


def test_a_function_of_its_arguments() -> None:
    torch.manual_seed(7)
    first = weights_bytes(train_forms([lessons()], 2))
    torch.manual_seed(8)
    np.random.seed(3)
    assert weights_bytes(train_forms([lessons()], 2)) == first
    assert weights_bytes(train_forms([lessons()], 2, seed=1)) != first
    assert weights_bytes(train_forms([lessons()], 2, without=("blurred", "melted"))) != first


def test_two_sets_and_the_losses_are_told() -> None:
    told: list[str] = []
    train_forms([lessons(), lessons(30)], 3, say=told.append)
    assert len(told) == 1
    assert told[0].startswith("3/3 ")


def test_folded_normalisation_changes_nothing() -> None:
    torch.manual_seed(0)
    pupil = _Pupil(5)
    x = to_float(np.asarray(built_in_sprites().images[:64]))
    with torch.no_grad():
        for _ in range(3):
            pupil(x)
        pupil.eval()
        embedding, believed, _ = pupil(x)
        own, logits = pupil.folded()(x)
    torch.testing.assert_close(own, embedding, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(logits, believed, rtol=1e-3, atol=1e-4)


def test_half_precision_is_near_enough() -> None:
    network = train_forms([lessons()], 2)
    stored = from_bytes(weights_bytes(network))
    images = simple_sprites(20)
    for exact, rounded in zip(network.see(images), stored.see(images), strict=True):
        np.testing.assert_allclose(rounded, exact, rtol=0.02, atol=0.02)


def test_held_out_sprites_are_not_lessons() -> None:
    sprites = built_in_sprites()
    train, heldout = sprites.split()
    learnt = {image.tobytes() for image in Lessons.of(sprites).images}
    assert len(learnt) == len(train)
    assert not learnt & {sprites.images[row].tobytes() for row in heldout}


def test_other_sizes_are_no_lessons(tmp_path: Path) -> None:
    np.save(tmp_path / "small.npy", np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3), np.uint8))
    with pytest.raises(ValueError, match="16 x 16 RGB"):
        Lessons.of(load_sprites(tmp_path / "small.npy"))


def test_a_shape_in_other_colours_or_mirrored_is_one_shape() -> None:
    images = simple_sprites(2)[:1]
    other = np.where(images == images[0, 0, 0], np.uint8(20), 255 - images)
    wider = np.pad(images, ((0, 0), (0, 0), (1, 0), (0, 0)), mode="edge")[:, :, :16]
    found = shapes_of(np.concatenate([images, other, images[:, :, ::-1], wider]))
    assert found[0] == found[1] == found[2]
    assert found[3] != found[0]


@pytest.mark.parametrize("seed", range(3))
def test_other_colours_keep_the_form(seed: int) -> None:
    images = np.asarray(built_in_sprites().images[::400])
    found = recoloured(images, np.random.default_rng(seed))
    assert found.shape == images.shape
    assert found.dtype == np.uint8
    # What was one colour in a sprite still is one.
    for before, after in zip(images.reshape(len(images), -1, 3), found.reshape(len(images), -1, 3), strict=True):
        pairs = np.unique(np.concatenate([before, after], axis=1), axis=0)
        assert len(pairs) == len(np.unique(before, axis=0))
    assert (found != images).any(axis=(1, 2, 3)).all()
