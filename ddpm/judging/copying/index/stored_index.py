"""Training indices on disk, so that what is needed of a data set before samples can be judged is computed once.

``yardsticks/<key>/`` in our home holds the arrays of one index, and ``facts.json`` their digests. The key depends on
the data (by their fingerprint, in which the sprites' size is), on what was seen of them, and on the version of the
measures. What is damaged or missing is computed again.

Of the built-in set the part that takes longest comes with the program. Whenever a measure or that set changes, raise
the version below, and make it again (ten seconds of one core):

    python -m ddpm.judging.copying.index.stored_index
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from hashlib import blake2b
from pathlib import Path

import numpy as np

from ddpm.base.files import npy_bytes, read_bytes, read_json, replace_bytes, replace_json
from ddpm.base.folders import build_aside, discard, put_in_place, sweep
from ddpm.base.home import home
from ddpm.judging.copying.comparison_set import ComparisonSet, check_seen, what_was_seen
from ddpm.judging.copying.index.shipped_index import SHIPPED, packed, shipped_parts
from ddpm.judging.copying.index.training_index import TrainingIndex, Watch
from ddpm.sprites import load_sprites
from ddpm.sprites.readers.numpy_files import npy

_VERSION = 3
"""To be raised whenever a measure changes, so that what older versions stored or shipped is not used."""

_FACTS = "facts.json"
_MOST_STORED = 8
_READING = 0.05
_MAPPED_BYTES, _LARGEST_BYTES = 1 << 20, 4 << 30


def load_or_build(comparison_set: ComparisonSet, watch: Watch = lambda done, what: None) -> TrainingIndex:
    """The index of a comparison set, read from disk if possible, else built (from what is shipped, if any) and stored.

    Args:
        watch: called with the share that is done, 0..1, and in words what is being done.

    Raises:
        ValueError: if the model has seen nothing of the data set, or fewer than two distinct sprites.
    """
    check_seen(comparison_set)
    train, heldout = _images(comparison_set)
    key = index_key(comparison_set)
    folder = _folder(key)
    if folder is not None and (stored := _read(folder, train, heldout)) is not None:
        return stored
    watch(0.0, "Reading the sprites")
    index = TrainingIndex(train, heldout, shipped_parts(key))
    index.prepare(lambda done, what: watch(_READING + (1 - _READING) * done, what))
    if folder is not None:
        # If the disk is full, the index is built again next time.
        with contextlib.suppress(OSError):
            _write(folder, index.parts())
    return index


def is_stored(comparison_set: ComparisonSet) -> bool:
    """Whether :func:`load_or_build` will find a stored index; whether that is damaged is not checked."""
    folder = _folder(index_key(comparison_set))
    return folder is not None and (folder / _FACTS).is_file()


def index_key(comparison_set: ComparisonSet) -> str:
    """Equal for equal data of which the same was seen, by one version of the measures; 32 hex digits."""
    key = blake2b(digest_size=16)
    key.update(json.dumps([_VERSION, comparison_set.sprites.fingerprint, len(comparison_set.seen)]).encode())
    for rows in (comparison_set.seen, comparison_set.unseen):
        key.update(np.ascontiguousarray(rows, "<i8").tobytes())
    return key.hexdigest()


def ship() -> bytes:
    """The file of :mod:`.shipped_index`, computed anew: of the built-in set, divided as usual."""
    comparison_set = what_was_seen(load_sprites("builtin"), None)
    index = TrainingIndex(*_images(comparison_set))
    index.prepare()
    return packed(index_key(comparison_set), index.parts())


def _images(comparison_set: ComparisonSet) -> tuple[np.ndarray, np.ndarray]:
    images = comparison_set.sprites.images
    return images[comparison_set.seen], images[comparison_set.unseen]


def _folder(key: str) -> Path | None:
    """Where the index is stored; None if nothing can be stored."""
    try:
        # This old name stays, so that what earlier versions stored is still found.
        folder = home() / "yardsticks"
        folder.mkdir(exist_ok=True)
    except OSError:
        return None
    return folder / key


def _read(folder: Path, train: np.ndarray, heldout: np.ndarray) -> TrainingIndex | None:
    """None if it is missing or damaged."""
    try:
        digests = read_json(folder / _FACTS)["digests"]
        parts = {}
        for name, digest in digests.items():
            path = folder / f"{name}.npy"
            data = read_bytes(path, _LARGEST_BYTES)
            if blake2b(data, digest_size=16).hexdigest() != digest:
                return None
            # Large arrays are memory-mapped, so that processes share them.
            parts[name] = npy.load_mapped(path) if len(data) > _MAPPED_BYTES else npy.parse(data, path.name)
        index = TrainingIndex(train, heldout, parts)
        _mark_used(folder)
        return index
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        return None


def _write(folder: Path, parts: dict[str, np.ndarray]) -> None:
    """Write a temporary folder and move it into place in one step; raises OSError if that fails."""
    sweep(folder.parent)
    with contextlib.suppress(OSError):
        used = _by_use(folder.parent)
        for path in used[: max(0, len(used) - _MOST_STORED + 1)]:
            discard(path.parent)
    with build_aside(folder.parent) as building:
        digests = {}
        for name, values in parts.items():
            data = npy_bytes(np.ascontiguousarray(values))
            replace_bytes(building / f"{name}.npy", data, durable=False)
            digests[name] = blake2b(data, digest_size=16).hexdigest()
        replace_json(building / _FACTS, {"version": _VERSION, "digests": digests})
        # A folder that is already there is damaged, or equal and written by another process.
        with contextlib.suppress(OSError):
            discard(folder)
        put_in_place(building, folder)
        _mark_used(folder)


def _by_use(parent: Path) -> list[Path]:
    """The indices' facts, those that were not used for longest first."""
    return sorted(parent.glob(f"*/{_FACTS}"), key=lambda path: path.stat().st_mtime_ns)


def _mark_used(folder: Path) -> None:
    """Make this index the last to be removed. A clock may be set back, so its date is made the latest of all."""
    with contextlib.suppress(OSError, IndexError):
        latest = _by_use(folder.parent)[-1]
        if latest.parent != folder:
            date = max(time.time_ns(), latest.stat().st_mtime_ns + 1_000_000)
            os.utime(folder / _FACTS, ns=(date, date))


if __name__ == "__main__":
    replace_bytes(SHIPPED, ship())
    print(f"{SHIPPED.name} is of version {_VERSION} now.")
