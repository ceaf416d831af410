"""Files that are either the old ones or the new ones, whenever the power goes, and JSON that is read with care."""

from __future__ import annotations

import io
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

import numpy as np


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
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync_folder(path.parent)


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


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a plain file whole; a pipe or a device would never end.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is no plain file, or larger than ``limit`` bytes.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError(f"{path.name} is not a plain file")
        data = file.read(limit + 1)
    if len(data) > limit:
        raise ValueError(f"{path.name} is larger than {limit >> 20} MB")
    return data


def parse_json(data: bytes, name: str) -> dict[str, Any]:
    """Parse a JSON object; ``name`` is what an error calls it.

    Raises:
        ValueError: if it is not UTF-8, not JSON, nested too deep, holds a key twice, or is no object.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_no_duplicates)
    except RecursionError:
        raise ValueError(f"{name} is nested too deep") from None
    except ValueError as error:
        raise ValueError(f"{name} is not valid JSON ({error})") from None
    if not isinstance(value, dict):
        raise ValueError(f"{name} does not hold a JSON object")
    return value


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key occurs twice")
    return value


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
