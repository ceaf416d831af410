"""The reverse process as GIF and APNG."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from ddpm.diffusion.animation import apng, gif
from ddpm.diffusion.chain import Chain
from ddpm.pixels.sheets import sheet
from tests.ddpm.helpers import simple_sprites


def test_a_gif_shows_both_halves_and_holds_the_end() -> None:
    images = simple_sprites(4)
    x_t = np.stack([np.full_like(images, 128), np.full_like(images, 200), images])
    chain = Chain(np.array([9, 4, -1]), x_t, np.stack([images] * 3), np.array([1.0, 0.5, 0.0]))
    animation = Image.open(io.BytesIO(gif(chain, scale=2, milliseconds=50, hold=900)))
    assert animation.format == "GIF"
    assert animation.n_frames == 3  # type: ignore[attr-defined]
    assert animation.info["loop"] == 0
    durations = []
    for frame in range(3):
        animation.seek(frame)
        durations.append(animation.info["duration"])
    assert durations == [50, 50, 900]
    assert animation.size == (2 * 2 * 33 + 8, 66)
    last = np.asarray(animation.convert("RGB"))
    left, right = last[:, :66], last[:, -66:]
    assert np.array_equal(left, right)
    assert np.array_equal(left, sheet(images, scale=2, gap=1))


def painted(random: np.random.Generator, count: int, colours: int) -> np.ndarray:
    """uint8 (count, 16, 16, 3) that hold so many colours in all: white, some that are nearly white, and others."""
    light = np.array([[255] * 3, [254] * 3, [255, 255, 253]], np.uint8)
    other = np.unique(random.integers(0, 250, (2 * colours, 3), dtype=np.uint8), axis=0)
    palette = np.concatenate([light, random.permutation(other)])[:colours]
    picked = random.permutation(np.arange(count * 256) % colours)
    return palette[picked].reshape(count, 16, 16, 3)


def frames_of(data: bytes, sprites: int, scale: int) -> list[np.ndarray]:
    animation = Image.open(io.BytesIO(data))
    width = sheet(np.zeros((sprites, 16, 16, 3), np.uint8), scale=scale, gap=1).shape[1]
    shown = []
    for frame in range(animation.n_frames):  # type: ignore[attr-defined]
        animation.seek(frame)
        picture = animation.convert("RGBA")
        assert picture.getextrema()[3] == (255, 255)
        pixels = np.asarray(picture.convert("RGB"))
        shown += [pixels[:, :width], pixels[:, -width:]]
    return shown


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize("colours", [1, 2, 3, 8, 80, 127, 128, 129, 255, 256])
def test_a_gif_has_every_colour_where_256_are_enough(colours: int, scale: int) -> None:
    """Whether palettes differ from frame to frame or not, and whether all of a frame changes, a part, or nothing."""
    random = np.random.default_rng(colours)
    first, second = painted(random, 2, colours), painted(random, 2, colours)
    third = second.copy()
    third[0, 3:6, 4:9] = second[0, 0, 0]
    x_t = np.stack([first, second, third, second[:, ::-1], first])
    data = gif(Chain(np.array([9, 7, 4, 2, -1]), x_t, x_t, np.linspace(1, 0, 5)), scale=scale)
    pages = [sheet(images, scale=scale, gap=1) for images in x_t]
    # Pillow makes one frame, that stays longer, of two that are alike.
    pages = [page for i, page in enumerate(pages) if i == 0 or not np.array_equal(page, pages[i - 1])]
    shown = frames_of(data, 2, scale)
    assert len(shown) == 2 * len(pages)
    for number, pixels in enumerate(shown):
        assert np.array_equal(pixels, pages[number // 2])


@pytest.mark.parametrize("colours", [257, 300, 3000, 12_000])
def test_a_gif_keeps_white_white_and_the_rest_near(colours: int) -> None:
    random = np.random.default_rng(colours)
    count = max(2, -(-colours // 128))
    images = painted(random, count, colours)
    images[:, :4] = 255
    chain = Chain(np.array([9, -1]), np.stack([images, images[:, ::-1]]), np.stack([images] * 2), np.array([1.0, 0.0]))
    shown = frames_of(gif(chain, scale=1), count, 1)
    for expected, pixels in zip([images, images, images[:, ::-1], images], shown, strict=True):
        page = sheet(expected, gap=1)
        white = (page == 255).all(axis=-1)
        assert (pixels[white] == 255).all()
        assert np.abs(pixels.astype(int) - page).max() < 60


def test_a_gif_of_drawn_sprites_is_near() -> None:
    """Sixteen sprites as a network draws them, a hundred colours each: the quick way is 11 grey levels off at worst."""
    random = np.random.default_rng(0)
    images = (simple_sprites(16).astype(float) + random.normal(0, 4, (16, 16, 16, 3))).clip(0, 255).astype(np.uint8)
    chain = Chain(np.array([-1]), images[None], images[None], np.array([0.0]))
    left, _ = frames_of(gif(chain, scale=1), 16, 1)
    assert np.abs(left.astype(int) - sheet(images, gap=1)).max() < 8


def cutouts(count: int) -> np.ndarray:
    """uint8 (count, 24, 16, 4), half of them transparent, in few colours."""
    random = np.random.default_rng(count)
    images = random.choice(np.array([0, 90, 255], np.uint8), (count, 24, 16, 4))
    images[..., 3] = random.choice(np.array([0, 255], np.uint8), images.shape[:3])
    images[images[..., 3] == 0] = 0
    return images


def test_a_gif_keeps_what_is_transparent_and_what_is_not() -> None:
    images = cutouts(4)
    noise = np.random.default_rng(0).integers(0, 256, images.shape, dtype=np.uint8)
    x_t = np.stack([noise, images[::-1], images])
    chain = Chain(np.array([9, 4, -1]), x_t, x_t, np.array([1.0, 0.5, 0.0]))
    animation = Image.open(io.BytesIO(gif(chain, scale=2)))
    for number, expected in enumerate(x_t):
        animation.seek(number)
        shown, page = np.asarray(animation.convert("RGBA")), sheet(expected, scale=2, gap=1)
        left = shown[:, : page.shape[1]]
        # A frame that let the one before shine through would be seen here.
        assert np.array_equal(left[..., 3], np.where(page[..., 3] < 128, 0, 255))
        if number:
            assert np.array_equal(left[left[..., 3] == 255], page[page[..., 3] == 255])


def test_a_gif_on_a_colour_is_opaque() -> None:
    images = cutouts(4)
    chain = Chain(np.array([-1]), images[None], images[None], np.array([0.0]))
    shown = np.asarray(Image.open(io.BytesIO(gif(chain, scale=1, behind=(10, 200, 30)))).convert("RGBA"))
    assert (shown[..., 3] == 255).all()
    page = sheet(images, gap=1)
    left = shown[:, : page.shape[1], :3]
    assert np.array_equal(left[page[..., 3] == 255], page[page[..., 3] == 255][:, :3])
    assert (left[page[..., 3] == 0] == (10, 200, 30)).all()


def test_an_animated_png_keeps_alpha_and_lets_nothing_shine_through() -> None:
    random = np.random.default_rng(0)
    x_t, x0 = random.integers(0, 256, (2, 3, 4, 24, 16, 4), dtype=np.uint8)
    chain = Chain(np.array([9, 4, -1]), x_t, x0, np.array([1.0, 0.5, 0.0]))
    animation = Image.open(io.BytesIO(apng(chain, scale=1)))
    for frame in range(3):
        animation.seek(frame)
        shown, page = np.asarray(animation.convert("RGBA")), sheet(x_t[frame], gap=1)
        assert np.array_equal(shown[:, : page.shape[1]], page)


@pytest.mark.parametrize(("count", "side", "wide"), [(144, 16, 1230), (144, 64, 1562), (4, 64, 786)])
def test_large_sprites_make_no_huge_film(count: int, side: int, wide: int) -> None:
    images = np.zeros((1, count, side, side, 3), np.uint8)
    chain = Chain(np.array([-1]), images, images, np.array([0.0]))
    assert Image.open(io.BytesIO(gif(chain))).width == wide


def test_an_animated_png_has_every_colour_of_every_frame() -> None:
    random = np.random.default_rng(0)
    x_t, x0 = random.integers(0, 256, (2, 3, 4, 16, 16, 3), dtype=np.uint8)
    chain = Chain(np.array([9, 4, -1]), x_t, x0, np.array([1.0, 0.5, 0.0]))
    animation = Image.open(io.BytesIO(apng(chain, scale=2, milliseconds=50, hold=900)))
    assert (animation.format, animation.n_frames) == ("PNG", 3)  # type: ignore[attr-defined]
    for frame, duration in enumerate([50, 50, 900]):
        animation.seek(frame)
        shown = np.asarray(animation.convert("RGB"))
        assert animation.info["duration"] == duration
        assert np.array_equal(shown[:, :66], sheet(x_t[frame], scale=2, gap=1))
        assert np.array_equal(shown[:, -66:], sheet(x0[frame], scale=2, gap=1))
