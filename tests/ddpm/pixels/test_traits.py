"""The traits of sprites whose traits can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.base.blocks import blocks
from ddpm.pixels.foreground import foreground
from ddpm.pixels.oklab import oklab
from ddpm.pixels.traits import MERGED, merged_colours, traits
from ddpm.sprites.data_card import data_card
from tests.ddpm.helpers import built_in_sprites, real_sprites


def white(n: int = 1) -> np.ndarray:
    return np.full((n, 16, 16, 3), 255, np.uint8)


def test_oklab_of_known_colours() -> None:
    pixels = np.array([[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]], np.uint8)
    expected = [[0, 0, 0], [1, 0, 0], [0.62796, 0.22486, 0.12585], [0.45201, -0.03246, -0.31153]]
    np.testing.assert_allclose(oklab(pixels), expected, atol=2e-4)


def test_a_square_with_a_dark_rim() -> None:
    image = white()
    image[0, 4:12, 4:12] = (30, 20, 20)
    image[0, 5:11, 5:11] = (220, 60, 60)
    measured = traits(image)
    assert measured.colours[0] == 3
    assert measured.foreground[0] == 64 / 256
    assert measured.orphans[0] == 0
    assert measured.symmetry[0] == 1
    assert measured.outline[0] == pytest.approx(oklab(image)[0, 8, 8, 0] - oklab(image)[0, 4, 4, 0])


def test_a_hole_is_foreground_and_a_bay_is_not() -> None:
    image = white()
    image[0, 4:12, 4:12] = 0
    image[0, 7:9, 7:9] = 255
    assert foreground(oklab(image)).sum() == 64
    image[0, 4:9, 7:9] = 255
    assert foreground(oklab(image)).sum() == 64 - 10


def test_stray_pixels_are_counted() -> None:
    image = white()
    image[0, 2, 3] = image[0, 9, 9] = 0
    measured = traits(image)
    assert measured.orphans[0] == 2
    assert np.isnan(measured.outline[0])
    assert measured.symmetry[0] == 0


def test_an_empty_sprite_has_no_symmetry_and_no_outline() -> None:
    measured = traits(white())
    assert measured.foreground[0] == 0
    assert measured.quartiles()["symmetry"] == [None, None, None]


def test_haze_is_what_is_nearly_the_background() -> None:
    image = white()
    assert traits(image).haze[0] == 0
    image[0, 0, :5] = 254
    # A grey level is not seen, ten are.
    assert traits(image).haze[0] == 0
    image[0, 1, :8] = 245
    assert traits(image).haze[0] == 8 / 256
    # A figure is no haze, nor is what it encloses.
    image[0, 6:12, 6:12] = 0
    image[0, 8:10, 8:10] = 245
    assert traits(image).haze[0] == 8 / 256


def test_near_colours_merge_into_the_more_frequent_one() -> None:
    grey = np.full((1, 16, 16, 3), 128, np.uint8)
    assert merged_colours(grey)[0] == 1
    grey[0, 0, :3] = 130
    grey[0, 1, :3] = 132
    assert traits(grey).colours[0] == 3
    assert merged_colours(grey)[0] == 1
    grey[0, 8] = (128, 200, 128)
    assert merged_colours(grey)[0] == 2


def test_a_blur_does_not_merge_into_one() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1).repeat(3, axis=3)
    # Each of the 256 greys is near to the next, so chains would end in one.
    lightness = np.sort(oklab(ramp)[0, :, :, 0].ravel())
    leaders = 0
    reach = -1.0
    for value in lightness:
        if value - reach > MERGED:
            leaders, reach = leaders + 1, value
    assert merged_colours(ramp)[0] == leaders > 10


def test_merged_colours_agree_with_a_plain_loop() -> None:
    random = np.random.default_rng(0)
    images = random.integers(90, 150, (6, 16, 16, 3)).astype(np.uint8)
    images[:3] = images[:3] // 20 * 20
    for image, found in zip(images, merged_colours(images), strict=True):
        colours, counts = np.unique(image.reshape(-1, 3), axis=0, return_counts=True)
        points = oklab(colours)[np.argsort(-counts, kind="stable")]
        leaders: list[np.ndarray] = []
        for point in points:
            if all(np.sqrt(np.square(point - leader).sum()) > MERGED for leader in leaders):
                leaders.append(point)
        assert found == len(leaders)


def test_more_sprites_than_fit_in_a_block(monkeypatch: pytest.MonkeyPatch) -> None:
    sprites = built_in_sprites().images[:30]
    whole = traits(sprites)
    monkeypatch.setattr("ddpm.pixels.traits.image_blocks", lambda images: blocks(len(images), 7))
    parted = traits(sprites)
    for name in ("merged_colours", "haze", "orphans", "outline"):
        np.testing.assert_array_equal(getattr(parted, name), getattr(whole, name))


@pytest.mark.slow
def test_means_of_the_real_set() -> None:
    sprites = real_sprites()
    measured = traits(sprites.images[sprites.distinct()])
    # 24 of the 1,495 fill their picture: they have no background on which haze would show.
    assert int(np.isnan(measured.haze).sum()) == 24
    assert np.nanmean(measured.haze) == pytest.approx(0.0396, abs=5e-4)
    assert measured.merged_colours.mean() == pytest.approx(18.03, abs=0.05)
    assert measured.orphans.mean() == pytest.approx(32.80, abs=0.05)


def test_medians_of_the_built_in_set_are_those_of_the_real_one() -> None:
    # Quartiles of the 1,560 exact rows of the Kaggle set: facts, not pictures.
    real = {
        "colours": (8.0, 104.5),
        "foreground": (0.4258, 0.6377),
        "outline": (0.0998, 0.5315),
        "orphans": (20.0, 44.0),
        "symmetry": (0.137, 0.5851),
    }
    ours = data_card(built_in_sprites())["traits"]
    for name, (low, high) in real.items():
        assert low <= ours[name][1] <= high, name


def test_the_background_is_what_is_transparent_or_of_the_border_or_nothing() -> None:
    box = np.zeros((1, 16, 16, 4), np.uint8)
    box[0, 0:10, 4:12] = (200, 30, 30, 255)
    # What is drawn may touch the border; dark and coloured grounds are grounds.
    assert foreground(oklab(box)).sum() == 80
    for ground in ((0, 0, 0), (30, 20, 60), (90, 200, 120)):
        laid = np.where(box[..., 3:] > 0, box[..., :3], np.uint8(ground))
        assert foreground(oklab(laid)).sum() == 80
    # Of a tile all is drawn: no colour has half of its border.
    bricks = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 3), dtype=np.uint8).repeat(4, axis=1).repeat(4, axis=2)
    assert foreground(oklab(bricks)).all()
    measured = traits(bricks)
    assert np.isnan(measured.haze[0])
    assert np.isnan(measured.outline[0])
    # Alpha tells, even where a colour would: a white box on nothing has no white background.
    page = np.full((1, 16, 16, 4), 255, np.uint8)
    page[0, 0, 0] = 0
    assert foreground(oklab(page)).sum() == 255


def test_sand_is_drawn_and_an_empty_page_is_not() -> None:
    grain = np.random.default_rng(0).integers(-4, 5, (1, 16, 16, 1))
    sand = (np.array([180, 160, 110]) + grain).astype(np.uint8)
    assert foreground(oklab(sand)).all()
    speckled = white()
    speckled[0, ::4, ::4] = 250
    assert not foreground(oklab(speckled)).any()
    assert traits(white()).contrast[0] == 0
    assert 0 < traits(sand).contrast[0] < 0.03


def test_outlines_are_not_measured_on_a_dark_ground() -> None:
    image = np.zeros((1, 16, 16, 3), np.uint8)
    image[0, 3:13, 3:13] = (60, 40, 40)
    image[0, 4:12, 4:12] = (220, 60, 60)
    assert np.isnan(traits(image).outline[0])
    assert traits(image).haze[0] == 0
    cut = np.concatenate([image, np.where(image.any(axis=-1, keepdims=True), np.uint8(255), np.uint8(0))], axis=-1)
    assert traits(cut).outline[0] > 0.2
