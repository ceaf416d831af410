"""Sprites held to a palette: nothing outside it, regions stay whole, and what could be told apart still can."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddpm.pixels.palette.known import KNOWN
from ddpm.pixels.palette.mapping import map_to_palette, regions
from tests.broken_files import quick
from tests.ddpm.helpers import built_in_sprites, simple_sprites
from tests.ddpm.pixels.palette.measuring import mapping_numbers, nearest_by_pixel

PICO = KNOWN["pico-8"].palette.colours


def hazy(images: np.ndarray, levels: int = 6) -> np.ndarray:
    random = np.random.default_rng(0)
    return np.clip(images.astype(np.int64) + random.integers(-levels, levels + 1, images.shape), 0, 255).astype(
        np.uint8
    )


@st.composite
def sprites(draw: st.DrawFn) -> np.ndarray:
    """Any size, few colours or many, with alpha or without."""
    height, width = draw(st.integers(8, 64)), draw(st.integers(8, 64))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    colours = random.integers(0, 256, (draw(st.integers(1, 300)), draw(st.sampled_from([3, 4]))), dtype=np.uint8)
    images = colours[random.integers(0, len(colours), (draw(st.integers(0, 2)), height, width))]
    if images.shape[-1] == 4:
        images[random.random(images.shape[:3]) < 0.3] = 0
    return images


@quick(60)
@given(sprites(), st.integers(1, 256), st.integers(0, 2**32))
def test_any_sprites_and_any_palette(images: np.ndarray, count: int, seed: int) -> None:
    colours = np.random.default_rng(seed).integers(0, 256, (count, 3), dtype=np.uint8)
    before = images.copy()
    mapped = map_to_palette(images, colours)
    np.testing.assert_array_equal(images, before)
    assert mapped.images.shape == images.shape
    assert mapped.images.dtype == np.uint8
    solid = images[..., 3] > 0 if images.shape[-1] == 4 else np.ones(images.shape[:3], bool)
    np.testing.assert_array_equal(mapped.images[~solid], images[~solid])
    assert mapped.used.sum() == solid.sum()
    if solid.any():
        numbers = mapping_numbers(images, mapped.images, colours)
        assert numbers.outside == 0
        assert numbers.alpha
        assert numbers.even in (1.0, pytest.approx(float("nan"), nan_ok=True))
    again = map_to_palette(mapped.images, colours)
    np.testing.assert_array_equal(again.images, mapped.images)
    np.testing.assert_array_equal(again.used, mapped.used)


@pytest.mark.parametrize("name", KNOWN)
def test_on_drawings_more_edges_stay_than_by_pixels(name: str) -> None:
    images, colours = np.asarray(built_in_sprites().images[:150]), KNOWN[name].palette.colours
    mapped = map_to_palette(images, colours)
    ours = mapping_numbers(images, mapped.images, colours)
    theirs = mapping_numbers(images, nearest_by_pixel(images, colours), colours)
    print(f"{name}: {ours}\n{'by pixels':>12}: {theirs}")
    assert ours.outside == 0
    assert ours.even == 1
    assert ours.kept >= theirs.kept
    assert ours.moved <= theirs.moved + 0.005


def test_haze_does_not_tear_regions_apart() -> None:
    images = np.asarray(built_in_sprites().images[:150])
    noisy = hazy(images)
    ours = mapping_numbers(images, map_to_palette(noisy, PICO).images, PICO)
    theirs = mapping_numbers(images, nearest_by_pixel(noisy, PICO), PICO)
    print(f"with haze: {ours}\nby pixels: {theirs}")
    assert ours.even > 0.99
    assert theirs.even < 0.97


def test_what_is_drawn_in_the_palette_stays() -> None:
    close = np.array([(100, 100, 100), (101, 101, 101), (255, 255, 255)], np.uint8)
    images = close[np.random.default_rng(0).integers(0, 3, (3, 16, 24))]
    mapped = map_to_palette(images, close)
    np.testing.assert_array_equal(mapped.images, images)
    assert not mapped.moved.any()
    assert mapped.in_words() == "3 of 3 colours used"


def test_an_outline_does_not_drown_in_its_fill() -> None:
    image = np.full((1, 16, 16, 3), 255, np.uint8)
    image[0, 3:13, 3:13] = (20, 16, 24)
    image[0, 4:12, 4:12] = (84, 20, 24)
    colours = np.array([(24, 16, 20), (160, 30, 40), (255, 255, 255)], np.uint8)
    assert len(np.unique(nearest_by_pixel(image, colours).reshape(-1, 3), axis=0)) == 2
    mapped = map_to_palette(image, colours)
    assert tuple(mapped.images[0, 3, 3]) == (24, 16, 20)
    assert tuple(mapped.images[0, 7, 7]) == (160, 30, 40)
    assert mapped.used.tolist() == [36, 64, 156]


def test_regions_take_haze_and_specks_in() -> None:
    image = np.full((16, 16, 3), 200, np.uint8)
    image[:, 8:] = (30, 30, 90)
    image[3, 3], image[5, 5], image[9, 9] = 205, 217, (250, 240, 0)
    which, colours = regions(image)
    assert sorted(colours.tolist()) == [[30, 30, 90], [200, 200, 200], [250, 240, 0]]
    assert which[3, 3] == which[5, 5] == which[0, 0]
    assert which[9, 9] not in (which[0, 0], which[0, 15])


def test_one_at_a_time_or_together() -> None:
    images = hazy(simple_sprites(6))
    together = map_to_palette(images, PICO)
    np.testing.assert_array_equal(
        together.images, np.concatenate([map_to_palette(image[None], PICO).images for image in images])
    )
    assert together.used.sum() == 6 * 256


def test_nothing_and_wrong_things() -> None:
    nothing = map_to_palette(np.empty((0, 16, 16, 4), np.uint8), PICO)
    assert nothing.images.shape == (0, 16, 16, 4)
    assert nothing.in_words() == "0 of 16 colours used"
    clear = map_to_palette(np.zeros((2, 16, 16, 4), np.uint8), PICO)
    assert not clear.images.any()
    assert not clear.used.any()
    image = np.zeros((1, 16, 16, 3), np.uint8)
    for colours in (PICO.astype(int), PICO.astype(np.float32)):
        with pytest.raises(TypeError, match="colours must be uint8"):
            map_to_palette(image, colours)
    for colours in (PICO[:0], PICO[0], np.zeros((4, 4), np.uint8)):
        with pytest.raises(ValueError, match="colours must have shape"):
            map_to_palette(image, colours)
    with pytest.raises(ValueError, match="images must have shape"):
        map_to_palette(image[0], PICO)
