"""Sprites that somebody wanted to keep: one PNG file each, which also says how it was drawn."""

from __future__ import annotations

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
from ddpm.sprites.readers.pngs import DAMAGE

MOST = 400
_FILE = re.compile(r"[0-9a-f]{16}\.png")
_KEY = "ddpm:favourite"
_LARGEST_FILE = 1 << 20
_PATIENCE = 10.0
# What a model is called may change, and its id was not always noted. The mark of its weights tells it by itself.
_NAMES = ("name", "id")
_NOTE = {"info": is_object, "kept": is_amount}


class FavouritesError(ValueError):
    """A favourite cannot be kept or removed; the message says why."""


@dataclass(frozen=True)
class Favourite:
    """A sprite that is kept.

    Attributes:
        id: tells it from other favourites; the same sprite from the same place has the same.
        image: uint8 (16, 16, 3).
        info: JSON values: which checkpoint, sampler, seed, which sprite of them.
        kept: seconds since 1970, by the clock of that day.
        place: the larger, the later it was kept; 0 for those from before they were numbered.
        file: the name of its file, without the suffix.
    """

    id: str
    image: np.ndarray = field(repr=False)
    info: dict[str, Any]
    kept: float
    place: int = 0
    file: str = ""


def favourite_id(image: np.ndarray, info: dict[str, Any]) -> str:
    """What a sprite is called among the favourites, whether or not it is one.

    Args:
        image: uint8 (16, 16, 3).
        info: JSON values that say where it comes from; of the model its "mark", if there is one, not its "name".
    """
    if info.get("mark"):
        info = {key: value for key, value in info.items() if key not in _NAMES}
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
    try:
        with Lock(home() / "favourites.lock").acquire(_PATIENCE):
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
    """Let a favourite go; one that is not there is gone already.

    Raises:
        FavouritesError: if it cannot be removed.
    """
    try:
        for one in _all():
            if one.id == name:
                (_folder() / f"{one.file}.png").unlink(missing_ok=True)
    except OSError as error:
        raise FavouritesError(f"The favourite could not be removed: {error}") from error


def favourites() -> list[Favourite]:
    """All that are kept, the newest first; files that are damaged are left out, and left alone."""
    try:
        found = {one.id: one for one in _all()}
    except OSError:
        return []
    return sorted(found.values(), key=lambda one: (one.place, one.kept, one.id), reverse=True)


def kept_among(names: Collection[str]) -> set[str]:
    """Those of some names that are kept."""
    return set(names) & {one.id for one in favourites()}


def favourite_names() -> set[str]:
    """The names of the files of all that are kept, without a look into them: damaged ones are among them."""
    try:
        return set(_names())
    except OSError:
        return set()


def _all() -> list[Favourite]:
    """All files of favourites; of old ones two may hold the same."""
    loaded = [_load(name) for name in _names()]
    return [one for one in loaded if one is not None]


def _load(name: str) -> Favourite | None:
    path = _folder() / f"{name}.png"
    try:
        facts = path.stat()
    except OSError:
        return None
    return _read(path, facts.st_mtime_ns, facts.st_size)


# A page asks for all of them at each of its runs, and a file of ours is never changed.
@lru_cache(maxsize=2 * MOST)
def _read(path: Path, mtime_ns: int, size: int) -> Favourite | None:
    try:
        data = read_bytes(path, _LARGEST_FILE)
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            if picture.size != (16, 16) or picture.mode != "RGB":
                return None
            image = np.asarray(picture)
            note = parse_json(str(picture.info.get(_KEY)).encode(), path.stem)
    except DAMAGE:
        return None
    place = note.get("place", 0)
    if not has_fields(note, _NOTE) or not is_count(place):
        return None
    info = note["info"]
    # Its file may be called by an older rule.
    return Favourite(favourite_id(image, info), image, info, float(note["kept"]), place, path.stem)


def _folder() -> Path:
    return home() / "favourites"


def _names() -> list[str]:
    return [name.removesuffix(".png") for name in names_in(_folder(), _FILE)]
