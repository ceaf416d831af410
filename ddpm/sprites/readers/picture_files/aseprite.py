"""An Aseprite file, flattened: each frame as Aseprite shows it, by the public description of the format."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ddpm.base.text import counted
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.picture_files.aseprite_layers import (
    BACKGROUND,
    GROUP,
    IMAGE,
    MODES,
    REFERENCE,
    TILEMAP,
    VISIBLE,
    Cel,
    Layer,
    Painter,
    Sprite,
    Tileset,
)
from ddpm.sprites.readers.picture_files.pngs import check_size, reason

MAGIC = b"\xe0\xa5"
"""What stands behind the first four bytes."""

_MOST_LEVELS = 16
_MOST_LAYERS = 1 << 16
_MOST_TAGS = 4096
_MOST_PARTS = 1_000_000
_DAMAGE = (struct.error, zlib.error, ValueError, IndexError, OverflowError, MemoryError)


@dataclass(frozen=True)
class Flattened:
    """uint8 ``(F, H, W, 4)``, the tag of each frame (None if the file has none), and what was dropped."""

    frames: np.ndarray
    tags: tuple[str | None, ...] | None
    left_out: tuple[str, ...]


def decode_aseprite(data: bytes, where: str, most_pixels: int) -> Flattened:
    """Decode and flatten all frames: visible layers, groups, tilemaps, linked cels, opacities and blend modes.

    Layers of an indexed sprite replace one another's indices, whatever their opacity, as when Aseprite exports it: no
    colour comes of it that the palette does not have.

    Args:
        where: the file's name, for messages.
        most_pixels: of all frames together.

    Raises:
        SpriteError: if it is no Aseprite file, is damaged, or has more than ``most_pixels``.
    """
    try:
        if len(data) < 128 or data[4:6] != MAGIC:
            raise ValueError("its first lines are missing")
        frames, width, height, bits, flags, transparent = struct.unpack_from("<HHHHI10xB", data, 6)
        if bits not in (8, 16, 32):
            raise ValueError(f"it says it has {bits} bits a pixel")
        if frames < 1:
            raise ValueError("it has no frames")
        check_size(width, height, frames, where, most_pixels)
        sprite = Sprite(width, height, bits // 8, flags, transparent)
        colours = struct.unpack_from("<H", data, 32)[0] or 256
        sprite.palette = _resized(sprite.palette, colours)
        _read_frames(sprite, memoryview(data), frames)
        painter = Painter(sprite, where, most_pixels)
        pictures = np.empty((frames, height, width, 4), np.uint8)
        for number in range(frames):
            pictures[number] = painter.frame(number)
        return Flattened(pictures, _tags(sprite), _left_out(sprite))
    except SpriteError:
        raise
    except _DAMAGE as error:
        raise SpriteError(f"{where} is a damaged Aseprite file ({reason(error)}). Save it again.") from error


# Reading


def _read_frames(sprite: Sprite, data: memoryview, frames: int) -> None:
    at, parts = 128, 0
    for _ in range(frames):
        size, magic, old_count, _, count = struct.unpack_from("<IHHH2xI", data, at)
        if magic != 0xF1FA or size < 16 or at + size > len(data):
            raise ValueError("it is cut short, or a frame is broken")
        count = count if old_count == 0xFFFF and count else old_count
        parts += count
        if parts > _MOST_PARTS:
            raise ValueError("it has more parts than any sprite")
        sprite.cels.append({})
        _read_chunks(sprite, data[at + 16 : at + size], count)
        sprite.palettes.append(sprite.palette)
        at += size


def _read_chunks(sprite: Sprite, frame: memoryview, count: int) -> None:
    at = 0
    for _ in range(count):
        size, kind = struct.unpack_from("<IH", frame, at)
        if size < 6 or at + size > len(frame):
            raise ValueError("a part of it is longer than the whole")
        body = frame[at + 6 : at + size]
        if kind == 0x2004:
            _read_layer(sprite, body)
        elif kind == 0x2005:
            _read_cel(sprite, body)
        elif kind == 0x2018:
            _read_tags(sprite, body)
        elif kind == 0x2019:
            _read_palette(sprite, body)
        elif kind == 0x2023:
            _read_tileset(sprite, body)
        elif kind in (0x0004, 0x000B, 0x0011) and not sprite.palette_is_new:
            _read_old_palette(sprite, body, six_bits=kind != 0x0004)
        at += size


def _read_layer(sprite: Sprite, body: memoryview) -> None:
    flags, kind, level, mode, opacity = struct.unpack_from("<HHH4xHB", body)
    if len(sprite.layers) >= _MOST_LAYERS:
        raise ValueError("it has more layers than can be numbered")
    if level > min(len(sprite.levels), _MOST_LEVELS):
        raise ValueError("its groups are nested too deep")
    del sprite.levels[level:]
    parent = sprite.levels[-1] if sprite.levels else None
    if parent is not None and sprite.layers[parent].kind != GROUP:
        raise ValueError("a layer in it is part of one that is no group")
    _, end = _text(body, 16)
    tileset = struct.unpack_from("<I", body, end)[0] if kind == TILEMAP else None
    shown = bool(flags & VISIBLE) and (parent is None or sprite.layers[parent].shown)
    if flags & BACKGROUND or not sprite.flags & (2 if kind == GROUP else 1):
        opacity = 255
    if flags & BACKGROUND or (kind == GROUP and not sprite.flags & 2):
        mode = 0
    sprite.levels.append(len(sprite.layers))
    sprite.layers.append(Layer(kind, flags, mode, opacity, tileset, parent, shown))


def _read_cel(sprite: Sprite, body: memoryview) -> None:
    layer, x, y, opacity, kind, z = struct.unpack_from("<HhhBHh", body)
    if layer >= len(sprite.layers):
        raise ValueError("a picture in it belongs to no layer")
    if kind == 1:
        frame = struct.unpack_from("<H", body, 16)[0]
        linked = sprite.cels[frame].get(layer) if frame < len(sprite.cels) else None
        if linked is None:
            raise ValueError("a linked picture is missing")
        cel = Cel(x, y, opacity, z, linked.width, linked.height, linked.data, linked.packed, linked.masks)
    elif kind in (0, 2):
        width, height = struct.unpack_from("<HH", body, 16)
        cel = Cel(x, y, opacity, z, width, height, body[20:], kind == 2)
    elif kind == 3:
        width, height, *masks = struct.unpack_from("<HHHIIII", body, 16)
        cel = Cel(x, y, opacity, z, width, height, body[48:], True, tuple(masks))
    else:
        raise ValueError("a picture in it is of an unknown kind")
    if (kind == 3) != (sprite.layers[layer].kind == TILEMAP) and kind != 1:
        raise ValueError("a picture in it does not fit its layer")
    sprite.cels[-1][layer] = cel


def _read_tags(sprite: Sprite, body: memoryview) -> None:
    at = 10
    for _ in range(struct.unpack_from("<H", body)[0]):
        first, last = struct.unpack_from("<HH", body, at)
        name, at = _text(body, at + 17)
        sprite.tags.append((first, last, name))
        if len(sprite.tags) > _MOST_TAGS:
            raise ValueError("it has more tags than frames are read")


def _read_palette(sprite: Sprite, body: memoryview) -> None:
    size, first, last = struct.unpack_from("<III", body)
    palette, at = _resized(sprite.palette, size or len(sprite.palette)), 20
    for number in range(first, last + 1):
        named, *colour = struct.unpack_from("<H4B", body, at)
        at = _text(body, at + 6)[1] if named & 1 else at + 6
        if number < len(palette):  # others are more than an index can name
            palette[number] = colour
    sprite.palette, sprite.palette_is_new = palette, True


def _resized(palette: np.ndarray, size: int) -> np.ndarray:
    """A copy of a palette, cut or filled up with black."""
    resized = np.tile(np.array([0, 0, 0, 255], np.uint8), (min(size, 256), 1))
    resized[: len(palette)] = palette[: len(resized)]
    return resized


def _read_old_palette(sprite: Sprite, body: memoryview, six_bits: bool) -> None:
    palette, at, number = sprite.palette, 2, 0
    for _ in range(struct.unpack_from("<H", body)[0]):
        skip, count = struct.unpack_from("<BB", body, at)
        number, count = number + skip, count or 256
        colours = np.frombuffer(body, np.uint8, 3 * count, at + 2).reshape(-1, 3)
        if six_bits:
            colours = np.array([value << 2 | value >> 4 for value in range(64)], np.uint8)[np.minimum(colours, 63)]
        room = max(0, min(count, 256 - number))
        palette = _resized(palette, max(len(palette), number + room))
        palette[number : number + room] = np.insert(colours[:room], 3, 255, axis=1)
        number, at = number + count, at + 2 + 3 * count
    sprite.palette = palette


def _read_tileset(sprite: Sprite, body: memoryview) -> None:
    number, flags, count, width, height = struct.unpack_from("<IIIHH", body)
    _, at = _text(body, 32)
    at += 8 if flags & 1 else 0
    data = None
    if flags & 2:
        length = struct.unpack_from("<I", body, at)[0]
        data = body[at + 4 : at + 4 + length]
    sprite.tilesets[number] = Tileset(count, width, height, bool(flags & 4), data)


def _text(body: memoryview, at: int) -> tuple[str, int]:
    """A text, and where the next thing begins."""
    end = at + 2 + struct.unpack_from("<H", body, at)[0]
    if end > len(body):
        raise ValueError("a name in it is cut short")
    text = bytes(body[at + 2 : end]).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text), end


# What is said of it


def _tags(sprite: Sprite) -> tuple[str | None, ...] | None:
    """The tag of each frame: the shortest that covers it, the first of several as short."""
    if not sprite.tags:
        return None
    tags: list[str | None] = [None] * len(sprite.cels)
    for first, last, name in sorted(sprite.tags, key=lambda tag: tag[1] - tag[0]):
        for number in range(first, min(last + 1, len(tags))):
            if tags[number] is None:
                tags[number] = name
    return tuple(tags)


def _left_out(sprite: Sprite) -> tuple[str, ...]:
    return tuple(_dropped(sprite))


def _dropped(sprite: Sprite) -> Iterator[str]:
    drawn = {layer for cels in sprite.cels for layer in cels}
    layers = [layer for number, layer in enumerate(sprite.layers) if number in drawn or layer.kind == GROUP]
    pictures = [layer for layer in layers if layer.kind != GROUP]
    if reference := sum(bool(layer.flags & REFERENCE) for layer in pictures):
        yield counted(reference, "reference layer")
    if hidden := sum(not layer.shown and not layer.flags & REFERENCE for layer in pictures):
        yield counted(hidden, "hidden layer")
    if unknown := sum(layer.shown and layer.kind not in (IMAGE, TILEMAP) for layer in pictures):
        yield counted(unknown, "layer") + " of an unknown kind"
    if modes := sum(layer.shown and layer.mode not in (0, *MODES) for layer in layers):
        yield f"the blend mode of {counted(modes, 'layer')}"
    external = [number for number, tileset in sprite.tilesets.items() if tileset.data is None]
    if tilemaps := sum(layer.shown and layer.tileset in external for layer in pictures):
        yield counted(tilemaps, "tilemap") + " whose tiles are in another file"
