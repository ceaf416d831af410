"""The player: a denoising that can be played, stopped and looked at closely, all in the browser.

Every frame travels once, as bytes: a length (uint32, little-endian), a JSON header, then two PNG files a frame. The
browser decodes each of them once and asks nothing more of the server, so playing never runs a script.
"""

from __future__ import annotations

import io
import json
import struct
import time
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Literal, Protocol

import numpy as np
import streamlit as st
from PIL import Image

_SIDE = 16
_ATLAS_COLUMNS = 16
_VIEWS = ("both", "noisy", "guess")
_PACE = 0.12  # seconds: each state carries all frames so far, so more of them would only fill the wire

View = Literal["both", "noisy", "guess"]


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


@dataclass(frozen=True)
class PlayerEvent:
    """Something that the viewer asked the page for.

    Attributes:
        kind: what was asked; ``"select"`` is the button named by ``on_select``.
        index: of which sprite.
    """

    kind: str
    index: int


def player(
    chain: Chain,
    *,
    key: str,
    caption: str = "",
    autoplay: bool = True,
    view: View = "both",
    columns: int | None = None,
    loop: bool = True,
    expected: int | None = None,
    on_select: str | None = None,
) -> PlayerEvent | None:
    """Show a denoising: play, pause, scrub, speed, loop, and any sprite enlarged with its film strip.

    A chain that is still being computed may be given again, run after run, under the same ``key``: when it begins with
    the frames shown so far, the viewer keeps their place; they wait at its end until a frame with ``t`` = -1 comes.
    Within one run Streamlit takes a key only once: there :class:`PlayerSlot` helps.

    Args:
        chain: what to show.
        key: Streamlit's key for this player; one a page.
        caption: one plain line above the pictures.
        autoplay: begin at once (never for people who asked their system for less motion). Otherwise the result shows.
        view: what to show first; the viewer can switch.
        columns: sprites a row; by default as many as fit well.
        loop: begin again after the end; the viewer can switch it.
        expected: how many frames the chain will have when complete, so that the time line need not grow.
        on_select: text of a button under an enlarged sprite, such as "Find its nearest training sprites".

    Returns:
        In the one run that the viewer's request caused, what they asked for; otherwise None.

    Raises:
        ValueError: if the arrays of the chain do not fit together.
    """
    settings = _settings(
        key,
        caption=caption,
        autoplay=autoplay,
        view=view,
        columns=columns,
        loop=loop,
        expected=expected,
        on_select=on_select,
    )
    return _mount(key, pack(chain, settings))


class PlayerSlot:
    """A place on the page for one player whose chain grows while the script runs.

    Usage::

        slot = PlayerSlot(key="player", expected=21)
        for step in ddpm.sample(model, schedule, n=64):
            if recorder.add(step):
                slot.show(recorder.chain())

    Every chain contains the ones before it, so an update that Streamlit skips for a slow browser is not missed. Once
    it is complete, later runs show it with :func:`player` (or one ``show``) under the same key, and nothing flickers.

    Args:
        key: Streamlit's key for this player.
        settings: as for :func:`player`.
    """

    def __init__(
        self,
        *,
        key: str,
        caption: str = "",
        autoplay: bool = True,
        view: View = "both",
        columns: int | None = None,
        loop: bool = True,
        expected: int | None = None,
        on_select: str | None = None,
    ) -> None:
        self._key = key
        self._settings = _settings(
            key,
            caption=caption,
            autoplay=autoplay,
            view=view,
            columns=columns,
            loop=loop,
            expected=expected,
            on_select=on_select,
        )
        self._shown = 0
        self._last = 0.0
        # No gap: the feed below the player is invisible and must not take room either.
        with st.container(gap=None):
            self._screen = st.empty()
            self._feed = st.empty()

    def show(self, chain: Chain) -> PlayerEvent | None:
        """Show this state of the chain; the event is that of :func:`player`, told by the first call of a run.

        A state that follows too quickly on the last one is left out, unless it is the complete chain.
        """
        now = time.monotonic()
        if self._shown and chain.t[-1] >= 0 and now - self._last < _PACE:
            return None
        self._last = now
        self._shown += 1
        if self._shown == 1:
            with self._screen:
                return _mount(self._key, pack(chain, self._settings))
        with self._feed:
            _feeder(key=f"{self._key}-feed-{self._shown}", data=pack(chain, self._settings))
        return None


def _settings(
    key: str,
    *,
    caption: str,
    autoplay: bool,
    view: View,
    columns: int | None,
    loop: bool,
    expected: int | None,
    on_select: str | None,
) -> dict[str, object]:
    if view not in _VIEWS:
        raise ValueError(f"view must be one of {', '.join(_VIEWS)}, not {view!r}")
    if columns is not None and columns < 1:
        raise ValueError(f"columns must be at least 1, not {columns}")
    return {
        "address": key,
        "caption": caption,
        "autoplay": autoplay,
        "view": view,
        "columns": columns,
        "loop": loop,
        "expected": expected,
        "actions": [{"name": "select", "label": on_select}] if on_select else [],
    }


def _mount(key: str, data: bytes) -> PlayerEvent | None:
    event = _component(key=key, data=data, on_event_change=_nothing).get("event")
    return PlayerEvent(kind=str(event["kind"]), index=int(event["index"])) if event else None


def pack(chain: Chain, settings: dict[str, object]) -> bytes:
    """Everything that the browser needs, as bytes; equal input gives equal bytes."""
    t, x_t, x0 = np.asarray(chain.t), np.asarray(chain.x_t), np.asarray(chain.x0)
    noise = np.asarray(chain.noise_level, dtype=np.float64)
    _check(t, x_t, x0, noise)
    frames: list[dict[str, object]] = []
    files: list[bytes] = []
    for i in range(len(t)):
        noisy, guess = _encoded.get(x_t[i]), _encoded.get(x0[i])
        sizes = [len(noisy.png), len(guess.png)]
        frame_id = f"{int(t[i])}-{noisy.digest}-{guess.digest}"
        frames.append({"t": int(t[i]), "noise": round(float(noise[i]), 6), "id": frame_id, "sizes": sizes})
        files += [noisy.png, guess.png]
    header = {**settings, "count": x_t.shape[1], "atlas": _ATLAS_COLUMNS, "frames": frames}
    text = json.dumps(header, separators=(",", ":")).encode()
    return b"".join([struct.pack("<I", len(text)), text, *files])


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
    """Sprites of one frame -> PNG, remembered: a rerun or a chain that grows would else encode all frames again."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._bytes = 0
        self._known: OrderedDict[str, _Encoded] = OrderedDict()
        self._lock = Lock()  # one for all browsers' sessions

    def get(self, sprites: np.ndarray) -> _Encoded:
        digest = blake2b(np.ascontiguousarray(sprites).data, digest_size=12).hexdigest() + f"{len(sprites):x}"
        with self._lock:
            if found := self._known.get(digest):
                self._known.move_to_end(digest)
                return found
        made = _Encoded(digest, _to_png(sprites))
        with self._lock:
            if digest not in self._known:
                self._known[digest] = made
                self._bytes += len(made.png)
            while self._bytes > self._capacity and len(self._known) > 1:
                _, oldest = self._known.popitem(last=False)
                self._bytes -= len(oldest.png)
        return made


def _to_png(sprites: np.ndarray) -> bytes:
    """One picture with all sprites, 16 a row."""
    columns = min(_ATLAS_COLUMNS, len(sprites))
    rows = -(-len(sprites) // columns)
    cells = np.full((rows * columns, _SIDE, _SIDE, 3), 255, dtype=np.uint8)
    cells[: len(sprites)] = sprites
    atlas = cells.reshape(rows, columns, _SIDE, _SIDE, 3).swapaxes(1, 2).reshape(rows * _SIDE, columns * _SIDE, 3)
    buffer = io.BytesIO()
    # Noise does not shrink whatever the effort: the quickest level is the right one.
    Image.fromarray(atlas).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def _nothing() -> None:
    """Streamlit reports an event only where a callback is named."""


def _source(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


_encoded = _Encoder(capacity=64 * 2**20)
_component = st.components.v2.component(
    "ddpm_player", html=_source("player.html"), css=_source("player.css"), js=_source("player.js")
)
_feeder = st.components.v2.component("ddpm_player_feed", js=_source("feed.js"))

__all__ = ["Chain", "PlayerEvent", "PlayerSlot", "View", "pack", "player"]
