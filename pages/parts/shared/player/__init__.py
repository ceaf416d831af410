"""The player: a denoising, or two to compare, to be played, stopped and looked at closely, all in the browser.

Every frame travels once, as bytes: a length (uint32, little-endian), a JSON header, then two PNG files a frame, chain
by chain. The browser decodes each of them once and asks nothing more of the server, so playing never runs a script.
"""

from __future__ import annotations

import io
import json
import math
import secrets
import struct
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from threading import Lock
from typing import Literal, Protocol, TypedDict, Unpack

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from pages.parts.shared.component import source
from pages.parts.shared.pace import Pace

_SIDE = 16
_ATLAS_COLUMNS = 16
_VIEWS = ("both", "over", "noisy", "guess")
_VIEWS_OF_TWO = ("noisy", "guess")
_PACE = 0.3  # seconds: a browser on the same processor takes from the network what each state costs it

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


@dataclass(frozen=True)
class PlayerEvent:
    """Something that the viewer asked the page for.

    Attributes:
        kind: what was asked: ``"star"``, ``"unstar"``, or a name of ``actions``.
        index: of which sprite.
    """

    kind: str
    index: int


class Options(TypedDict, total=False):
    """How a chain is shown.

    Attributes:
        caption: one plain line above the pictures.
        autoplay: begin at once (never for people who asked their system for less motion), which is usual. Otherwise
            the result shows.
        view: what to show first; the viewer can switch. ``"both"`` are side by side, ``"over"`` lays the guess over
            the noisy picture with a divider to drag. Two chains show either ``"noisy"`` or, as usual, ``"guess"``.
        columns: sprites a row; by default as many as fit well.
        loop: begin again after the end, which is usual; the viewer can switch it.
        expected: how many frames the chain will have when complete, so that the time line need not grow.
        actions: name of an event -> text of its button under an enlarged sprite, such as
            ``{"more": "More like this"}``.
        titles: whose picture is left and whose right, when two chains are compared. Given before the other chain is
            there, they keep its place.
        names: what each sprite is, shown where one is enlarged or pointed at; none, as usual, or one for each.
    """

    caption: str
    autoplay: bool
    view: View
    columns: int | None
    loop: bool
    expected: int | None
    actions: Mapping[str, str]
    titles: tuple[str, str]
    names: Sequence[str]


def player(
    chain: Chain,
    *,
    key: str,
    other: Chain | None = None,
    favourites: Collection[int] | None = None,
    **options: Unpack[Options],
) -> PlayerEvent | None:
    """Show a denoising: play, pause, scrub, speed, loop, and any sprite enlarged with its film strip.

    A chain that is still being computed may be given again, run after run, under the same ``key``: when it begins with
    the frames shown so far, the viewer keeps their place; they wait at its end until a frame with ``t`` = -1 comes.
    Within one run Streamlit takes a key only once: there :class:`PlayerSlot` helps.

    Args:
        chain: what to show.
        key: Streamlit's key for this player; one a page.
        other: a second chain of the same sprites, to be compared: it is shown at the right, and both at the same noise
            level, however many frames each of them has.
        favourites: which sprites are starred; None if nothing can be. The viewer sees a new star at once, the page
            hears of it (``"star"``, ``"unstar"``) and says so by naming it here in the next run.
        options: see :class:`Options`.

    Returns:
        In the one run that the viewer's request caused, what they asked for; otherwise None.

    Raises:
        ValueError: if the arrays of a chain, the two chains, or the options do not fit together.
    """
    data = pack(chain, _settings(key, options), other)
    with _screen(reserve(f"{key}-place", chain.x_t.shape[1], options.get("columns"))):
        _tell_favourites(key, favourites, chain)
        return _mount(key, data)


def reserve(name: str, count: int | None, columns: int | None) -> DeltaGenerator:
    """A container as high as a player of so many sprites: what is below keeps its place before the pictures come.

    Args:
        name: Streamlit's key for the container.
        count: None where that is not known; then nothing is reserved.
        columns: sprites a row; None for as many as fit well.
    """
    if count is not None:
        wide = min(columns, count) if columns else math.ceil(math.sqrt(count))
        st.html(f"<style>{_PLACE % {'name': name, 'columns': wide, 'rows': math.ceil(count / wide)}}</style>")
    return st.container(key=name, gap=None)


def _screen(place: DeltaGenerator) -> DeltaGenerator:
    # No gap: what travels beside the player is invisible and must not take room either.
    return place.container(gap=None)


class PlayerSlot:
    """A place on the page for one player whose chain grows while the script runs.

    Usage::

        slot = PlayerSlot(key="player", expected=21)
        for step in ddpm.sample(model, schedule, n=64):
            if recorder.add(step):
                slot.show(recorder.chain())

    Every chain contains the ones before it, so an update that Streamlit skips for a slow browser is not missed. Once
    it is complete, later runs show it with :func:`player` (or one ``show``) under the same key, and nothing flickers.
    Until the first frame has come, what :func:`player` showed there stays.

    Args:
        key: Streamlit's key for this player.
        count: how many sprites it will show, so that their place is kept from the beginning.
        favourites: as for :func:`player`. While the script draws there had better be none: the event of a star, like
            any other, ends the run.
        options: as for :func:`player`.
    """

    def __init__(
        self,
        *,
        key: str,
        count: int | None = None,
        favourites: Collection[int] | None = None,
        **options: Unpack[Options],
    ) -> None:
        self._key = key
        self._favourites = favourites
        # Tells one drawing from the next, which may bring the same frames.
        self._settings = {**_settings(key, options), "drawing": secrets.token_hex(6)}
        self._shown = 0
        self._complete: list[bool] = []
        self._feed: DeltaGenerator | None = None
        self._pace = Pace(_PACE)
        place = reserve(f"{key}-place", count, options.get("columns"))
        self._screen = _screen(place)
        self._bar = place.container(key=f"{key}-place-bar").empty()

    def progress(self, share: float, text: str) -> None:
        """Show how far the work is. It lies over what is below the player, so that nothing moves for it."""
        self._bar.progress(share, text)

    def show(self, chain: Chain, other: Chain | None = None) -> PlayerEvent | None:
        """Show this state of the chain; the event is that of :func:`player`, told by the first call of a run.

        A state that follows too quickly on the last one is left out, unless it is the first that moves, or completes a
        chain.

        Args:
            chain: what to show.
            other: the chain to compare it with; it may come later, and grow, too.

        Raises:
            ValueError: as for :func:`player`.
        """
        complete = [bool(one.t[-1] < 0) for one in (chain, other) if one is not None]
        if not self._pace.is_due() and complete == self._complete and self._shown > 1:
            return None
        self._complete = complete
        self._shown += 1
        data = pack(chain, self._settings, other)
        if self._feed is not None:
            with self._feed:
                _feeder(key=f"{self._key}-feed-{self._shown}", data=data)
            return None
        # Nothing is put here before: an empty place would take the last picture away.
        with self._screen:
            _tell_favourites(self._key, self._favourites, chain)
            event = _mount(self._key, data)
            self._feed = st.empty()
        return event


def _settings(key: str, options: Options) -> dict[str, object]:
    view = options.get("view")
    columns = options.get("columns")
    if view is not None and view not in _VIEWS:
        raise ValueError(f"view must be one of {', '.join(_VIEWS)}, not {view!r}")
    if columns is not None and columns < 1:
        raise ValueError(f"columns must be at least 1, not {columns}")
    return {
        "address": key,
        "caption": options.get("caption", ""),
        "autoplay": options.get("autoplay", True),
        "view": view,
        "columns": columns,
        "loop": options.get("loop", True),
        "expected": options.get("expected"),
        "actions": [{"name": name, "label": label} for name, label in options.get("actions", {}).items()],
        "titles": tuple(options.get("titles", ("", ""))),
        "names": tuple(options.get("names", ())),
    }


def _mount(key: str, data: bytes) -> PlayerEvent | None:
    event = _component(key=key, data=data, on_event_change=_nothing).get("event")
    return PlayerEvent(kind=str(event["kind"]), index=int(event["index"])) if event else None


def _tell_favourites(key: str, favourites: Collection[int] | None, chain: Chain) -> None:
    """Tell the player what is starred, apart from its pictures: these stay the same bytes and do not travel again.

    Which sprites are meant is told, too: the word and the pictures do not come at the same moment.
    """
    starred = None if favourites is None else sorted(int(index) for index in favourites)
    last = _frame_id(int(chain.t[-1]), _encoded.get(chain.x_t[-1]), _encoded.get(chain.x0[-1]))
    _stars(key=f"{key}-stars", data={"address": key, "starred": starred, "of": last})


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
    text = json.dumps(header, separators=(",", ":")).encode()
    return b"".join([struct.pack("<I", len(text)), text, *files])


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


_PLACE = source(__file__, "place.css")
_PARTS = ("wire.js", "film.js", "clock.js", "grid.js", "lens.js", "favourites.js", "player.js")

_encoded = _Encoder(capacity=64 * 2**20)
_component = st.components.v2.component(
    "ddpm_player",
    html=source(__file__, "player.html"),
    css=source(__file__, "player.css"),
    js="\n".join(source(__file__, part) for part in _PARTS),
)
_feeder = st.components.v2.component("ddpm_player_feed", js=source(__file__, "feed.js"))
_stars = st.components.v2.component("ddpm_player_stars", js=source(__file__, "stars.js"))

__all__ = ["Chain", "Options", "PlayerEvent", "PlayerSlot", "View", "pack", "player", "reserve"]
