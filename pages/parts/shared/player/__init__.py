"""The player: shows a denoising, or two in comparison, in the browser.

Each frame is sent once, as two PNG files. Playing needs no further request, so it never runs the page's script.
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
from ddpm.pixels.seams import on_background
from pages.parts.shared.backdrop import backdrop_rule
from pages.parts.shared.component import MOUNTING, SCRIPT, STYLE, source
from pages.parts.shared.player.pace import Pace
from pages.parts.shared.player.packing import end_id, pack

# Seconds between two states, and between two updates of the progress bar: a browser on the same computer takes
# processor time from the network for each of them.
_PACE, _BAR_PACE = 0.3, 0.5
# As in grid.js and film.js: the longer side of a sprite at most, in CSS pixels, and what lies between two sprites.
_MOST, _EDGE = 224, 3
_USUAL_SIZE = (16, 16)
_TELLING = 16


@dataclass(frozen=True)
class PlayerEvent:
    """A request of the viewer for one sprite; kind: ``"star"``, ``"unstar"``, or a name of ``actions``."""

    kind: str
    index: int


class Options(TypedDict, total=False):
    """How a chain is shown.

    Attributes:
        caption: one plain line above the pictures.
        autoplay: begin at once, the default; never for people whose system is set to less motion.
        columns: sprites per row; by default as many as fit well.
        expected: how many frames the chain will have when complete, so that the time line need not grow.
        actions: name of an event -> text of its button under an enlarged sprite.
        titles: of the left and the right chain in a comparison; they may be given before the second chain.
        names: what each sprite is, shown where one is enlarged or pointed at; none, the default, or one for each.
        tiles: whether an enlarged sprite can be laid beside itself, three by three; None, the default, is yes where
            most of them fill their picture, without a background.
    """

    caption: str
    autoplay: bool
    columns: int | None
    expected: int | None
    actions: Mapping[str, str]
    titles: tuple[str, str]
    names: Sequence[str]
    tiles: bool | None


def player(
    chain: Chain,
    *,
    key: str,
    other: Chain | None = None,
    favourites: Collection[int] | None = None,
    **options: Unpack[Options],
) -> PlayerEvent | None:
    """Show a denoising.

    A chain that is still being computed may be given again under the same ``key``: if it begins with the frames shown
    so far, the viewer keeps their place. It is complete with a frame of ``t`` = -1. Within one run of the script
    Streamlit accepts a key only once: use :class:`PlayerSlot` there.

    Args:
        key: Streamlit's key for this player; one per page.
        other: a second chain of the same sprites, shown at the right at the same noise level.
        favourites: which sprites are starred; None if nothing can be. After ``"star"`` or ``"unstar"`` the next run has
            to give the new ones, or the player takes its change back.

    Returns:
        The viewer's request, in the one run of the script that it caused; otherwise None.

    Raises:
        ValueError: as for :func:`pack`.
    """
    data = pack(chain, _settings(key, options, chain), other)
    count, height, width = chain.x_t.shape[1:4]
    place = reserve(f"{key}-place", count, options.get("columns"), (height, width))
    # No gap: the component beside the player is invisible and must not take room either.
    with place.container(gap=None):
        _tell_favourites(key, favourites, chain)
        return _mount(key, data)


def reserve(name: str, count: int | None, columns: int | None, size: tuple[int, int] = _USUAL_SIZE) -> DeltaGenerator:
    """A container as high as a player of ``count`` sprites, so that nothing below moves when the pictures come.

    Args:
        name: Streamlit's key for the container.
        count: None if it is not known; then nothing is reserved.
        columns: sprites per row; None for as many as fit well.
        size: height and width of a sprite.
    """
    if count is not None:
        wide = min(columns, count) if columns else math.ceil(math.sqrt(count))
        height, width = size
        measures = {
            "name": name,
            "wide": (width + _EDGE) * wide - 1,
            "high": (height + _EDGE) * math.ceil(count / wide) - 1,
            "most": _MOST / max(size),
        }
        st.html(f"<style>{backdrop_rule()}{_PLACE % measures}</style>")
    place = st.container(key=name, gap=None)
    if count is not None:
        # Streamlit draws no empty container.
        place.html("<i hidden></i>")
    return place


class PlayerSlot:
    """A place on the page for one player whose chain grows while the script runs.

    Usage::

        slot = PlayerSlot(key="player", expected=21)
        for step in ddpm.sample(model, schedule, n=64):
            if recorder.add(step):
                slot.show(recorder.chain())

    Every chain contains the ones before it, so the browser may miss an update. Later runs of the script show the
    complete chain with :func:`player` under the same key. Until the first frame, the player's last picture stays.

    Args:
        key: Streamlit's key for this player.
        count: how many sprites it will show, and
        size: their height and width; see :func:`reserve`.
    """

    def __init__(
        self,
        *,
        key: str,
        count: int | None = None,
        size: tuple[int, int] = _USUAL_SIZE,
        **options: Unpack[Options],
    ) -> None:
        self._key = key
        # The next drawing may have the same frames: this tells the two apart.
        self._settings = {**_settings(key, options, None), "drawing": secrets.token_hex(6)}
        self._shown = 0
        self._complete: list[bool] = []
        self._feed: DeltaGenerator | None = None
        self._pace, self._bar_pace = Pace(_PACE), Pace(_BAR_PACE)
        place = reserve(f"{key}-place", count, options.get("columns"), size)
        self._screen = place.container(gap=None)
        self._bar = place.container(key=f"{key}-place-bar").empty()

    def progress(self, share: float, text: str) -> None:
        """Show the progress now and then, over what is below the player, so that nothing moves."""
        if self._bar_pace.is_due():
            self._bar.progress(share, text)

    def show(self, chain: Chain, other: Chain | None = None) -> None:
        """Show this state of the chain, and of the second one, which may come later.

        A state that follows too quickly on the last one is left out, unless it is the second or completes a chain.
        Nothing can be starred meanwhile: an event would end the run of the script.
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
        # Not created before the first frame: an empty place would remove the last picture.
        with self._screen:
            _tell_favourites(self._key, None, chain)
            _mount(self._key, data)
            self._feed = st.empty()


def _settings(key: str, options: Options, chain: Chain | None) -> dict[str, Any]:
    """The settings of a player; a chain that is not complete yet is None."""
    tiles = options.get("tiles")
    return {
        "address": key,
        "caption": options.get("caption", ""),
        "autoplay": options.get("autoplay", True),
        "columns": options.get("columns"),
        "expected": options.get("expected"),
        "actions": [{"name": name, "label": label} for name, label in options.get("actions", {}).items()],
        "titles": tuple(options.get("titles", ("", ""))),
        "names": tuple(options.get("names", ())),
        "tiles": bool(chain is not None and _fill_their_pictures(chain)) if tiles is None else tiles,
    }


def _fill_their_pictures(chain: Chain) -> bool:
    """Whether most finished sprites of a chain are without a background; a few of them tell."""
    sprites = chain.x0[-1][:_TELLING]
    return bool(chain.t[-1] < 0 and sprites.shape[-1] == 3 and on_background(sprites).mean() < 0.5)


def _mount(key: str, data: bytes) -> PlayerEvent | None:
    # Streamlit reports an event only if there is a callback.
    event = _component(key=key, data=data, on_event_change=lambda: None).get("event")
    return PlayerEvent(kind=str(event["kind"]), index=int(event["index"])) if event else None


def _tell_favourites(key: str, favourites: Collection[int] | None, chain: Chain) -> None:
    """Send what is starred apart from the pictures, so that a new star does not send these again.

    The two do not arrive at the same moment: ``of`` says which pictures are meant.
    """
    starred = None if favourites is None else sorted(int(index) for index in favourites)
    _stars(key=f"{key}-stars", data={"address": key, "starred": starred, "of": end_id(chain)})


_PLACE = source(__file__, "place.css")
_SCRIPT = SCRIPT + source(
    __file__,
    "registry.js",
    "unpacking.js",
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
_feeder = st.components.v2.component("ddpm_player_feed", js=SCRIPT + source(__file__, "registry.js", "feed.js"))
_stars = st.components.v2.component("ddpm_player_stars", js=MOUNTING + source(__file__, "registry.js", "stars.js"))
