"""The newest drawn batches, kept on disk, so that they survive a reload of the page and other pages find them."""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.base.files import read_json, replace_bytes, replace_json
from ddpm.base.folders import build_aside, discard, names_in, put_in_place, sweep
from ddpm.base.home import home
from ddpm.base.locks import Lock
from ddpm.diffusion.chain import Chain
from ddpm.pixels.conversion import is_sprite_shape
from ddpm.sprites.readers.numpy_files.arrays import load_npz

_ID = re.compile(r"[0-9a-f]{8,24}")
_KEPT = 12
_LOCK_SECONDS = 10.0
_ARRAYS = ("t", "x_t", "x0", "noise_level")
_OTHER = "other_"
# Two chains of 50 moments of 144 sprites take 22 MB.
_LARGEST_CHAINS, _LARGEST_INFO = 128 << 20, 1 << 20


@dataclass(frozen=True)
class Batch:
    """Sprites that were drawn together.

    Attributes:
        id: its name in the album; empty if it could not be kept.
        info: JSON values: which checkpoint, sampler, seed ... drew them.
        other: another chain from the same noise, if two were compared.
    """

    id: str
    chain: Chain
    info: dict[str, Any]
    other: Chain | None = None


def keep_batch(chain: Chain, info: dict[str, Any], other: Chain | None = None) -> Batch:
    """Put a batch into the album, and remove the oldest ones; if that fails, the batch is returned with an empty id."""
    file = io.BytesIO()
    # Not compressed: noise does not shrink, and the user is waiting.
    arrays: dict[str, Any] = _arrays(chain) if other is None else _arrays(chain) | _arrays(other, _OTHER)
    np.savez(file, **arrays)
    name = ""
    with contextlib.suppress(OSError), Lock(home() / "batches.lock").acquire(_LOCK_SECONDS):
        name = _store(file.getvalue(), info)
    return Batch(name, chain, info, other)


def _store(arrays: bytes, info: dict[str, Any]) -> str:
    """Write a batch, and return its name; the caller holds the lock."""
    folder = _folder()
    sweep(folder, older_than=0)
    with build_aside(folder) as building:
        replace_bytes(building / "chain.npz", arrays, durable=False)
        replace_json(building / "batch.json", info, durable=False)
        # The newest must have the highest number, even if the clock stands still or is set back.
        newest = max((_number(name) for name in _names()), default=0)
        name = f"{max(time.time_ns(), newest + 1):x}"
        put_in_place(building, folder / name, durable=False)
    for old in _names()[_KEPT:]:
        with contextlib.suppress(OSError):
            discard(folder / old)
    return name


def load_batch(name: str) -> Batch | None:
    """A batch from the album; None if it is gone or damaged."""
    if not _ID.fullmatch(name):
        return None
    try:
        folder = _folder() / name
        info = read_json(folder / "batch.json", _LARGEST_INFO)
        arrays = load_npz(folder / "chain.npz", _LARGEST_CHAINS)
        chain = _chain(arrays)
        other = _chain(arrays, _OTHER) if f"{_OTHER}t" in arrays else None
        if other is not None and other.sprites.shape != chain.sprites.shape:
            raise ValueError("the two are not of the same sprites")
        return Batch(name, chain, info, other)
    except (OSError, ValueError, KeyError):
        return None


def is_there(name: str) -> bool:
    """Whether all files of a batch are there; if so and it cannot be loaded, it is damaged."""
    with contextlib.suppress(OSError, ValueError):
        return all((_folder() / name / file).exists() for file in ("batch.json", "chain.npz"))
    return False


def batch_names() -> list[str]:
    """Names for :func:`load_batch`, newest first."""
    try:
        return _names()
    except OSError:
        return []


def _arrays(chain: Chain, prefix: str = "") -> dict[str, np.ndarray]:
    return {f"{prefix}{name}": getattr(chain, name) for name in _ARRAYS}


def _chain(arrays: Mapping[str, np.ndarray], prefix: str = "") -> Chain:
    chain = Chain(**{name: arrays[f"{prefix}{name}"] for name in _ARRAYS})
    shape = chain.x_t.shape
    fits = (
        len(shape) == 5
        and 0 not in shape
        and is_sprite_shape(shape[2:])
        and chain.x0.shape == shape
        and chain.x_t.dtype == chain.x0.dtype == np.uint8
        and chain.t.dtype == np.int64
        and chain.t.shape == chain.noise_level.shape == shape[:1]
        and bool((chain.t[1:] < chain.t[:-1]).all())
        and chain.noise_level.dtype == np.float64
        and bool(((chain.noise_level >= 0) & (chain.noise_level <= 1)).all())
    )
    if not fits:
        raise ValueError("the arrays do not fit together")
    return chain


def _folder() -> Path:
    return home() / "batches"


def _names() -> list[str]:
    return sorted(names_in(_folder(), _ID), key=_number, reverse=True)


def _number(name: str) -> int:
    return int(name, 16)
