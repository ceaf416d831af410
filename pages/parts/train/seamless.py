"""The switch that asks for seamless tiles."""

from __future__ import annotations

import streamlit as st

from ddpm.pixels.seams import Seams, doubt, tile_seams
from ddpm.sprites import SpriteDataset
from ddpm.training.recipes import RECIPES
from pages.parts.shared.words import plain


def ask_seamless(preset: str, sprites: SpriteDataset) -> bool:
    """Whether the model learns tiles; asked only where sprites have no background, and a recipe has such a network.

    The switch is on at first where the tiles of the set repeat themselves.
    """
    found = _tile_seams(sprites.fingerprint, sprites)
    if found is None:
        return False
    try:
        RECIPES[preset].fitted(sprites.shape).for_tiles(sprites.shape)
    except ValueError as error:
        if found.repeats:
            st.caption(f":material/info: {plain(error)}")
        return False
    wanted = st.toggle(
        "Seamless tiles",
        value=found.repeats,
        # Each set has a first value of its own.
        key=f"seamless-{sprites.fingerprint[:12]}",
        persist_state="session",
        help="The model looks over each border at the opposite one. So it cannot tell where a tile ends.",
    )
    st.caption(f"What it draws can be laid side by side without a visible border. {plain(_about(found, wanted))}")
    return wanted


def _about(found: Seams, wanted: bool) -> str:
    return doubt(found) if wanted and not found.repeats else found.verdict()


@st.cache_data(max_entries=16, show_spinner=False)
def _tile_seams(fingerprint: str, _sprites: SpriteDataset) -> Seams | None:
    return tile_seams(_sprites.images, _sprites.distinct())
