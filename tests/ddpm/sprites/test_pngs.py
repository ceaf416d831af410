"""PNGs of all colour types, and broken ones, as the decoder reads them."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm.pixels.sheets import sheet_png
from ddpm.sprites import SpriteError
from ddpm.sprites.readers.picture_files.pictures import read_picture
from tests.ddpm.sprite_files import chunk, noise_sprites, png_bytes, raw_png, refused, write

# Colour types


def decode(data: bytes) -> np.ndarray:
    """uint8 (H, W, 4) of a PNG's only frame."""
    picture = read_picture(data, "x.png")
    assert len(picture.frames) == 1
    return picture.frames[0]


def opaque(rgb: np.ndarray) -> np.ndarray:
    return np.insert(rgb, 3, 255, axis=-1)


def test_colour_types_give_the_same_sprite() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (12, 3), dtype=np.uint8)
    pixels = colours[np.random.default_rng(1).integers(0, 12, (16, 16))]
    image = Image.fromarray(pixels)
    for form in (image, image.convert("RGBA"), image.quantize(12)):
        np.testing.assert_array_equal(decode(saved(form)), opaque(pixels))


def saved(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("mode", ["L", "1", "LA"])
def test_grey_is_read(mode: str) -> None:
    grey = noise_sprites(1)[0, ..., 0] // 128 * 255 if mode == "1" else noise_sprites(1)[0, ..., 0]
    found = decode(saved(Image.fromarray(grey).convert(mode)))
    np.testing.assert_array_equal(found, opaque(np.stack([grey] * 3, -1)))


def test_sixteen_bits_become_eight() -> None:
    grey = noise_sprites(1)[0, ..., 0]
    found = decode(png_bytes(grey.astype(np.uint16) * 257))
    np.testing.assert_array_equal(found, opaque(np.stack([grey] * 3, -1)))
    pixels = noise_sprites(1)[0]
    deep = pixels.repeat(2, axis=-1).reshape(16, 96)  # each byte twice: value * 257, big-endian
    rows = b"".join(b"\0" + row.tobytes() for row in deep)
    np.testing.assert_array_equal(decode(raw_png(16, 16, 16, 2, rows)), opaque(pixels))


def test_alpha_stands_as_in_the_file_and_hides_its_colours() -> None:
    hidden = opaque(noise_sprites(1)[0])
    hidden[:4, :, 3], hidden[4:8, :, 3] = 0, 100
    expected = hidden.copy()
    expected[:4] = 0
    np.testing.assert_array_equal(decode(png_bytes(hidden)), expected)


def test_transparency_in_all_its_other_forms() -> None:
    index = np.arange(256, dtype=np.uint8).reshape(16, 16)
    rows = b"".join(b"\0" + row.tobytes() for row in index)
    palette = np.random.default_rng(3).integers(0, 255, (256, 3), dtype=np.uint8)
    extra = chunk(b"PLTE", palette.tobytes()) + chunk(b"tRNS", bytes([0, 128, 0]))
    expected = opaque(palette)
    expected[[0, 2]], expected[1, 3] = 0, 128
    np.testing.assert_array_equal(decode(raw_png(16, 16, 8, 3, rows, extra)).reshape(-1, 4), expected)

    four = b"".join(b"\0" + bytes([0b00011011] * 4) for _ in range(16))  # 2-bit grey: 0, 1, 2, 3
    found = decode(raw_png(16, 16, 2, 0, four, chunk(b"tRNS", b"\0\1")))
    assert found[0, :4].tolist() == [[0, 0, 0, 255], [0, 0, 0, 0], [170, 170, 170, 255], [255] * 4]

    deep = noise_sprites(1)[0, ..., 0].astype(np.uint16) * 257
    clear = chunk(b"tRNS", int(deep[5, 5]).to_bytes(2, "big"))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    found = decode(raw_png(16, 16, 16, 0, rows, clear))
    np.testing.assert_array_equal(found[..., 3], np.where(deep == deep[5, 5], 0, 255))
    np.testing.assert_array_equal(found[..., 0], np.where(deep == deep[5, 5], 0, deep // 257))


def test_the_note_of_our_own_sheets_is_read() -> None:
    assert read_picture(sheet_png(noise_sprites(4), 2, 1, 0), "x.png").note == (
        '{"tile": 16, "gap": 0, "margin": 0, "scale": 1, "count": 4}'
    )
    assert read_picture(GOOD, "x.png").note is None


ROWS = b"".join(b"\0" + bytes(48) for _ in range(16))
SECOND_SIZE = bytes([0, 0, 0, 96, 0, 0, 0, 96, 8, 2, 0, 0, 0])
GOOD = png_bytes(noise_sprites(1)[0])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (raw_png(50_000, 50_000, 8, 2, b"\0"), "50,000 x 50,000"),
        (raw_png(2**31 - 1, 2**31 - 1, 1, 0, b"\0"), "at most"),
        (raw_png(6_000, 6_000, 1, 0, bytes(6_000 * 751)), "at most"),
        (raw_png(0, 0, 8, 2, b""), "no pixels"),
        (raw_png(16, 0, 8, 2, b""), "no pixels"),
        (raw_png(5_000, 5_000, 8, 2, bytes(100)), "damaged PNG"),
        (raw_png(16, 16, 8, 2, ROWS[:-100]), "damaged PNG"),
        (raw_png(16, 16, 5, 2, ROWS), "damaged PNG"),
        (raw_png(16, 16, 8, 9, ROWS), "damaged PNG"),
        (GOOD[:8], "damaged PNG"),
        (GOOD[:20], "damaged PNG"),
        (GOOD[:40], "damaged PNG"),
        (GOOD[: len(GOOD) // 2], "damaged PNG"),
        (GOOD[:100] + bytes([GOOD[100] ^ 1]) + GOOD[101:], "damaged PNG"),
        (raw_png(16, 16, 8, 2, bytes(96 * 289), chunk(b"IHDR", SECOND_SIZE)), "twice"),
        (raw_png(16, 16, 8, 2, ROWS, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(80 << 20)))), "PNG"),
    ],
)
def test_broken_and_hostile_pngs_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(SpriteError) as caught:
        read_picture(data, "x.png")
    message = str(caught.value)
    assert message.startswith("x.png")
    assert words in message
    assert message.endswith(".")
    assert len(message) < 600


# Fault 34


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("HTML", b"\n <!DOCTYPE html><html><body>404</body></html>"),
        ("HTML", b"<html>" * 10),
        ("SVG", b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'></svg>"),
        ("SVG", b"<svg width='16' height='16'/>"),
    ],
)
def test_other_things_called_png_are_named(tmp_path: Path, kind: str, data: bytes) -> None:
    refused(write(tmp_path / "x.png", data), "x.png", kind)
    (tmp_path / "folder").mkdir()
    write(tmp_path / "folder" / "x.png", data)
    refused(tmp_path / "folder", "x.png", kind)
