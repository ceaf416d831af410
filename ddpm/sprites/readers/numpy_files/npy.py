"""The .npy format, read with suspicion: the header's claims are checked before anything is allocated.

Nothing is ever unpickled: only plain numbers, and text where it is asked for, are read.
"""

from __future__ import annotations

import ast
import io
import math
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np

from ddpm.base.files import open_plain, read_bytes
from ddpm.base.text import display_name, megabytes
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.numpy_files.array_store import ArrayStore

MAGIC = b"\x93NUMPY"
_LONGEST_HEADER = 10_000
_COPY_BYTES = 4 << 20
_LONG = re.compile(r"(?<=[0-9])L(?=[,)\s])")  # Python 2 wrote whole numbers as 16L
_KINDS = {
    "O": "Python objects (loading them could run code, so it is never done)",
    "V": "records (a structured type)",
    "M": "dates",
    "m": "time spans",
    "c": "complex numbers",
    "S": "text",
    "U": "text",
}


@dataclass(frozen=True)
class Header:
    """A checked header: the array's shape, type (plain numbers, or text) and order, and the header's own length."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    length: int

    @property
    def size(self) -> int:
        """Bytes of data; a Python int, so nothing wraps."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: BinaryIO, size: int, where: str, *, text: bool = False) -> Header:
    """Read the header at the start of ``file`` and check that it matches the data behind it.

    Args:
        size: bytes of the whole file or archive member, header included.
        where: what messages call it.
        text: allow an array of text or of bytes (for labels and their names).

    Raises:
        SpriteError: if it is no .npy, holds something other than numbers, or doesn't match ``size``.
    """
    start = file.read(8)
    if not start:
        raise SpriteError(f"{where} is empty (0 bytes). Save or download it again.")
    if not start.startswith(MAGIC):
        raise SpriteError(f"{where} is not a NumPy file: it does not begin as one. Save it with numpy.save.")
    if len(start) < 8:
        raise SpriteError(f"{where} stops after {size} bytes, inside its header. Save or download it again.")
    version = start[6]
    if version not in (1, 2, 3) or start[7] != 0:
        raise SpriteError(f"{where} has the unknown NumPy format version {start[6]}.{start[7]}. Use numpy.save.")
    width = 2 if version == 1 else 4
    length = int.from_bytes(file.read(width), "little")
    if length > _LONGEST_HEADER:
        raise SpriteError(
            f"{where} claims a header of {length:,} bytes, and a plain array needs about 100. It is damaged, "
            "or was not made by numpy.save."
        )
    raw = file.read(length)
    if len(raw) < length:
        raise SpriteError(f"{where} stops after {size} bytes, inside its header. Save or download it again.")
    shape, dtype, fortran = _parse(raw, "utf-8" if version == 3 else "latin-1", where, text)
    header = Header(shape, dtype, fortran, 8 + width + length)
    there = size - header.length
    if there < header.size:
        raise SpriteError(
            f"{where} is cut short: its header promises {megabytes(header.size)} of data (shape {_brief(shape)}, "
            f"{dtype}), and {megabytes(there)} are there. Save or download it again."
        )
    if there > header.size:
        raise SpriteError(
            f"{where} goes on for {there - header.size:,} bytes after its array of shape {_brief(shape)}. "
            "It is damaged; save it again with numpy.save."
        )
    return header


def copy_data(file: BinaryIO, header: Header, store: ArrayStore, name: str, where: str) -> np.ndarray:
    """Copy the data that follows the header into the store, as the array ``name``, in pieces.

    Raises:
        SpriteError: if the file ends early, because somebody shortens it while we read.
    """

    def pieces() -> Iterator[bytes]:
        left = header.size
        while left:
            piece = file.read(min(left, _COPY_BYTES))
            if not piece:
                raise SpriteError(f"{where} ends {megabytes(left)} early. It is damaged, or still being written.")
            left -= len(piece)
            yield piece

    return store.put(name, header.shape, header.dtype, pieces(), header.fortran)


def load(path: Path, limit: int) -> np.ndarray:
    """An array that we wrote ourselves, whole and read-only; it takes as much memory as the file does on the disk.

    Args:
        limit: the most bytes that are read.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is no plain file or too large; a SpriteError if it holds no array of numbers.
    """
    return parse(read_bytes(path, limit), display_name(path))


def parse(data: bytes, where: str) -> np.ndarray:
    """The array in the bytes of a whole .npy file, read-only and without a copy.

    Raises:
        SpriteError: as :func:`read_header`.
    """
    header = read_header(io.BytesIO(data), len(data), where)
    try:
        values = np.frombuffer(data, header.dtype, math.prod(header.shape), header.length)
        return values.reshape(header.shape, order="F" if header.fortran else "C")
    except ValueError:
        raise _unbuildable(header, where) from None


def load_mapped(path: Path) -> np.ndarray:
    """An array that we wrote ourselves, mapped from its file: it takes no memory until it is used.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is no plain file; a SpriteError if it holds no array of numbers.
    """
    with open_plain(path) as file:
        header = read_header(file, os.fstat(file.fileno()).st_size, display_name(path))
        order: Literal["F", "C"] = "F" if header.fortran else "C"
        try:
            return np.memmap(path, header.dtype, "r", header.length, header.shape, order)
        except (ValueError, OverflowError):
            raise _unbuildable(header, display_name(path)) from None


def _unbuildable(header: Header, where: str) -> SpriteError:
    """For shapes that need no data, so that no file is too short for them, but that no array can have either."""
    return SpriteError(f"{where} has a header with an impossible shape ({_brief(header.shape)}). Save it again.")


def _parse(raw: bytes, encoding: str, where: str, text: bool) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    broken = SpriteError(f"{where} has a damaged header. Save it again with numpy.save.")
    try:
        words = raw.decode(encoding).strip()
        try:
            value = ast.literal_eval(words)
        except SyntaxError:
            value = ast.literal_eval(_LONG.sub("", words))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise broken from None
    if not isinstance(value, dict) or set(value) != {"descr", "fortran_order", "shape"}:
        raise broken
    shape, descr, fortran = value["shape"], value["descr"], value["fortran_order"]
    if not isinstance(fortran, bool):
        raise broken
    if not isinstance(shape, tuple) or not all(type(n) is int for n in shape) or any(n < 0 for n in shape):
        raise SpriteError(f"{where} has a header with an impossible shape. Save it again with numpy.save.")
    if isinstance(descr, list | tuple):
        raise SpriteError(f"{where} holds {_KINDS['V']}, not plain numbers. {_ADVICE}")
    try:
        dtype = np.dtype(descr) if isinstance(descr, str) else None
    except (TypeError, ValueError, SyntaxError, OverflowError):
        dtype = None
    if dtype is None:
        raise SpriteError(f"{where} has a number type that NumPy does not know. Save it again with numpy.save.")
    if dtype.fields is not None or dtype.subdtype is not None:
        raise SpriteError(f"{where} holds {_KINDS['V']}, not plain numbers. {_ADVICE}")
    if dtype.kind not in "buif" and not (text and dtype.kind in "US" and dtype.itemsize):
        raise SpriteError(f"{where} holds {_KINDS.get(dtype.kind, str(dtype))}, not plain numbers. {_ADVICE}")
    return shape, dtype, fortran


def _brief(shape: tuple[int, ...]) -> str:
    text = str(shape) if len(shape) <= 8 else f"of {len(shape)} dimensions"
    return text if len(text) <= 100 else text[:99] + "…"


_ADVICE = "Save the pixels as numpy.uint8, shape (N, H, W, 3)."
