"""Folders that are whole or absent: built aside, moved into place in one step, and out of sight in one step."""

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
# Whatever is still at work touches its folder more often.
_STALE_SECONDS = 6 * 3600


@contextlib.contextmanager
def build_aside(parent: Path) -> Iterator[Path]:
    """A new folder in ``parent`` to fill and :func:`put_in_place`; whatever is left of it at the end is removed.

    Raises:
        OSError: if it cannot be made.
    """
    building = parent / f"{_BUILDING}{secrets.token_hex(8)}"
    try:
        building.mkdir(parents=True)
        yield building
    finally:
        shutil.rmtree(building, ignore_errors=True)


def put_in_place(building: Path, target: Path, *, durable: bool = True) -> None:
    """Give a folder its name in one step.

    Args:
        durable: make the new name survive a power cut.

    Raises:
        OSError: if that fails, as it does where a folder that is not empty has the name.
    """
    move(building, target)
    if durable:
        sync_folder(target.parent)


def discard(folder: Path) -> None:
    """Remove a folder in one step, so that nobody finds half of it; maps of its files stay valid.

    Raises:
        OSError: if it cannot be moved or removed. Once moved it is out of sight, and :func:`sweep` tries again.
    """
    aside = folder.with_name(f"{_DISCARDED}{secrets.token_hex(8)}")
    move(folder, aside)
    remove_folder(aside)


def names_in(folder: Path, pattern: re.Pattern[str]) -> list[str]:
    """Names in a folder that fit a pattern; none where there is no such folder.

    Raises:
        OSError: if it cannot be read.
    """
    return [entry.name for entry in folder.iterdir() if pattern.fullmatch(entry.name)] if folder.is_dir() else []


def sweep(parent: Path, older_than: float = _STALE_SECONDS) -> None:
    """Remove what killed builders left behind in ``parent``.

    Args:
        older_than: seconds; 0 for whoever knows that nobody else builds there.
    """
    with contextlib.suppress(OSError):
        for prefix in (_BUILDING, _DISCARDED):
            for left in parent.glob(f"{prefix}*"):
                if not older_than or time.time() - left.stat().st_mtime > older_than:
                    shutil.rmtree(left, ignore_errors=True)
