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
from ddpm.diffusion.chain import ChainRecorder
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


@pytest.mark.parametrize("channels", [3, 4])
def test_an_archive_of_single_sprites(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 16, 16, channels), dtype=np.uint8)
    data = png_zip(images, "run-seed3")
    assert png_zip(images, "run-seed3") == data
    with ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == [f"run-seed3-{i:03d}.png" for i in range(1, 13)]
        for name, image in zip(archive.namelist(), images, strict=True):
            assert np.array_equal(np.asarray(Image.open(io.BytesIO(archive.read(name)))), image)
