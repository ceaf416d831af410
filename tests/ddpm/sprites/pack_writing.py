"""Packs of pixel art for tests: how they are written, and what Pillow shows of their files."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from tests.ddpm.sprites.pixel_art import lay_out

MAGENTA = (255, 0, 255)
Cell = tuple[Image.Image, str | None]


@dataclass
class Pack:
    """A source as its maker ships it.

    Attributes:
        path: what is loaded.
        cells: what must come of it: each sprite as Pillow shows it, RGBA, and its class.
        left_out: words on what must be left out, which the notes hold.
        answer: the options that answer the question that it may raise.
        options: what it is loaded with in any case.
    """

    path: Path
    cells: Sequence[Cell]
    left_out: tuple[str, ...] = ()
    answer: dict[str, object] = field(default_factory=dict)
    options: dict[str, object] = field(default_factory=dict)


PACKS: dict[str, tuple[str, Callable[[Path], Pack]]] = {}
"""By name: what it is, and a function that writes it into an empty folder."""


def pack(name: str, what: str) -> Callable[[Callable[[Path], Pack]], Callable[[Path], Pack]]:
    def note(write: Callable[[Path], Pack]) -> Callable[[Path], Pack]:
        PACKS[name] = what, write
        return write

    return note


# Writing and reading back


def save(path: Path, pixels: np.ndarray, mode: str = "RGBA", **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).convert(mode).save(path, **options)  # type: ignore[arg-type]
    return path


def shown(file: Path | bytes, label: str | None = None) -> list[Cell]:
    """All frames of a file as Pillow shows them."""
    with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as image:
        return [(frame.convert("RGBA"), label) for frame in ImageSequence.Iterator(image)]


def cut(
    file: Path | bytes, width: int, height: int, gap: int = 0, margin: int = 0, label: str | None = None
) -> list[Cell]:
    """The cells of a sheet in which more than one colour is to be seen, as Pillow crops them."""
    ((sheet, _),) = shown(file)
    found = []
    for top in range(margin, sheet.height - height + 1, height + gap):
        for left in range(margin, sheet.width - width + 1, width + gap):
            cell = sheet.crop((left, top, left + width, top + height))
            colours = cell.getcolors(width * height)
            clear = all(colour[3] == 0 for _, colour in colours)  # type: ignore[index]
            if len(colours) > 1 and not clear:
                found.append((cell, label))
    return found


def drawn(images: np.ndarray, labels: Sequence[str | None] | None = None) -> list[Cell]:
    """What is no file that Pillow reads."""
    named = labels or [None] * len(images)
    return [(Image.fromarray(image), label) for image, label in zip(images, named, strict=True)]


def files(folder: Path, images: np.ndarray, names: Sequence[str], mode: str = "RGBA", **options: object) -> list[Cell]:
    """One file for each drawing."""
    return [
        cell
        for image, name in zip(images, names, strict=True)
        for cell in shown(save(folder / name, image, mode, **options))
    ]


def classes(folder: Path, names: Sequence[str], images: np.ndarray) -> list[Cell]:
    """Drawings dealt out to folders, ``icon-0.png`` and so on in each."""
    cells = []
    for number, image in enumerate(images):
        label = names[number % len(names)]
        cells += shown(save(folder / label / f"icon-{number // len(names)}.png", image), label)
    return cells


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return path


def png(pixels: np.ndarray, mode: str = "RGBA", **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "PNG", **options)  # type: ignore[arg-type]
    return file.getvalue()


def indexed(pixels: np.ndarray) -> Image.Image:
    """A palette picture with one transparent entry, as editors write them."""
    clear = pixels[..., 3] == 0
    colours, places = np.unique(pixels[~clear][:, :3], axis=0, return_inverse=True)
    colours = colours[:255]
    numbers = np.zeros(clear.shape, np.uint8)
    numbers[~clear] = np.minimum(places.reshape(-1), len(colours) - 1) + 1
    image = Image.fromarray(numbers, "P")
    image.putpalette([255, 0, 255, *colours.reshape(-1).tolist()])
    image.info["transparency"] = 0
    return image


def few_colours(images: np.ndarray) -> np.ndarray:
    """The same in at most 216 colours."""
    return np.where(np.arange(4) < 3, images // 51 * 51, images).astype(np.uint8)


def numbered(stem: str, count: int, suffix: str = "png") -> list[str]:
    return [f"{stem}_{number:02d}.{suffix}" for number in range(count)]


def aseprite(frames: np.ndarray, tags: Sequence[tuple[int, int, str]] = ()) -> bytes:
    """An Aseprite file of one layer, true colours, by the public description of the format."""

    def part(kind: int, body: bytes) -> bytes:
        return struct.pack("<IH", len(body) + 6, kind) + body

    def text(value: str) -> bytes:
        return struct.pack("<H", len(value.encode())) + value.encode()

    body = b""
    for number, frame in enumerate(frames):
        height, width = frame.shape[:2]
        parts = []
        if number == 0:
            parts.append(part(0x2004, struct.pack("<HHHHHHB3x", 1, 0, 0, 0, 0, 0, 255) + text("Layer 1")))
            if tags:
                spans = (struct.pack("<HHBH6x3xx", first, last, 0, 0) + text(name) for first, last, name in tags)
                parts.append(part(0x2018, struct.pack("<H8x", len(tags)) + b"".join(spans)))
        cel = struct.pack("<HhhBHh5xHH", 0, 0, 0, 255, 2, 0, width, height)
        parts.append(part(0x2005, cel + zlib.compress(np.ascontiguousarray(frame).tobytes())))
        data = b"".join(parts)
        body += struct.pack("<IHHH2xI", len(data) + 16, 0xF1FA, len(parts), 100, len(parts)) + data
    height, width = frames.shape[1:3]
    head = struct.pack("<HHHHHIHIIB3xHBB", 0xA5E0, len(frames), width, height, 32, 1, 100, 0, 0, 0, 0, 1, 1)
    return (struct.pack("<I", 128 + len(body)) + head).ljust(128, b"\0") + body


def xpm(image: np.ndarray) -> bytes:
    letters = "".join(map(chr, range(35, 91))) + "abcdefghijklmnopqrstuvwxyz{}|~"
    colours = sorted({tuple(colour) for colour in image.reshape(-1, 4).tolist()})
    names = {colour: letters[at // 60] + letters[at % 60] for at, colour in enumerate(colours)}
    table = [
        f'"{name} c {"None" if colour[3] == 0 else "#" + bytes(colour[:3]).hex()}",' for colour, name in names.items()
    ]
    rows = [f'"{"".join(names[tuple(pixel)] for pixel in row.tolist())}",' for row in image]
    head = f'"{image.shape[1]} {image.shape[0]} {len(colours)} 2 ",'
    return "\n".join(["/* XPM */", "static char * icon_xpm[] = {", head, *table, *rows, "};", ""]).encode()


def sheet(folder: Path, name: str, tiles: np.ndarray, columns: int, **layout: object) -> Pack:
    """A sheet, with its grid as the answer to a question."""
    height, width = tiles.shape[1:3]
    path = save(folder / name, lay_out(tiles, columns, **layout))  # type: ignore[arg-type]
    margin, gap = (int(layout.get(key, 0)) for key in ("margin", "gap"))  # type: ignore[call-overload]
    answer = {"tile": f"{width}x{height}"} | {key: value for key, value in (("margin", margin), ("gap", gap)) if value}
    return Pack(path, cut(path, width, height, gap, margin), answer=answer)
