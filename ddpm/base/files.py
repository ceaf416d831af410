"""Files that are either the old ones or the new ones, whenever the power goes, and JSON that is read with care."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import secrets
import shutil
import stat
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ddpm.base.names import showable_values

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
# Windows refuses to replace what somebody has open, if only for the instant of reading it. Together: a second.
_WAITS = (0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.4)
_MOST_LEVELS = 32
_MOST_DIGITS = 300


def replace_bytes(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write ``data`` beside ``path`` and move it into place in one step; the mode of an existing file is kept.

    A symbolic link stays one: what it points to is replaced.

    Args:
        durable: wait until the disk has it; off for files that are written every second and worth nothing later.

    Raises:
        OSError: if it cannot be written; ``path`` is then what it was before.
    """
    path = Path(os.path.realpath(path))
    # Not the file's own name and more: that may be as long as names can be.
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        if path.exists():
            os.chmod(temporary, path.stat().st_mode & 0o7777)
        move(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


def move(source: Path, target: Path) -> None:
    """Rename a file or folder, which replaces a file (or an empty folder) of that name; a refusal is not taken at once.

    Raises:
        OSError: if it cannot be done; ``PermissionError`` if it was refused again and again.
    """
    for seconds in _WAITS:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if target.is_dir():
                # It holds the place, and will go on to.
                raise
            time.sleep(seconds)
    os.replace(source, target)


def remedy(error: BaseException) -> str:
    """What helps where writing failed, as a request: "Make room"."""
    if isinstance(error, PermissionError):
        return "Close the program that has the file open, or give permission to write there"
    if isinstance(error, OSError) and error.errno not in _FULL:
        return "See to the disk and its permissions"
    return "Make room"


def replace_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """:func:`replace_bytes` for a JSON value, indented for people."""
    replace_bytes(path, (json.dumps(value, indent=2, allow_nan=False) + "\n").encode(), durable=durable)


def npy_bytes(array: np.ndarray) -> bytes:
    """An array as the bytes of a .npy file."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def read_json(path: Path, limit: int = 16 << 20) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        limit: the most bytes that are read.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is no plain file, too large, or not what :func:`parse_json` takes.
    """
    return parse_json(read_bytes(path, limit), path.name)


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file to read; a pipe or a device would never end.

    Raises:
        OSError: if it cannot be opened.
        ValueError: if it is no plain file, or no file can have that name.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ValueError(f"{path.name} is not a plain file")
    return open(handle, "rb")


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a plain file whole.

    Raises:
        OSError: if it cannot be read.
        ValueError: as :func:`open_plain`, or if it is larger than ``limit`` bytes.
    """
    with open_plain(path) as file:
        size = os.fstat(file.fileno()).st_size
        # Not the limit: room for what is asked for is taken before anything is read.
        data = file.read(size + 1) if size <= limit else b""
    if max(size, len(data)) > limit:
        raise ValueError(f"{path.name} is larger than {limit >> 20} MB")
    return data


def parse_json(data: bytes, name: str) -> dict[str, Any]:
    """Parse a JSON object; ``name`` is what an error calls it. Every number in it is finite as a float.

    Raises:
        ValueError: if it is not UTF-8, not JSON, nested too deep, holds a key twice or a number that is too large, or
            is no object.
    """
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        deep = _is_deep(value)
    except RecursionError:
        deep = True
    except ValueError as error:
        raise ValueError(f"{name} is not valid JSON ({error})") from None
    if deep:
        raise ValueError(f"{name} is nested too deep")
    # Valid JSON may spell half a character, which can neither be shown nor written.
    if b"\\ud" in data or b"\\uD" in data:
        value = showable_values(value)
    if not isinstance(value, dict):
        raise ValueError(f"{name} does not hold a JSON object")
    return value


def _is_deep(value: Any) -> bool:
    """Whether there are more levels than any of our files has; whoever walks through the others has room for them."""
    level = [value]
    for _ in range(_MOST_LEVELS):
        held = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)]
        level = [item for items in held for item in items]
        if not level:
            return False
    return True


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key occurs twice")
    return value


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError("a number is too large")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is not a finite number")
    return number


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_duplicates, parse_int=_whole, parse_float=_finite, parse_constant=_finite
)


def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it; of one that is a link the link alone, never what it leads to.

    Raises:
        OSError: if it cannot be removed.
    """
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder)


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut; a no-op where folders cannot be synced (Windows)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
