"""Sprites as pictures."""

from __future__ import annotations

import io
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import torch
from PIL import Image

from ddpm import NoiseSchedule, SamplingStep, load_sprites, sample, to_uint8
from ddpm.diffusion.animation import apng, gif
from ddpm.diffusion.chain import Chain, ChainRecorder
from ddpm.pixels.sheets import enlarge, png, png_zip, sheet, sheet_png
from tests.ddpm.helpers import simple_sprites


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_png_holds_exactly_these_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    assert np.array_equal(decoded(png(image)), image)
    assert png(image)[:8] == b"\x89PNG\r\n\x1a\n"


def test_enlarge_repeats_pixels() -> None:
    images = simple_sprites(2)
    large = enlarge(images, 3)
    assert large.shape == (2, 48, 48, 3)
    for dy in range(3):
        for dx in range(3):
            assert np.array_equal(large[:, dy::3, dx::3], images)


def test_a_sheet_row_by_row_on_white() -> None:
    images = simple_sprites(5)
    page = sheet(images, columns=3, gap=2)
    assert page.shape == (34, 52, 3)
    assert np.array_equal(page[:16, 18:34], images[1])
    assert np.array_equal(page[18:34, 18:34], images[4])
    assert (page[16:18] == 255).all()
    assert (page[18:, 36:] == 255).all()


@pytest.mark.parametrize(("count", "shape"), [(1, (1, 1)), (2, (1, 2)), (9, (3, 3)), (10, (3, 4)), (64, (8, 8))])
def test_without_columns_a_sheet_is_square(count: int, shape: tuple[int, int]) -> None:
    assert sheet(simple_sprites(count)).shape == (16 * shape[0], 16 * shape[1], 3)


def test_an_empty_sheet() -> None:
    with pytest.raises(ValueError, match="at least one"):
        sheet(np.zeros((0, 16, 16, 3), np.uint8))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64])
@pytest.mark.parametrize(("scale", "gap"), [(1, 0), (4, 1), (3, 5)])
def test_an_exported_sheet_loads_back(count: int, scale: int, gap: int, tmp_path: Path) -> None:
    """Fault 66, also for sprites that any guess at the layout would miss: white ones, last in the sheet."""
    images = simple_sprites(count)
    images[-1] = 255
    (tmp_path / "sheet.png").write_bytes(sheet_png(images, scale=scale, gap=gap))
    assert np.array_equal(load_sprites(tmp_path / "sheet.png").images, images)


def test_noise_loads_back_too(tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (6, 16, 16, 3), dtype=np.uint8)
    (tmp_path / "sheet.png").write_bytes(sheet_png(images, columns=4, scale=2, gap=1))
    assert np.array_equal(load_sprites(tmp_path / "sheet.png").images, images)


def steps_of(schedule: NoiseSchedule, steps: int) -> list[SamplingStep]:
    return list(sample(lambda x_t, t, labels=None: 0.9 * x_t, schedule, n=3, sampler="ddim", steps=steps))


@pytest.mark.parametrize(("steps", "frames"), [(1, 50), (20, 50), (49, 50), (60, 50), (60, 2), (33, 7)])
def test_a_recorder_keeps_the_ends_and_spreads_the_rest(steps: int, frames: int) -> None:
    schedule = NoiseSchedule(200)
    recorder = ChainRecorder(schedule, steps, frames)
    moments = steps_of(schedule, steps)
    kept = [moment for moment in moments if recorder.add(moment)]
    chain = recorder.chain()
    assert len(kept) == len(chain.t) == min(frames, steps + 1)
    assert chain.t.tolist() == [moment.t for moment in kept]
    assert chain.t[0] == 199
    assert chain.t[-1] == -1
    numbers = [moments.index(moment) for moment in kept]
    assert np.ptp(np.diff(numbers)) <= 1
    assert np.array_equal(chain.x_t, np.stack([to_uint8(moment.x_t) for moment in kept]))
    assert np.array_equal(chain.x0, np.stack([to_uint8(moment.x0) for moment in kept]))
    assert np.array_equal(chain.sprites, to_uint8(moments[-1].x0))
    expected = [0.0 if t < 0 else float((1 - schedule.alphas_cumprod[t]).sqrt()) for t in chain.t]
    assert chain.noise_level == pytest.approx(expected)


def test_a_chain_that_is_not_complete() -> None:
    schedule = NoiseSchedule(200)
    recorder = ChainRecorder(schedule, 20)
    recorder.add(steps_of(schedule, 20)[0])
    assert recorder.chain().t.tolist() == [199]
    assert torch.is_grad_enabled()


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


@pytest.mark.parametrize("channels", [3, 4])
def test_an_archive_of_single_sprites(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 16, 16, channels), dtype=np.uint8)
    data = png_zip(images, "run-seed3")
    assert png_zip(images, "run-seed3") == data
    with ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [f"run-seed3-{i:03d}.png" for i in range(1, 13)]
        for name, image in zip(archive.namelist(), images, strict=True):
            assert np.array_equal(np.asarray(Image.open(io.BytesIO(archive.read(name)))), image)
