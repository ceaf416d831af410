"""Other colours for sprites whose colours are known."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.judging.copying.shapes import edge_bits
from ddpm.pixels.oklab import distance, oklab
from ddpm.pixels.palette.recolouring import recoloured
from tests.ddpm.helpers import built_in_sprites

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
RED, DARK_RED, BLUE = (220, 50, 40), (120, 20, 15), (40, 80, 220)


def drawing(*colours: tuple[int, int, int], alpha: bool = False) -> np.ndarray:
    """A black-rimmed square of stripes on white, or on nothing."""
    image = np.full((16, 16, 3), WHITE, np.uint8)
    image[2:14, 2:14] = BLACK
    for row in range(3, 13):
        image[row, 3:13] = colours[(row - 3) * len(colours) // 10]
    if not alpha:
        return image
    shown = np.full((16, 16, 1), 0, np.uint8)
    shown[2:14, 2:14] = 255
    return np.concatenate([image & shown, shown], axis=-1)


def hue(colours: np.ndarray) -> np.ndarray:
    lab = oklab(colours)
    return np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))


@pytest.mark.parametrize("alpha", [False, True])
def test_shape_background_outline_and_shading_stay(alpha: bool) -> None:
    image = drawing(RED, DARK_RED, alpha=alpha)
    found = recoloured(image, 16, 0)
    assert found.images.shape == (16, *image.shape)
    kept = ~found.changed
    assert kept.sum() == 16 * 16 - 100 if not alpha else 44
    assert np.array_equal(found.images[:, kept], np.repeat(image[None, kept], 16, axis=0))
    edges = edge_bits(found.images)
    assert (edges == edge_bits(image[None])).all()
    light = oklab(found.images)[..., 0]
    assert (light[:, 3, 3] > light[:, 12, 3] + 0.1).all(), "a shade stays darker"
    red, dark = found.images[:, 3, 3, :3], found.images[:, 12, 3, :3]
    turned = (hue(red) - hue(dark) - float(hue(np.array(RED, np.uint8)) - hue(np.array(DARK_RED, np.uint8)))) % 360
    # Dark colours have few steps of 8 bits, so their hue is coarse.
    assert (np.minimum(turned, 360 - turned) < 8).all(), "a colour and its shade turn together"


def test_they_differ_from_each_other_and_from_the_sprite() -> None:
    image = drawing(RED, BLUE)
    colours = oklab(np.concatenate([image[None], recoloured(image, 16, 0).images]))[:, [4, 12], 4]
    apart = distance(colours[:, None], colours).mean(axis=-1) + np.eye(17)
    assert apart.min() > 0.1
    # The one that differs most comes first, and what comes later changes nothing about those before.
    assert apart[0, 1] == apart[0, 1:].max()


def test_the_first_ones_do_not_depend_on_how_many_there_are() -> None:
    image = drawing(RED, BLUE)
    few, many = recoloured(image, 3, 5, 1), recoloured(image, 30, 5, 1)
    assert np.array_equal(few.images, many.images[:3])
    assert len({one.tobytes() for one in many.images}) == 30
    assert not np.array_equal(few.images, recoloured(image, 3, 5, 2).images)


@pytest.mark.parametrize("colours", [((128, 128, 128), (180, 180, 180)), ((10, 10, 10),), ((250, 250, 250),)])
def test_grey_black_and_white_drawings_get_colours(colours: tuple[tuple[int, int, int], ...]) -> None:
    found = recoloured(drawing(*colours, alpha=True), 16, 0)
    lab = oklab(found.images[:, found.changed][..., :3])
    assert (np.hypot(lab[..., 1], lab[..., 2]).max(axis=1) > 0.04).all()
    if len(colours) == 2:
        assert (oklab(found.images)[:, 4, 4, 0] < oklab(found.images)[:, 12, 4, 0]).all()


def test_grey_in_a_colourful_drawing_stays_grey() -> None:
    found = recoloured(drawing(RED, BLUE, RED, (150, 150, 150)), 16, 0)
    lab = oklab(found.images[:, 12, 4])
    assert (np.hypot(lab[:, 1], lab[:, 2]) < 0.01).all()


def test_a_tile_has_no_background_and_nothing_has_no_colours() -> None:
    random = np.random.default_rng(0)
    tile = np.array([RED, BLUE, (30, 160, 60)], np.uint8)[random.integers(0, 3, (16, 16))]
    assert recoloured(tile, 2, 0).changed.all()
    nothing = np.zeros((16, 16, 4), np.uint8)
    assert np.array_equal(recoloured(nothing, 2, 0).images, np.zeros((2, 16, 16, 4), np.uint8))
    blank = np.full((16, 16, 3), 255, np.uint8)
    assert np.array_equal(recoloured(blank, 2, 0).images, np.repeat(blank[None], 2, axis=0))


def test_the_shapes_of_real_drawings_stay() -> None:
    images = built_in_sprites().images[:40]
    agree = []
    for image in images:
        edges, found = edge_bits(image[None]), edge_bits(recoloured(image, 4, 0).images)
        agree.append((edges & found).sum(axis=1) / np.maximum((edges | found).sum(axis=1), 1))
    assert np.mean(agree) > 0.9


def test_what_cannot_be() -> None:
    for count in (0, 145):
        with pytest.raises(ValueError, match="1 to 144"):
            recoloured(drawing(RED), count, 0)
    with pytest.raises(TypeError):
        recoloured(drawing(RED).astype(float), 1, 0)
