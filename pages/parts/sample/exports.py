"""Sprites as files. Each is made when its button is pressed, and its name says what drew it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from ddpm.base.files import npy_bytes
from ddpm.diffusion.animation import apng, gif
from ddpm.diffusion.chain import Chain
from ddpm.pixels.conversion import size_words
from ddpm.pixels.sheets import png_zip, sheet_png
from ddpm.pixels.transparency import colour_name, cutout
from ddpm.runs.album import Batch
from ddpm.runs.favourites import Favourite
from pages.parts.sample.cleaned import HELP, cleaned
from pages.parts.shared.backdrop import backdrop_colour
from pages.parts.shared.batches import batch_titles, file_stem, kinds_of
from pages.parts.shared.words import counted

_File = tuple[str, str, str, Callable[[], bytes]]


def save_button(batch: Batch, clean: bool = False) -> None:
    """Offer all files of a batch; with ``clean`` the sprites are cleaned, but not the animations."""
    chain, stem = batch.chain, file_stem(batch.info)
    kinds = kinds_of(batch.info, len(chain.sprites))
    with st.popover("Save", icon=":material/download:"):
        if batch.other is not None:
            titles = batch_titles(batch)
            chosen = st.segmented_control("Which", titles, default=titles[0], required=True, key="save-which")
            if chosen == titles[1]:
                chain, stem = batch.other, f"{stem}-against-{batch.info.get('against')}".replace(":", "-")
        if clean:
            st.caption("The cleaned sprites. Turn Clean pixels off to save them as drawn.")
        _buttons("save", sprite_files(chain.sprites, stem, clean, kinds))
        st.caption("How they came out of the noise" + (", as drawn" if clean else "") + _gif_words(chain))
        _buttons("save", _film_files(chain, stem))


def _film_files(chain: Chain, stem: str) -> list[_File]:
    behind = backdrop_colour()
    return [
        ("Animation, GIF", f"{stem}.gif", "image/gif", lambda: gif(chain, behind=behind)),
        ("Animation, PNG (exact colours)", f"{stem}-animation.png", "image/apng", lambda: apng(chain)),
    ]


def _gif_words(chain: Chain) -> str:
    """What becomes of alpha in a GIF; empty if there is none."""
    if chain.sprites.shape[-1] == 3:
        return ""
    colour = backdrop_colour()
    if colour is None:
        return ". The GIF is transparent, too, but a GIF knows no half: noise that is faint is left out."
    return f". The GIF is laid on {colour_name(colour)}, as you see it here."


def save_favourites_button(found: Sequence[Favourite]) -> None:
    """Offer the files of favourites; those of different sizes do not fit into one file."""
    groups: dict[str, list[Favourite]] = {}
    for one in found:
        groups.setdefault(size_words(one.image[None]), []).append(one)
    with st.popover("Save", icon=":material/download:", key="save-favourites-menu"):
        size = next(iter(groups))
        if len(groups) > 1:
            size = st.segmented_control(
                "Which size",
                list(groups),
                default=size,
                required=True,
                format_func=lambda words: f"{words}: {counted(len(groups[words]), 'sprite')}",
                key="save-favourites-size",
            )
        clean = st.toggle("Clean pixels", key="save-favourites-clean", help=HELP)
        chosen = groups.get(size, [])
        kinds = [str(one.info.get("kind") or "") for one in chosen]
        if chosen:
            _buttons(
                "save-favourites", sprite_files(np.stack([one.image for one in chosen]), "favourites", clean, kinds)
            )


def sprite_files(sprites: np.ndarray, stem: str, clean: bool = False, kinds: Sequence[str] = ()) -> list[_File]:
    """All files of some sprites: the button's text, the file's name and MIME type, and what makes it.

    Args:
        sprites: uint8 (N, H, W, C).
        clean: clean them first, and say so in the names.
        kinds: the kind of each, where that is known; the names of single files begin with it.
    """
    if clean:
        sprites, stem = cleaned(sprites).images, f"{stem}-clean"
    zipped = "application/zip"
    singles: list[_File] = [("Single PNGs", f"{stem}.zip", zipped, lambda: png_zip(sprites, stem, kinds))]
    if sprites.shape[-1] == 3:
        singles = [
            ("Single PNGs, white", *singles[0][1:]),
            (
                "Single PNGs, transparent",
                f"{stem}-transparent.zip",
                zipped,
                lambda: png_zip(cutout(sprites), stem, kinds),
            ),
        ]
    return [
        ("One sheet, PNG", f"{stem}.png", "image/png", lambda: sheet_png(sprites, scale=4, gap=1)),
        *singles,
        ("NumPy array, .npy", f"{stem}.npy", "application/octet-stream", lambda: npy_bytes(sprites)),
    ]


def _buttons(key: str, files: list[_File]) -> None:
    for label, name, mime, make in files:
        st.download_button(
            label,
            make,
            name,
            mime,
            on_click="ignore",
            type="tertiary",
            key=f"{key}-{label}",
            icon=":material/download:",
        )
