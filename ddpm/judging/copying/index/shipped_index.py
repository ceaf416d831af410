"""The small parts of one index that took long to compute, as a file of this package: those of the built-in set.

They hold no pixels. The file names the key of its index, so another set, division or version of the measures is never
taken for it; :mod:`ddpm.judging.copying.index.stored_index` makes the key, and writes the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

SHIPPED = Path(__file__).with_name("builtin_index.safetensors")

_LARGE = ("packed_edges", "palette_", "collage_")
"""The beginnings of the names of what is left out: fifty megabytes that are soon computed."""


def shipped_parts(key: str) -> dict[str, np.ndarray] | None:
    """Those of :meth:`ddpm.judging.copying.index.training_index.TrainingIndex.parts` that are shipped, if of this key.

    None for another key, and if the file is missing or damaged: then they are computed.
    """
    try:
        with safe_open(SHIPPED, framework="numpy") as file:
            marks = (file.metadata() or {}).get("index", "")
            names = file.keys() if marks.startswith(key) else []
            parts = {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError):
        return None
    if not parts or marks != _marks(key, parts):
        return None
    return {name: _widened(values) for name, values in parts.items()}


def packed(key: str, parts: Mapping[str, np.ndarray]) -> bytes:
    """The file that :func:`shipped_parts` reads, from all parts of an index."""
    small = {name: _narrowed(values) for name, values in parts.items() if not name.startswith(_LARGE)}
    # One entry: the order of several would differ from one file to the next.
    return save(small, {"index": _marks(key, small)})


def _marks(key: str, parts: Mapping[str, np.ndarray]) -> str:
    """The key, and a digest of all values: what is damaged must not be believed."""
    digest = blake2b(digest_size=16)
    for name in sorted(parts):
        digest.update(f"{name} {parts[name].dtype} {parts[name].shape} ".encode())
        digest.update(np.ascontiguousarray(parts[name]).tobytes())
    return f"{key} {digest.hexdigest()}"


def _narrowed(values: np.ndarray) -> np.ndarray:
    """Whole numbers in the smallest type that holds them all; others as they are."""
    if values.dtype.kind != "i" or not values.size:
        return np.ascontiguousarray(values)
    least, most = (np.min_scalar_type(int(value)) for value in (values.min(), values.max()))
    return np.ascontiguousarray(values.astype(np.promote_types(least, most)))


def _widened(values: np.ndarray) -> np.ndarray:
    """The inverse of :func:`_narrowed`: all whole numbers of an index are int64."""
    return values.astype(np.int64) if values.dtype.kind in "iu" else values
