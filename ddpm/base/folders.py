"""Folders that are complete or absent: built under another name, and renamed when they appear or disappear."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from ddpm.base.files import move, remove_folder, sync_folder

_BUILDING, _DISCARDED = ".building-", ".discarded-"
# A program that still builds a folder changes it more often than this.
_STALE_SECONDS = 6 * 3600


@contextlib.contextmanager
def build_aside(parent: Path) -> Iterator[Path]:
    """A new folder in ``parent`` to fill and :func:`put_in_place`, or else removed at the end. Raises OSError."""
    building = parent / f"{_BUILDING}{secrets.token_hex(8)}"
    try:
        building.mkdir(parents=True)
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)


def put_in_place(building: Path, target: Path, *, durable: bool = True) -> None:
    """Give a folder its final name; if ``durable``, that name survives a power cut.

    Raises OSError if that fails, for example because a folder that is not empty has the name.
    """
    move(building, target)
    if durable:
        sync_folder(target.parent)


def discard(folder: Path) -> None:
    """Remove a folder so that nobody finds half of it; memory maps of its files stay valid.

    Raises OSError if it cannot be renamed or removed. If only the removal failed, :func:`sweep` tries again.
    """
    aside = folder.with_name(f"{_DISCARDED}{secrets.token_hex(8)}")
    move(folder, aside)
    remove_folder(aside)


def names_in(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    """Names in a folder that match a pattern; none if there is no such folder. Raises OSError if it is unreadable."""
    return [entry.name for entry in folder.iterdir() if pattern.fullmatch(entry.name)] if folder.is_dir() else []


def sweep(parent: Path, older_than: float = _STALE_SECONDS) -> None:
    """Remove what killed programs left half-built in ``parent``; with ``older_than`` 0, whatever its age in seconds."""
    with contextlib.suppress(OSError):
        for prefix in (_BUILDING, _DISCARDED):
            for left in parent.glob(f"{prefix}*"):
                if not older_than or time.time() - left.stat().st_mtime > older_than:
                    shutil.rmtree(left, ignore_errors=True)
