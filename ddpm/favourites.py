"""Sprites that somebody wanted to keep: one PNG file each, which also says how it was drawn."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from ddpm.files import parse_json, read_bytes, replace_bytes
from ddpm.home import home

MOST = 400
_ID = re.compile(r"[0-9a-f]{16}")
_KEY = "ddpm:favourite"
_LARGEST_FILE = 1 << 20


class FavouritesError(ValueError):
    """A favourite cannot be kept or removed; the message says why."""


@dataclass(frozen=True)
class Favourite:
    """A sprite that is kept.

    Attributes:
        id: its name among the favourites; the same sprite from the same place has the same.
        image: uint8 (16, 16, 3).
        info: JSON values: which checkpoint, sampler, seed, which sprite of them.
        kept: seconds since 1970.
    """

    id: str
    image: np.ndarray = field(repr=False)
    info: dict[str, Any]
    kept: float


def favourite_id(image: np.ndarray, info: dict[str, Any]) -> str:
    """What a sprite is called among the favourites, whether or not it is one.

    Args:
        image: uint8 (16, 16, 3).
        info: JSON values that say where it comes from.
    """
    digest = blake2b(json.dumps(info, sort_keys=True).encode(), digest_size=8)
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def keep(image: np.ndarray, info: dict[str, Any]) -> Favourite:
    """Keep a sprite; one that is kept already stays as it is.

    Args:
        image: uint8 (16, 16, 3).
        info: JSON values that say where it comes from.

    Raises:
        FavouritesError: if there are ``MOST`` of them, or the home cannot be written.
    """
    name, now = favourite_id(image, info), time.time()
    found = PngInfo()
    found.add_text(_KEY, json.dumps({"kept": now, "info": info}))
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", pnginfo=found)
    try:
        folder = _folder()
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}.png"
        if not path.exists():
            if len(_names()) >= MOST:
                raise FavouritesError(f"{MOST} favourites are kept already: remove one first.")
            replace_bytes(path, file.getvalue())
    except OSError as error:
        raise FavouritesError(f"The favourite could not be kept: {error}") from error
    return Favourite(name, image, info, now)


def remove(name: str) -> None:
    """Let a favourite go; one that is not there is gone already.

    Raises:
        FavouritesError: if it cannot be removed.
    """
    if not _ID.fullmatch(name):
        return
    try:
        (_folder() / f"{name}.png").unlink(missing_ok=True)
    except OSError as error:
        raise FavouritesError(f"The favourite could not be removed: {error}") from error


def favourites() -> list[Favourite]:
    """All that are kept, the newest first; files that are damaged are left out, and left alone."""
    try:
        loaded = [_load(name) for name in _names()]
    except OSError:
        return []
    return sorted((one for one in loaded if one is not None), key=lambda one: (one.kept, one.id), reverse=True)


def kept_among(names: Collection[str]) -> set[str]:
    """Those of some names that are kept."""
    return set(names) & favourite_names()


def favourite_names() -> set[str]:
    """The ids of all that are kept, without a look into their files."""
    try:
        return set(_names())
    except OSError:
        return set()


def _load(name: str) -> Favourite | None:
    try:
        data = read_bytes(_folder() / f"{name}.png", _LARGEST_FILE)
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.size != (16, 16) or picture.mode != "RGB":
                return None
            image = np.asarray(picture)
            note = parse_json(str(picture.info.get(_KEY)).encode(), name)
        info, kept = note["info"], float(note["kept"])
    except (OSError, ValueError, KeyError, TypeError, SyntaxError, UnidentifiedImageError):
        return None
    return Favourite(name, image, info, kept) if isinstance(info, dict) else None


def _folder() -> Path:
    return home() / "favourites"


def _names() -> list[str]:
    folder = _folder()
    if not folder.is_dir():
        return []
    return [entry.stem for entry in folder.iterdir() if entry.suffix == ".png" and _ID.fullmatch(entry.stem)]
