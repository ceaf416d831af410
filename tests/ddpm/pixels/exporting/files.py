"""Sprites to be exported, and readers of what was written that share no code with the writers."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

import numpy as np

from tests.ddpm.sprites.pixel_art import icons, soft

CASES = [(3, 16, 16), (4, 16, 16), (3, 24, 24), (4, 24, 24)]
"""Channels, height and width."""


def drawings(count: int, channels: int, height: int, width: int) -> np.ndarray:
    """uint8 (count, height, width, channels): icons on white, or on nothing with half transparent shadows."""
    images = icons(count, width, height, seed=19)
    if channels == 4:
        return soft(images)
    return np.where(images[..., 3:] == 0, np.uint8(255), images[..., :3])


def rgba(pixels: np.ndarray) -> np.ndarray:
    """uint8 (..., 3 or 4) with alpha, and without colours that nobody sees."""
    if pixels.shape[-1] == 3:
        return np.concatenate([pixels, np.full((*pixels.shape[:-1], 1), 255, np.uint8)], axis=-1)
    return np.where(pixels[..., 3:] > 0, pixels, np.uint8(0))


def kinds_of(count: int) -> list[str]:
    """Three kinds, mixed."""
    return [("sword", "axe", "bow")[number * 7 % 11 % 3] for number in range(count)]


@dataclass
class AseFile:
    """An Aseprite file taken apart, as its public description says; only what we write is understood."""

    size: tuple[int, int] = (0, 0)
    durations: list[int] = field(default_factory=list)
    palette: list[tuple[int, ...]] = field(default_factory=list)
    tags: list[tuple[int, int, str]] = field(default_factory=list)
    layers: list[tuple[str, bool, int, int]] = field(default_factory=list)
    """Name, whether it is visible, 0 (image) or 1 (group), and the level."""
    cels: list[tuple[int, int, np.ndarray]] = field(default_factory=list)
    """Frame, layer and pixels."""


def take_apart(data: bytes) -> AseFile:
    """Every length is checked: nothing may be left over."""
    size, magic, frames, width, height, depth, flags = struct.unpack_from("<IHHHHHI", data)
    assert (size, magic, depth, flags) == (len(data), 0xA5E0, 32, 1)
    found, at = AseFile((width, height)), 128
    for frame in range(frames):
        length, magic, old, duration, count = struct.unpack_from("<IHHH2xI", data, at)
        assert magic == 0xF1FA
        assert old == min(count, 0xFFFF)
        end = at + length
        at += 16
        found.durations.append(duration)
        for _ in range(count):
            length, kind = struct.unpack_from("<IH", data, at)
            _take_chunk(found, frame, kind, data[at + 6 : at + length])
            at += length
        assert at == end
    assert at == len(data)
    return found


def _take_chunk(found: AseFile, frame: int, kind: int, body: bytes) -> None:
    if kind == 0x2004:
        flags, group, level, _, _, mode, opacity, name = struct.unpack_from("<HHHHHHB3xH", body)
        assert (mode, opacity, len(body)) == (0, 255, 18 + name)
        found.layers.append((body[18:].decode(), bool(flags & 1), group, level))
    elif kind == 0x2005:
        layer, x, y, opacity, cel, z, width, height = struct.unpack_from("<HhhBHh5xHH", body)
        assert (x, y, opacity, cel, z, (width, height)) == (0, 0, 255, 2, 0, found.size)
        pixels = np.frombuffer(zlib.decompress(body[20:]), np.uint8).reshape(height, width, 4)
        found.cels.append((frame, layer, pixels))
    elif kind == 0x2018:
        (count,), at = struct.unpack_from("<H", body), 10
        for _ in range(count):
            first, last, length = struct.unpack_from("<HH13xH", body, at)
            found.tags.append((first, last, body[at + 19 : at + 19 + length].decode()))
            at += 19 + length
        assert at == len(body)
    elif kind == 0x2019:
        size, first, last = struct.unpack_from("<III", body)
        assert (first, last, len(body)) == (0, size - 1, 20 + 6 * size)
        found.palette = [struct.unpack_from("<2x4B", body, 20 + 6 * number) for number in range(size)]
    elif kind == 0x0004:
        # What old programs read in its place, so it must say the same.
        assert struct.unpack_from("<HBB", body) == (1, 0, len(found.palette) % 256)
        assert body[4:] == b"".join(bytes(colour[:3]) for colour in found.palette)
    else:
        assert kind == 0x2007
        assert body == struct.pack("<HH12x", 1, 0)


def parse_gpl(text: str) -> tuple[str, int, list[tuple[int, int, int, str]]]:
    """Name, columns and colours by GIMP's rules: a magic line, the two fields, comments, and numbers with a name."""
    lines = text.split("\n")
    assert lines.pop() == ""
    assert lines[0] == "GIMP Palette"
    assert lines[1].startswith("Name: ")
    assert lines[2].startswith("Columns: ")
    columns = int(lines[2][9:])
    assert 0 <= columns <= 256
    colours = []
    for line in lines[3:]:
        if line.startswith("#"):
            continue
        red, green, blue, *name = line.split(None, 3)
        assert all(0 <= int(value) <= 255 for value in (red, green, blue))
        colours.append((int(red), int(green), int(blue), *name))
    return lines[1][6:], columns, colours
