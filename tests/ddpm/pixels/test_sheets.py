"""Sheets and files of any size, with alpha and without."""

from __future__ import annotations

import io
import json
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from ddpm.pixels.sheets import SHEET_KEY, enlarge, png, png_zip, sheet, sheet_png


def sprites(count: int, height: int, width: int, channels: int) -> np.ndarray:
    images = np.random.default_rng(height * width).integers(0, 256, (count, height, width, channels), dtype=np.uint8)
    if channels == 4:
        images[..., 3] = np.where(images[..., 3] > 100, 255, 0)
        images[images[..., 3] == 0] = 0
    return images


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (24, 16), (8, 40), (64, 64)])
@pytest.mark.parametrize(("columns", "scale", "gap"), [(3, 1, 0), (2, 3, 1), (None, 2, 2)])
def test_each_sprite_is_where_it_belongs(
    channels: int, height: int, width: int, columns: int | None, scale: int, gap: int
) -> None:
    images = sprites(5, height, width, channels)
    page = sheet(images, columns, scale, gap)
    across = columns or 3
    down = -(-5 // across)
    assert page.shape == (scale * (down * (height + gap) - gap), scale * (across * (width + gap) - gap), channels)
    small = page[::scale, ::scale]
    np.testing.assert_array_equal(enlarge(small, scale), page)
    covered = np.zeros(small.shape[:2], bool)
    for number, image in enumerate(images):
        y, x = number // across * (height + gap), number % across * (width + gap)
        np.testing.assert_array_equal(small[y : y + height, x : x + width], image)
        covered[y : y + height, x : x + width] = True
    # Gaps and empty places are white, or nothing where there is alpha.
    assert (small[~covered] == (255 if channels == 3 else 0)).all()


@pytest.mark.parametrize("channels", [3, 4])
def test_a_sheet_says_how_it_is_laid_out(channels: int) -> None:
    for size, tile in (((16, 16), 16), ((24, 16), [16, 24])):
        images = sprites(5, *size, channels)
        with Image.open(io.BytesIO(sheet_png(images, 2, 3, 1))) as image:
            note = json.loads(image.text[SHEET_KEY])  # type: ignore[attr-defined]
            assert image.mode == ("RGB" if channels == 3 else "RGBA")
            np.testing.assert_array_equal(np.asarray(image), sheet(images, 2, 3, 1))
        assert note == {"tile": tile, "gap": 1, "margin": 0, "scale": 3, "count": 5}


@pytest.mark.parametrize("channels", [3, 4])
def test_files_hold_exactly_these_pixels(channels: int) -> None:
    images = sprites(3, 24, 16, channels)
    with Image.open(io.BytesIO(png(images[0]))) as image:
        np.testing.assert_array_equal(np.asarray(image), images[0])
    with ZipFile(io.BytesIO(png_zip(images, "x", ["a/b", "", "c"]))) as archive:
        assert archive.namelist() == ["a-b-001.png", "x-002.png", "c-003.png"]
        for name, image_pixels in zip(archive.namelist(), images, strict=True):
            with Image.open(io.BytesIO(archive.read(name))) as image:
                np.testing.assert_array_equal(np.asarray(image), image_pixels)


def test_no_sprites_make_no_sheet() -> None:
    with pytest.raises(ValueError, match="at least one"):
        sheet(np.empty((0, 16, 16, 4), np.uint8))
