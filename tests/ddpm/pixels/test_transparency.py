"""Alpha: the paper goes and the drawing stays; on a colour, nothing is lost that can be seen."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from ddpm.pixels.transparency import (
    alpha_is_binary,
    colour_name,
    contrasting_colour,
    cutout,
    has_alpha,
    is_blank,
    lay_on,
    parse_colour,
    settle_alpha,
    without_hidden_colours,
)
from tests.ddpm.helpers import simple_sprites


def ring(paper: tuple[int, int, int] = (255, 255, 255), ink: tuple[int, int, int] = (20, 20, 20)) -> np.ndarray:
    """A ring on paper, with the same paper inside it."""
    image = np.empty((16, 16, 3), np.uint8)
    image[:] = paper
    image[4:12, 4:12] = ink
    image[6:10, 6:10] = paper
    return image


@pytest.mark.parametrize("paper", [(255, 255, 255), (0, 0, 0), (40, 160, 80)])
def test_what_a_drawing_encloses_stays(paper: tuple[int, int, int]) -> None:
    image = ring(paper, (200, 30, 120))
    (cut,) = cutout(image[None])
    assert cut.dtype == np.uint8
    opaque = cut[..., 3] == 255
    assert opaque[4:12, 4:12].all()
    assert opaque.sum() == 64
    assert np.array_equal(cut[opaque][:, :3], image[opaque])
    assert not cut[~opaque].any()


def test_paper_that_is_not_quite_even() -> None:
    image = ring()
    image[:3] -= np.random.default_rng(0).integers(0, 6, (3, 16, 3), dtype=np.uint8)
    assert (cutout(image[None])[0, ..., 3] == 255).sum() == 64


def test_a_gap_in_the_ring_lets_the_paper_out_but_a_corner_does_not() -> None:
    image = ring()
    image[4:6, 7] = 255
    assert not cutout(image[None])[0, 6:10, 6:10, 3].any()
    corner = ring()
    corner[4, 4] = corner[5, 5] = 255
    assert cutout(corner[None])[0, 5:10, 5:10, 3].all()


def test_a_sprite_that_fills_its_square_is_left_whole() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (3, 16, 16, 3), dtype=np.uint8)
    cut = cutout(noise)
    assert (cut[..., 3] == 255).all()
    assert np.array_equal(cut[..., :3], noise)


def test_many_at_once_are_as_one_by_one() -> None:
    images = simple_sprites(5)
    assert np.array_equal(cutout(images), np.concatenate([cutout(image[None]) for image in images]))
    assert cutout(images[:0]).shape == (0, 16, 16, 4)


def test_only_sprites() -> None:
    with pytest.raises(TypeError):
        cutout(np.zeros((1, 16, 16, 3)))
    with pytest.raises(ValueError):
        cutout(np.zeros((16, 16, 3), np.uint8))


# Colours to lay transparent sprites on


def discs(fill: tuple[int, int, int], rim: tuple[int, int, int] | None = None, count: int = 4) -> np.ndarray:
    """uint8 (count, 16, 16, 4): discs on nothing, with a rim of another colour or not."""
    y, x = np.mgrid[:16, :16]
    images = np.zeros((count, 16, 16, 4), np.uint8)
    for number, image in enumerate(images):
        radius = 4 + number % 3
        distance = np.hypot(y - 7.5, x - 7.5)
        image[distance < radius] = (*fill, 255)
        if rim is not None:
            image[(distance < radius) & (distance >= radius - 1.3)] = (*rim, 255)
    return images


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (discs((200, 30, 40)), (255, 255, 255)),
        (discs((255, 255, 255), (20, 20, 20)), (255, 255, 255)),
        (discs((128, 128, 128)), (255, 255, 255)),
        (discs((255, 255, 255)), (0, 0, 0)),
        (discs((250, 250, 255)), (0, 0, 0)),
        (discs((10, 10, 10), (255, 255, 255)), (0, 0, 0)),
        (discs((0, 0, 0)), (255, 255, 255)),
    ],
)
def test_white_is_the_background_wherever_the_contours_are_seen_on_it(
    images: np.ndarray, expected: tuple[int, int, int]
) -> None:
    assert contrasting_colour(images) == expected


def test_white_ghosts_and_black_outlines_together_are_laid_on_something_between() -> None:
    both = np.concatenate([discs((255, 255, 255)), discs((40, 40, 40), (0, 0, 0))])
    colour = contrasting_colour(both)
    assert colour not in ((255, 255, 255), (0, 0, 0))
    assert not is_blank(lay_on(both, colour)).any()
    grey = np.concatenate([both, discs((128, 128, 128))])
    chosen = contrasting_colour(grey)
    assert chosen not in ((255, 255, 255), (0, 0, 0), (128, 128, 128))


def test_drawings_that_reach_the_border_have_their_contour_there() -> None:
    full = np.full((3, 16, 16, 4), 255, np.uint8)
    full[:, :, :, :3] = 255
    full[:, 8, 8] = (0, 0, 0, 255)
    assert contrasting_colour(full) == (0, 0, 0)


@pytest.mark.parametrize("text", ["#ff8000", "ff8000", "FF8000", "#Ff8000"])
def test_a_colour_is_read(text: str) -> None:
    assert parse_colour(text) == (255, 128, 0)
    assert colour_name(parse_colour(text)) == "#ff8000"


def test_white_is_a_colour_too() -> None:
    assert parse_colour("white") == (255, 255, 255)
    assert parse_colour(colour_name((1, 2, 3))) == (1, 2, 3)


@pytest.mark.parametrize(
    "text", ["", "red", "#fff", "#ff80000", "#ff800g", "##ff800", " #ff8000", "#ff8000\n", "٣" * 6]
)
def test_other_colours_are_refused_and_named(text: str) -> None:
    with pytest.raises(ValueError, match="white or #rrggbb"):
        parse_colour(text)


def test_laid_on_a_colour_as_pillow_does_it() -> None:
    random = np.random.default_rng(3)
    pixels = random.integers(0, 256, (700, 16, 16, 4), dtype=np.uint8)
    pixels[::3, ..., 3] = np.where(pixels[::3, ..., 3] > 127, 255, 0)
    for colour in ((255, 255, 255), (0, 0, 0), (17, 200, 93)):
        laid = lay_on(pixels, colour)
        exact = pixels[..., :3] * (pixels[..., 3:] / 255) + np.array(colour) * (1 - pixels[..., 3:] / 255)
        assert np.abs(laid - exact).max() <= 0.5 + 1e-9
        image = Image.fromarray(pixels[0])
        paper = Image.new("RGBA", image.size, (*colour, 255))
        shown = np.asarray(Image.alpha_composite(paper, image))[..., :3].astype(int)
        difference = np.abs(shown - laid[0])
        assert difference.max() <= 1
        assert not difference[pixels[0, ..., 3] % 255 == 0].any()
    rgb = pixels[..., :3]
    assert lay_on(rgb) is rgb


def test_colours_under_nothing_are_black_and_blank_is_blank() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (5, 16, 16, 4), dtype=np.uint8)
    pixels[:, :8, :, 3] = 0
    clean = without_hidden_colours(pixels)
    assert not clean[:, :8].any()
    np.testing.assert_array_equal(clean[:, 8:], np.where(pixels[:, 8:, :, 3:] > 0, pixels[:, 8:], 0))
    blank = np.stack([np.full((16, 16, 4), value, np.uint8) for value in (0, 90, 255)])
    assert is_blank(blank).all()
    blank[0, 3, 3] = (0, 0, 0, 1)
    assert is_blank(blank).tolist() == [False, True, True]


def test_binary_alpha_and_none() -> None:
    rgb = np.zeros((2, 16, 16, 3), np.uint8)
    opaque = np.full((2, 16, 16, 4), 255, np.uint8)
    holes = opaque.copy()
    holes[1, 0, 0] = 0
    soft = holes.copy()
    soft[0, 5, 5, 3] = 254
    assert [has_alpha(images) for images in (rgb, opaque, holes, soft)] == [False, False, True, True]
    assert [alpha_is_binary(images) for images in (rgb, opaque, holes, soft)] == [False, True, True, False]


def test_what_a_network_draws_becomes_a_valid_sprite() -> None:
    x = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    kept = x.clone()
    for binary in (True, False):
        settled = settle_alpha(x, binary)
        assert torch.equal(x, kept)
        hidden = settled[:, 3] == -1
        assert hidden.any()
        assert (settled[:, :3].movedim(1, -1)[hidden] == -1).all()
        shown = ~hidden
        assert torch.equal(settled[:, :3].movedim(1, -1)[shown], x[:, :3].movedim(1, -1)[shown])
        if binary:
            assert torch.equal(settled[:, 3] == 1, x[:, 3] >= 0)
            assert set(settled[:, 3].unique().tolist()) == {-1.0, 1.0}
        else:
            assert torch.equal(settled[:, 3][shown], x[:, 3][shown])
            assert torch.equal(hidden, x[:, 3] <= -1 + 1 / 255)
        assert torch.equal(settle_alpha(settled, binary), settled)
    rgb = x[:, :3]
    assert settle_alpha(rgb, True) is rgb
