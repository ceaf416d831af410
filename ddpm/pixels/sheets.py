"""Sprites for export as still pictures: sheets of many, PNG files, and .zip archives of those."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Sequence
from zipfile import ZipFile, ZipInfo

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

WHITE = 255
SHEET_KEY = "ddpm:sheet"
"""The PNG text that says how one of our sheets is laid out, so that ``load_sprites`` needs no settings to read it."""

_NOT_IN_NAMES = re.compile(r"[^\w.+-]+")
_LONGEST_NAME = 60


def enlarge(image: np.ndarray, scale: int) -> np.ndarray:
    """Repeat each pixel ``scale`` times both ways: uint8 (..., H, W, C) to (..., H * scale, W * scale, C)."""
    return image.repeat(scale, axis=-3).repeat(scale, axis=-2)


def sheet(images: np.ndarray, columns: int | None = None, scale: int = 1, gap: int = 0) -> np.ndarray:
    """Lay sprites out in rows on white, or on nothing where they have alpha.

    Args:
        images: uint8 (N, H, W, C), C of 3 or 4.
        columns: sprites per row; None for the squarest sheet.
        scale: whole-number enlargement, at least 1.
        gap: pixels between sprites, before enlargement.

    Returns:
        uint8 (H', W', C).

    Raises:
        ValueError: if there are no images.
    """
    if len(images) == 0:
        raise ValueError("a sheet needs at least one sprite")
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    size = (rows * (height + gap) - gap, columns * (width + gap) - gap, channels)
    page = np.full(size, WHITE if channels == 3 else 0, np.uint8)
    for i, image in enumerate(images):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        page[top : top + height, left : left + width] = image
    return enlarge(page, scale)


def png(image: np.ndarray) -> bytes:
    """A picture, uint8 (H, W, 3), or (H, W, 4) with alpha, as a PNG file of exactly these pixels."""
    return _encode(image, None)


def sheet_png(images: np.ndarray, columns: int | None = None, scale: int = 1, gap: int = 0) -> bytes:
    """:func:`sheet` as a PNG file that says how it is laid out, so that it can be loaded as sprites again."""
    info = PngInfo()
    height, width = images.shape[1:3]
    tile = width if width == height else [width, height]
    layout = {"tile": tile, "gap": gap, "margin": 0, "scale": scale, "count": len(images)}
    info.add_text(SHEET_KEY, json.dumps(layout))
    return _encode(sheet(images, columns, scale, gap), info)


def png_zip(images: np.ndarray, stem: str, kinds: Sequence[str] = ()) -> bytes:
    """Single sprites as PNG files in a .zip; equal input gives equal bytes.

    Args:
        images: uint8 (N, H, W, C), C of 3 or 4.
        stem: the files are called ``stem-001.png`` and so on.
        kinds: what each sprite shows, where that is known; its file is named after it, as in ``sword-003.png``. The
            number is the sprite's own, so all names differ, whatever the kinds are called.
    """
    names = [_NOT_IN_NAMES.sub("-", kind)[:_LONGEST_NAME].strip("-.") for kind in kinds] or [stem] * len(images)
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for i, (image, name) in enumerate(zip(images, names, strict=True), 1):
            # PNG files are compressed already; a date would make each archive a different one.
            archive.writestr(ZipInfo(f"{name or stem}-{i:03d}.png"), png(image))
    return file.getvalue()


def _encode(image: np.ndarray, info: PngInfo | None) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", pnginfo=info)
    return file.getvalue()
