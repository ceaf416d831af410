"""Picture files of every usual kind: from bytes that are not trusted to uint8 ``(F, H, W, 4)``, all frames."""

from __future__ import annotations

import ctypes
import io
import logging
import os
import re
import struct
import warnings
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor

from ddpm.base.text import counted, listed
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.picture_files import aseprite
from ddpm.sprites.readers.picture_files.png_chunks import SIGNATURE
from ddpm.sprites.readers.picture_files.pngs import MOST_FRAMES, check_size, decode_png, deep_grey, guess_format, reason

__all__ = ["MOST_FRAMES", "MOST_PIXELS", "SUFFIXES", "Picture", "guess_format", "is_picture", "read_picture"]

SUFFIXES = (
    *(".png", ".apng", ".gif", ".bmp", ".webp", ".ico", ".cur", ".tif", ".tiff", ".tga", ".xpm"),
    *(".aseprite", ".ase"),
)
MOST_PIXELS = 32_000_000
_MOST_BYTES = 256 << 20
_LARGEST_ICON = 64  # a side; larger ones are photographs of the art rather than the art
_MARKS = (
    (SIGNATURE, "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    *((mark, "TIFF") for mark in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    (b"/* XPM */", "XPM"),
)


def _silence() -> None:
    """What Pillow would print of damaged files, where nobody knows what it means."""
    logging.getLogger("PIL").addHandler(logging.NullHandler())
    try:
        set_handler = ctypes.CDLL(Image.core.__file__).TIFFSetErrorHandler
    except (OSError, AttributeError):  # linked in another way: a line is printed
        return
    set_handler.argtypes, set_handler.restype = [ctypes.c_void_p], ctypes.c_void_p
    set_handler(None)


_silence()


@dataclass(frozen=True)
class Picture:
    """A decoded file.

    Attributes:
        frames: uint8 ``(F, H, W, 4)``: straight alpha as in the file; colours are 0 where alpha is 0.
        format: "PNG", "GIF", "Aseprite" ...
        note: the layout that our own sheets note.
        tags: the tag of each frame of an Aseprite file, None if it has none.
        left_out: what was dropped: "3 hidden layers".
    """

    frames: np.ndarray
    format: str
    note: str | None = None
    tags: tuple[str | None, ...] | None = None
    left_out: tuple[str, ...] = ()


def is_picture(name: str) -> bool:
    """Whether a file is one that :func:`read_picture` reads, by the ending of its name."""
    return name.lower().endswith(SUFFIXES)


def read_picture(data: bytes, where: str, most_pixels: int = MOST_PIXELS) -> Picture:
    """Decode a file by its own first bytes, whatever its name; only TGA, which has no mark, goes by its ending.

    Args:
        where: the file's name, for messages.
        most_pixels: of all frames together.

    Raises:
        SpriteError: if it is of no such kind, is damaged, or too large. Nothing else.
    """
    if len(data) > _MOST_BYTES:
        raise SpriteError(f"{where} is larger than {_MOST_BYTES >> 20} MB. Cut it into several files.")
    kind = _kind(data, where)
    # For good, and not only meanwhile: to take it back would take back what another thread set in between.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        picture = _read(data, where, kind, most_pixels)
    except SpriteError:
        raise
    except Image.DecompressionBombError as error:
        raise SpriteError(
            f"{where} has far more than the {most_pixels:,} pixels that are read. "
            "Scale it down to one pixel per pixel of the art, or cut it into several files."
        ) from error
    except Exception as error:  # Pillow raises whatever the Python of its readers does: KeyError, TypeError ...
        raise SpriteError(f"{where} is a damaged {kind} file ({reason(error)}). Save or download it again.") from error
    picture.frames[picture.frames[..., 3] == 0] = 0
    return picture


def _kind(data: bytes, where: str) -> str:
    ending = os.path.splitext(where)[1].lower()
    for mark, kind in _MARKS:
        if data.startswith(mark):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data.startswith(b"\0\0\1\0"):  # as a TGA it would have no colours
        return "ICO"
    if ending == ".tga":
        return "TGA"
    if data.startswith(b"\0\0\2\0") and ending == ".cur":
        return "CUR"
    if data[4:6] == aseprite.MAGIC:
        return "Aseprite"
    if data.startswith(b"\xff\xd8\xff"):
        raise _blurred(where)
    raise SpriteError(
        f"{where} is no picture that is read here: it seems to be {guess_format(data)}. Save the image as PNG."
    )


def _blurred(where: str) -> SpriteError:
    return SpriteError(
        f"{where} is a JPEG image. JPEG blurs the colours, so no pixel is as it was drawn: look for the original. "
        "To save it as PNG would keep the blur."
    )


def _read(data: bytes, where: str, kind: str, most_pixels: int) -> Picture:
    if kind == "PNG":
        png = decode_png(data, where, most_pixels)
        return Picture(png.frames, kind, png.note, left_out=png.left_out)
    if kind == "Aseprite":
        flat = aseprite.decode_aseprite(data, where, most_pixels)
        return Picture(flat.frames, kind, tags=flat.tags, left_out=flat.left_out)
    if kind == "XPM":
        return Picture(_decode_xpm(data, where, most_pixels), kind)
    if kind in ("ICO", "CUR"):
        return _decode_icon(data, where, kind, most_pixels)
    count = None
    if kind == "GIF":
        count = _check_gif(data, where, most_pixels)
    elif kind == "WebP":
        _check_webp(data, where, most_pixels)
    frames, left_out = _decode(data, where, kind.upper(), most_pixels, count)
    return Picture(frames, kind, left_out=left_out)


def _decode(
    data: bytes, where: str, kind: str, most_pixels: int, count: int | None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """All frames of the first one's size, by Pillow; ``count``, if it is known, is how many there must be."""
    frames, others, number = [], 0, 0
    with Image.open(io.BytesIO(data), formats=(kind,)) as image:
        size = image.size
        check_size(*size, getattr(image, "n_frames", 1) if kind == "WEBP" else 1, where, most_pixels)
        while _seek(image, number):
            number += 1
            check_size(*size, number, where, most_pixels)
            if image.size != size:
                others += 1
                continue
            if image.info.get("compression") in ("jpeg", "tiff_jpeg"):
                raise _blurred(where)
            image.load()
            frames.append(_rgba(image))
    if count is not None and number != count:
        raise ValueError("some of its frames are missing")
    return np.stack(frames), (f"{counted(others, 'page')} of another size",) if others else ()


def _seek(image: Image.Image, number: int) -> bool:
    try:
        image.seek(number)
    except EOFError:
        return False
    return True


def _rgba(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I;16"):
        grey = deep_grey(np.asarray(image))
        return np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=-1)
    if image.mode in ("I", "F"):
        raise ValueError("it holds measured numbers, not colours")
    return np.asarray(image.convert("RGBA"))


# What Pillow would find out only while it decodes


def _check_gif(data: bytes, where: str, most_pixels: int) -> int:
    """How many frames a GIF has, none of which is cut short."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at, count = 13 + (6 << (flags & 7) if flags & 0x80 else 0), 0
    while at < len(data) and data[at] != 0x3B:
        if data[at] == 0x2C:
            left, top, across, down, flags = struct.unpack_from("<HHHHB", data, at + 1)
            width, height, count = max(width, left + across), max(height, top + down), count + 1
            check_size(width, height, count, where, most_pixels)
            at = _skip_blocks(data, at + 11 + (6 << (flags & 7) if flags & 0x80 else 0))
        elif data[at] == 0x21:
            at = _skip_blocks(data, at + 2)
        else:
            raise ValueError("there is something unknown between its frames")
    if not count or (count > 1 and at >= len(data)):
        raise ValueError("some of its frames are missing")
    return count


def _skip_blocks(data: bytes, at: int) -> int:
    while data[at]:  # an IndexError where it is cut short
        at += data[at] + 1
    return at + 1


def _check_webp(data: bytes, where: str, most_pixels: int) -> None:
    width = height = 1
    if data[12:16] == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    elif data[12:16] == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif data[12:16] == b"VP8X":
        width, height = (int.from_bytes(data[start : start + 3], "little") + 1 for start in (24, 27))
    check_size(width, height, 1, where, most_pixels)


# Icons


def _decode_icon(data: bytes, where: str, kind: str, most_pixels: int) -> Picture:
    """The largest of an icon's pictures that is no larger than pixel art is, or the smallest there is."""
    images = []
    for number in range(struct.unpack_from("<H", data, 4)[0]):
        length, start = struct.unpack_from("<II", data, 14 + 16 * number)
        if length < 24 or start + length > len(data):
            raise ValueError("a picture in it is cut short")
        images.append((*_icon_size(data[start : start + 24]), start, length))
    if not images:
        raise ValueError("it holds no picture")
    small = [one for one in images if max(one[:2]) <= _LARGEST_ICON]
    chosen = (
        max(small, key=lambda one: (one[0] * one[1], one[2])) if small else min(images, key=lambda one: one[0] * one[1])
    )
    width, height, depth, start, length = chosen
    image = data[start : start + length]
    others = [f"{one[0]} x {one[1]}" for one in images if one is not chosen]
    named = f" ({listed(list(dict.fromkeys(others)), 8)})"
    left_out = (f"{counted(len(others), 'other size')} of the icon{named}",) if others else ()
    check_size(width, height, 1, where, most_pixels)
    if image.startswith(SIGNATURE):
        return Picture(decode_png(image, where, most_pixels).frames, kind, left_out=left_out)
    # An icon of this picture alone. The depth is the picture's own: many icons, and all cursors, don't state it.
    head = struct.pack("<HHHBBBBHHII", 0, 1, 1, width % 256, height % 256, 0, 0, 1, depth, len(image), 22)
    return Picture(_decode(head + image, where, "ICO", most_pixels, 1)[0], kind, left_out=left_out)


def _icon_size(image: bytes) -> tuple[int, int, int]:
    """Width, height and bits a pixel of a picture in an icon: a PNG, or a bitmap with its mask below it."""
    if image.startswith(SIGNATURE):
        return *struct.unpack_from(">II", image, 16), 32
    if struct.unpack_from("<I", image)[0] == 12:
        width, height, depth = struct.unpack_from("<HH2xH", image, 4)
    else:
        width, height, depth = struct.unpack_from("<ii2xH", image, 4)
    return abs(width), abs(height) // 2, depth


# XPM, a picture as C source: Pillow knows neither its comments nor names of colours

_XPM_TOKEN = re.compile(rb'/\*.*?(?:\*/|\Z)|"([^"]*)"', re.DOTALL)
_XPM_KEYS = ("c", "m", "g", "g4", "s")


def _decode_xpm(data: bytes, where: str, most_pixels: int) -> np.ndarray:
    found = (match.group(1) for match in _XPM_TOKEN.finditer(data))
    strings = [text for text in found if text is not None]
    width, height, colours, letters = (int(number) for number in strings[0].split()[:4])
    check_size(width, height, 1, where, most_pixels)
    rows = strings[1 + colours : 1 + colours + height]
    if not 0 < colours < len(strings) or not 0 < letters <= 7 or len(rows) != height:
        raise ValueError("it is cut short")
    if any(len(row) != width * letters for row in rows):
        raise ValueError("its rows are of several lengths")
    table = {_letters_as_number(line[:letters]): _xpm_colour(line[letters:]) for line in strings[1 : 1 + colours]}
    text = np.frombuffer(b"".join(rows), np.uint8).reshape(height, width, letters)
    numbers = np.zeros((height, width), np.int64)
    for place in range(letters):
        numbers |= text[..., place].astype(np.int64) << 8 * place
    used, places = np.unique(numbers, return_inverse=True)
    palette = np.array([table[number] for number in used.tolist()], np.uint8)
    return palette[places.reshape(height, width)][None]


def _letters_as_number(letters: bytes) -> int:
    return int.from_bytes(letters, "little")


def _xpm_colour(text: bytes) -> tuple[int, int, int, int]:
    values: dict[str, str] = {}
    key = ""
    for word in text.decode("latin-1").split():
        if word in _XPM_KEYS and (not key or values[key]):
            key, values[word] = word, ""
        elif key:
            values[key] += word.lower()  # the name of a colour may have spaces
    if not (name := values.get("c", "")):
        raise ValueError("a colour in it is missing")
    if name == "none":
        return 0, 0, 0, 0
    if name.startswith("#") and len(name) % 3 == 1:
        digits = (len(name) - 1) // 3
        red, green, blue = (int((name[at : at + digits] * 2)[:2], 16) for at in range(1, len(name), digits))
        return red, green, blue, 255
    if grey := re.fullmatch(r"gr[ae]y(\d{1,3})", name):
        value = min(255, (int(grey.group(1)) * 255 + 50) // 100)
        return value, value, value, 255
    red, green, blue = ImageColor.getrgb(name)[:3]
    return red, green, blue, 255
