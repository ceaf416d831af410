"""Seams: known answers, tiles that repeat exactly, and the same tiles cut so that they do not."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from ddpm.pixels.oklab import distance, oklab
from ddpm.pixels.seams import MOST, Seams, doubt, drawn_beside_learnt, on_background, seam_ratio, seams, tile_seams
from ddpm.sprites.builtin import generate
from tests.art.tiles import KINDS, tiles

BLACK, WHITE = np.zeros(3, np.uint8), np.full(3, 255, np.uint8)


def halves(axis: int) -> np.ndarray:
    """uint8 (1, 8, 12, 3): black, then white along an axis."""
    image = np.zeros((1, 8, 12, 3), np.uint8)
    np.moveaxis(image, axis, 0)[image.shape[axis] // 2 :] = 255
    return image


def test_known_answers() -> None:
    # One of 7 or 11 inner lines is an edge of full contrast, as is the border: 12 of 20 pairs against 12 of 172.
    apart = float(distance(oklab(BLACK), oklab(WHITE)))
    assert apart == pytest.approx(1, abs=1e-4)
    assert seam_ratio(halves(1)) == pytest.approx((12 / 20) / (12 / (7 * 12 + 8 * 11)))
    assert seam_ratio(halves(2)) == pytest.approx((8 / 20) / (8 / (7 * 12 + 8 * 11)))
    # A single pixel inside touches no border; one in the corner has two of its four sides there.
    pixel = np.zeros((2, 8, 8, 3), np.uint8)
    pixel[0, 3, 3] = pixel[1, 0, 0] = 255
    assert seam_ratio(pixel) == pytest.approx([0, (2 / 16) / (2 / 112)])
    # A ramp of rows: the border makes up for all of the way.
    ramp = np.zeros((1, 9, 8, 3), np.uint8)
    ramp[:] = (np.arange(9) * 25)[None, :, None, None]
    found = seams(ramp)
    assert found.ratio > 5
    assert (found.strongest, found.repeats) == (0.5, False)


def test_flat_pictures_have_no_ratio_and_are_counted() -> None:
    flat = np.full((3, 8, 8, 3), 90, np.uint8)
    assert np.isnan(seam_ratio(flat)).all()
    found = seams(flat)
    assert (found.n, found.flat, found.repeats) == (3, 3, True)
    assert math.isnan(found.ratio)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["ratio"] is None
    assert "no seam" in found.verdict()
    again = Seams.from_dict(found.to_dict())
    assert again.repeats
    assert math.isnan(again.ratio)
    mixed = seams(np.concatenate([flat[:, :, :, :], tiles(8)[0][:, :8, :8]]))
    assert (mixed.n, mixed.flat) == (11, 3)
    assert mixed.ratio == seams(tiles(8)[0][:, :8, :8]).ratio
    assert "3 of one colour left out" in mixed.in_words()
    with pytest.raises(ValueError, match="no pictures"):
        seams(flat[:0])


def test_alpha_is_a_difference_like_a_colour() -> None:
    clear = np.zeros((1, 8, 8, 4), np.uint8)
    clear[:, :4, :, 3] = 255
    opaque = np.zeros((1, 8, 8, 3), np.uint8)
    opaque[:, :4] = 255
    assert seam_ratio(clear) == pytest.approx(seam_ratio(opaque), rel=1e-4)
    assert tile_seams(clear) is None


def test_a_border_that_may_lie_anywhere_is_a_line_like_any_other() -> None:
    images, labels, names = tiles(480)
    found = seams(images)
    assert found.low < 1 < found.high
    assert found.repeats
    assert found.strongest == pytest.approx(found.chance, abs=0.02)
    assert doubt(found) == ""
    for number in range(len(names)):
        assert seams(images[labels == number]).repeats, names[number]
    # Shifting around moves a difference to the border, and changes no sum of both.
    one, other = (np.nan_to_num(seam_ratio(np.roll(images, shift, (1, 2)))) for shift in ((0, 0), (16, 16)))
    assert np.array_equal(one, other)


def test_the_interval_covers_the_ratio_of_all() -> None:
    images = tiles(400)[0]
    truth = seams(images).ratio
    parts = [seams(images[start::20]) for start in range(20)]
    covered = sum(part.low <= truth <= part.high for part in parts)
    assert covered >= 16, "95% of 20"
    alone = seams(images[:1])
    assert alone.high == math.inf
    assert alone.in_words().endswith(f"{alone.ratio:.2f} times as much as inside.")
    assert Seams.from_dict(json.loads(json.dumps(alone.to_dict(), allow_nan=False))).in_words() == alone.in_words()


def test_joints_on_the_border_are_no_seam() -> None:
    """As most people draw them: the ratio alone would call bricks and boards broken."""
    found = seams(tiles(160, shift=False)[0])
    assert found.median > MOST
    assert found.repeats
    assert "where joints lie" in found.verdict()
    assert doubt(found) == ""


@pytest.mark.parametrize("shift", [True, False])
def test_pieces_of_tiles_do_not_repeat(shift: bool) -> None:
    found = tile_seams(tiles(160, side=32, shift=shift)[0][:, 4:20, 7:23])
    assert found is not None
    assert not found.repeats
    assert found.low > 1
    assert found.strongest > 2 * found.chance
    assert "do not repeat" in doubt(found)
    assert "cannot know where" in doubt(found)


def test_a_drawing_on_a_background_is_no_tile() -> None:
    drawn = generate(100, 0).images
    assert on_background(drawn).mean() > 0.9
    assert tile_seams(drawn) is None
    assert "background" in doubt(None)
    for shift in (True, False):
        made = tiles(120, shift=shift)[0]
        assert on_background(made).mean() < 0.05
    # What a set consists of decides, and which rows are looked at.
    both = np.concatenate([drawn, made])
    assert tile_seams(both, np.arange(100)) is None
    assert tile_seams(both, np.arange(80, 220)) is not None
    assert tile_seams(both[:0]) is None


def test_what_is_drawn_stands_beside_what_was_learnt() -> None:
    found = seams(tiles(40)[0])
    assert drawn_beside_learnt(found, found.to_dict()).endswith(f"learnt from: {found.ratio:.2f}.")
    for other in (None, "1.1", {}, {"ratio": None}, {"ratio": "high"}, {"ratio": math.nan}):
        assert drawn_beside_learnt(found, other) == found.in_words()


@pytest.mark.parametrize("side", [16, 32])
def test_our_own_tiles_repeat_exactly_and_are_the_same_each_time(side: int) -> None:
    images, labels, names = tiles(24, side=side)
    assert images.shape == (24, side, side, 3)
    assert (len(names), labels.tolist()) == (len(KINDS), list(range(8)) * 3)
    assert len({image.tobytes() for image in images}) == 24
    assert np.array_equal(tiles(8, side=side)[0], images[:8])
    # Where the joints lie at the border the same tile is drawn, moved around.
    for moved, placed in zip(images, tiles(24, side=side, shift=False)[0], strict=True):
        rolled = (np.roll(placed, (y, x), (0, 1)) for y in range(side) for x in range(side))
        assert any(np.array_equal(moved, one) for one in rolled)
