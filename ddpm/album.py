"""The last batches that were drawn, kept on disk: a reload of the page, or another page, finds them again."""

from __future__ import annotations

import io
import re
import shutil
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ddpm.files import read_json, replace_bytes, replace_json
from ddpm.home import home
from ddpm.render import Chain

_ID = re.compile(r"[0-9a-f]{8,24}")
_KEPT = 12


@dataclass(frozen=True)
class Batch:
    """Sprites that were drawn together.

    Attributes:
        id: its name in the album; empty if it could not be kept.
        chain: how they came out of the noise.
        info: JSON values: which checkpoint, sampler, seed ... drew them.
    """

    id: str
    chain: Chain
    info: dict[str, Any]


def keep_batch(chain: Chain, info: dict[str, Any]) -> Batch:
    """Put a batch into the album; the oldest ones make room.

    A home that cannot be written costs only the keeping: the batch is returned all the same.
    """
    name = f"{time.time_ns():x}"
    try:
        folder = _folder() / name
        folder.mkdir(parents=True)
        file = io.BytesIO()
        np.savez_compressed(file, t=chain.t, x_t=chain.x_t, x0=chain.x0, noise_level=chain.noise_level)
        replace_bytes(folder / "chain.npz", file.getvalue(), durable=False)
        replace_json(folder / "batch.json", info, durable=False)
        for old in _names()[_KEPT:]:
            shutil.rmtree(_folder() / old, ignore_errors=True)
    except OSError:
        return Batch("", chain, info)
    return Batch(name, chain, info)


def load_batch(name: str) -> Batch | None:
    """A batch from the album; None if it is gone or damaged."""
    if not _ID.fullmatch(name):
        return None
    try:
        folder = _folder() / name
        with np.load(folder / "chain.npz", allow_pickle=False) as arrays:
            chain = Chain(arrays["t"], arrays["x_t"], arrays["x0"], arrays["noise_level"])
        info = read_json(folder / "batch.json")
        whole = chain.x_t.ndim == 5 and chain.x_t.shape == chain.x0.shape and len(chain.t) == len(chain.x_t) > 0
        return Batch(name, chain, info) if whole else None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error):
        return None


def recent_batches(limit: int = _KEPT) -> list[Batch]:
    """The newest batches, newest first."""
    try:
        loaded = [load_batch(name) for name in _names()[:limit]]
    except OSError:
        return []
    return [batch for batch in loaded if batch is not None]


def _folder() -> Path:
    return home() / "batches"


def _names() -> list[str]:
    folder = _folder()
    if not folder.is_dir():
        return []
    return sorted((entry.name for entry in folder.iterdir() if _ID.fullmatch(entry.name)), reverse=True)
