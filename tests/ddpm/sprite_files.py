"""Files of sprites for tests: sound ones, ones that are broken byte by byte, and what a refusal must look like."""

from __future__ import annotations

import io
import struct
import time
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm.sprites import SpriteError, load_sprites


def refused(path: Path, *words: str, **options: object) -> str:
    """The message that ``path`` is refused with, which holds ``words`` and comes within the time that people wait."""
    start = time.process_time()
    with pytest.raises(SpriteError) as caught:
        load_sprites(path, **options)  # type: ignore[arg-type]
    assert time.process_time() - start < 5
    message = str(caught.value)
    for word in words:
        assert word in message
    assert message.rstrip().endswith(".")
    assert len(message) < 600
    return message


def noise_sprites(count: int, seed: int = 0) -> np.ndarray:
    """uint8 (count, 16, 16, 3): noise, so that no sprite is an enlargement, a mirror image or a repeat."""
    return np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)


def npy_bytes(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def raw_npy(header: str, data: bytes = b"", version: tuple[int, int] = (1, 0), length: int | None = None) -> bytes:
    """A .npy with any header at all."""
    text = header.encode("latin1")
    size = struct.pack("<H" if version[0] == 1 else "<I", len(text) if length is None else length)
    return b"\x93NUMPY" + bytes(version) + size + text + data


def npy_header(descr: str = "'|u1'", order: str = "False", shape: str = "(1, 16, 16, 3)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


def npz_bytes(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return file.getvalue()


def png_bytes(pixels: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(width: int, height: int, depth: int, colour: int, rows: bytes, extra: bytes = b"") -> bytes:
    """A PNG from its parts; ``rows`` are the filtered scan lines, ``extra`` goes before the pixels."""
    ihdr = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", ihdr) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )


def lay_out(images: np.ndarray, columns: int, gap: int = 0, margin: int = 0, scale: int = 1) -> np.ndarray:
    """A sheet on white, drawn without any code of the project."""
    tile = images.shape[1]
    rows = -(-len(images) // columns)
    height, width = (n * (tile + gap) - gap + 2 * margin for n in (rows, columns))
    page = np.full((height, width, 3), 255, np.uint8)
    for i, image in enumerate(images):
        y, x = margin + i // columns * (tile + gap), margin + i % columns * (tile + gap)
        page[y : y + tile, x : x + tile] = image
    return page.repeat(scale, 0).repeat(scale, 1)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
