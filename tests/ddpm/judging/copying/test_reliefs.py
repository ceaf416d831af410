"""Sprites without visible edges are known by their relief: mirrored, moved, in other colours."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from ddpm.judging.controls import hue_turned, moved
from ddpm.judging.copying.known_shapes import shape_facts
from ddpm.judging.copying.palettes import SAME_PALETTE, PaletteIndex
from ddpm.judging.copying.reliefs import ReliefIndex, reliefs
from ddpm.judging.copying.shapes import SHAPE_KNOWN, ShapeIndex, edge_bits
from ddpm.pixels.oklab import oklab
from tests.ddpm.helpers import simple_sprites
from tests.ddpm.judging.families.drawing import drawn, faint_tile


@lru_cache(maxsize=1)
def faint() -> np.ndarray:
    return drawn(faint_tile, 80, 16, seed=21)


def index_of(images: np.ndarray) -> ReliefIndex:
    return ReliefIndex.of(images, edge_bits(images).mean(axis=1))


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(("dy", "dx"), [(0, 0), (1, 0), (-1, 1)])
def test_finds_them_mirrored_moved_and_recoloured(flip: bool, dy: int, dx: int) -> None:
    images = np.concatenate([simple_sprites(10), faint()[:60]])
    changed = hue_turned(faint()[:20], 140)
    found = index_of(images).nearest(moved(changed[:, :, ::-1] if flip else changed, dy, dx), 3)
    assert found.indices[:, 0].tolist() == list(range(10, 30))
    assert found.similarity[:, 0].min() >= SHAPE_KNOWN
    assert found.similarity[:, 1:].max() < SHAPE_KNOWN
    assert (found.flips[:, 0] == flip).all()
    assert (found.shifts[:, 0] == (dy, dx)).all()


def test_others_are_not_like_them() -> None:
    assert index_of(faint()[:60]).nearest(faint()[60:], 2).similarity.max() < 0.6


def test_reliefs_are_steps_of_lightness_and_alpha() -> None:
    image = np.full((1, 8, 9, 4), 100, np.uint8)
    image[..., 3] = 255
    image[0, 2, 4, :3] = 104
    image[0, 5, 6, 3] = 245
    found = reliefs(image)[0].reshape(-1, 2)
    step = float(np.diff(oklab(image[0, 2, 3:5])[:, 0])[0])
    across = found[: 8 * 8].reshape(8, 8, 2)
    assert across[2, 3].tolist() == pytest.approx([step, 0])
    assert across[2, 4].tolist() == pytest.approx([-step, 0])
    assert across[5, 5].tolist() == pytest.approx([0, -10 / 255], abs=1e-6)
    assert np.count_nonzero(found) == 8


def test_too_few_and_none() -> None:
    flat = np.full((2, 16, 16, 3), 90, np.uint8)
    found = index_of(np.concatenate([simple_sprites(4), faint()[:1], flat])).nearest(faint()[:2], 5)
    assert found.indices[0, 0] == 4
    assert found.similarity[0].tolist() == pytest.approx([1, 0, 0, 0, 0])
    assert not index_of(flat).nearest(flat, 2).similarity.any()
    nothing = index_of(simple_sprites(4)).nearest(faint()[:2], 2)
    assert nothing.indices.shape == (2, 2)
    assert not nothing.similarity.any()
    assert index_of(faint()[:3]).nearest(faint()[:0], 2).indices.shape == (0, 2)


def test_the_same_pixels_are_no_recolour_and_a_small_recolour_is_one() -> None:
    train = np.full((30, 16, 16, 3), 255, np.uint8)
    random = np.random.default_rng(0)
    for image in train:
        image[5:7, 5:9] = random.integers(0, 200, (2, 4, 3))
    cut = train.copy()
    cut[:, :, :3] = (30, 60, 200)
    train = np.concatenate([train, cut])
    # Eight pixels of 256, so slightly other that the sprites would pass for near twins; and moved, with a stripe cut.
    tinted = train[:30].copy()
    tinted[:, 5:7, 5:9] = np.clip(tinted[:, 5:7, 5:9].astype(int) + np.array([0, 0, 55]), 0, 255)
    parts = ShapeIndex.of(train), index_of(train), PaletteIndex.of(train), 7**2 * train[0].size
    assert (np.square(tinted.astype(int) - train[:30]).sum(axis=(1, 2, 3)) <= parts[3]).mean() > 0.9
    found = shape_facts(tinted, train, *parts)
    known = found["shape_known"]
    assert known.mean() > 0.5
    assert (found["shape_palette_distance"][known] > SAME_PALETTE).mean() > 0.9
    # Many have the same edges, so not every one is held against its own original.
    found = shape_facts(moved(train[30:], 0, 1), train, *parts)
    assert (found["shape_palette_distance"] == 0).mean() > 0.7
