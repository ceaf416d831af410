"""Sprites as this visitor wants to see them: as drawn, or cleaned and in a palette; they are never measured."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b

import numpy as np
import streamlit as st

from ddpm.diffusion.chain import Chain
from ddpm.pixels.cleaning import MARKS
from ddpm.pixels.exporting import finishing
from ddpm.pixels.exporting.finishing import Finish, Finished
from ddpm.runs.album import Batch
from pages.parts.sample.palette_choice import NONE, ask_for_palette, palette_of
from pages.parts.shared.batches import batch_titles
from pages.parts.shared.pictures import contact_sheet
from pages.parts.shared.words import plain

_KEY, _PALETTE, _TURNED = "clean", "clean-palette", "clean-turned"
HELP = "Even background, no stray pixels, fewer colours: sprites to use. Favourites and measurements stay as drawn."
_LEGEND = {"background": "background", "merged": "to a near colour", "stray": "stray pixel"}
_SIDE_BY_SIDE = 32


def wants_clean() -> bool:
    """Whether this visitor looks at cleaned sprites; false at first."""
    return bool(st.session_state.get(_KEY, False))


def palette_seen() -> str:
    """The choice of a palette, as for ``palette_of``, in which this visitor looks at sprites."""
    return str(st.session_state.get(_PALETTE) or NONE) if wants_clean() else NONE


def finish_seen() -> Finish:
    """What is done to sprites before this visitor sees them."""
    return Finish(wants_clean(), palette_of(palette_seen()))


def as_seen(chain: Chain) -> Chain:
    """A chain as this visitor wants to see it: as drawn, or with its end finished once it is complete."""
    finish = finish_seen()
    return with_finished_end(chain, finish) if finish and chain.t[-1] < 0 else chain


def just_turned() -> bool:
    """Whether the switch caused this run of the script: then the player shows the result at once."""
    return bool(st.session_state.pop(_TURNED, False))


def clean_switch(batch: Batch) -> None:
    """The switch, and where it is on which palette is wanted and what was done."""
    st.toggle("Clean pixels", key=_KEY, persist_state="session", help=HELP, on_change=_remember_turn)
    if not wants_clean():
        return
    held = palette_of(palette_seen())
    with st.popover("Palette" if held is None else f"Palette: {plain(held.name)}"):
        palette = ask_for_palette(_PALETTE, _remember_turn)
        if palette is not None:
            st.caption(plain(finished(batch.chain.sprites, finish_seen()).told[-1]))
    with st.popover("What was cleaned"):
        changes(batch)


def _remember_turn() -> None:
    st.session_state[_TURNED] = True


def finished(sprites: np.ndarray, finish: Finish) -> Finished:
    """:meth:`Finish.apply`, cached."""
    return _finished(_digest(sprites), sprites.shape, finish.key(), sprites, finish)


@st.cache_resource(max_entries=16, show_spinner=False)
def _finished(
    digest: str, shape: tuple[int, ...], key: tuple[object, ...], _sprites: np.ndarray, _finish: Finish
) -> Finished:
    return _finish.apply(_sprites)


def why_not_cut_out(sprites: np.ndarray) -> str:
    """:func:`ddpm.pixels.exporting.finishing.why_not_cut_out`, cached."""
    return _why_not(_digest(sprites), sprites.shape, sprites)


@st.cache_data(max_entries=64, show_spinner=False)
def _why_not(digest: str, shape: tuple[int, ...], _sprites: np.ndarray) -> str:
    return finishing.why_not_cut_out(_sprites)


def _digest(sprites: np.ndarray) -> str:
    # Streamlit hashes a large array from a sample of its values.
    return blake2b(np.ascontiguousarray(sprites).data, digest_size=12).hexdigest()


def with_finished_end(chain: Chain, finish: Finish) -> Chain:
    """A complete chain with its last frame finished."""
    end = finished(chain.sprites, finish).images[None]
    return replace(chain, x_t=np.concatenate([chain.x_t[:-1], end]), x0=np.concatenate([chain.x0[:-1], end]))


def changes(batch: Batch) -> None:
    """Show in words what was cleaned in a batch, sprites before and after, and the pixels."""
    for chain, title in zip([batch.chain, batch.other], batch_titles(batch), strict=True):
        if chain is not None:
            _changes(chain, title)
    st.caption("Strong where one sees the change, faint where one hardly does:")
    swatches = (f'<span><i style="background:rgb{MARKS[kind]}"></i>{text}</span>' for kind, text in _LEGEND.items())
    # Whoever has no mouse scrolls here by what can have the focus.
    st.html(f'<div class="swatches" tabindex="0" role="group" aria-label="Colours">{"".join(swatches)}</div>')


def _changes(chain: Chain, title: str) -> None:
    drawn, found = chain.sprites, finished(chain.sprites, finish_seen())
    if title:
        st.markdown(f"**{plain(title)}**")
    for told in found.told:
        st.caption(plain(told))
    columns = min(4, len(drawn))
    if not np.array_equal(drawn, found.images):
        for side, (words, images) in zip(st.columns(2), {"Before": drawn, "After": found.images}.items(), strict=True):
            with side:
                st.caption(words)
                contact_sheet(images[:_SIDE_BY_SIDE], f"sprites {words.lower()}", columns)
        if len(drawn) > _SIDE_BY_SIDE:
            st.caption(f"The first {_SIDE_BY_SIDE} of {len(drawn):,} sprites.")
    if found.cleaned is not None and found.cleaned.changed.any():
        contact_sheet(found.cleaned.marked(), "where pixels were changed", min(8, len(drawn)), scale=4)
