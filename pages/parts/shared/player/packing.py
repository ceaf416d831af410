"""A denoising, or two to compare, as bytes for the browser."""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from ddpm.diffusion.chain import Chain
from ddpm.pixels.conversion import size_words
from ddpm.pixels.sheets import sheet
from pages.parts.shared.component import parcel

_ATLAS_COLUMNS = 16


def pack(chain: Chain, settings: dict[str, Any], other: Chain | None = None) -> bytes:
    """All data of a player as bytes; equal input gives equal bytes.

    Args:
        settings: JSON values, among them ``titles`` (two, empty without a comparison) and ``names`` (one per sprite, or
            none).

    Raises:
        ValueError: if the numbers or sizes of the sprites differ, or the number of the names does.
    """
    chains = [chain] if other is None else [chain, other]
    count, names = chain.x_t.shape[1], settings["names"]
    if chains[-1].x_t.shape[1] != count:
        raise ValueError(f"only chains of the same sprites can be compared, not {count} and {chains[-1].x_t.shape[1]}")
    height, width, channels = chain.x_t.shape[2:]
    if chains[-1].x_t.shape[2:] != chain.x_t.shape[2:]:
        raise ValueError(f"only sprites of one size can be compared, not {size_words(chain.sprites)} and others")
    if len(names) not in (0, count):
        raise ValueError(f"{count} sprites cannot have {len(names)} names")
    reels: list[list[dict[str, Any]]] = []
    files: list[bytes] = []
    for one in chains:
        frames, pictures = _pack_frames(one)
        reels.append(frames)
        files += pictures
    compare = other is not None or any(settings["titles"])
    look = {"count": count, "size": [width, height], "alpha": channels == 4, "atlas": _ATLAS_COLUMNS}
    return parcel({**settings, "compare": compare, **look, "reels": reels}, *files)


def end_id(chain: Chain) -> str:
    """The id that :func:`pack` gives to the last frame of a chain."""
    return _frame_id(int(chain.t[-1]), _encoded.get(chain.x_t[-1]), _encoded.get(chain.x0[-1]))


def _pack_frames(chain: Chain) -> tuple[list[dict[str, Any]], list[bytes]]:
    frames: list[dict[str, Any]] = []
    files: list[bytes] = []
    for t, noise, x_t, x0 in zip(chain.t.tolist(), chain.noise_level.tolist(), chain.x_t, chain.x0, strict=True):
        noisy, guess = _encoded.get(x_t), _encoded.get(x0)
        sizes = [len(noisy.png), len(guess.png)]
        frames.append({"t": t, "noise": round(noise, 8), "id": _frame_id(t, noisy, guess), "sizes": sizes})
        files += [noisy.png, guess.png]
    return frames, files


def _frame_id(t: int, noisy: _Encoded, guess: _Encoded) -> str:
    return f"{t}-{noisy.digest}-{guess.digest}"


@dataclass(frozen=True)
class _Encoded:
    digest: str
    png: bytes


class _Encoder:
    """Encodes sprites as PNG, and keeps the last ones used, so that a growing chain costs only its new frames."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._bytes = 0
        self._made: OrderedDict[str, _Encoded] = OrderedDict()
        self._lock = Lock()  # all sessions share this encoder

    def get(self, sprites: np.ndarray) -> _Encoded:
        # With the shape: 24 x 16 and 16 x 24 may hold the same bytes.
        shape = "x".join(map(str, sprites.shape))
        digest = f"{blake2b(np.ascontiguousarray(sprites).data, digest_size=12).hexdigest()}-{shape}"
        with self._lock:
            if found := self._made.get(digest):
                self._made.move_to_end(digest)
                return found
        made = _Encoded(digest, _to_png(sprites))
        with self._lock:
            if digest not in self._made:
                self._made[digest] = made
                self._bytes += len(made.png)
            while self._bytes > self._capacity and len(self._made) > 1:
                _, oldest = self._made.popitem(last=False)
                self._bytes -= len(oldest.png)
        return made


def _to_png(sprites: np.ndarray) -> bytes:
    """One picture with all sprites, 16 per row."""
    atlas = sheet(sprites, min(_ATLAS_COLUMNS, len(sprites)))
    buffer = io.BytesIO()
    # Noise cannot be compressed: the fastest level is as good as any.
    Image.fromarray(atlas).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


_encoded = _Encoder(capacity=64 * 2**20)
