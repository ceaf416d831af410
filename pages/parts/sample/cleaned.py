"""Cleaned sprites, to look at and to save; they are never measured."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

import numpy as np
import streamlit as st

from ddpm.diffusion.chain import Chain
from ddpm.pixels.cleaning import MARKS, Cleaned, clean_pixels
from ddpm.runs.album import Batch
from pages.parts.shared.batches import batch_titles
from pages.parts.shared.pictures import contact_sheet
from pages.parts.shared.words import plain

_KEY, _TURNED = "clean", "clean-turned"
HELP = "Even background, no stray pixels, fewer colours: sprites to use. Favourites and measurements stay as drawn."
_LEGEND = {"background": "background", "merged": "to a near colour", "stray": "stray pixel"}


def wants_clean() -> bool:
    """Whether this visitor looks at cleaned sprites; false at first."""
    return bool(st.session_state.get(_KEY, False))


def as_seen(chain: Chain) -> Chain:
    """A chain as this visitor wants to see it: as drawn, or with its end cleaned once it is complete."""
    return with_clean_end(chain) if wants_clean() and chain.t[-1] < 0 else chain


def just_turned() -> bool:
    """Whether the switch caused this run of the script: then the player shows the result at once."""
    return bool(st.session_state.pop(_TURNED, False))


def clean_switch() -> None:
    st.toggle("Clean pixels", key=_KEY, persist_state="session", help=HELP, on_change=_remember_turn)


def _remember_turn() -> None:
    st.session_state[_TURNED] = True


def cleaned(sprites: np.ndarray) -> Cleaned:
    """:func:`clean_pixels`, cached."""
    # Streamlit hashes a large array from a sample of its values.
    digest = blake2b(np.ascontiguousarray(sprites).data, digest_size=12).hexdigest()
    return _cleaned(digest, sprites.shape, sprites)


@st.cache_data(max_entries=8, show_spinner=False)
def _cleaned(digest: str, shape: tuple[int, ...], _sprites: np.ndarray) -> Cleaned:
    return clean_pixels(_sprites)


def with_clean_end(chain: Chain) -> Chain:
    """A complete chain with its last frame cleaned."""
    end = cleaned(chain.sprites).images[None]
    return replace(chain, x_t=np.concatenate([chain.x_t[:-1], end]), x0=np.concatenate([chain.x0[:-1], end]))


def changes(batch: Batch) -> None:
    """Show in words what was cleaned in a batch, and the pixels."""
    titles = batch_titles(batch)
    for chain, title in zip([batch.chain, batch.other], titles, strict=True):
        if chain is None:
            continue
        found = cleaned(chain.sprites)
        if title:
            st.markdown(f"**{plain(title)}**")
        st.caption(found.in_words())
        if found.changed.any():
            contact_sheet(found.marked(), "where pixels were changed", min(8, len(found.images)), scale=4)
    st.caption("Strong where one sees the change, faint where one hardly does:")
    swatches = (f'<span><i style="background:rgb{MARKS[kind]}"></i>{text}</span>' for kind, text in _LEGEND.items())
    st.html(f'<div class="swatches">{"".join(swatches)}</div>')
