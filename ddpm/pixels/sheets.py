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


def png(image: np.ndarray, note: str | None = None) -> bytes:
    """A picture, uint8 (H, W, 3), or (H, W, 4) with alpha, as a PNG file of exactly these pixels.

    Args:
        note: how it is laid out, if it is a sheet: see :func:`sheet_note`.
    """
    info = PngInfo()
    if note is not None:
        info.add_text(SHEET_KEY, note)
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", pnginfo=info)
    return file.getvalue()


def sheet_note(images: np.ndarray, scale: int, gap: int, margin: int = 0, **more: int | list[int]) -> str:
    """How a sheet of uint8 (N, H, W, C) is laid out, as the readers of sheets follow it; lengths before enlargement.

    Args:
        more: "columns", and "page", width and height, of a sheet on a page that is larger than itself.
    """
    height, width = images.shape[1:3]
    tile = width if width == height else [width, height]
    return json.dumps({"tile": tile, "gap": gap, "margin": margin, "scale": scale, "count": len(images), **more})


def sheet_png(images: np.ndarray, columns: int | None = None, scale: int = 1, gap: int = 0) -> bytes:
    """:func:`sheet` as a PNG file that says how it is laid out, so that it can be loaded as sprites again."""
    return png(sheet(images, columns, scale, gap), sheet_note(images, scale, gap))


def plain_name(text: str) -> str:
    """What every file system takes as a name, or "" if nothing is left of the text."""
    return _NOT_IN_NAMES.sub("-", text)[:_LONGEST_NAME].strip("-.")


def sprite_names(count: int, stem: str, kinds: Sequence[str] = ()) -> list[str]:
    """Names for single sprites, no two alike: ``stem-001``, or after its kind ``sword-003``, where that is known.

    The number is the sprite's own, so all names differ, whatever the kinds are called.

    Raises:
        ValueError: if there are not as many kinds as sprites.
    """
    if len(kinds) not in (0, count):
        raise ValueError(f"there are {count} sprites, but {len(kinds)} kinds")
    names = [plain_name(kind) for kind in kinds] or [stem] * count
    return [f"{name or stem}-{number:03d}" for number, name in enumerate(names, 1)]


def png_zip(images: np.ndarray, stem: str, kinds: Sequence[str] = ()) -> bytes:
    """Single sprites as PNG files in a .zip; equal input gives equal bytes.

    Args:
        images: uint8 (N, H, W, C), C of 3 or 4.
        stem, kinds: the files are called as :func:`sprite_names` says.
    """
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for image, name in zip(images, sprite_names(len(images), stem, kinds), strict=True):
            # PNG files are compressed already; a date would make each archive a different one.
            archive.writestr(ZipInfo(f"{name}.png"), png(image))
    return file.getvalue()
