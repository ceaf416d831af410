"""The Kaggle set "Pixel Art": used if it is on this machine, downloaded only when somebody asks for it."""

from __future__ import annotations

import importlib.util
import os
import shlex
import sys
from pathlib import Path

from ddpm.base.home import home
from ddpm.sprites.errors import SpriteError

HANDLE = "ebrahimelgazar/pixel-art/versions/1"
PAGE = "https://www.kaggle.com/datasets/ebrahimelgazar/pixel-art"
FILE = "sprites.npy"
_PACKAGE = "kagglehub"


def find() -> Path | None:
    """Where ``sprites.npy`` of the Kaggle set is on this machine, in our own folder or kagglehub's; or None."""
    theirs = os.environ.get("KAGGLEHUB_CACHE") or os.path.expanduser("~/.cache/kagglehub")
    folders = [Path(theirs) / "datasets" / HANDLE]
    own = own_folder()
    if own is not None:
        folders.insert(0, own)
    return next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)


def require() -> Path:
    """Like :func:`find`.

    Raises:
        SpriteError: if the set isn't on this machine; it says how to get it.
    """
    path = find()
    if path is None:
        raise SpriteError(
            "The Kaggle set is not on this machine, and nothing is downloaded unasked. To fetch it: "
            f"python -m ddpm data kaggle --download (needs the package {_PACKAGE}: {install_line()}). {_by_hand()}"
        )
    return path


def download() -> Path:
    """Fetch the Kaggle set with the package kagglehub, unless it is on this machine already.

    Returns:
        the path of its ``sprites.npy``.

    Raises:
        SpriteError: if the package is missing, or Kaggle cannot be reached or refuses; it says what else to do.
    """
    path = find()
    if path is not None:
        return path
    try:
        import kagglehub
    except ImportError as error:
        raise SpriteError(
            f"The package {_PACKAGE} is missing. Run this line, and try again: {install_line()}. {_by_hand()}"
        ) from error
    try:
        folder = Path(kagglehub.dataset_download(HANDLE))
    except Exception as error:  # kagglehub lets many kinds through: its own, requests', urllib3's, OSError
        reason = str(error).strip().split("\n")[0][:200] or type(error).__name__
        raise SpriteError(f"Kaggle did not deliver the set ({reason}). Check the connection. {_by_hand()}") from error
    path = folder / FILE
    if not path.is_file():
        raise SpriteError(f"What Kaggle delivered holds no {FILE}. {_by_hand()}")
    return path


def can_download() -> bool:
    """Whether the package that :func:`download` needs is installed by now."""
    if sys.modules.get(_PACKAGE) is not None:
        return True
    # It may have been installed since we started.
    importlib.invalidate_caches()
    return importlib.util.find_spec(_PACKAGE) is not None


def install_line() -> str:
    """The command that installs that package for the Python we run in, whichever is active in the terminal."""
    python = shlex.quote(sys.executable) if os.name == "posix" else f'"{sys.executable}"'
    return f"{python} -m pip install {_PACKAGE}"


def own_folder() -> Path | None:
    """Where the set can be put by hand; None if the home cannot be used."""
    try:
        return home() / "kaggle"
    except OSError:
        return None


def _by_hand() -> str:
    own = own_folder()
    place = own if own is not None else "a folder of your own, and load that"
    return f"Or download it by hand from {PAGE} and put sprites.npy and sprites_labels.npy into {place}."
