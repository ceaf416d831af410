"""The player: a denoising, or two to compare, to be played, stopped and looked at closely, all in the browser.

Every frame travels once, in a parcel with two PNG files per frame, chain by chain. The browser decodes each of them
once and asks nothing more of the server, so playing never runs a script.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from ddpm.diffusion.chain import Chain
from pages.parts.shared.component import SCRIPT, STYLE, source
from pages.parts.shared.player.pace import Pace
from pages.parts.shared.player.packing import end_id, pack

# Seconds between two states, and two words on the progress: a browser on the same processor takes from the network
# what each of them costs it.
_PACE, _BAR_PACE = 0.3, 0.5


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
        autoplay: begin at once, the default (never for people who asked their system for less motion). Otherwise the
            result shows.
        columns: sprites per row; by default as many as fit well.
        expected: how many frames the chain will have when complete, so that the time line need not grow.
        actions: name of an event -> text of its button under an enlarged sprite, such as
            ``{"more": "More like this"}``.
        titles: whose picture is left and whose right, when two chains are compared. Given before the other chain is
            there, they keep its place.
        names: what each sprite is, shown where one is enlarged or pointed at; none, the default, or one for each.
    """

    caption: str
    autoplay: bool
    columns: int | None
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
        key: Streamlit's key for this player; one per page.
        other: a second chain of the same sprites, to be compared: it is shown at the right, and both at the same noise
            level, however many frames each of them has.
        favourites: which sprites are starred; None if nothing can be. The viewer sees a new star at once, the page
            hears of it (``"star"``, ``"unstar"``) and says so by naming it here in the next run.
        options: see :class:`Options`.

    Returns:
        In the one run that the viewer's request caused, what they asked for; otherwise None.

    Raises:
        ValueError: as for :func:`pack`.
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
        columns: sprites per row; None for as many as fit well.
    """
    if count is not None:
        wide = min(columns, count) if columns else math.ceil(math.sqrt(count))
        st.html(f"<style>{_PLACE % {'name': name, 'columns': wide, 'rows': math.ceil(count / wide)}}</style>")
    place = st.container(key=name, gap=None)
    if count is not None:
        # Streamlit draws no container that holds nothing.
        place.html("<i hidden></i>")
    return place


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
        options: as for :func:`player`.
    """

    def __init__(self, *, key: str, count: int | None = None, **options: Unpack[Options]) -> None:
        self._key = key
        # Tells one drawing from the next, which may bring the same frames.
        self._settings = {**_settings(key, options), "drawing": secrets.token_hex(6)}
        self._shown = 0
        self._complete: list[bool] = []
        self._feed: DeltaGenerator | None = None
        self._pace, self._bar_pace = Pace(_PACE), Pace(_BAR_PACE)
        place = reserve(f"{key}-place", count, options.get("columns"))
        self._screen = _screen(place)
        self._bar = place.container(key=f"{key}-place-bar").empty()

    def progress(self, share: float, text: str) -> None:
        """Show now and then how far the work is, over what is below the player, so that nothing moves for it."""
        if self._bar_pace.is_due():
            self._bar.progress(share, text)

    def show(self, chain: Chain, other: Chain | None = None) -> None:
        """Show this state of the chain. While the script draws nothing can be starred: an event would end the run.

        A state that follows too quickly on the last one is left out, unless it is the first that moves, or completes a
        chain.

        Args:
            chain: what to show.
            other: the chain to compare it with; it may come later, and grow, too.
        """
        complete = [bool(one.t[-1] < 0) for one in (chain, other) if one is not None]
        if not self._pace.is_due() and complete == self._complete and self._shown > 1:
            return
        self._complete = complete
        self._shown += 1
        data = pack(chain, self._settings, other)
        if self._feed is not None:
            with self._feed:
                _feeder(key=f"{self._key}-feed-{self._shown}", data=data)
            return
        # Nothing is put here before: an empty place would take the last picture away.
        with self._screen:
            _tell_favourites(self._key, None, chain)
            _mount(self._key, data)
            self._feed = st.empty()


def _settings(key: str, options: Options) -> dict[str, Any]:
    return {
        "address": key,
        "caption": options.get("caption", ""),
        "autoplay": options.get("autoplay", True),
        "columns": options.get("columns"),
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
    _stars(key=f"{key}-stars", data={"address": key, "starred": starred, "of": end_id(chain)})


def _nothing() -> None:
    """Streamlit reports an event only where a callback is named."""


_PLACE = source(__file__, "place.css")
_SCRIPT = SCRIPT + source(
    __file__,
    "wire.js",
    "film.js",
    "clock.js",
    "grid.js",
    "stage.js",
    "timeline.js",
    "ticker.js",
    "lens.js",
    "favourites.js",
    "input.js",
    "player.js",
    "mount.js",
)
_STYLE = STYLE + source(__file__, "player.css", "stage.css", "bar.css", "lens.css", "narrow.css")

_component = st.components.v2.component("ddpm_player", html=source(__file__, "player.html"), css=_STYLE, js=_SCRIPT)
_feeder = st.components.v2.component("ddpm_player_feed", js=SCRIPT + source(__file__, "feed.js"))
_stars = st.components.v2.component("ddpm_player_stars", js=source(__file__, "stars.js"))

__all__ = ["Options", "PlayerEvent", "PlayerSlot", "pack", "player", "reserve"]
