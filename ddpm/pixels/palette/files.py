"""Palette files, from bytes that are not trusted to distinct colours.

Sources: GIMP's ``app/core/gimppalette-load.c`` for ``.gpl``; Microsoft's Multimedia Development Kit (RIFF form "PAL ",
a LOGPALETTE in its "data" chunk) and Paint Shop Pro's JASC text for ``.pal``; Adobe's *Photoshop File Formats*, "Color
Table", for ``.act``; Lospec's list of one rrggbb a line for ``.hex``.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from ddpm.base.files import read_bytes

MOST_COLOURS = 256
_MOST_BYTES = 1 << 20
_MOST_PIXELS = 1 << 20
_LONGEST_NAME = 80
_PNG = b"\x89PNG\r\n\x1a\n"
_KINDS = "a .gpl, .hex, .pal or .act file, or a PNG of at most 256 colours"
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")
_NUMBER = re.compile(r"[0-9]{1,3}")


@dataclass(frozen=True)
class Palette:
    """Colours in the order of their file.

    Attributes:
        name: what the file calls itself, or else its own name without the ending.
        colours: uint8 (K, 3), distinct, K of 1 to 256.
    """

    name: str
    colours: np.ndarray = field(repr=False)


def read_palette(source: Path | str | bytes, name: str | None = None) -> Palette:
    """Read a palette of any of the usual kinds; a colour that comes again is left out.

    What a file is is seen from its first bytes; ``.hex`` and ``.act``, which have no mark, are told by the name.

    Args:
        source: a file, or its bytes.
        name: the file's name, where only its bytes are given.

    Raises:
        ValueError: for anything that is wrong with it, in words for people.
    """
    if isinstance(source, bytes):
        data, name = source, name or "this palette"
        if len(data) > _MOST_BYTES:
            raise ValueError(f"{name} is larger than {_MOST_BYTES >> 20} MB: no palette is")
    else:
        data, name = _content(Path(source)), name or Path(source).name
    title, rows = _parsed(data, name)
    colours = _distinct(rows)
    if not 1 <= len(colours) <= MOST_COLOURS:
        many = "no colour" if len(colours) == 0 else f"{len(colours)} colours"
        raise ValueError(f"{name} has {many}; a palette has 1 to {MOST_COLOURS}")
    return Palette(_clean(title) or _clean(Path(name).stem) or "palette", colours)


def _content(path: Path) -> bytes:
    if "\0" in str(path):
        raise ValueError("no file can have such a name")
    try:
        return read_bytes(path, _MOST_BYTES)
    except OSError as error:
        raise ValueError(f"{path.name or path} cannot be read: {error.strerror or 'it is no plain file'}") from error


def _parsed(data: bytes, name: str) -> tuple[str, np.ndarray]:
    """What the file calls itself, if it does, and its colours: uint8 (R, 3), with repeats."""
    suffix = Path(name).suffix.lower()
    if data.startswith(_PNG):
        return "", _png(data, name)
    if data[:4] == b"RIFF":
        return "", _riff(data, name)
    text = data.removeprefix(b"\xef\xbb\xbf")
    if text.startswith(b"GIMP Palette"):
        return _gpl(_lines(text), name)
    if text.startswith(b"JASC-PAL"):
        return "", _jasc(_lines(text), name)
    if suffix == ".act":
        return "", _act(data, name)
    if suffix == ".hex":
        return "", _hex(_lines(text), name)
    missing = {
        ".gpl": 'its first line is not "GIMP Palette"',
        ".pal": 'it begins neither with "JASC-PAL" nor as a RIFF file',
        ".png": "it is no PNG",
    }
    raise ValueError(f"{name} is no palette: {missing.get(suffix, f'that is {_KINDS}')}")


def _gpl(lines: list[str], name: str) -> tuple[str, np.ndarray]:
    title, with_alpha = "", False
    rows: list[tuple[int, ...]] = []
    for number, line in enumerate(lines[1:], 2):
        key, colon, value = line.partition(":")
        # GIMP takes these only above the first colour; below it such a line would be a broken colour.
        if not rows and colon and key.strip() in ("Name", "Columns", "Channels"):
            title = value if key.strip() == "Name" else title
            with_alpha |= key.strip() == "Channels" and value.strip() == "RGBA"
        elif line.strip() and not line.lstrip().startswith("#"):
            row, more = _row(line, name, number), line.split()[3:4]
            # Aseprite's transparent entry is no colour that anybody sees.
            if not (with_alpha and more == ["0"]):
                rows.append(row)
    return title, _array(rows)


def _jasc(lines: list[str], name: str) -> np.ndarray:
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) < 3 or lines[1].strip() != "0100" or not _NUMBER.fullmatch(lines[2].strip()):
        raise ValueError(f'{name} is damaged: below "JASC-PAL" there should be 0100 and the number of colours')
    count, rows = int(lines[2]), lines[3:]
    if count != len(rows):
        raise ValueError(f"{name} is damaged: it says that it has {count} colours, and {len(rows)} lines follow")
    return _array([_row(line, name, number) for number, line in enumerate(rows, 4)])


def _hex(lines: list[str], name: str) -> np.ndarray:
    rows: list[tuple[int, ...]] = []
    for number, line in enumerate(lines, 1):
        found = _HEX.fullmatch(line.strip())
        if found:
            rows.append(tuple(bytes.fromhex(found[1])))
        elif line.strip():
            raise ValueError(f"line {number} of {name} is no colour such as ff8000: {line.strip()[:20]!r}")
    return _array(rows)


def _act(data: bytes, name: str) -> np.ndarray:
    if len(data) not in (768, 772):
        raise ValueError(f"{name} is no Adobe color table: those have 768 or 772 bytes, not {len(data):,}")
    colours = np.frombuffer(data, np.uint8, 768).reshape(-1, 3)
    if len(data) == 768:
        return colours
    count, clear = struct.unpack(">HH", data[768:])
    if not 1 <= count <= MOST_COLOURS:
        raise ValueError(
            f"{name} is damaged: it says that it has {count} colours, and 1 to {MOST_COLOURS} are possible"
        )
    # The entry that stands for "nothing" is no colour to draw with.
    return np.delete(colours[:count], [clear], axis=0) if clear < count else colours[:count]


def _riff(data: bytes, name: str) -> np.ndarray:
    if data[8:12] != b"PAL ":
        raise ValueError(f"{name} is a RIFF file, but no palette")
    at = 12
    while at + 8 <= len(data):
        mark, size = struct.unpack_from("<4sI", data, at)
        if mark == b"data":
            return _logical_palette(data[at + 8 :], name)
        # Chunks begin at even places.
        at += 8 + size + size % 2
    raise ValueError(f"{name} is damaged: it has no colours")


def _logical_palette(data: bytes, name: str) -> np.ndarray:
    # The count is believed rather than the chunk's size, which some programs write wrongly (XnView: four too many).
    version, count = struct.unpack_from("<HH", data) if len(data) >= 4 else (0, 0)
    if version != 0x0300:
        raise ValueError(f"{name} is damaged, or of a version of RIFF palettes that is not known")
    if count > MOST_COLOURS:
        raise ValueError(f"{name} has {count} colours; a palette has 1 to {MOST_COLOURS}")
    if len(data) < 4 + 4 * count:
        raise ValueError(f"{name} is damaged: it says that it has {count} colours, and ends before")
    return np.frombuffer(data, np.uint8, 4 * count, 4).reshape(-1, 4)[:, :3]


def _png(data: bytes, name: str) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                width, height = image.size
                if width * height > _MOST_PIXELS:
                    raise ValueError(f"{name} is {width} x {height} pixels: too large for a picture of a palette")
                # Pillow would cut greys of 16 bits off at 255 rather than scale them.
                if image.mode.startswith("I"):
                    grey = (np.asarray(image).astype(np.int64) >> 8).astype(np.uint8)
                    return np.repeat(grey.reshape(-1, 1), 3, axis=1)
                pixels = np.asarray(image.convert("RGBA")).reshape(-1, 4)
    except ValueError as error:
        if str(error).startswith(name):
            raise
        raise ValueError(f"{name} is a damaged PNG") from error
    except Exception as error:  # Pillow raises nearly anything for a damaged file
        raise ValueError(f"{name} is a damaged PNG") from error
    return pixels[pixels[:, 3] == 255, :3]


def _row(line: str, name: str, number: int) -> tuple[int, ...]:
    """Red, green and blue at the beginning of a line; what follows is a name, or alpha."""
    parts = line.split(maxsplit=3)[:3]
    if len(parts) == 3 and all(_NUMBER.fullmatch(part) and int(part) <= 255 for part in parts):
        return tuple(int(part) for part in parts)
    raise ValueError(f"line {number} of {name} does not begin with three numbers from 0 to 255: {line.strip()[:20]!r}")


def _lines(data: bytes) -> list[str]:
    # Names of colours may be in any encoding; numbers are the same in all that come into question.
    return data.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _array(rows: list[tuple[int, ...]]) -> np.ndarray:
    return np.array(rows, np.uint8).reshape(-1, 3)


def _distinct(rows: np.ndarray) -> np.ndarray:
    """Each colour once, where it comes first; uint8 (K, 3)."""
    _, first = np.unique(rows, axis=0, return_index=True)
    return np.ascontiguousarray(rows[np.sort(first)])


def _clean(title: str) -> str:
    """A name that can be shown: one line, without what cannot be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in title).split())[:_LONGEST_NAME].strip()
