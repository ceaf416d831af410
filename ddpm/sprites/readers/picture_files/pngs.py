"""A PNG as uint8 ``(F, H, W, 4)``, its alpha as it stands there. Sizes are checked before anything is decoded."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

import numpy as np
from PIL import Image, UnidentifiedImageError

from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.picture_files.png_chunks import SIGNATURE, Chunks, read_chunks

MOST_FRAMES = 4096
DAMAGE = (
    *(UnidentifiedImageError, Image.DecompressionBombError),
    *(SyntaxError, OSError, ValueError, struct.error, zlib.error, EOFError, IndexError),
)
"""What Pillow raises for PNGs that are damaged."""


@dataclass(frozen=True)
class DecodedPng:
    """uint8 ``(F, H, W, 4)``, the layout that our own sheets note, and what was dropped."""

    frames: np.ndarray
    note: str | None
    left_out: tuple[str, ...] = ()


def decode_png(data: bytes, where: str, most_pixels: int) -> DecodedPng:
    """Decode a PNG of any colour type, and all frames of an animation: 16 bits become 8.

    Args:
        where: the file's name, for messages.
        most_pixels: of all frames together.

    Raises:
        SpriteError: if it is no PNG, is damaged, or has more than ``most_pixels``.
    """
    width, height = size_of(data, where)
    check_size(width, height, 1, where, most_pixels)
    chunks = read_chunks(data, where)
    check_size(width, height, chunks.frames + chunks.still, where, most_pixels)
    try:
        with _open(chunks) as image:
            if image.size != (width, height):
                raise ValueError("it states its size twice")
            frames = np.empty((chunks.frames, height, width, 4), np.uint8)
            for number in range(chunks.frames):
                image.seek(number + chunks.still)
                image.load()
                frames[number] = _pixels(image, chunks, depth=data[24])
    except DAMAGE as error:
        raise SpriteError(f"{where} is a damaged PNG ({reason(error)}). Save or download it again.") from error
    return DecodedPng(frames, chunks.note, ("the still picture before the animation",) if chunks.still else ())


def check_size(width: int, height: int, frames: int, where: str, most_pixels: int) -> None:
    """Refuse what would take more memory than pictures of sprites ever need.

    Raises:
        SpriteError: if there are no pixels, more than ``most_pixels`` in all frames, or more than ``MOST_FRAMES``.
    """
    if width < 1 or height < 1:
        raise _empty(width, height, where)
    if frames > MOST_FRAMES:
        raise SpriteError(f"{where} has {frames:,} frames; at most {MOST_FRAMES:,} are read. Cut it into several.")
    if width * height * frames > most_pixels:
        times = f"{frames:,} frames of " if frames > 1 else ""
        raise SpriteError(
            f"{where} has {times}{width:,} x {height:,} pixels; at most {most_pixels:,} are read. "
            "Scale it down to one pixel per pixel of the art, or cut it into several files."
        )


def deep_grey(values: np.ndarray) -> np.ndarray:
    """16 bits as 8, rounded: uint8 of the same shape. Pillow's own conversion would clip at 255."""
    return ((values.astype(np.uint32) * 255 + 32767) // 65535).clip(0, 255).astype(np.uint8)


def reason(error: BaseException) -> str:
    """Why a file could not be decoded, in a few words."""
    text = "".join(c for c in str(error).split("\n")[0] if c.isprintable())
    return "it cannot be decoded" if isinstance(error, UnidentifiedImageError) or not text else text[:120]


def guess_format(data: bytes) -> str:
    """What a file that begins with ``data`` is, most likely: "a JPEG image"."""
    start = data[:512].lstrip().lower()
    if not data:
        return "an empty file"
    for mark, name in _KINDS:
        if data.startswith(mark):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "a WebP image"
    if data[4:6] == b"\xe0\xa5":
        return "an Aseprite file"
    if data[4:8] == b"ftyp":
        return "an AVIF or HEIC image, or a video"
    if b"<svg" in start:
        return "an SVG drawing"
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        return "a web page (HTML)"
    if start.startswith((b"<?xml", b"<")):
        return "an XML or HTML text"
    if not data.strip(b"\0"):
        return "nothing but zeros"
    if all(byte in b"\t\n\r\f\b\x1b" or byte >= 32 for byte in data[:512]) and b"\x7f" not in data[:512]:
        return "a text file"
    return "something unknown"


def size_of(data: bytes, where: str) -> tuple[int, int]:
    """The width and height in a PNG's header, whatever the rest holds.

    Raises:
        SpriteError: if it is no PNG, or states none.
    """
    if not data.startswith(SIGNATURE):
        raise SpriteError(f"{where} is no PNG: it seems to be {guess_format(data)}. Save the image as PNG.")
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise SpriteError(f"{where} is a damaged PNG (its first lines are missing). Save or download it again.")
    width, height = struct.unpack(">II", data[16:24])
    if width == 0 or height == 0:
        raise _empty(width, height, where)
    return width, height


def _empty(width: int, height: int, where: str) -> SpriteError:
    return SpriteError(f"{where} has no pixels: it says it is {width} x {height}. Save it again.")


def _open(chunks: Chunks) -> Image.Image:
    return Image.open(io.BytesIO(chunks.picture), formats=("PNG",))


def _pixels(image: Image.Image, chunks: Chunks, depth: int) -> np.ndarray:
    """uint8 ``(H, W, 4)`` of the frame that is loaded; ``depth`` is the file's bits a channel."""
    clear = None if chunks.clear is None else tuple(n & (1 << depth) - 1 for n in _numbers(chunks.clear))
    if image.mode.startswith("I"):  # 16-bit grey, which Pillow's own conversion would clip at 255
        deep = np.asarray(image).astype(np.uint32)
        grey = deep_grey(deep)
        alpha = _alpha(deep[..., None], clear)
        return np.stack([grey, grey, grey, alpha], axis=-1)
    if image.mode not in ("1", "L", "RGB") or clear is None:
        return np.asarray(image.convert("RGBA"))
    # We look for the transparent colour ourselves: Pillow compares scaled pixels with the unscaled colour.
    colours = np.asarray(image.convert("RGB"))
    if depth == 16:
        if chunks.frames > 1:  # the lower bytes of later frames are out of reach: as Pillow sees it
            return np.asarray(image.convert("RGBA"))
        values = colours.astype(np.uint16) << 8 | _lower_bytes(chunks)
    elif image.mode == "RGB":
        values = colours
    else:
        values = colours[..., :1] // (255 // ((1 << depth) - 1))
    return np.dstack([colours, _alpha(values, clear)])


def _numbers(clear: bytes) -> tuple[int, ...]:
    return tuple(int.from_bytes(clear[at : at + 2], "big") for at in range(0, len(clear) - 1, 2))


def _alpha(values: np.ndarray, clear: tuple[int, ...] | None) -> np.ndarray:
    """uint8 ``(H, W)``: 0 where the file's values ``(H, W, C)`` are its one transparent colour, else 255."""
    if clear is None:
        return np.full(values.shape[:2], 255, np.uint8)
    return np.where((values == np.array(clear[: values.shape[2]])).all(axis=-1), 0, 255).astype(np.uint8)


def _lower_bytes(chunks: Chunks) -> np.ndarray:
    """uint8 ``(H, W, 3)``: the lower bytes of 16-bit RGB, of which Pillow returns only the upper ones."""
    with _open(chunks) as image:
        # Read as little-endian, the lower byte is taken for the upper one.
        image.tile = [tile._replace(args="RGB;16L") for tile in image.tile]  # type: ignore[attr-defined]
        return np.asarray(image)


_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a GIF image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"BM", "a BMP image"),
    (b"8BPS", "a Photoshop file (PSD)"),
    (b"gimp xcf", "a GIMP file (XCF)"),
    (b"ASEF", "an Adobe palette"),
    (b"qoif", "a QOI image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\0\0\x01\0", "an icon (ICO)"),
    (SIGNATURE, "a PNG image"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x80\x02", "a Python pickle, which is never opened"),
    (b"\x80\x03", "a Python pickle, which is never opened"),
    (b"\x80\x04", "a Python pickle, which is never opened"),
    (b"\x80\x05", "a Python pickle, which is never opened"),
)
