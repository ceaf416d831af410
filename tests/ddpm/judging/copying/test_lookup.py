"""Looking for the sprites most like one's own."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.judging.controls import hue_turned, moved
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.copying.lookup import look_up
from tests.ddpm.helpers import simple_sprites


def test_by_pixels_by_shape_and_by_palette() -> None:
    images = simple_sprites(40)
    own = np.concatenate([images[3:4], moved(images[5:6], 0, 1), hue_turned(images[8:9], 180)])
    found = look_up(own, images, k=3)
    assert found.rows.shape == found.squared_distances.shape == found.palette_rows.shape == (3, 3)
    assert (found.rows[0, 0], found.squared_distances[0, 0]) == (3, 0)
    assert (np.diff(found.squared_distances, axis=1) >= 0).all()
    assert found.shapes.indices[1, 0] == 5
    assert found.shapes.shifts[1, 0].tolist() == [0, 1]
    assert found.shapes.indices[2, 0] == 8
    assert found.palette_rows[:2, 0].tolist() == [3, 5]
    assert found.palette_distances[2, 0] > 0.04


def test_in_the_training_sprites_it_gives_their_rows() -> None:
    """Rows are those of the images as they were given, repeats and all."""
    images = simple_sprites(40)
    repeated = np.concatenate([images[:2], images[:2], images[2:]])
    own = np.concatenate([images[7:9], simple_sprites(3, seed=9)])
    found = TrainingIndex(repeated, images[:0]).look_up(own, k=4)
    expected = look_up(own, images, k=4)
    shift = np.where(np.arange(40) < 2, 0, 2) + np.arange(40)
    assert np.array_equal(found.rows, shift[expected.rows])
    assert np.array_equal(found.shapes.indices, shift[expected.shapes.indices])
    assert np.array_equal(found.palette_rows, shift[expected.palette_rows])
    assert np.array_equal(found.squared_distances, expected.squared_distances)
    assert np.array_equal(found.shapes.similarity, expected.shapes.similarity)
    assert np.array_equal(found.palette_distances, expected.palette_distances)


def test_no_palette_and_few_sprites() -> None:
    white = np.full((1, 16, 16, 3), 255, np.uint8)
    found = look_up(white, simple_sprites(2), k=5)
    assert found.rows.shape == (1, 2)
    assert found.palette_rows.tolist() == [[-1, -1]]
    assert np.isnan(found.palette_distances).all()


def test_what_cannot_be_searched() -> None:
    images = simple_sprites(4)
    with pytest.raises(ValueError, match="no sprites"):
        look_up(images, images[:0])
    with pytest.raises(ValueError, match="k must be at least 1"):
        look_up(images, images, k=0)
    with pytest.raises(ValueError, match="k must be at least 1"):
        TrainingIndex(images, images[:0]).look_up(images, k=0)
    with pytest.raises(TypeError):
        look_up(images.astype(float), images)
