"""The folder for what the program makes for itself: copies of other people's data, locks, logs."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path


def home() -> Path:
    """The folder named by ``DDPM_HOME``, or ``ddpm-pixel-art`` in the user's cache folder; made if it is missing.

    A relative name means: relative to the working folder at the first call.

    Raises:
        OSError: if it cannot be made or written; the message says what to set instead.
    """
    named = os.environ.get("DDPM_HOME")
    folder = Path(named or "~")
    try:
        folder = _absolute(named) if named else _user_cache() / "ddpm-pixel-art"
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise OSError("no permission to write there")
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OSError(
            f"The folder {folder} cannot be used ({reason}). Set DDPM_HOME to a folder that you can write to."
        ) from error
    return folder.resolve()


@lru_cache
def _absolute(named: str) -> Path:
    return Path(named).expanduser().absolute()


def _user_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG standard says to ignore a relative path.
    return named if named.is_absolute() else Path.home() / ".cache"
