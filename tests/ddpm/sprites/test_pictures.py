"""Picture files of every kind that is read, held against Pillow's own conversion; and damaged in every way."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ddpm.pixels.transparency import lay_on
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.picture_files import png_chunks
from ddpm.sprites.readers.picture_files.pictures import SUFFIXES, Picture, guess_format, is_picture, read_picture
from tests.broken_files import mutated, quick
from tests.ddpm.sprite_files import chunk, raw_png

ENDINGS = {"PNG": "png", "GIF": "gif", "BMP": "bmp", "WebP": "webp", "ICO": "ico", "TIFF": "tif", "TGA": "tga"}


def art(height: int = 11, width: int = 13, seed: int = 0, colours: int = 9) -> np.ndarray:
    """uint8 (H, W, 4): few colours; some of it transparent, some of it half."""
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 256, (colours, 4), dtype=np.uint8)
    table[:, 3] = np.resize([255, 0, 255, 128], colours)
    return table[rng.integers(0, colours, (height, width))]


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def by_pillow(data: bytes, kind: str) -> np.ndarray:
    """uint8 (F, H, W, 4) as Pillow converts it, colours that nobody sees set to 0."""
    frames = []
    with Image.open(io.BytesIO(data), formats=(kind,)) as image:
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGBA")))
    stacked = np.stack(frames)
    return np.where(stacked[..., 3:] == 0, 0, stacked)


def exact(picture: Picture, expected: np.ndarray) -> None:
    assert picture.frames.dtype == np.uint8
    assert not picture.frames[picture.frames[..., 3] == 0].any()
    np.testing.assert_array_equal(picture.frames, np.where(expected[..., 3:] == 0, 0, expected))


def refused(data: bytes, name: str, *words: str) -> None:
    with pytest.raises(SpriteError) as caught:
        read_picture(data, name)
    message = str(caught.value)
    assert message.startswith(name)
    assert message.endswith(".")
    assert len(message) < 400
    for word in words:
        assert word in message


# One picture


MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGB", "RGBA"),
    "BMP": ("1", "L", "P", "RGB", "RGBA"),
    "WebP": ("L", "RGB", "RGBA"),
    "ICO": ("L", "RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB"),
    "TGA": ("1", "L", "LA", "P", "RGB", "RGBA"),
}


@pytest.mark.parametrize(("kind", "mode"), [(kind, mode) for kind, modes in MODES.items() for mode in modes])
def test_every_mode_of_every_format(kind: str, mode: str) -> None:
    image = Image.fromarray(art(16, 16))
    image = image.convert("RGB").convert("LAB") if mode == "LAB" else image.convert(mode)
    data = encoded(image, kind, **{"lossless": True, "exact": True} if kind == "WebP" else {})
    picture = read_picture(data, f"x.{ENDINGS[kind]}")
    assert picture.format == kind
    assert (picture.note, picture.tags, picture.left_out) == (None, None, ())
    exact(picture, by_pillow(data, kind))


@pytest.mark.parametrize("kind", ["PNG", "WebP", "TIFF", "TGA", "ICO", "BMP"])
def test_alpha_stands_as_in_the_file_and_is_laid_on_white_by_others(kind: str) -> None:
    pixels = art(16, 16)
    data = encoded(Image.fromarray(pixels), kind, **{"lossless": True} if kind == "WebP" else {})
    frames = read_picture(data, f"x.{ENDINGS[kind]}").frames
    if kind == "BMP":  # Pillow writes four bytes, and reads three
        pixels[..., 3] = frames[0, ..., 3]
    exact(Picture(frames, kind), pixels[None])
    image = Image.fromarray(frames[0])
    white = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    assert np.abs(lay_on(frames)[0].astype(int) - np.asarray(white)).max() <= 1


@pytest.mark.parametrize("transparency", [3, bytes([0, 255, 80, 0, 255])])
@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palettes_with_transparency(kind: str, transparency: int | bytes) -> None:
    if kind == "GIF" and isinstance(transparency, bytes):
        pytest.skip("a GIF has one transparent colour")
    image = Image.fromarray(art()).convert("RGB").quantize(8)
    data = encoded(image, kind, transparency=transparency)
    picture = read_picture(data, "x")
    assert (picture.frames[..., 3] == 0).any()
    exact(picture, by_pillow(data, kind))


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_packed_tiffs(compression: str | None) -> None:
    pixels = art()
    exact(read_picture(encoded(Image.fromarray(pixels), "TIFF", compression=compression), "x.tif"), pixels[None])


@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_sixteen_bits_of_grey_become_eight(byte_order: str) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (9, 7)).astype(f"{byte_order}u2")
    grey = np.rint(deep / 257).astype(np.uint8)
    expected = np.dstack([grey, grey, grey, np.full_like(grey, 255)])[None]
    for kind in ("PNG", "TIFF"):
        exact(read_picture(encoded(Image.fromarray(deep), kind), "x"), expected)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_that_are_no_colours_are_refused(mode: str) -> None:
    refused(encoded(Image.fromarray(art()).convert("L").convert(mode), "TIFF"), "x.tif", "not colours")


@pytest.mark.parametrize("rle", [False, True])
@pytest.mark.parametrize("orientation", [1, -1])
def test_tgas_of_both_orders(orientation: int, rle: bool) -> None:
    pixels = art()
    data = encoded(Image.fromarray(pixels), "TGA", orientation=orientation, compression="tga_rle" if rle else None)
    exact(read_picture(data, "A.TGA"), pixels[None])
    refused(data, "a.dat", "no picture")


def test_a_file_is_what_it_holds_whatever_it_is_called() -> None:
    pixels = art(16, 16)
    pixels[..., 3] = 255
    for kind in ("PNG", "BMP", "TIFF", "ICO", "GIF"):
        for ending in ("png", "tga", "txt"):
            picture = read_picture(encoded(Image.fromarray(pixels), kind), f"x.{ending}")
            assert picture.format == kind
            exact(picture, pixels[None])


def test_names_of_pictures() -> None:
    assert all(is_picture(f"a{suffix}") and is_picture(f"b/A{suffix.upper()}") for suffix in SUFFIXES)
    assert not any(map(is_picture, ("a.jpg", "png", "a.npy", "a.png.txt", "")))


# Several frames


def animation(kind: str, count: int = 5, **options: Any) -> tuple[np.ndarray, bytes]:
    frames = np.stack([art(seed=seed) for seed in range(count)])
    if kind == "GIF":
        frames[..., 3] = np.where(frames[..., 3] > 127, 255, 0)
    first, *others = (Image.fromarray(frame) for frame in frames)
    return frames, encoded(first, kind, save_all=True, append_images=others, **options)


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
def test_gifs_give_each_frame_as_it_is_seen(disposal: int) -> None:
    _, data = animation("GIF", disposal=disposal)
    picture = read_picture(data, "x.gif")
    assert len(picture.frames) == 5
    exact(picture, by_pillow(data, "GIF"))
    if disposal == 2:
        exact(picture, animation("GIF")[0])


@pytest.mark.parametrize("blend", [0, 1])
@pytest.mark.parametrize("disposal", [0, 1, 2])
def test_animated_pngs_give_each_frame_as_it_is_seen(disposal: int, blend: int) -> None:
    frames, data = animation("PNG", disposal=disposal, blend=blend)
    picture = read_picture(data, "x.png")
    exact(picture, by_pillow(data, "PNG"))
    if not blend:
        exact(picture, frames)
    assert picture.left_out == ()


def test_the_still_picture_before_an_animation_is_no_part_of_it() -> None:
    _, data = animation("PNG", default_image=True)
    picture = read_picture(data, "x.png")
    exact(picture, by_pillow(data, "PNG")[1:])
    assert picture.left_out == ("the still picture before the animation",)


def test_an_animation_of_deep_grey() -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (2, 9, 7)).astype(np.uint16)
    rows = [b"".join(b"\0" + row.astype(">u2").tobytes() for row in frame) for frame in deep]
    control = [chunk(b"fcTL", struct.pack(">IIIIIHHBB", at, 7, 9, 0, 0, 1, 10, 0, 0)) for at in (0, 1)]
    data = raw_png(7, 9, 16, 0, rows[0], chunk(b"acTL", struct.pack(">II", 2, 0)) + control[0])
    data = data[:-12] + control[1] + chunk(b"fdAT", struct.pack(">I", 2) + zlib.compress(rows[1])) + data[-12:]
    grey = np.rint(deep / 257).astype(np.uint8)
    exact(read_picture(data, "x.png"), np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=-1))


def test_a_png_that_only_says_it_is_an_animation_is_one_picture() -> None:
    data = encoded(Image.fromarray(art()), "PNG")
    for count, size in ((7, 8), (0, 8), (2**31, 8), (7, 3)):
        extra = chunk(b"acTL", struct.pack(">II", count, 0)[:size])
        exact(read_picture(data[:33] + extra + data[33:], "x.png"), art()[None])


def test_animated_webps_and_tiffs_of_many_pages() -> None:
    frames, data = animation("WebP", lossless=True)
    exact(read_picture(data, "x.webp"), frames)
    frames, data = animation("TIFF")
    exact(read_picture(data, "x.tif"), frames)


def test_pages_of_another_size_are_left_out() -> None:
    pages = [Image.fromarray(art(side, side, seed=side)) for side in (16, 8, 16, 24)]
    picture = read_picture(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]), "x.tif")
    exact(picture, np.stack([art(16, 16, seed=16)] * 2))
    assert picture.left_out == ("2 pages of another size",)


# Icons


def icon(*sides: int, bitmap: bool, mode: str = "RGBA") -> bytes:
    images = [Image.fromarray(art(side, side, seed=side)).convert(mode) for side in sides]
    options = {"bitmap_format": "bmp"} if bitmap else {}
    largest = max(images, key=lambda image: image.width)
    return encoded(largest, "ICO", sizes=[(side, side) for side in sides], append_images=images, **options)


@pytest.mark.parametrize("bitmap", [True, False])
@pytest.mark.parametrize(
    ("sides", "chosen", "left_out"),
    [
        ((16,), 16, ()),
        ((16, 32, 48), 48, ("2 other sizes of the icon (16 x 16, 32 x 32)",)),
        ((16, 64, 128, 256), 64, ("3 other sizes of the icon (16 x 16, 128 x 128, 256 x 256)",)),
        ((128, 256), 128, ("1 other size of the icon (256 x 256)",)),
    ],
)
def test_the_size_of_an_icon_that_is_pixel_art(
    sides: tuple[int, ...], chosen: int, left_out: tuple[str, ...], bitmap: bool
) -> None:
    picture = read_picture(icon(*sides, bitmap=bitmap), "x.ico")
    exact(picture, art(chosen, chosen, seed=chosen)[None])
    assert picture.left_out == left_out


@pytest.mark.parametrize("mode", ["RGB", "P", "L", "1"])
def test_icons_of_fewer_bits(mode: str) -> None:
    data = icon(16, bitmap=True, mode=mode)
    exact(read_picture(data, "x.ico"), by_pillow(data, "ICO"))


def test_a_cursor_is_an_icon_whose_table_says_something_else() -> None:
    data = bytearray(icon(16, 32, bitmap=True))
    data[2] = 2
    for entry in (6, 22):
        data[entry + 4 : entry + 8] = struct.pack("<HH", 5, 7)  # where it points, in place of planes and bits
    picture = read_picture(bytes(data), "x.cur")
    exact(picture, art(32, 32, seed=32)[None])
    assert picture.format == "CUR"


# XPM


XPM = b"""/* XPM */
static char * plain[] = {
"4 2 3 1",
"  c None",
". c #FF8000",
"# c #0000FF",
" .# ",
"##..",
};
"""


def test_a_plain_xpm() -> None:
    exact(read_picture(XPM, "x.xpm"), by_pillow(XPM, "XPM"))


def test_an_xpm_with_comments_names_and_long_keys() -> None:
    data = b"""/* XPM */ static const char *const a_name[] = {
    /* columns rows colours "chars" */ "3 2 5 2 0 0", "// s none m black c none",
    /* colours */ "a1 c light blue m white", "/*\tc #F80", "*/ g gray c gray50", "zz c #123456789ABC",
    /* pixels */ "//a1/*", "zz*/zz" };"""
    light, orange, grey, deep = (173, 216, 230, 255), (255, 136, 0, 255), (128, 128, 128, 255), (0x12, 0x56, 0x9A, 255)
    exact(read_picture(data, "x.xpm"), np.array([[[(0, 0, 0, 0), light, orange], [deep, grey, deep]]], np.uint8))


def test_an_xpm_of_many_colours() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    keys = [f"{number:03}" for number in range(400)]
    lines = ["20 20 400 3", *(f"{key} c #{bytes(c).hex()}" for key, c in zip(keys, pixels.reshape(-1, 3), strict=True))]
    lines += ["".join(keys[row * 20 : row * 20 + 20]) for row in range(20)]
    data = "/* XPM */\n" + "".join(f'"{line}",\n' for line in lines)
    exact(read_picture(data.encode(), "x.xpm"), np.insert(pixels, 3, 255, axis=-1)[None])


# What is no picture


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (encoded(Image.fromarray(art()).convert("RGB"), "JPEG"), ("JPEG", "blurs", "original")),
        (encoded(Image.fromarray(art()).convert("RGB"), "TIFF", compression="jpeg"), ("JPEG", "blurs")),
        (b"", ("an empty file",)),
        (b"hello", ("a text file",)),
        (b"<svg width='1'/>", ("SVG",)),
        (b"\0" * 99, ("zeros",)),
        (b"PK\x03\x04" + b"x" * 99, ("ZIP",)),
        (b"8BPS" + b"\0" * 99, ("PSD",)),
        (b"ASEF" + b"\0" * 99, ("Adobe palette",)),
    ],
)
def test_what_is_no_picture_is_named(data: bytes, words: tuple[str, ...]) -> None:
    refused(data, "x.png", *words)


def test_aseprite_files_are_named() -> None:
    assert guess_format(b"\0\0\0\0\xe0\xa5") == "an Aseprite file"


# Too large


def gif(width: int, height: int, *frames: tuple[int, int, int, int], tail: bytes = b";") -> bytes:
    body = b"".join(b"," + struct.pack("<HHHHB", *frame, 0) + b"\2\2\x44\1\0" for frame in frames)
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + body + tail


def bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIIIII", 99, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(45)


def tiff(width: int, height: int) -> bytes:
    data = bytearray(encoded(Image.new("L", (3, 3)), "TIFF"))
    start = struct.unpack_from("<I", data, 4)[0]
    for entry in range(struct.unpack_from("<H", data, start)[0]):
        at = start + 2 + 12 * entry
        tag = struct.unpack_from("<H", data, at)[0]
        if tag in (256, 257):
            struct.pack_into("<HI", data, at + 2, 4, 1)
            struct.pack_into("<I", data, at + 8, width if tag == 256 else height)
    return bytes(data)


def webp(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0" + size


def large_icon(bitmap: bool) -> bytes:
    image = raw_png(60_000, 60_000, 8, 2, b"\0")
    if bitmap:
        image = struct.pack("<IiiHHIIIIII", 40, 60_000, 120_000, 1, 24, 0, 0, 0, 0, 0, 0) + bytes(99)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, 16, 16, 0, 0, 1, 24, len(image), 22) + image


MANY = gif(1, 1, *[(0, 0, 1, 1)] * 5000)
FRAMES = chunk(b"acTL", struct.pack(">II", 5000, 0)) + chunk(b"fcTL", bytes(26))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("x.png", raw_png(50_000, 50_000, 8, 2, b"\0"), "50,000 x 50,000"),
        ("x.png", raw_png(1, 1, 8, 2, bytes(4), FRAMES), "5,000 frames"),
        (
            "x.png",
            raw_png(200, 200, 8, 2, bytes(4), FRAMES.replace(b"\x13\x88", b"\x0f\xa0")),
            "4,000 frames of 200 x 200",
        ),
        ("x.gif", gif(60_000, 60_000, (0, 0, 1, 1)), "60,000 x 60,000"),
        ("x.gif", gif(1, 1, (0, 0, 60_000, 60_000)), "60,000 x 60,000"),
        ("x.gif", gif(5000, 5000, (0, 0, 1, 1), (0, 0, 1, 1)), "2 frames of 5,000 x 5,000"),
        ("x.gif", MANY, "4,097 frames"),
        ("x.bmp", bmp(50_000, 50_000), "far more than"),
        ("x.bmp", bmp(10_000, 10_000), "10,000 x 10,000"),
        ("x.tif", tiff(50_000, 50_000), "far more than"),
        ("x.tif", tiff(10_000, 10_000), "10,000 x 10,000"),
        ("x.webp", webp(16_000, 16_000), "16,000 x 16,000"),
        ("x.tga", struct.pack("<BBBHHBHHHHBB", 0, 0, 2, 0, 0, 0, 0, 0, 60_000, 60_000, 24, 32), "far more than"),
        ("x.xpm", b'/* XPM */ "50000 50000 1 1", "  c None", "  "', "50,000 x 50,000"),
        ("x.ico", large_icon(bitmap=False), "60,000 x 60,000"),
        ("x.ico", large_icon(bitmap=True), "60,000 x 60,000"),
    ],
)
def test_what_is_too_large_is_refused_before_it_is_decoded(name: str, data: bytes, words: str) -> None:
    refused(data, name, words)


def test_an_icon_may_name_the_same_bytes_many_times() -> None:
    image = encoded(Image.fromarray(art(16, 16)), "PNG") + bytes(1 << 20)
    entries = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(image), 6 + 16 * 60_000) * 60_000
    picture = read_picture(struct.pack("<HHH", 0, 1, 60_000) + entries + image, "x.ico")
    exact(picture, art(16, 16)[None])
    assert picture.left_out == ("59,999 other sizes of the icon (16 x 16)",)


def test_endless_words_and_comments_of_an_xpm_take_no_time() -> None:
    refused(b"/* XPM */" + b"/*" * 1_000_000, "x.xpm", "damaged")
    refused(b'/* XPM */ "1 1 1 1", "a c ' + b"c a " * 300_000 + b'", "a"', "x.xpm", "damaged")


def test_a_png_in_countless_pieces_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(png_chunks, "_MOST_CHUNKS", 20)
    refused(raw_png(1, 1, 8, 2, bytes(4), chunk(b"IDAT", b"") * 20), "x.png", "pieces")


def test_the_limit_counts_all_frames() -> None:
    _, data = animation("GIF", disposal=2)
    assert len(read_picture(data, "x.gif", most_pixels=5 * 11 * 13).frames) == 5
    for kind in ("GIF", "PNG", "TIFF", "WebP"):
        _, data = animation(kind)
        with pytest.raises(SpriteError, match="pixels"):
            read_picture(data, "x", most_pixels=5 * 11 * 13 - 1)


# Damage


def _good() -> dict[str, bytes]:
    image = Image.fromarray(art())
    square = Image.fromarray(art(16, 16)).convert("RGB")
    return {
        "a.png": encoded(image, "PNG"),
        "b.png": animation("PNG", 3)[1],
        "c.gif": encoded(image, "GIF"),
        "d.gif": animation("GIF", 3)[1],
        "e.bmp": encoded(square, "BMP"),
        "f.bmp": encoded(square.quantize(8), "BMP"),
        "g.webp": encoded(image, "WebP", lossless=True),
        "h.webp": animation("WebP", 3, lossless=True)[1],
        "i.ico": icon(16, 32, bitmap=True),
        "j.ico": icon(16, 32, bitmap=False),
        "k.tif": encoded(image, "TIFF"),
        "l.tif": encoded(image, "TIFF", compression="tiff_lzw"),
        "m.tif": animation("TIFF", 3)[1],
        "n.tga": encoded(image, "TGA"),
        "o.tga": encoded(square.quantize(8), "TGA", compression="tga_rle"),
        "p.xpm": XPM,
        "q.cur": b"\0\0\2\0" + icon(16, bitmap=True)[4:],
    }


GOOD = _good()


@pytest.mark.parametrize("name", GOOD)
def test_a_file_that_is_cut_short_is_never_taken_for_whole(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    data = GOOD[name]
    whole = read_picture(data, name).frames
    for length in sorted({*range(min(60, len(data))), *range(60, len(data), max(1, len(data) // 60))}):
        try:
            frames = read_picture(data[:length], name).frames
        except SpriteError as error:
            assert str(error).endswith(".")  # noqa: PT017
        else:  # only what nobody needs was cut off
            np.testing.assert_array_equal(frames, whole)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", GOOD)
def test_whatever_is_changed_in_a_file_it_is_read_or_refused(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    @quick(60)
    @given(mutated(GOOD[name]))
    def check(data: bytes) -> None:
        with contextlib.suppress(SpriteError):
            assert read_picture(data, name, most_pixels=100_000).frames.ndim == 4

    check()
    assert capfd.readouterr() == ("", "")


@quick(300)
@given(st.sampled_from(sorted(GOOD)), st.integers(2, 24), st.binary(max_size=200))
def test_whatever_follows_the_first_bytes_is_read_or_refused(name: str, kept: int, rest: bytes) -> None:
    with contextlib.suppress(SpriteError):
        read_picture(GOOD[name][:kept] + rest, name, most_pixels=100_000)


def test_one_changed_bit_at_every_place_of_the_headers() -> None:
    for name, data in GOOD.items():
        for place in range(min(len(data), 64)):
            changed = bytearray(data)
            changed[place] ^= 1 << place % 8
            with contextlib.suppress(SpriteError):
                read_picture(bytes(changed), name, most_pixels=100_000)


def test_a_warning_of_pillow_never_comes_out(capfd: pytest.CaptureFixture[str]) -> None:
    good = encoded(Image.fromarray(art()), "TIFF")
    files = {"a.bmp": bmp(10_000, 10_000), "b.tif": tiff(10_000, 12_000), "c.tif": good[:-90], "d.tif": good[:150]}
    files["e.ico"] = icon(16, bitmap=True).replace(struct.pack("<ii", 16, 32), struct.pack("<ii", 16, 30))
    with warnings.catch_warnings(record=True) as pillows:
        warnings.resetwarnings()
        warnings.simplefilter("always")
        for data in files.values():
            with contextlib.suppress(OSError), Image.open(io.BytesIO(data)) as image:
                image.load()
    with warnings.catch_warnings(record=True) as ours:
        warnings.simplefilter("always")
        for name, data in files.items():
            with contextlib.suppress(SpriteError):
                read_picture(data, name)
    assert len(pillows) >= 3
    assert ours == []
    assert capfd.readouterr() == ("", "")


def test_reading_leaves_others_their_warnings() -> None:
    read_picture(GOOD["a.png"], "a.png")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read_picture(GOOD["a.png"], "a.png")
        warnings.warn("of someone else", UserWarning, stacklevel=1)
    assert [str(one.message) for one in caught] == ["of someone else"]
