"""Sprites as an Aseprite file, by the public description of the format: a frame or a layer for each."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Literal

import numpy as np

from ddpm.pixels.exporting.kinds import Run, runs
from ddpm.pixels.exporting.palette_files import colours_used

Each = Literal["frame", "layer"]

_MILLISECONDS = 100
_MOST = 0xFFFF  # of what is numbered by 16 bits: frames, layers, pixels of a side
_MOST_COLOURS = 256
_LONGEST_NAME = 200
_VISIBLE_AND_EDITABLE = 3
_EDITABLE = 2
_LAYERS_HAVE_OPACITY = 1
_OLD_PALETTE, _LAYER, _CEL, _PROFILE, _TAGS, _PALETTE = 0x0004, 0x2004, 0x2005, 0x2007, 0x2018, 0x2019
_IMAGE, _GROUP = 0, 1


def aseprite_file(
    images: np.ndarray, names: Sequence[str] = (), kinds: Sequence[str] = (), each: Each = "frame"
) -> bytes:
    """An .aseprite file of these pixels, alpha too; equal input gives equal bytes.

    It has 32 bits a pixel, and as its palette the colours used, the 256 most frequent of them.

    Args:
        images: uint8 (N, H, W, C), C of 3 or 4.
        names: of each sprite, as of ``ddpm.pixels.sheets.sprite_names``; those of the layers.
        kinds: of each sprite, if they are known. Each run of one kind is a tag, or a group of layers, so sprites should
            be in the order of ``kinds_together`` first.
        each: "frame": an animation of one layer. "layer": a single frame, in which only the first sprite is shown, as
            one would hide the others; whoever opens it turns on what is wanted.

    Raises:
        ValueError: if there are no sprites, more than the format can number, or not as many names or kinds as sprites.
    """
    count, height, width, channels = images.shape
    if count < 1:
        raise ValueError("an Aseprite file needs at least one sprite")
    if len(names) not in (0, count) or len(kinds) not in (0, count):
        raise ValueError(f"{count} sprites need as many names and kinds, not {len(names)}, {len(kinds)}")
    spans = runs(kinds)
    if max(width, height, count + (len(spans) if each == "layer" else 0)) > _MOST:
        raise ValueError(f"an Aseprite file can number {_MOST:,} frames, layers or pixels a side, and this needs more")
    if channels == 3:
        images = np.concatenate([images, np.full((*images.shape[:3], 1), 255, np.uint8)], axis=-1)
    colours = colours_used(images)[:_MOST_COLOURS]
    # The black that a file has of which nothing is opaque; a palette of no colours is not foreseen.
    colours = colours if len(colours) else np.zeros((1, 3), np.uint8)

    head = [_chunk(_PROFILE, struct.pack("<HHI8x", 1, 0, 0)), _palette(colours), _old_palette(colours)]  # 1: sRGB
    if each == "frame":
        frames = [[_cel(0, image)] for image in images]
        frames[0] = [*head, _layer("Sprites"), *([_tags(spans)] if spans else []), *frames[0]]
    else:
        frames = [[*head, *_layers(images, names, spans)]]
    body = b"".join(_frame(chunks) for chunks in frames)
    return _header(len(body), len(frames), width, height, len(colours)) + body


def _header(size: int, frames: int, width: int, height: int, colours: int) -> bytes:
    one = struct.pack("<IHHHHHI", 128 + size, 0xA5E0, frames, width, height, 32, _LAYERS_HAVE_OPACITY)
    # The deprecated speed, two empty fields, the transparent index (of no meaning here), and square pixels.
    return (one + struct.pack("<HIIB3xHBB", _MILLISECONDS, 0, 0, 0, colours, 1, 1)).ljust(128, b"\0")


def _frame(chunks: Sequence[bytes]) -> bytes:
    body = b"".join(chunks)
    # The number of chunks stands twice: as old programs read it, and as it is where it is larger than that.
    old = min(len(chunks), 0xFFFF)
    return struct.pack("<IHHH2xI", 16 + len(body), 0xF1FA, old, _MILLISECONDS, len(chunks)) + body


def _chunk(kind: int, body: bytes) -> bytes:
    return struct.pack("<IH", 6 + len(body), kind) + body


def _text(text: str) -> bytes:
    data = text[:_LONGEST_NAME].encode("utf-8", "replace")
    return struct.pack("<H", len(data)) + data


def _palette(colours: np.ndarray) -> bytes:
    entries = b"".join(struct.pack("<H4B", 0, *colour, 255) for colour in colours.tolist())
    return _chunk(_PALETTE, struct.pack("<III8x", len(colours), 0, len(colours) - 1) + entries)


def _old_palette(colours: np.ndarray) -> bytes:
    """The same for programs of before 2016, which skip the new form; all others skip this one where both are there."""
    # One packet, which skips none; 256 colours are written as 0.
    return _chunk(_OLD_PALETTE, struct.pack("<HBB", 1, 0, len(colours) % 256) + colours.tobytes())


def _layer(name: str, flags: int = _VISIBLE_AND_EDITABLE, kind: int = _IMAGE, level: int = 0) -> bytes:
    return _chunk(_LAYER, struct.pack("<HHHHHHB3x", flags, kind, level, 0, 0, 0, 255) + _text(name))


def _cel(layer: int, pixels: np.ndarray) -> bytes:
    """A picture, uint8 (H, W, 4), that covers the whole canvas."""
    # Opaque (255), compressed (2), in the usual order (0).
    head = struct.pack("<HhhBHh5xHH", layer, 0, 0, 255, 2, 0, pixels.shape[1], pixels.shape[0])
    return _chunk(_CEL, head + zlib.compress(np.ascontiguousarray(pixels).tobytes(), 9))


def _tags(spans: Sequence[Run]) -> bytes:
    # Forward, for ever, black.
    one = (struct.pack("<HHBH6x3xx", run.first, run.last, 0, 0) + _text(run.kind) for run in spans)
    return _chunk(_TAGS, struct.pack("<H8x", len(spans)) + b"".join(one))


def _layers(images: np.ndarray, names: Sequence[str], spans: Sequence[Run]) -> list[bytes]:
    """The layers, then their pictures; groups are layers, too, and counted with them."""
    layers: list[bytes] = []
    cels: list[bytes] = []
    first = {run.first: run for run in spans}
    inside = -1  # the last sprite of the group that is open
    for number, image in enumerate(images):
        if number in first:
            layers.append(_layer(first[number].kind, kind=_GROUP))
            inside = first[number].last
        cels.append(_cel(len(layers), image))
        name = names[number] if names else f"{number + 1:03d}"
        flags = _EDITABLE if number else _VISIBLE_AND_EDITABLE
        layers.append(_layer(name, flags, level=int(number <= inside)))
    return layers + cels
