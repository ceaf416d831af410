"""Clean pixels: what is tidied up, what is left alone, and that it is told which is which."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ddpm.pixels.cleaning import MARKS, clean_pixels
from ddpm.pixels.oklab import distance, oklab
from ddpm.pixels.traits import traits
from tests.ddpm.helpers import built_in_sprites

RED, DARK = (200, 40, 40), (30, 20, 30)


def square(background: tuple[int, int, int] = (255, 255, 255)) -> np.ndarray:
    """uint8 (1, 16, 16, 3): a red square with a dark rim."""
    image = np.full((1, 16, 16, 3), background, np.uint8)
    image[0, 3:13, 3:13] = DARK
    image[0, 4:12, 4:12] = RED
    return image


def test_a_clean_sprite_stays_as_it_is() -> None:
    cleaned = clean_pixels(square())
    np.testing.assert_array_equal(cleaned.images, square())
    assert not cleaned.changed.any()


def test_haze_becomes_the_colour_of_the_background() -> None:
    hazy = square()
    hazy[0, 1, 2], hazy[0, 14, 5] = (250, 248, 251), (244, 246, 245)
    cleaned = clean_pixels(hazy)
    np.testing.assert_array_equal(cleaned.images, square())
    assert cleaned.background.sum() == 2
    assert not cleaned.stray.any()
    assert not cleaned.merged.any()


def test_a_coloured_background_keeps_its_colour() -> None:
    blue = square((40, 60, 160))
    blue[0, 0, 3] = (43, 62, 158)
    np.testing.assert_array_equal(clean_pixels(blue).images, square((40, 60, 160)))


def test_nearly_white_becomes_white() -> None:
    np.testing.assert_array_equal(clean_pixels(square((252, 252, 252))).images, square())


def test_a_faint_stray_pixel_goes_and_an_eye_stays() -> None:
    image = square()
    image[0, 7, 7] = (226, 84, 70)
    image[0, 9, 9] = (250, 230, 90)
    cleaned = clean_pixels(image)
    assert tuple(cleaned.images[0, 7, 7]) == RED
    assert tuple(cleaned.images[0, 9, 9]) == (250, 230, 90)
    assert np.argwhere(cleaned.changed[0]).tolist() == [[7, 7]]


def test_a_slanting_line_stays() -> None:
    image = square()
    for i in range(5, 11):
        image[0, i, i] = (226, 84, 70)
    assert not clean_pixels(image).changed.any()


def test_a_speck_in_the_background_goes_whatever_its_colour() -> None:
    image = square()
    image[0, 1, 1] = (0, 200, 0)
    cleaned = clean_pixels(image)
    np.testing.assert_array_equal(cleaned.images, square())
    assert cleaned.stray[0, 1, 1]


def test_near_colours_become_the_most_frequent_of_them() -> None:
    image = square()
    image[0, 5:7, 5:11] = (203, 43, 41)
    cleaned = clean_pixels(image)
    np.testing.assert_array_equal(cleaned.images, square())
    assert cleaned.merged.sum() == 12


def test_no_colour_is_new_and_none_moves_far_but_what_is_stray() -> None:
    random = np.random.default_rng(0)
    sprites = np.asarray(built_in_sprites().images[:200]).astype(np.int64)
    noisy = np.clip(sprites + random.integers(-6, 7, sprites.shape), 0, 255).astype(np.uint8)
    cleaned = clean_pixels(noisy)
    for before, after in zip(noisy, cleaned.images, strict=True):
        known = {tuple(pixel) for pixel in before.reshape(-1, 3).tolist()} | {(255, 255, 255)}
        assert {tuple(pixel) for pixel in after.reshape(-1, 3).tolist()} <= known
    moved = distance(oklab(noisy), oklab(cleaned.images))
    # Haze to the background (.06), that to white (.03), and a colour to a more frequent one (.04).
    assert moved[~cleaned.stray].max() <= 0.13 + 1e-6
    before, after = traits(noisy), traits(cleaned.images)
    # Half dark, half white, a border has no colour of its own: its median is a mixture.
    plain = np.array([_share_of_commonest(image) > 0.5 for image in cleaned.images])
    assert plain.mean() > 0.9
    assert after.haze[plain].max() == 0
    assert np.array_equal(after.colours, after.merged_colours), "no two colours are left that one could merge"
    assert after.merged_colours.mean() < before.merged_colours.mean()
    assert after.colours.mean() < before.colours.mean() / 3


def test_cleaning_twice_changes_hardly_anything() -> None:
    random = np.random.default_rng(1)
    sprites = np.asarray(built_in_sprites().images[:100]).astype(np.int64)
    once = clean_pixels(np.clip(sprites + random.integers(-6, 7, sprites.shape), 0, 255).astype(np.uint8))
    assert once.changed.mean() > 0.3
    assert clean_pixels(once.images).changed.mean() < 0.001


def test_two_strays_side_by_side_become_one_colour() -> None:
    image = square((90, 90, 90))
    image[0, 4:12, 4:12] = (30, 30, 200)
    image[0, 7, 7], image[0, 7, 8] = (215, 150, 40), (240, 185, 60)
    cleaned = clean_pixels(image)
    assert tuple(cleaned.images[0, 7, 7]) == tuple(cleaned.images[0, 7, 8]) == (240, 185, 60)
    assert np.argwhere(cleaned.stray[0]).tolist() == [[7, 7]]
    assert not clean_pixels(cleaned.images).changed.any()


def _share_of_commonest(image: np.ndarray) -> float:
    """Of the pixels at the border, that of the colour which most of them have."""
    border = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    return float(np.unique(border, axis=0, return_counts=True)[1].max() / len(border))


def test_what_was_done_is_marked_by_kind_and_told() -> None:
    image = square()
    image[0, 1, 2] = (250, 248, 251)
    image[0, 7, 7] = (226, 84, 70)
    image[0, 5, 5:8] = (203, 43, 41)
    cleaned = clean_pixels(image)
    marked = cleaned.marked()
    assert tuple(marked[0, 7, 7]) == MARKS["stray"], "what is seen is marked in full"
    faint = marked[0, 1, 2].astype(int)
    assert faint[2] > faint[1] > faint[0] > MARKS["background"][0], "what is hardly seen is marked faintly"
    assert cleaned.background[0, 1, 2]
    assert cleaned.merged[0, 5, 6]
    untouched = marked[~cleaned.changed]
    assert (untouched == untouched[:, :1]).all(), "the rest is grey"
    assert cleaned.in_words() == (
        "5 of 256 pixels were changed, 1 so that one sees it: "
        "1 in the background, 3 to a near colour that is used more, 1 stray."
    )
    assert clean_pixels(square()).in_words() == "Nothing to clean: no pixel was changed."


def test_the_parts_add_up_to_the_whole() -> None:
    """A pixel can be touched more than once; it is told once, under the kind that its mark shows."""
    random = np.random.default_rng(2)
    sprites = np.asarray(built_in_sprites().images[:60]).astype(np.int64)
    cleaned = clean_pixels(np.clip(sprites + random.integers(-9, 10, sprites.shape), 0, 255).astype(np.uint8))
    kinds = [getattr(cleaned, kind) for kind in MARKS]
    assert sum(int(kind.sum()) for kind in kinds) > cleaned.changed.sum(), "some were touched twice"
    found = cleaned.by_kind()
    assert found.keys() == MARKS.keys()
    assert np.array_equal(sum(where.astype(int) for where in found.values()), cleaned.changed)
    assert all((getattr(cleaned, kind) | ~where).all() for kind, where in found.items())
    whole, _, seen, *parts = (int(number.replace(",", "")) for number in re.findall(r"[\d,]*\d", cleaned.in_words()))
    assert whole == cleaned.changed.sum() == sum(parts)
    assert seen <= whole
    strong = cleaned.moved > 0.04
    for kind, where in found.items():
        assert (cleaned.marked()[where & strong] == MARKS[kind]).all()


def test_nothing_and_wrong_things() -> None:
    assert clean_pixels(np.empty((0, 16, 16, 3), np.uint8)).images.shape == (0, 16, 16, 3)
    with pytest.raises(TypeError):
        clean_pixels(square().astype(np.float32))


# With alpha


def with_alpha(image: np.ndarray) -> np.ndarray:
    """The same as RGBA: what has the colour of its corner is nothing."""
    clear = (image == image[:, :1, :1]).all(axis=-1)
    alpha = np.where(clear, 0, 255).astype(np.uint8)[..., None]
    return np.concatenate([np.where(clear[..., None], 0, image), alpha], axis=-1).astype(np.uint8)


def test_a_clean_sprite_on_nothing_stays_as_it_is() -> None:
    for image in (square(), square((40, 60, 160))):
        cleaned = clean_pixels(with_alpha(image))
        np.testing.assert_array_equal(cleaned.images, with_alpha(image))
        assert not cleaned.changed.any()


def test_a_stray_pixel_in_a_drawing_on_nothing_goes_and_an_eye_stays() -> None:
    image = with_alpha(square())
    image[0, 7, 7, :3] = (226, 84, 70)
    image[0, 9, 9, :3] = (250, 230, 90)
    cleaned = clean_pixels(image)
    assert tuple(cleaned.images[0, 7, 7]) == (*RED, 255)
    assert tuple(cleaned.images[0, 9, 9]) == (250, 230, 90, 255)
    assert np.argwhere(cleaned.changed[0]).tolist() == [[7, 7]]


def test_what_is_cleaned_stays_a_valid_sprite_of_its_size() -> None:
    random = np.random.default_rng(5)
    images = np.zeros((4, 24, 32, 4), np.uint8)
    images[:, 4:20, 6:26] = (*RED, 255)
    images[:, 4:20, 6:26, :3] += random.integers(0, 6, (4, 16, 20, 3), dtype=np.uint8)
    images[:, 3, 6:26] = (*DARK, 255)
    cleaned = clean_pixels(images)
    assert cleaned.images.shape == images.shape
    assert cleaned.images.dtype == np.uint8
    assert not cleaned.images[cleaned.images[..., 3] == 0].any()
    np.testing.assert_array_equal(cleaned.images[..., 3], images[..., 3])
    assert cleaned.marked().shape == (4, 24, 32, 3)
    again = clean_pixels(cleaned.images)
    assert again.changed.sum() <= cleaned.changed.sum()
