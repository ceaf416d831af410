"""Our own copies of foreign data: each source is read once, checked, indexed, and from then on mapped from here.

``sprites/sources/<hash>.json`` says what a source looked like when it was read, and which content it has;
``sprites/<content>/`` holds the arrays. Foreign files are not mapped: it kills the process when one is shortened.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.base.files import read_json, replace_json
from ddpm.base.folders import build_aside, discard, put_in_place, sweep
from ddpm.base.home import home
from ddpm.base.json_values import has_fields, is_count, is_name, is_text, list_of, or_none
from ddpm.base.locks import Lock
from ddpm.base.text import display_name
from ddpm.pixels.conversion import is_sprite_shape
from ddpm.pixels.duplicates import find_first_rows, row_hashes
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.numpy_files import npy
from ddpm.sprites.readers.numpy_files.array_store import ArrayStore, ArrayStoreError
from ddpm.sprites.readers.reader import Reader, SpriteArrays
from ddpm.sprites.readers.tally import TallyRow
from ddpm.sprites.split import split_hashes

_LAYOUT = 1
"""Raise it when arrays are stored differently: what older versions stored is then not used."""

_READING = 3
"""Raise it when sources are read differently: each is then read again."""

_FACTS = "facts.json"
_CLOCK_NS = 20_000_000  # two changes within one tick of a file system's clock look the same
_HASHED_BYTES = 8 << 20
_PATIENCE = 10.0
_LARGEST_JSON = 4 << 20
_KNOWN = {
    "layout": is_count,
    "count": is_count,
    "fingerprint": is_text,
    "label_names": or_none(list_of(is_name)),
    "factors": list_of(is_name),
    "files": lambda value: has_fields(value, {}) and all(map(is_name, value)) and all(map(is_count, value.values())),
}

_TOLD = {
    "notes": list_of(lambda note: isinstance(note, str)),
    "tally": lambda rows: isinstance(rows, list),
    "background": or_none(is_text),
}


@dataclass(frozen=True)
class StoredSprites:
    """Sprites with their index, as they lie in the cache; :class:`~ddpm.sprites.dataset.SpriteDataset` shows them."""

    images: np.ndarray
    labels: np.ndarray | None
    label_names: tuple[str, ...] | None
    first_rows: np.ndarray
    split_hashes: np.ndarray
    fingerprint: str
    factors: dict[str, np.ndarray]
    notes: tuple[str, ...] = ()
    tally: tuple[TallyRow, ...] = ()
    background: str | None = None


def fetch(key: Sequence[Any], files: Sequence[Path], read: Reader) -> StoredSprites:
    """The sprites of a source: from our copy if nothing has changed since, else read again and stored.

    Args:
        key: what distinguishes this source from others: where it is, and how it is to be read.
        files: all files that it consists of.
        read: reads it.

    Raises:
        SpriteError: if it cannot be read, changes while it is read, or doesn't fit on the disk.
        OSError: if one of ``files`` is gone.
    """
    name = blake2b(json.dumps([_LAYOUT, _READING, *key]).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    for _ in range(3):
        stamp = _stamp(files)
        try:
            folder = _make(home() / "sprites")
            stored = _known(folder, name, stamp) or _build(folder, None, read)
        except (OSError, ArrayStoreError) as error:
            _refuse_if_full(error)
            if isinstance(error, OSError) and not _same(files, stamp):
                continue
            stored = _index(read(ArrayStore(None, _sentence(error))), ArrayStore(None))
            folder = None
        if _same(files, stamp):
            if folder is not None:
                _remember(folder, name, stamp, stored)
            return stored
    raise SpriteError(f"{display_name(files[0])} changes while it is read. Load it again when it is complete.")


def fetch_made(kind: str, name: str, read: Reader) -> StoredSprites:
    """Like :func:`fetch` for what we make ourselves: kept in ``<home>/<kind>/<name>``, or in memory if that fails."""
    try:
        folder = _make(home() / kind)
        return _open(folder / name) or _build(folder, name, read)
    except (OSError, ArrayStoreError) as error:
        return _index(read(ArrayStore(None, _sentence(error))), ArrayStore(None))


def _known(folder: Path, name: str, stamp: str) -> StoredSprites | None:
    try:
        entry = read_json(folder / "sources" / f"{name}.json", _LARGEST_JSON)
    except (OSError, ValueError):
        return None
    content = _content_of(folder / "sources" / f"{name}.json")
    if content is None or entry.get("stamp") != stamp or not has_fields(entry, _TOLD):
        return None
    try:
        tally = tuple(map(TallyRow.from_dict, entry["tally"]))
    except ValueError:
        return None
    stored = _open(folder / content)
    if stored is None:
        return None
    return replace(stored, notes=tuple(entry["notes"]), tally=tally, background=entry["background"])


def _remember(folder: Path, name: str, stamp: str, stored: StoredSprites) -> None:
    """Note what a source holds; a failure only means that it is read again next time."""
    # Locked, so that no source takes up a content between the check that none has it and its removal.
    with contextlib.suppress(OSError), Lock(folder.with_name(f"{folder.name}.lock")).acquire(_PATIENCE):
        entry = _make(folder / "sources") / f"{name}.json"
        before, now = _content_of(entry), _content_name(stored)
        # Notes belong to the source, not to the content: another source may hold the same sprites and nothing else.
        told = {
            "notes": list(stored.notes),
            "tally": [row.to_dict() for row in stored.tally],
            "background": stored.background,
        }
        replace_json(entry, {"stamp": stamp, "content": now, **told}, durable=False)
        if before not in (None, now) and all(_content_of(other) != before for other in entry.parent.glob("*.json")):
            discard(folder / str(before))


def _content_of(entry: Path) -> str | None:
    try:
        content = read_json(entry, _LARGEST_JSON).get("content")
    except (OSError, ValueError):
        return None
    return content if isinstance(content, str) and content.isalnum() else None


def _build(folder: Path, name: str | None, read: Reader) -> StoredSprites:
    """Read into a folder of its own and move that into place in one step; whoever comes second uses the first's."""
    sweep(folder)
    with build_aside(folder) as building:
        store = ArrayStore(building)
        stored = _index(read(store), store)
        try:
            _write_facts(building, stored)
        except OSError as error:
            raise ArrayStoreError(building, error) from error
        target = folder / (name or _content_name(stored))
        for _ in range(3):
            with contextlib.suppress(OSError):
                put_in_place(building, target)
            ready = _open(target)
            if ready is not None:
                return replace(ready, notes=stored.notes, tally=stored.tally, background=stored.background)
            with contextlib.suppress(OSError):
                discard(target)  # what holds the place is damaged
        # Somebody holds the place and it is of no use: what was built stays valid, since it is mapped.
        return stored


def _index(read: SpriteArrays, store: ArrayStore) -> StoredSprites:
    def put(name: str, values: np.ndarray) -> np.ndarray:
        return store.put(name, values.shape, values.dtype, [values])

    hashes = row_hashes(read.images)
    first_rows = find_first_rows(hashes)
    return StoredSprites(
        read.images,
        None if read.labels is None else put("labels", read.labels),
        read.label_names,
        put("first_rows", first_rows),
        put("split_hashes", split_hashes(read.images, first_rows)),
        _fingerprint(hashes, read.images.shape, read.labels),
        {name: put(f"factor_{name}", values) for name, values in read.factors.items()},
        read.notes,
        read.tally,
        read.background,
    )


def _fingerprint(hashes: np.ndarray, shape: tuple[int, ...], labels: np.ndarray | None) -> str:
    """Hex of the content: every pixel and label, in row order."""
    whole = blake2b(digest_size=16)
    count, height, width, channels = shape
    whole.update(b"sprites %dx%dx%d %d " % (width, height, channels, count))
    whole.update(np.ascontiguousarray(hashes, ">u8").tobytes())
    if labels is not None:
        whole.update(b"labels")
        whole.update(np.ascontiguousarray(labels, ">i8").tobytes())
    return whole.hexdigest()


def _write_facts(folder: Path, stored: StoredSprites) -> None:
    sizes = {path.name: path.stat().st_size for path in sorted(folder.glob("*.npy"))}
    facts = {
        "layout": _LAYOUT,
        "count": len(stored.images),
        "fingerprint": stored.fingerprint,
        "label_names": stored.label_names,
        "factors": sorted(stored.factors),
        "files": sizes,
    }
    replace_json(folder / _FACTS, facts)


def _open(folder: Path) -> StoredSprites | None:
    """What a folder of ours holds, mapped; None if it isn't there or isn't whole."""
    try:
        facts = read_json(folder / _FACTS, _LARGEST_JSON)
        if not has_fields(facts, _KNOWN) or facts["layout"] != _LAYOUT:
            return None
        count, names, files = facts["count"], facts["label_names"], facts["files"]
        if any((folder / name).stat().st_size != size for name, size in files.items()):
            return None

        def column(name: str, dtype: type[np.generic]) -> np.ndarray:
            values = npy.load_mapped(folder / f"{name}.npy")
            if values.dtype != dtype or values.shape != (count,):
                raise ValueError(f"{name} is not what was stored")
            return values

        images = npy.load_mapped(folder / "images.npy")
        if images.dtype != np.uint8 or len(images) != count or not is_sprite_shape(images.shape[1:]):
            return None
        first_rows = column("first_rows", np.int64)
        labels = column("labels", np.int64) if "labels.npy" in files else None
        if not _within(first_rows, np.arange(1, count + 1)):
            return None
        if labels is not None and (names is None or not _within(labels, len(names))):
            return None
        return StoredSprites(
            images,
            labels,
            None if names is None else tuple(names),
            first_rows,
            column("split_hashes", np.uint64),
            facts["fingerprint"],
            {name: column(f"factor_{name}", np.int64) for name in facts["factors"]},
        )
    except (OSError, ValueError):
        return None


def _within(values: np.ndarray, ends: np.ndarray | int) -> bool:
    """Whether values can be used as indices below ``ends``."""
    return bool(((values >= 0) & (values < ends)).all())


def _content_name(stored: StoredSprites) -> str:
    # Names of classes belong to the content, though not to the fingerprint, which is about pixels and labels.
    text = json.dumps([_LAYOUT, stored.fingerprint, stored.label_names])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _stamp(files: Sequence[Path]) -> str:
    """What changes with a source: size, times and inode of all its files, and their bytes if they are small."""
    mark = blake2b(digest_size=16)
    total = newest = 0
    for path in files:
        facts = path.stat()
        newest = max(newest, facts.st_mtime_ns, facts.st_ctime_ns)
        total += facts.st_size
        text = f"{path}|{facts.st_size}|{facts.st_mtime_ns}|{facts.st_ctime_ns}|{facts.st_ino}|{facts.st_dev}\n"
        mark.update(text.encode("utf-8", "surrogatepass"))
    if total <= _HASHED_BYTES:
        # A write through a memory map may leave no trace in a file's times.
        for path in files:
            with open(path, "rb") as file:
                mark.update(file.read(_HASHED_BYTES))
    elif 0 <= time.time_ns() - newest < _CLOCK_NS:
        time.sleep(_CLOCK_NS / 1e9)
    return mark.hexdigest()


def _same(files: Sequence[Path], stamp: str) -> bool:
    try:
        return _stamp(files) == stamp
    except OSError:
        return False


def _make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _refuse_if_full(error: OSError | ArrayStoreError) -> None:
    full = error.full if isinstance(error, ArrayStoreError) else ArrayStoreError(Path(), error).full
    if full:
        raise SpriteError(
            "The disk is full: there is no room for the copy of these sprites that the program keeps. "
            "Free some space, or set the environment variable DDPM_HOME to a folder on another disk."
        ) from error


def _sentence(error: Exception) -> str:
    text = str(error).strip()
    return text if text.endswith(".") else text + "."
