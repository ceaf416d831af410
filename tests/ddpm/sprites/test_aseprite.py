"""Aseprite files, built byte by byte from the description of the format, and what they must look like."""

from __future__ import annotations

import contextlib
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.picture_files import aseprite
from ddpm.sprites.readers.picture_files.pictures import Picture, read_picture
from tests.broken_files import mutated, quick

RGBA, GREY, INDEXED = 32, 16, 8


def text(value: str) -> bytes:
    return struct.pack("<H", len(value.encode())) + value.encode()


def part(kind: int, body: bytes) -> bytes:
    return struct.pack("<IH", len(body) + 6, kind) + body


def layer(
    flags: int = 1, kind: int = 0, level: int = 0, mode: int = 0, opacity: int = 255, tileset: int | None = None
) -> bytes:
    extra = b"" if tileset is None else struct.pack("<I", tileset)
    return part(0x2004, struct.pack("<HHHHHHB3x", flags, kind, level, 0, 0, mode, opacity) + text("one") + extra)


def cel(
    pixels: np.ndarray, at: int = 0, x: int = 0, y: int = 0, opacity: int = 255, z: int = 0, packed: bool = True
) -> bytes:
    head = struct.pack("<HhhBHh5x", at, x, y, opacity, 2 if packed else 0, z)
    data = np.ascontiguousarray(pixels).tobytes()
    size = struct.pack("<HH", pixels.shape[1], pixels.shape[0])
    return part(0x2005, head + size + (zlib.compress(data) if packed else data))


def link(frame: int, at: int = 0, x: int = 0, y: int = 0, opacity: int = 255) -> bytes:
    return part(0x2005, struct.pack("<HhhBHh5xH", at, x, y, opacity, 1, 0, frame))


def tilemap(tiles: np.ndarray, at: int = 0, x: int = 0, y: int = 0) -> bytes:
    head = struct.pack("<HhhBHh5x", at, x, y, 255, 3, 0)
    masks = struct.pack("<HIIII10x", 32, 0x1FFFFFFF, 1 << 31, 1 << 30, 1 << 29)
    size = struct.pack("<HH", tiles.shape[1], tiles.shape[0])
    return part(0x2005, head + size + masks + zlib.compress(tiles.astype("<u4").tobytes()))


def tileset(tiles: np.ndarray, flags: int = 6, number: int = 0) -> bytes:
    count, height, width = tiles.shape[:3]
    data = zlib.compress(tiles.tobytes())
    head = struct.pack("<IIIHHh14x", number, flags, count, width, height, 1) + text("grass")
    outside = struct.pack("<II", 1, 2) if flags & 1 else b""
    return part(0x2023, head + outside + (struct.pack("<I", len(data)) + data if flags & 2 else b""))


def palette(colours: np.ndarray, first: int = 0, named: bool = False) -> bytes:
    head = struct.pack("<III8x", first + len(colours), first, first + len(colours) - 1)
    name = text("leaf") if named else b""
    return part(0x2019, head + b"".join(struct.pack("<H", named) + bytes(colour) + name for colour in colours.tolist()))


def tags(*spans: tuple[int, int, str]) -> bytes:
    one = (struct.pack("<HHBH6x3xx", first, last, 0, 0) + text(name) for first, last, name in spans)
    return part(0x2018, struct.pack("<H8x", len(spans)) + b"".join(one))


def sprite(
    *frames: list[bytes], width: int = 4, height: int = 3, bits: int = RGBA, flags: int = 1, clear: int = 0
) -> bytes:
    body = b""
    for parts in frames:
        data = b"".join(parts)
        body += struct.pack("<IHHH2xI", len(data) + 16, 0xF1FA, len(parts), 100, len(parts)) + data
    head = struct.pack("<HHHHHIHIIB3xHBB", 0xA5E0, len(frames), width, height, bits, flags, 100, 0, 0, clear, 0, 1, 1)
    head = struct.pack("<I", 128 + len(body)) + head
    return head.ljust(128, b"\0") + body


def read(*frames: list[bytes], **options: int) -> Picture:
    return read_picture(sprite(*frames, **options), "x.aseprite")


def noise(*shape: int, seed: int = 0, least_alpha: int = 0) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    pixels[..., -1] = np.maximum(pixels[..., -1], least_alpha)
    return pixels


def seen(pixels: np.ndarray) -> np.ndarray:
    """Colours that nobody sees are nothing."""
    return np.where(pixels[..., 3:] == 0, 0, pixels)


def times(a: int, b: int) -> int:
    return round(a * b / 255)


def laid(below: np.ndarray, above: np.ndarray, opacity: int = 255) -> np.ndarray:
    """One picture on another, in exact fractions, pixel by pixel, each step rounded as Aseprite's are."""
    result = below.copy()
    for place in np.ndindex(below.shape[:2]):
        under, over = below[place].tolist(), above[place].tolist()
        alpha = times(over[3], opacity)
        if under[3] == 0:
            result[place] = [*over[:3], alpha]
        elif over[3]:
            total = alpha + under[3] - times(under[3], alpha)
            result[place] = [
                *(u + int((o - u) * alpha / total) for u, o in zip(under[:3], over[:3], strict=True)),
                total,
            ]
    return result


def exact(picture: Picture, *frames: np.ndarray) -> None:
    np.testing.assert_array_equal(picture.frames, np.stack([seen(frame) for frame in frames]))


# Colours


@pytest.mark.parametrize("packed", [True, False])
def test_true_colours(packed: bool) -> None:
    pixels = noise(3, 4, 4)
    picture = read([layer(), cel(pixels, packed=packed)])
    exact(picture, pixels)
    assert (picture.format, picture.tags, picture.left_out, picture.note) == ("Aseprite", None, (), None)


def test_grey() -> None:
    pixels = noise(3, 4, 2)
    exact(read([layer(), cel(pixels)], bits=GREY), pixels[..., [0, 0, 0, 1]])


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("background", [False, True])
def test_a_palette_and_its_transparent_index(background: bool, named: bool) -> None:
    colours = noise(12, 4, least_alpha=255)
    colours[5, 3] = 100
    index = np.arange(12, dtype=np.uint8).reshape(3, 4)
    expected = colours[index]
    if not background:
        expected[index == 3] = 0
    parts = [palette(colours, named=named), layer(9 if background else 1), cel(index[..., None])]
    exact(read(parts, bits=INDEXED, clear=3), expected)


@pytest.mark.parametrize("flags", [1, 3])
def test_indices_replace_one_another_whatever_their_opacity(flags: int) -> None:
    colours = noise(12, 4)
    below, above = np.full((3, 4, 1), 7, np.uint8), np.arange(12, dtype=np.uint8).reshape(3, 4, 1)
    layers = [palette(colours), layer(), layer(kind=1, opacity=50), layer(level=1, mode=1, opacity=99)]
    expected = colours[np.where(above == 3, below, above)[..., 0]]
    exact(read([*layers, cel(below), cel(above, at=2, opacity=9)], bits=INDEXED, clear=3, flags=flags), expected)


def test_an_index_without_a_colour_is_nothing() -> None:
    picture = read([palette(noise(2, 4, least_alpha=255)), layer(), cel(np.full((3, 4, 1), 9, np.uint8))], bits=INDEXED)
    assert not picture.frames.any()


@pytest.mark.parametrize("kind", [0x0004, 0x0011, 0x000B])
def test_old_palettes(kind: int) -> None:
    values = np.arange(12, dtype=np.uint8).reshape(4, 3) * 5
    packets = struct.pack("<HBB", 2, 1, 3) + values[:3].tobytes() + struct.pack("<BB", 2, 1) + values[3:].tobytes()
    index = np.array([[1, 2, 3, 6]] * 3, np.uint8)
    wanted = values if kind == 4 else values << 2 | values >> 4
    expected = np.insert(np.stack([wanted] * 3), 3, 255, axis=-1)
    old = part(kind, packets)
    exact(read([old, layer(), cel(index[..., None])], bits=INDEXED), expected)
    new = noise(8, 4, least_alpha=255)  # where there is a new one, the old one is for old readers
    for parts in ([old, palette(new)], [palette(new), old]):
        exact(read([*parts, layer(), cel(index[..., None])], bits=INDEXED), new[index])


def test_a_palette_that_changes_holds_for_the_frames_after_it() -> None:
    one, two = noise(12, 4, least_alpha=255), noise(12, 4, seed=1, least_alpha=255)
    index = np.arange(1, 13, dtype=np.uint8).reshape(3, 4) % 12
    frames = ([palette(one), layer(), cel(index[..., None])], [palette(two), link(0)], [link(0)])
    pictures = [colours[index] * (index[..., None] != 0) for colours in (one, two, two)]
    exact(read(*frames, bits=INDEXED), *pictures)


# Layers


def test_layers_are_laid_on_one_another() -> None:
    below, above = noise(3, 4, 4, seed=1), noise(3, 4, 4, seed=2)
    below[0], above[:, 0], above[:, 1, 3] = 0, 0, 255
    exact(read([layer(), layer(), cel(below), cel(above, at=1)]), laid(below, above))


@pytest.mark.parametrize(("of_layer", "of_cel"), [(128, 255), (255, 77), (200, 100), (0, 255)])
def test_opacity(of_layer: int, of_cel: int) -> None:
    below, above = noise(3, 4, 4, seed=1), noise(3, 4, 4, seed=2)
    parts = [layer(), layer(opacity=of_layer), cel(below), cel(above, at=1, opacity=of_cel)]
    exact(read(parts), laid(below, above, times(of_layer, of_cel)))
    # An old file has no opacities of layers; a background has none at all.
    exact(read(parts, flags=0), laid(below, above, of_cel))
    exact(read([layer(9, opacity=of_layer), cel(below, opacity=of_cel)]), below)


@pytest.mark.parametrize("y", [-9, -1, 0, 2, 3])
@pytest.mark.parametrize("x", [-9, -2, 0, 3, 4])
def test_a_picture_may_lie_beside_the_canvas(x: int, y: int) -> None:
    pixels = noise(2, 3, 4, least_alpha=1)
    expected = np.zeros((3, 4, 4), np.uint8)
    for row, column in np.ndindex(2, 3):
        if 0 <= row + y < 3 and 0 <= column + x < 4:
            expected[row + y, column + x] = pixels[row, column]
    exact(read([layer(), cel(pixels, x=x, y=y)]), expected)


def test_hidden_and_reference_layers_are_left_out() -> None:
    shown = noise(3, 4, 4)
    other = noise(3, 4, 4, seed=1, least_alpha=255)
    layers = [layer(), layer(0), layer(0, kind=1), layer(level=1), layer(1 | 64)]
    picture = read([*layers, cel(shown), *(cel(other, at=at) for at in (1, 3, 4))])
    exact(picture, shown)
    assert picture.left_out == ("1 reference layer", "2 hidden layers")


@pytest.mark.parametrize("flags", [1, 3])
def test_groups_that_are_shown_are_part_of_the_picture(flags: int) -> None:
    one, two, three = (noise(3, 4, 4, seed=seed) // 128 * 255 for seed in range(3))
    layers = [layer(kind=1), layer(level=1), layer(kind=1, level=1), layer(level=2), layer()]
    parts = [*layers, cel(one, at=1), cel(two, at=3), cel(three, at=4)]
    exact(read(parts, flags=flags), laid(laid(one, two), three))


def test_the_opacity_of_a_group_holds_where_the_file_says_so() -> None:
    below, one, two = (noise(3, 4, 4, seed=seed) for seed in range(3))
    layers = [layer(), layer(kind=1, opacity=99), layer(level=1), layer(level=1)]
    parts = [*layers, cel(below), cel(one, at=2), cel(two, at=3)]
    exact(read(parts, flags=3), laid(below, laid(one, two), 99))
    exact(read(parts, flags=1), laid(laid(below, one), two))


@pytest.mark.parametrize("flags", [1, 3])
def test_a_picture_may_be_shown_behind_or_before_its_layer(flags: int) -> None:
    one, two, three = (noise(3, 4, 4, seed=seed, least_alpha=255) for seed in range(3))
    three[:, 0] = 0
    layers = [layer(), layer(), layer()]
    exact(read([*layers, cel(one, z=2), cel(two, at=1), cel(three, at=2)], flags=flags), one)
    exact(read([*layers, cel(one), cel(two, at=1), cel(three, at=2, z=-1)], flags=flags), laid(one, two))
    exact(read([*layers, cel(one), cel(two, at=1, z=1), cel(three, at=2)], flags=flags), two)
    # The background stays behind all.
    exact(read([layer(9), layer(), cel(one, z=5), cel(two, at=1)], flags=flags), two)


def test_linked_pictures_and_empty_frames() -> None:
    pixels = noise(3, 4, 4)
    picture = read([layer(), cel(pixels)], [], [link(0)], [link(2, opacity=100)], [cel(pixels[:0])])
    nothing = np.zeros_like(pixels)
    exact(picture, pixels, nothing, pixels, laid(nothing, pixels, 100), nothing)


# Blend modes, by their definition in fractions


def _soft(b: float, s: float) -> float:
    d = ((16 * b - 12) * b + 4) * b if b <= 0.25 else b**0.5
    return b - (1 - 2 * s) * b * (1 - b) if s <= 0.5 else b + (2 * s - 1) * (d - b)


def _hard(b: float, s: float) -> float:
    return 2 * b * s if s <= 0.5 else 1 - 2 * (1 - b) * (1 - s)


SEPARABLE: dict[int, Callable[[float, float], float]] = {
    1: lambda b, s: b * s,
    2: lambda b, s: b + s - b * s,
    3: lambda b, s: _hard(s, b),
    4: min,
    5: max,
    6: lambda b, s: 0 if b == 0 else 1 if b >= 1 - s else b / (1 - s),
    7: lambda b, s: 1 if b == 1 else 0 if 1 - b >= s else 1 - (1 - b) / s,
    8: _hard,
    9: _soft,
    10: lambda b, s: abs(b - s),
    11: lambda b, s: b + s - 2 * b * s,
    16: lambda b, s: min(1, b + s),
    17: lambda b, s: max(0, b - s),
    18: lambda b, s: 0 if b == 0 else 1 if b >= s else b / s,
}


@pytest.mark.parametrize("mode", SEPARABLE)
def test_separable_blend_modes(mode: int) -> None:
    below, above = noise(16, 16, 4, seed=1, least_alpha=255), noise(16, 16, 4, seed=2, least_alpha=255)
    below[0, :, :3], below[1, :, :3], above[:, 0, :3], above[:, 1, :3] = 0, 255, 0, 255
    parts = [layer(), layer(mode=mode), cel(below), cel(above, at=1)]
    found = read(parts, width=16, height=16).frames[0]
    wanted = [255 * SEPARABLE[mode](b / 255, s / 255) for b, s in zip(below.flat, above.flat, strict=True)]
    assert np.abs(found[..., :3] - np.reshape(wanted, below.shape)[..., :3]).max() <= 1.001
    assert (found[..., 3] == 255).all()


def luminosity(c: np.ndarray) -> np.ndarray:
    return c @ np.array([0.3, 0.59, 0.11])


@pytest.mark.parametrize("mode", [12, 13, 14, 15])
def test_blend_modes_of_hue_and_the_like(mode: int) -> None:
    below, above = noise(16, 16, 4, seed=1, least_alpha=255), noise(16, 16, 4, seed=2, least_alpha=255)
    found = read([layer(), layer(mode=mode), cel(below), cel(above, at=1)], width=16, height=16).frames[0]
    bright = above if mode == 15 else below
    assert np.abs(luminosity(found[..., :3]) - luminosity(bright[..., :3])).max() <= 1.5
    grey = above.copy()
    grey[..., :3] = grey[..., :1]
    found = read([layer(), layer(mode=mode), cel(below), cel(grey, at=1)], width=16, height=16).frames[0]
    if mode != 15:  # what has no colour takes it away
        assert np.ptp(found[..., :3].astype(int), axis=-1).max() <= 1


@pytest.mark.parametrize("mode", [*SEPARABLE, 12, 13, 14, 15])
def test_where_there_is_nothing_below_every_mode_is_normal(mode: int) -> None:
    above = noise(3, 4, 4)
    exact(read([layer(), layer(mode=mode, opacity=90), cel(above, at=1)]), laid(np.zeros_like(above), above, 90))


def test_an_unknown_blend_mode_is_normal_and_said() -> None:
    below, above = noise(3, 4, 4, seed=1), noise(3, 4, 4, seed=2)
    picture = read([layer(), layer(mode=77), cel(below), cel(above, at=1)])
    exact(picture, laid(below, above))
    assert picture.left_out == ("the blend mode of 1 layer",)


# Tilemaps


@pytest.mark.parametrize("bits", [RGBA, INDEXED])
def test_tiles_and_their_flips(bits: int) -> None:
    tiles = noise(9, 2, 2, bits // 8, seed=3, least_alpha=bits == RGBA)
    tiles[0] = 0
    flips = np.arange(8, dtype=np.uint32) << 29
    places = (np.arange(1, 9, dtype=np.uint32) | flips).reshape(2, 4)
    places[1, 1], places[0, 2] = 0, 500  # no tile, and one that is not there
    colours = noise(256, 4, least_alpha=255)
    expected = np.zeros((4, 8, 4), np.uint8)
    for row, column in np.ndindex(4, 8):
        spelled = int(places[row // 2, column // 2])
        if not 0 < spelled & 0x1FFFFFFF < 9:
            continue
        x, y = column % 2, row % 2
        x, y = (1 - x if spelled >> 31 else x), (1 - y if spelled >> 30 & 1 else y)
        x, y = (y, x) if spelled >> 29 & 1 else (x, y)
        pixel = tiles[spelled & 0x1FFFFFFF, y, x]
        expected[row, column] = pixel if bits == RGBA else colours[pixel[0]] * (pixel[0] != 0)
    parts = [palette(colours), tileset(tiles), layer(kind=2, tileset=0), tilemap(places)]
    exact(read(parts, [link(0)], width=8, height=4, bits=bits), expected, expected)


def test_tiles_that_are_not_square_and_an_old_empty_tile() -> None:
    tiles = noise(2, 3, 2, 4, least_alpha=1)
    places = np.array([[0, 0xFFFFFFFF, 1]])
    parts = [tileset(tiles, flags=2), layer(kind=2, tileset=0), tilemap(places)]
    exact(read(parts, width=6), np.concatenate([tiles[0], np.zeros_like(tiles[0]), tiles[1]], axis=1))


def test_tiles_of_another_file_are_left_out() -> None:
    parts = [tileset(noise(2, 3, 2, 4), flags=5), layer(kind=2, tileset=0), tilemap(np.ones((1, 1)))]
    picture = read(parts)
    assert not picture.frames.any()
    assert picture.left_out == ("1 tilemap whose tiles are in another file",)


# Tags


def test_the_innermost_tag_of_each_frame() -> None:
    spans = ((0, 4, "all"), (1, 3, "walk"), (2, 2, "step"), (1, 3, "again"), (9, 12, "beyond"))
    picture = read([layer(), tags(*spans)], *([] for _ in range(5)))
    assert picture.tags == ("all", "walk", "step", "walk", "all", None)
    assert read([layer(), tags()]).tags is None


def test_a_tag_is_fit_to_be_shown() -> None:
    assert read([layer(), tags((0, 0, "a\x1b[2J"))]).tags == ("a\ufffd[2J",)


# Broken files


PIXELS = noise(3, 4, 4)
BOMB = part(0x2005, struct.pack("<HhhBHh5xHH", 0, 0, 0, 255, 2, 0, 4, 3) + zlib.compress(bytes(50_000_000)))
WIDE = part(0x2005, struct.pack("<HhhBHh5xHH", 0, 0, 0, 255, 2, 0, 65535, 65535) + zlib.compress(bytes(1000)))
LARGE = cel(np.zeros((1000, 1000, 4), np.uint8))
NESTED = [layer(kind=1, level=level) for level in range(40)]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (sprite([layer(), BOMB]), "another size"),
        (sprite([layer(), cel(PIXELS[:2, :3])])[:-4], "cut short"),
        (sprite([layer(), WIDE]), "more pixels"),
        (sprite([layer(), LARGE], *([link(0)] for _ in range(20)), width=1, height=1), "more pixels"),
        (sprite([layer()], width=65535, height=65535), "65,535 x 65,535"),
        (sprite(*([] for _ in range(5000)), width=1, height=1), "5,000 frames"),
        (sprite(*([] for _ in range(600)), width=400, height=400), "600 frames of 400 x 400"),
        (sprite([layer()], width=0), "no pixels"),
        (sprite(), "no frames"),
        (sprite([layer()], bits=24), "24 bits"),
        (sprite([layer(), cel(PIXELS, at=1)]), "no layer"),
        (sprite([layer(), link(0)]), "linked"),
        (sprite([layer(), link(7)]), "linked"),
        (sprite([layer(), tilemap(np.ones((1, 1)))]), "does not fit"),
        (sprite([layer(kind=2, tileset=3), tilemap(np.ones((1, 1)))]), "tiles are missing"),
        (
            sprite(
                [tileset(np.zeros((9, 4096, 4096, 0), np.uint8)), layer(kind=2, tileset=0), tilemap(np.ones((1, 1)))]
            ),
            "more",
        ),
        (sprite(NESTED, flags=3), "nested"),
        (sprite([layer(level=3)]), "nested"),
        (sprite([layer(), layer(level=1)]), "no group"),
        (sprite([layer(), part(0x2019, struct.pack("<III8x", 256, 0, 2**32 - 1))], bits=INDEXED), "damaged"),
        (sprite([layer()])[:100], "first lines"),
        (sprite([layer()])[:140], "damaged"),
        (sprite([layer(), part(0x2005, b"")]), "damaged"),
        (sprite([layer(), struct.pack("<IH", 2, 0x2005)]), "longer than the whole"),
    ],
)
def test_broken_and_hostile_files_are_refused(data: bytes, words: str) -> None:
    with pytest.raises(SpriteError, match=r"^x\.ase ") as caught:
        read_picture(data, "x.ase", most_pixels=1_000_000)
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("limit", "words"), [("_MOST_LAYERS", "layers"), ("_MOST_TAGS", "tags"), ("_MOST_PARTS", "parts")]
)
def test_what_no_sprite_has_so_many_of_is_limited(monkeypatch: pytest.MonkeyPatch, limit: str, words: str) -> None:
    data = sprite([layer(), layer(), tags((0, 0, "a"), (0, 0, "b")), cel(PIXELS)], [link(0)])
    monkeypatch.setattr(aseprite, limit, 5)
    read_picture(data, "x.ase")
    monkeypatch.setattr(aseprite, limit, 1)
    with pytest.raises(SpriteError, match=words):
        read_picture(data, "x.ase")


GOOD = sprite(
    [
        palette(noise(8, 4)),
        tileset(noise(3, 2, 2, 4)),
        *(layer(mode=9), layer(kind=1), layer(level=1, mode=12), layer(kind=2, tileset=0)),
        cel(PIXELS),
        cel(PIXELS, at=2, x=1, opacity=99, packed=False),
        tilemap(np.array([[1, 2 << 29]]), at=3),
        tags((0, 1, "walk")),
    ],
    [link(0), cel(PIXELS, at=2, z=-1)],
    flags=3,
)


def test_the_good_file_is_good() -> None:
    assert read_picture(GOOD, "x.ase").tags == ("walk", "walk")


@pytest.mark.parametrize("missing", [*range(1, 60), *range(60, len(GOOD), 7)])
def test_a_file_that_is_cut_short_is_never_taken_for_whole(missing: int) -> None:
    with pytest.raises(SpriteError):
        read_picture(GOOD[:-missing], "x.ase")


@quick(400)
@given(mutated(GOOD))
def test_whatever_is_changed_in_a_file_it_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(SpriteError):
        assert read_picture(data, "x.ase", most_pixels=100_000).frames.ndim == 4


@quick(200)
@given(st.binary(max_size=300))
def test_whatever_stands_behind_the_header_is_read_or_refused(body: bytes) -> None:
    head = sprite([layer()])[:128]
    frame = struct.pack("<IHHH2xI", 16 + len(body), 0xF1FA, 3, 1, 0)
    with contextlib.suppress(SpriteError):
        assert read_picture(head + frame + body, "x.ase").frames.shape == (1, 3, 4, 4)
