"""Sprites as files. Each is made when its button is pressed, and its name says what drew it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from ddpm.base.files import npy_bytes
from ddpm.diffusion.animation import apng, gif
from ddpm.pixels.sheets import png_zip, sheet_png
from ddpm.pixels.transparency import cutout
from ddpm.runs.album import Batch
from pages.parts.sample.cleaned import HELP, cleaned
from pages.parts.shared.batches import batch_titles, file_stem, kinds_of

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
        st.caption("How they came out of the noise" + (", as drawn" if clean else ""))
        _buttons(
            "save",
            [
                ("Animation, GIF", f"{stem}.gif", "image/gif", lambda: gif(chain)),
                ("Animation, PNG (exact colours)", f"{stem}-animation.png", "image/apng", lambda: apng(chain)),
            ],
        )


def save_sprites_button(sprites: np.ndarray, stem: str, key: str, kinds: Sequence[str] = ()) -> None:
    """Offer the files of :func:`sprite_files`."""
    with st.popover("Save", icon=":material/download:", key=f"{key}-menu"):
        clean = st.toggle("Clean pixels", key=f"{key}-clean", help=HELP)
        _buttons(key, sprite_files(sprites, stem, clean, kinds))


def sprite_files(sprites: np.ndarray, stem: str, clean: bool = False, kinds: Sequence[str] = ()) -> list[_File]:
    """All files of some sprites: the button's text, the file's name and MIME type, and what makes it.

    Args:
        sprites: uint8 (N, 16, 16, 3).
        clean: clean them first, and say so in the names.
        kinds: the kind of each, where that is known; the names of single files begin with it.
    """
    if clean:
        sprites, stem = cleaned(sprites).images, f"{stem}-clean"
    return [
        ("One sheet, PNG", f"{stem}.png", "image/png", lambda: sheet_png(sprites, scale=4, gap=1)),
        ("Single PNGs, white", f"{stem}.zip", "application/zip", lambda: png_zip(sprites, stem, kinds)),
        (
            "Single PNGs, transparent",
            f"{stem}-transparent.zip",
            "application/zip",
            lambda: png_zip(cutout(sprites), stem, kinds),
        ),
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
