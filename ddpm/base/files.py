"""Files read whole, and replaced atomically: after a crash there is either the old file or the new one."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import secrets
import shutil
import stat
import time
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ddpm.base.json_values import parse_json

_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}
# Seconds, one in all: Windows refuses to replace a file while somebody reads it.
_WAITS = (0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.4)


def replace_bytes(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write ``data`` beside ``path`` and move it into place; the old file's mode and a symbolic link are kept.

    Args:
        durable: wait until it is on the disk; not needed for files that are rewritten every second.

    Raises:
        OSError: if it cannot be written; ``path`` is then unchanged.
    """
    path = Path(os.path.realpath(path))
    # Not a longer form of the file's own name, which may already have the greatest possible length.
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
    """Rename a file or folder, replacing a file or an empty folder; if refused, try again for a second.

    Raises:
        OSError: if it cannot be done; ``PermissionError`` if it was refused every time.
    """
    for seconds in _WAITS:
        try:
            os.replace(source, target)
            return
        except PermissionError:
            if target.is_dir():
                # Waiting does not remove that folder.
                raise
            time.sleep(seconds)
    os.replace(source, target)


def remedy(error: BaseException) -> str:
    """Advice after a failed write, as an imperative without a full stop."""
    if isinstance(error, PermissionError):
        return "Close the program that has the file open, or give permission to write there"
    if isinstance(error, OSError) and error.errno not in _FULL:
        return "See to the disk and its permissions"
    return "Make room"


def replace_json(path: Path, value: Any, *, durable: bool = True) -> None:
    """:func:`replace_bytes` for a JSON value, indented for people."""
    replace_bytes(path, (json.dumps(value, indent=2, allow_nan=False) + "\n").encode(), durable=durable)


def npy_bytes(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


def read_json(path: Path, limit: int = 16 << 20) -> dict[str, Any]:
    """Read a JSON object of at most ``limit`` bytes; raises what :func:`read_bytes` and :func:`parse_json` raise."""
    return parse_json(read_bytes(path, limit), path.name)


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file for reading; a pipe or a device might never end.

    Raises:
        OSError: if it cannot be opened.
        ValueError: if it is not a plain file, or no file can have that name.
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
        # Not ``limit``: Python allocates memory for the whole requested size first.
        data = file.read(size + 1) if size <= limit else b""
    if max(size, len(data)) > limit:
        raise ValueError(f"{path.name} is larger than {limit >> 20} MB")
    return data


def remove_folder(folder: Path) -> None:
    """Remove a folder with its content; of a symbolic link only the link. Raises OSError if that fails."""
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder)


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut; does nothing where folders cannot be synced (Windows)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
