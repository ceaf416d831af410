"""A denoising, or two to compare, as bytes for the browser."""

from __future__ import annotations

import io
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Literal, Protocol

import numpy as np
from PIL import Image

from pages.parts.shared.component import parcel

_SIDE = 16
_ATLAS_COLUMNS = 16
VIEWS = ("both", "over", "noisy", "guess")
_VIEWS_OF_TWO = ("noisy", "guess")

View = Literal["both", "over", "noisy", "guess"]


class Chain(Protocol):
    """What the player shows: F frames of N sprites, from pure noise to the result (``t`` = -1)."""

    @property
    def t(self) -> np.ndarray: ...  # int64 (F,), falling
    @property
    def x_t(self) -> np.ndarray: ...  # uint8 (F, N, 16, 16, 3)
    @property
    def x0(self) -> np.ndarray: ...  # uint8 (F, N, 16, 16, 3)
    @property
    def noise_level(self) -> np.ndarray: ...  # float64 (F,) in 0..1


def pack(chain: Chain, settings: dict[str, object], other: Chain | None = None) -> bytes:
    """Everything that the browser needs, as bytes; equal input gives equal bytes.

    Raises:
        ValueError: as for :func:`player`.
    """
    titles = settings["titles"]
    compare = other is not None or titles != ("", "")
    view = settings["view"] or ("guess" if compare else "both")
    if compare and view not in _VIEWS_OF_TWO:
        raise ValueError(f"two chains are shown as {' or '.join(_VIEWS_OF_TWO)}, not {view!r}")
    reels: list[list[dict[str, object]]] = []
    files: list[bytes] = []
    for one in [chain] if other is None else [chain, other]:
        frames, pictures = _pack_frames(one)
        reels.append(frames)
        files += pictures
    count = chain.x_t.shape[1]
    if other is not None and other.x_t.shape[1] != count:
        raise ValueError(f"only chains of the same sprites can be compared, not {count} and {other.x_t.shape[1]}")
    names = settings.get("names")
    if isinstance(names, tuple) and len(names) not in (0, count):
        raise ValueError(f"{count} sprites cannot have {len(names)} names")
    header = {
        **settings,
        "view": view,
        "compare": compare,
        "count": count,
        "atlas": _ATLAS_COLUMNS,
        "reels": reels,
    }
    return parcel(header, *files)


def end_id(chain: Chain) -> str:
    """What :func:`pack` calls the last frame of a chain."""
    return _frame_id(int(chain.t[-1]), _encoded.get(chain.x_t[-1]), _encoded.get(chain.x0[-1]))


def _pack_frames(chain: Chain) -> tuple[list[dict[str, object]], list[bytes]]:
    t, x_t, x0 = np.asarray(chain.t), np.asarray(chain.x_t), np.asarray(chain.x0)
    noise = np.asarray(chain.noise_level, dtype=np.float64)
    _check(t, x_t, x0, noise)
    frames: list[dict[str, object]] = []
    files: list[bytes] = []
    for i in range(len(t)):
        noisy, guess = _encoded.get(x_t[i]), _encoded.get(x0[i])
        sizes = [len(noisy.png), len(guess.png)]
        frame_id = _frame_id(int(t[i]), noisy, guess)
        frames.append({"t": int(t[i]), "noise": round(float(noise[i]), 8), "id": frame_id, "sizes": sizes})
        files += [noisy.png, guess.png]
    return frames, files


def _frame_id(t: int, noisy: _Encoded, guess: _Encoded) -> str:
    return f"{t}-{noisy.digest}-{guess.digest}"


def _check(t: np.ndarray, x_t: np.ndarray, x0: np.ndarray, noise: np.ndarray) -> None:
    for name, images in (("x_t", x_t), ("x0", x0)):
        if images.dtype != np.uint8 or images.ndim != 5 or images.shape[2:] != (_SIDE, _SIDE, 3):
            raise ValueError(f"{name} must be uint8 (F, N, 16, 16, 3), not {images.dtype} {images.shape}")
    if x_t.shape != x0.shape or t.shape != x_t.shape[:1] or noise.shape != t.shape:
        raise ValueError(f"the chain's arrays do not fit together: {t.shape}, {x_t.shape}, {x0.shape}, {noise.shape}")
    if 0 in x_t.shape:
        raise ValueError("a chain needs at least one frame and one sprite")
    if np.any(np.diff(t) >= 0):
        raise ValueError("t must fall from frame to frame")


@dataclass(frozen=True)
class _Encoded:
    digest: str
    png: bytes


class _Encoder:
    """Sprites of one frame -> PNG, remembered: else a rerun or a growing chain would encode all frames again."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._bytes = 0
        self._made: OrderedDict[str, _Encoded] = OrderedDict()
        self._lock = Lock()  # one for all browsers' sessions

    def get(self, sprites: np.ndarray) -> _Encoded:
        digest = blake2b(np.ascontiguousarray(sprites).data, digest_size=12).hexdigest() + f"{len(sprites):x}"
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
    columns = min(_ATLAS_COLUMNS, len(sprites))
    rows = -(-len(sprites) // columns)
    cells = np.full((rows * columns, _SIDE, _SIDE, 3), 255, dtype=np.uint8)
    cells[: len(sprites)] = sprites
    atlas = cells.reshape(rows, columns, _SIDE, _SIDE, 3).swapaxes(1, 2).reshape(rows * _SIDE, columns * _SIDE, 3)
    buffer = io.BytesIO()
    # Noise does not shrink whatever the effort: the quickest level is the right one.
    Image.fromarray(atlas).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


_encoded = _Encoder(capacity=64 * 2**20)
