"""Sprites from PNG sheets and folders of PNGs."""

from __future__ import annotations

import io
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ddpm.pixels.sheets import sheet_png
from ddpm.sprites import SpriteDataset, SpriteError, load_sprites
from ddpm.sprites.readers.pictures import read_picture
from tests.ddpm.sprite_files import chunk, lay_out, noise_sprites, npy_bytes, png_bytes, raw_png, refused, write


def load(folder: Path, pixels: np.ndarray, **options: int) -> SpriteDataset:
    return load_sprites(write(folder / "x.png", png_bytes(pixels)), **options)  # type: ignore[arg-type]


def noted(pixels: np.ndarray, **note: object) -> bytes:
    info = PngInfo()
    info.add_text("ddpm:sheet", json.dumps(note))
    return png_bytes(pixels, pnginfo=info)


# Sheets


@pytest.mark.parametrize("scale", [1, 2, 3, 4, 10])
@pytest.mark.parametrize(("gap", "margin"), [(0, 0), (1, 0), (2, 0), (0, 3), (2, 1)])
def test_a_sheet_gives_its_sprites_whatever_its_scale(tmp_path: Path, scale: int, gap: int, margin: int) -> None:
    images = noise_sprites(12)
    sprites = load(tmp_path, lay_out(images, 4, gap, margin, scale), gap=gap, margin=margin)
    np.testing.assert_array_equal(sprites.images, images)
    again = load_sprites(sprites.source, **sprites.options)  # type: ignore[arg-type]
    np.testing.assert_array_equal(again.images, images)


@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("gap", [0, 1, 2])
def test_an_exported_sheet_gives_the_same_pixels(tmp_path: Path, scale: int, gap: int) -> None:
    white, black = np.full((2, 16, 16, 3), 255, np.uint8), np.zeros((1, 16, 16, 3), np.uint8)
    images = np.concatenate([noise_sprites(5), white, black, white])  # ends with sprites that are blank
    sheet = lay_out(images, 4, gap, 0, scale)
    path = write(tmp_path / "x.png", noted(sheet, tile=16, gap=gap, margin=0, scale=scale, count=len(images)))
    np.testing.assert_array_equal(load_sprites(path).images, images)


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize("gap", [0, 2])
def test_an_exported_sheet_is_read_back(tmp_path: Path, scale: int, gap: int) -> None:
    images = np.concatenate([noise_sprites(6), np.full((1, 16, 16, 3), 255, np.uint8)])
    path = write(tmp_path / "x.png", sheet_png(images, 3, scale, gap))
    np.testing.assert_array_equal(load_sprites(path).images, images)


@pytest.mark.parametrize(
    "note",
    [
        {"tile": 16, "gap": 0, "margin": 0, "scale": 5, "count": 4},
        {"tile": 16, "gap": 1, "margin": 0, "scale": 1, "count": 4},
        {"tile": 16, "gap": 0, "margin": 0, "scale": 1, "count": 5},
        {"tile": 16, "gap": 0, "margin": 0, "scale": 1, "count": 0},
        {"tile": 16, "gap": 0, "margin": 0, "scale": 0, "count": 4},
        {"tile": 16, "gap": -16, "margin": 0, "scale": 1, "count": 4},
        {"tile": 32, "gap": 0, "margin": 0, "scale": 1, "count": 1},
        {"tile": 16, "gap": 0, "margin": 0, "scale": 1, "count": True},
        {"tile": "16"},
        {},
    ],
)
def test_a_note_that_does_not_fit_the_sheet_is_not_believed(tmp_path: Path, note: dict[str, object]) -> None:
    images = noise_sprites(4)
    path = write(tmp_path / "x.png", noted(lay_out(images, 2), **note))
    np.testing.assert_array_equal(load_sprites(path).images, images)


def test_a_note_of_a_scale_that_would_lose_pixels_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "x.png", noted(lay_out(noise_sprites(16), 4), tile=16, gap=0, margin=0, scale=2, count=4))
    np.testing.assert_array_equal(load_sprites(path).images, noise_sprites(16))


def test_a_note_of_any_text_is_harmless(tmp_path: Path) -> None:
    for text in ("", "[1]", "null", "[" * 900, "{" * 900, "9" * 900):
        info = PngInfo()
        info.add_text("ddpm:sheet", text)
        path = write(tmp_path / "x.png", png_bytes(lay_out(noise_sprites(4), 2), pnginfo=info))
        np.testing.assert_array_equal(load_sprites(path).images, noise_sprites(4))


def test_a_sheet_of_nothing_but_blank_tiles_is_refused(tmp_path: Path) -> None:
    refused(write(tmp_path / "x.png", png_bytes(np.full((16, 48, 3), 255, np.uint8))), "blank")


@pytest.mark.parametrize("value", [0, 100, 255])
@pytest.mark.parametrize("side", [16, 32])
def test_one_flat_sprite_stays_one(tmp_path: Path, value: int, side: int) -> None:
    sprites = load(tmp_path, np.full((side, side, 3), value, np.uint8))
    np.testing.assert_array_equal(sprites.images, np.full((1, 16, 16, 3), value, np.uint8))


def test_art_of_larger_pixels_is_not_shrunk_below_the_grid(tmp_path: Path) -> None:
    small = noise_sprites(1)[:, :8, :8].repeat(2, 1).repeat(2, 2)  # 16x16 made of 2x2 blocks
    np.testing.assert_array_equal(load(tmp_path, small[0]).images, small)
    row = np.concatenate([small, small[:, ::-1], small[:, :, ::-1]])  # 16 high: no smaller grid fits
    np.testing.assert_array_equal(load(tmp_path, lay_out(row, 3)).images, row)


@pytest.mark.parametrize("scale", [2, 3])
def test_large_tiles_of_large_pixels_are_scaled_down_one_by_one(tmp_path: Path, scale: int) -> None:
    images = noise_sprites(6)
    large = images.repeat(scale, 1).repeat(scale, 2)
    sprites = load(tmp_path, lay_out(large, 3, gap=1, margin=2), tile=16 * scale, gap=1, margin=2)
    np.testing.assert_array_equal(sprites.images, images)
    np.testing.assert_array_equal(load(tmp_path, lay_out(large, 3), tile=16 * scale).images, images)


def test_smaller_tiles_are_centred_on_white(tmp_path: Path) -> None:
    small = noise_sprites(6)[:, :11, :11]
    for scale in (1, 3):
        sprites = load(tmp_path, lay_out(small, 3, scale=scale), tile=11)
        assert sprites.images.shape == (6, 16, 16, 3)
        np.testing.assert_array_equal(sprites.images[:, 2:13, 2:13], small)
        border = np.array(sprites.images)
        border[:, 2:13, 2:13] = 255
        assert (border == 255).all()


@pytest.mark.parametrize(
    ("size", "options", "words"),
    [
        ((20, 20), {}, "20 x 20"),
        ((33, 50), {}, "50 x 33"),
        ((32, 32), {"gap": 1}, "gap of 1"),
        ((32, 32), {"margin": 1}, "margin of 1"),
        ((32, 32), {"margin": 40}, "margin of 40"),
        ((32, 32), {"tile": 64}, "64 x 64"),
        ((32, 32), {"tile": 32}, "more detail"),
        ((24, 24), {"tile": 24}, "more detail"),
        ((28, 28), {"tile": 7}, "too small"),
    ],
)
def test_a_sheet_that_does_not_fit_says_what_to_give(
    tmp_path: Path, size: tuple[int, int], options: dict[str, int], words: str
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    refused(write(tmp_path / "x.png", png_bytes(pixels)), words, **options)


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


# Folders


def test_a_folder_gives_its_pngs_by_name_and_unscales_them(tmp_path: Path) -> None:
    images = noise_sprites(3)
    for name, image, scale in (("b.png", images[1], 4), ("a.PNG", images[0], 1), ("c.png", images[2], 3)):
        write(tmp_path / name, png_bytes(image.repeat(scale, 0).repeat(scale, 1)))
    write(tmp_path / "readme.txt", b"not a sprite")
    write(tmp_path / ".hidden.png", b"not a PNG")
    (tmp_path / "trap.png").mkdir()
    sprites = load_sprites(tmp_path)
    np.testing.assert_array_equal(sprites.images, images)
    assert sprites.labels is None
    assert sprites.source == str(tmp_path)


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    images = noise_sprites(5)
    for number, name in enumerate(["food/b.png", "food/a.png", "heroes/z.png", "heroes/y.png", "slime/x.png"]):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write(tmp_path / name, png_bytes(images[number]))
    (tmp_path / "empty").mkdir()
    sprites = load_sprites(tmp_path)
    np.testing.assert_array_equal(sprites.images, images[[1, 0, 3, 2, 4]])
    np.testing.assert_array_equal(sprites.labels, [0, 0, 1, 1, 2])
    assert sprites.label_names == ("food", "heroes", "slime")
    write(tmp_path / "loose.png", png_bytes(images[0]))
    refused(tmp_path, "sub-folders")


@pytest.mark.parametrize("size", [(8, 8), (32, 32), (16, 32), (17, 17), (24, 24)])
def test_one_bad_size_in_a_folder_is_named(tmp_path: Path, size: tuple[int, int]) -> None:
    write(tmp_path / "a.png", GOOD)
    write(tmp_path / "bad.png", png_bytes(np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)))
    refused(tmp_path, "bad.png", f"{size[1]} x {size[0]}")


def test_a_folder_without_sprites_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "no PNG")


def test_a_folder_with_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ddpm.sprites.readers import folders

    monkeypatch.setattr(folders, "MOST_FILES", 3)
    for name in "abcd":
        write(tmp_path / f"{name}.png", GOOD)
    refused(tmp_path, "more than 3")


def test_a_change_in_a_folder_is_seen(tmp_path: Path) -> None:
    images = noise_sprites(3)
    write(tmp_path / "a.png", png_bytes(images[0]))
    assert len(load_sprites(tmp_path)) == 1
    write(tmp_path / "b.png", png_bytes(images[1]))
    assert len(load_sprites(tmp_path)) == 2
    write(tmp_path / "b.png", png_bytes(images[2]))
    np.testing.assert_array_equal(load_sprites(tmp_path).images, images[[0, 2]])
    write(tmp_path / "sprites.npy", npy_bytes(images))
    assert len(load_sprites(tmp_path)) == 3
