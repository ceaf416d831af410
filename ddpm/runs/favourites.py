"""Sprites that a user keeps: one PNG file each, which also says how it was drawn."""

from __future__ import annotations

import contextlib
import io
import json
import re
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ddpm.base.files import read_bytes, replace_bytes
from ddpm.base.folders import names_in
from ddpm.base.home import home
from ddpm.base.json_values import has_fields, is_amount, is_count, is_object, parse_json
from ddpm.base.locks import Lock
from ddpm.pixels.conversion import LARGEST, is_sprite_shape
from ddpm.sprites.readers.picture_files.pngs import DAMAGE

MOST = 400
_FILE = re.compile(r"[0-9a-f]{16}\.png")
_KEY = "ddpm:favourite"
_LARGEST_FILE = 1 << 20
_LOCK_SECONDS = 10.0
# A model's name may change, and old favourites have no id; the mark of its weights alone identifies it.
_NAMES = ("name", "id")
# Older favourites lack it, and are the same sprites.
_SHOWN = "shows"
_NOTE = {"info": is_object, "kept": is_amount}


class FavouritesError(ValueError):
    """A favourite cannot be kept or removed; the message says why."""


@dataclass(frozen=True)
class Favourite:
    """A sprite that is kept.

    Attributes:
        id: see :func:`favourite_id`.
        image: uint8 (H, W, C).
        info: JSON values: which checkpoint, sampler, seed, which sprite of the batch.
        kept: when, in seconds since 1970.
        place: larger if it was kept later; 0 for files of older versions, which had no numbers.
        file: the name of its file, without the suffix.
    """

    id: str
    image: np.ndarray = field(repr=False)
    info: dict[str, Any]
    kept: float
    place: int = 0
    file: str = ""


def favourite_id(image: np.ndarray, info: dict[str, Any]) -> str:
    """The id that a sprite has, or would have, among the favourites.

    Args:
        image: uint8 (H, W, C).
        info: JSON values that say where it comes from; with a "mark" of the model, its "name" and "id" are ignored, and
            always "shows", the kind of the sprite.
    """
    info = {key: value for key, value in info.items() if key != _SHOWN}
    if info.get("mark"):
        info = {key: value for key, value in info.items() if key not in _NAMES}
    digest = blake2b(json.dumps(info, sort_keys=True).encode(), digest_size=8)
    digest.update(np.ascontiguousarray(image).data)
    return digest.hexdigest()


def keep(image: np.ndarray, info: dict[str, Any]) -> Favourite:
    """Keep a sprite, or return the favourite that it already is; the arguments are those of :func:`favourite_id`.

    Raises:
        FavouritesError: if there are ``MOST`` of them, or the home cannot be written.
    """
    name, now = favourite_id(image, info), time.time()
    try:
        with Lock(home() / "favourites.lock").acquire(_LOCK_SECONDS):
            known = favourites()
            same = next((one for one in known if one.id == name), None)
            if same is not None:
                return same
            if len(_names()) >= MOST:
                raise FavouritesError(f"{MOST} favourites are kept already: remove one first.")
            kept = Favourite(name, image, info, now, 1 + max((one.place for one in known), default=0), name)
            _folder().mkdir(exist_ok=True)
            replace_bytes(_folder() / f"{name}.png", _png(kept))
            return kept
    except OSError as error:
        raise FavouritesError(f"The favourite could not be kept: {error}") from error


def _png(one: Favourite) -> bytes:
    note = PngInfo()
    note.add_text(_KEY, json.dumps({"kept": one.kept, "place": one.place, "info": one.info}))
    file = io.BytesIO()
    Image.fromarray(one.image).save(file, "PNG", pnginfo=note)
    return file.getvalue()


def remove(name: str) -> None:
    """Remove a favourite, if it is one; raises FavouritesError if that fails."""
    try:
        for one in _readable():
            if one.id == name:
                (_folder() / f"{one.file}.png").unlink(missing_ok=True)
    except OSError as error:
        raise FavouritesError(f"The favourite could not be removed: {error}") from error


def favourites() -> list[Favourite]:
    """All that are kept, the newest first, without damaged files."""
    try:
        found = {one.id: one for one in _readable()}
    except OSError:
        return []
    return sorted(found.values(), key=lambda one: (one.place, one.kept, one.id), reverse=True)


def kept_among(names: Collection[str]) -> set[str]:
    """The given ids that belong to favourites."""
    return set(names) & {one.id for one in favourites()}


def favourite_names() -> set[str]:
    """The names of all files, without their suffix; they are not read, so damaged ones are included."""
    try:
        return set(_names())
    except OSError:
        return set()


def _readable() -> list[Favourite]:
    """All readable files; two old ones may hold the same favourite."""
    loaded = []
    for name in _names():
        path = _folder() / f"{name}.png"
        with contextlib.suppress(OSError):
            facts = path.stat()
            loaded.append(_read(path, facts.st_mtime_ns, facts.st_size))
    return [one for one in loaded if one is not None]


# A page needs all of them each time it is drawn, and these files never change.
@lru_cache(maxsize=2 * MOST)
def _read(path: Path, mtime_ns: int, size: int) -> Favourite | None:
    try:
        data = read_bytes(path, _LARGEST_FILE)
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if max(picture.size) > LARGEST or picture.mode not in ("RGB", "RGBA"):
                return None
            image = np.asarray(picture)
            if not is_sprite_shape(image.shape):
                return None
            note = parse_json(str(picture.info.get(_KEY)).encode(), path.stem)
    except DAMAGE:
        return None
    place = note.get("place", 0)
    if not has_fields(note, _NOTE) or not is_count(place):
        return None
    info = note["info"]
    # Older versions named files by another rule.
    return Favourite(favourite_id(image, info), image, info, float(note["kept"]), place, path.stem)


def _folder() -> Path:
    return home() / "favourites"


def _names() -> list[str]:
    return [name.removesuffix(".png") for name in names_in(_folder(), _FILE)]
