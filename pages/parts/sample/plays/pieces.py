"""The sprites that can be played with: those that the page shows, and favourites of the same size."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

import numpy as np
import streamlit as st

from ddpm.pixels.sheets import png
from ddpm.runs.album import Batch
from ddpm.runs.favourites import favourites
from pages.parts.shared.backdrop import backdrop_rule
from pages.parts.shared.batches import kinds_of
from pages.parts.shared.component import MOUNTING, STYLE, source
from pages.parts.shared.pictures import data_uri, sprite_tag

_SIDE = 32


@dataclass(frozen=True, eq=False)
class Piece:
    """A sprite to play with.

    Attributes:
        image: uint8 (H, W, C).
        name: what it is called on the page: "sprite 3", "favourite 1".
        kind: what it shows; empty if that is not known.
        place: its number in the batch that the page shows; None for a favourite.
    """

    image: np.ndarray = field(repr=False)
    name: str
    kind: str = ""
    place: int | None = None

    @property
    def words(self) -> str:
        return f"{self.name} ({self.kind})" if self.kind else self.name

    @property
    def key(self) -> str:
        """Equal for equal pictures of one kind."""
        digest = blake2b(np.ascontiguousarray(self.image).data, digest_size=12).hexdigest()
        return f"{digest}/{self.image.shape}/{self.kind}"


def pieces(batch: Batch) -> list[Piece]:
    """The sprites of a batch as they were drawn, then the favourites of their size."""
    sprites = batch.chain.sprites
    kinds = kinds_of(batch.info, len(sprites)) or [""] * len(sprites)
    found = [
        Piece(image, f"sprite {number}", kind, number - 1)
        for number, (image, kind) in enumerate(zip(sprites, kinds, strict=True), start=1)
    ]
    alike = [one for one in favourites() if one.image.shape == sprites.shape[1:]]
    for number, one in enumerate(alike, start=1):
        found.append(Piece(one.image, f"favourite {number}", str(one.info.get("shows") or one.info.get("kind") or "")))
    return found


def choose_piece(label: str, found: list[Piece], key: str, usual: int) -> Piece:
    """Show the chosen sprite, and all others to choose from.

    Args:
        found: at least one.
        key: in the session; another part of the page may have put a :class:`Piece` there.
        usual: the number of the one to begin with.
    """
    names = [piece.key for piece in found]
    chosen = st.session_state.get(key)
    # After another drawing its sprites are gone: then the first of that one takes its place.
    number = names.index(chosen.key) if isinstance(chosen, Piece) and chosen.key in names else None
    if number is None:
        number = min(usual, len(found) - 1)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        place = st.empty()
        with st.popover(label, icon=":material/grid_view:", help="Choose another sprite"):
            picked = _pick(label, found, number, key)
        if picked is not None:
            number = picked
        place.html(sprite_tag(found[number].image, found[number].words, 64), width="content")
        st.caption(found[number].words)
    st.session_state[key] = found[number]
    return found[number]


def _pick(label: str, found: list[Piece], chosen: int, key: str) -> int | None:
    st.html(f"<style>{backdrop_rule()}</style>")
    height, width = found[0].image.shape[:2]
    scale = max(1, _SIDE // max(height, width))
    data = {
        "label": label,
        "sprites": [{"name": piece.words, "picture": data_uri(png(piece.image))} for piece in found],
        "chosen": chosen,
        "side": [width * scale, height * scale],
    }
    picked = _picker(key=f"{key}-picker", data=data, on_choice_change=lambda: None).get("choice")
    return int(picked) if picked is not None and 0 <= int(picked) < len(found) else None


_picker = st.components.v2.component(
    "ddpm_picker",
    html=source(__file__, "picker.html"),
    css=STYLE + source(__file__, "picker.css"),
    js=MOUNTING + source(__file__, "picker.js"),
)
