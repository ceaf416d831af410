"""Palette files: every kind gives the same colours, and whatever is wrong is told in words."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ddpm.pixels.palette.files import Palette, read_palette
from tests.broken_files import mutated, quick

COLOURS = np.array([(0, 0, 0), (255, 128, 7), (1, 2, 3), (200, 40, 40)], np.uint8)


def gpl(colours: np.ndarray = COLOURS, head: str = "Name: Four\nColumns: 2\n#\n") -> bytes:
    rows = "".join("{:3} {:3} {:3}\tUntitled\n".format(*row) for row in colours.tolist())
    return f"GIMP Palette\n{head}{rows}".encode()


def jasc(colours: np.ndarray = COLOURS) -> bytes:
    return f"JASC-PAL\r\n0100\r\n{len(colours)}\r\n".encode() + b"".join(b"%d %d %d\r\n" % (*row,) for row in colours)


def riff(colours: np.ndarray = COLOURS) -> bytes:
    entries = np.pad(colours, ((0, 0), (0, 1))).tobytes()
    data = struct.pack("<HH", 0x300, len(colours)) + entries
    return b"RIFF" + struct.pack("<I", 12 + len(data)) + b"PAL data" + struct.pack("<I", len(data)) + data


def act(colours: np.ndarray = COLOURS, clear: int = 0xFFFF) -> bytes:
    return np.pad(colours, ((0, 256 - len(colours)), (0, 0))).tobytes() + struct.pack(">HH", len(colours), clear)


def png(pixels: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", **options)
    return file.getvalue()


def hexes(colours: np.ndarray = COLOURS, mark: str = "") -> bytes:
    return "".join(f"{mark}{bytes(row).hex()}\n" for row in colours.tolist()).encode()


SOUND = {
    "a.gpl": gpl(),
    "b.pal": jasc(),
    "c.pal": riff(),
    "d.act": act(),
    "e.hex": hexes(),
    "f.png": png(COLOURS[None]),
}


@pytest.mark.parametrize("name", SOUND)
def test_every_kind_gives_the_same_colours(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(SOUND[name])
    for palette in (read_palette(SOUND[name], name), read_palette(tmp_path / name), read_palette(str(tmp_path / name))):
        np.testing.assert_array_equal(palette.colours, COLOURS)
        assert palette.colours.dtype == np.uint8
        assert palette.name == ("Four" if name == "a.gpl" else name[0])


def test_the_rules_of_gimp() -> None:
    old = b"GIMP Palette\n# made long ago\n  0   0   0\tblack: not red\n255 128 7\r\n\n# more\n1\t2\t3 c\n200 40 40"
    np.testing.assert_array_equal(read_palette(old, "old.gpl").colours, COLOURS)
    named = gpl(head="Name:  G\xe9ant \nColumns: 16\nChannels: RGBA\n")
    assert read_palette(named, "x.gpl").name == "G\xe9ant"
    latin = gpl(head="Name: Geant\n").replace(b"Geant", b"G\xe9ant")
    assert len(read_palette(latin, "x.gpl").colours) == 4, "names of any encoding"


def test_repeats_are_left_out_in_order() -> None:
    twice = np.concatenate([COLOURS, COLOURS[::-1], COLOURS])
    for data, name in ((gpl(twice), "a.gpl"), (jasc(twice), "b.pal"), (riff(twice), "c.pal"), (hexes(twice), "e.hex")):
        np.testing.assert_array_equal(read_palette(data, name).colours, COLOURS)


def test_tables_of_adobe() -> None:
    short = act()[:768]
    np.testing.assert_array_equal(read_palette(short, "x.act").colours, COLOURS)
    clear = act(clear=1)
    np.testing.assert_array_equal(read_palette(clear, "x.ACT").colours, COLOURS[[0, 2, 3]])
    many = np.arange(768, dtype=np.int64).reshape(256, 3).astype(np.uint8)
    assert len(read_palette(act(many), "x.act").colours) == 256


def test_a_picture_gives_its_opaque_colours_in_reading_order() -> None:
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[0, 1], pixels[0, 2], pixels[1, 0] = (9, 9, 9, 255), (1, 2, 3, 254), (7, 0, 0, 255)
    assert read_palette(png(pixels), "p.png").colours.tolist() == [[9, 9, 9], [7, 0, 0]]
    deep = Image.fromarray(np.array([[0, 0x8000, 0xFFFF]], np.uint16))
    file = io.BytesIO()
    deep.save(file, "png")
    assert read_palette(file.getvalue(), "p.png").colours[:, 0].tolist() == [0, 128, 255]


def test_hex_with_or_without_a_hash() -> None:
    for mark in ("", "#"):
        np.testing.assert_array_equal(read_palette(hexes(mark=mark).upper(), "x.hex").colours, COLOURS)


MANY = np.arange(257 * 3, dtype=np.int64).reshape(257, 3)
WRONG = [
    (b"", "x.gpl", 'its first line is not "GIMP Palette"'),
    (b"GIMP Palette\n", "x.gpl", "has no colour"),
    (b"GIMP Palette\n1 2\n", "x.gpl", "line 2 of x.gpl does not begin with three numbers"),
    (b"GIMP Palette\n1 2 256\n", "x.gpl", "from 0 to 255"),
    (b"GIMP Palette\n1 2 -3\n", "x.gpl", "from 0 to 255"),
    ("GIMP Palette\n1 2 ٣\n".encode(), "x.gpl", "from 0 to 255"),
    (b"ff8000\nff80\n", "x.hex", "line 2 of x.hex is no colour"),
    (b"", "x.hex", "no colour"),
    (jasc()[:-11], "x.pal", "says that it has 4 colours, and 3 lines"),
    (b"JASC-PAL\n0100\nmany\n", "x.pal", "is damaged"),
    (riff()[:-2], "x.pal", "ends before"),
    (riff()[:20], "x.pal", "version"),
    (riff()[:12], "x.pal", "it has no colours"),
    (riff().replace(b"PAL ", b"WAVE"), "x.pal", "RIFF file, but no palette"),
    (b"what", "x.pal", "neither"),
    (act()[:-1], "x.act", "768 or 772 bytes, not 771"),
    (act()[:768] + b"\0\0\0\0", "x.act", "has 0 colours"),
    (png(np.zeros((4, 4, 4), np.uint8)), "x.png", "no colour"),
    (SOUND["f.png"][:40], "x.png", "damaged PNG"),
    (b"what", "x.png", "it is no PNG"),
    (b"what", "x.txt", ".gpl, .hex, .pal or .act"),
    (
        png(np.arange(257, dtype=np.uint16).view(np.uint8).reshape(1, 257, 2).repeat(2, 2)[..., :3]),
        "x.png",
        "257 colours",
    ),
    (bytes((1 << 20) + 1), "x.act", "larger than 1 MB"),
    (b"GIMP Palette\n" + b"".join(b"%d %d 0\n" % (i % 256, i // 256) for i in range(257)), "x.gpl", "257 colours"),
]


@pytest.mark.parametrize(("data", "name", "words"), WRONG, ids=[f"{i}-{one[1]}" for i, one in enumerate(WRONG)])
def test_what_is_wrong_is_told(data: bytes, name: str, words: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_palette(data, name)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_vast_picture_is_not_decoded() -> None:
    vast = png(np.zeros((1, 1, 3), np.uint8))
    vast = vast[:16] + struct.pack(">II", 60_000, 60_000) + vast[24:]
    with pytest.raises(ValueError, match=r"damaged|too large"):
        read_palette(vast, "x.png")
    with pytest.raises(ValueError, match="too large"):
        read_palette(png(np.zeros((1025, 1024), np.uint8)), "x.png")


def test_what_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.gpl", tmp_path, tmp_path / "a\0b.gpl", tmp_path / ("x" * 300), Path()):
        with pytest.raises(ValueError):
            read_palette(path)
    os.mkfifo(tmp_path / "pipe.gpl")
    with pytest.raises(ValueError, match="plain file"):
        read_palette(tmp_path / "pipe.gpl")


@pytest.mark.parametrize("name", SOUND)
def test_a_damaged_file_gives_a_palette_or_words(name: str) -> None:
    @quick(200)
    @given(mutated(SOUND[name]))
    def check(data: bytes) -> None:
        holds(data, name)

    check()


@quick(200)
@given(st.binary(max_size=900), st.sampled_from(["a.gpl", "b.pal", "d.act", "e.hex", "f.png", "x", ""]))
def test_any_bytes_give_a_palette_or_words(data: bytes, name: str) -> None:
    holds(data, name)


def holds(data: bytes, name: str) -> None:
    try:
        palette = read_palette(data, name)
    except ValueError:
        return
    assert isinstance(palette, Palette)
    assert palette.colours.dtype == np.uint8
    assert 1 <= len(palette.colours) <= 256
    assert palette.colours.shape[1:] == (3,)
    assert len(np.unique(palette.colours, axis=0)) == len(palette.colours)
    assert 0 < len(palette.name) <= 80
    assert palette.name.isprintable()


def test_an_entry_that_nobody_sees_is_no_colour() -> None:
    """Aseprite writes its transparent entry so, with alpha as a fourth number."""
    text = "GIMP Palette\nChannels: RGBA\n#\n  0   0   0   0 Untitled\n255   0   0 255 Red\n  0   0   0 255 Black\n"
    assert read_palette(text.encode(), "a.gpl").colours.tolist() == [[255, 0, 0], [0, 0, 0]]
    plain = text.replace("Channels: RGBA\n", "")
    assert read_palette(plain.encode(), "a.gpl").colours.tolist() == [[0, 0, 0], [255, 0, 0]]
