"""Agreement above chance, and the areas of pictures."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from ddpm.judging.controls import hue_turned, moved
from ddpm.judging.copying.guards.agreement import area_agreement, chance_agreement, colour_areas, known_shapes
from ddpm.judging.copying.shapes import SHAPE_KNOWN, ShapeIndex
from ddpm.pixels.foreground import dilate
from tests.ddpm.helpers import built_in_sprites
from tests.ddpm.judging.families.drawing import creature, drawn, on_colour

AS_IT_IS = np.zeros(1, bool), np.zeros((1, 2), np.int64)


def test_chance_agreement_is_that_of_random_maps() -> None:
    random = np.random.default_rng(0)
    for ours, theirs in ((0.1, 0.3), (0.9, 0.97), (1.0, 1.0)):
        a, b = random.random((400, 480)) < ours, random.random((400, 480)) < theirs
        measured = (a & b).sum(axis=1) / (a | b).sum(axis=1)
        expected = chance_agreement(a.sum(axis=1), b.sum(axis=1), 480)
        assert measured.mean() == pytest.approx(expected.mean(), abs=0.01)
    assert chance_agreement(np.array([0]), np.array([0]), 480).tolist() == [0]


def test_areas_of_a_picture() -> None:
    image = np.full((1, 16, 16, 3), 255, np.uint8)
    image[0, 2:6, 2:6] = (200, 30, 30)
    image[0, 2, 2] = (203, 30, 30)
    image[0, 9, 9] = 250
    areas = colour_areas(image)[0]
    expected = np.zeros((16, 16), int)
    expected[2:6, 2:6] = 1
    assert np.array_equal(areas, expected)


def test_agreement_is_information_beyond_chance() -> None:
    sprites = np.asarray(built_in_sprites().images[:30])
    areas = colour_areas(sprites)
    one, other = areas[:1], areas[1:2]
    mutual = mutual_info_score(one.ravel(), other.ravel())
    alone = sum(mutual_info_score(x.ravel(), x.ravel()) for x in (one, other))
    found = area_agreement(one, other, *AS_IT_IS)[0][0]
    assert found < mutual / (alone - mutual)
    assert found == pytest.approx(mutual / (alone - mutual), abs=0.1)
    # The very same areas in other colours, mirrored and moved.
    turned = colour_areas(moved(hue_turned(sprites[:1], 90)[:, :, ::-1], 1, -1))
    assert area_agreement(turned, one, np.array([True]), np.array([[1, -1]]))[0][0] > 0.9


def test_what_agrees_by_necessity_does_not_count() -> None:
    alone = np.arange(256).reshape(1, 16, 16)
    assert area_agreement(alone, alone[:, ::-1], *AS_IT_IS)[0][0] == 0
    flat = np.zeros((1, 16, 16), np.int64)
    assert area_agreement(flat, flat, *AS_IT_IS)[0][0] == 0
    board = np.indices((16, 16)).sum(axis=0)[None] % 2
    assert area_agreement(board, 1 - board, *AS_IT_IS)[0][0] == pytest.approx(1)
    noise = np.random.default_rng(0).integers(0, 60, (1, 16, 16))
    assert abs(area_agreement(board, noise, *AS_IT_IS)[0][0]) < 0.05


def test_a_shape_is_known_though_two_of_its_areas_became_one() -> None:
    ground = (24, 20, 37)
    sprites = drawn(creature, 60, 16, seed=31)
    inside = sprites[..., 3] > 0
    rim = inside & dilate(~inside, edge=True)
    references = on_colour(sprites[:40], ground)
    # The outline in the colour of the ground: where it was not dark already many edges are gone, and none has come.
    merged = np.where(rim[:40, ..., None], np.array(ground, np.uint8), references)[:, :, ::-1].copy()
    index, each = ShapeIndex.of(references), np.arange(40)
    matches = index.nearest(merged, 16)
    assert (matches.similarity[:, 0] < SHAPE_KNOWN).mean() >= 0.7
    above, first = known_shapes(merged, references, matches)
    assert (first >= 0).mean() >= 0.9
    assert np.array_equal(matches.indices[each, first][first >= 0], each[first >= 0])
    assert np.array_equal(above.sum(axis=1), first >= 0)
    assert matches.flips[each, first][first >= 0].all()
    # Others of the kind are not known so, nor what has areas of its own.
    others = on_colour(sprites[40:], ground)
    changed = merged.copy()
    changed[:, 7:9, 1:15:2] = 255
    for unknown in (others, np.where(rim[40:, ..., None], np.array(ground, np.uint8), others), changed):
        assert (known_shapes(unknown, references, index.nearest(unknown, 16))[1] < 0).mean() >= 0.95
