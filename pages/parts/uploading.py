"""Sprites of the visitor's own, handed over in the browser."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ddpm.sprites import load_sprites
from ddpm.uploads import keep_upload


def ask_for_file(key: str, text: str) -> str | None:
    """Ask for a file of sprites; where it is kept, as ``load_sprites`` takes it. None as long as there is none.

    Args:
        key: tells this uploader from others; its last file is remembered when the page is left.

    Raises:
        SpriteError: if the file cannot be used.
    """
    uploads = st.file_uploader(text, type=["npy", "npz", "png"], accept_multiple_files=True, key=f"{key}-files")
    kept = f"{key}-source"
    if not uploads:
        return st.session_state.get(kept)
    path = keep_upload([(upload.name, upload.getvalue()) for upload in uploads])
    source = str(path)
    if path.suffix == ".png":
        with st.expander("The sheet is cut the wrong way?"):
            by_hand = st.toggle("Say how it is laid out", key=f"{key}-by-hand")
            tile = st.number_input(
                "Tile size in pixels of the art", 1, 512, 16, disabled=not by_hand, key=f"{key}-tile"
            )
            margin = st.number_input("Margin around the sheet", 0, 512, 0, disabled=not by_hand, key=f"{key}-margin")
            gap = st.number_input("Gap between tiles", 0, 512, 0, disabled=not by_hand, key=f"{key}-gap")
        if by_hand:
            # A training is told one name and no layout: the sprites that were cut out get a file of their own.
            cut = load_sprites(path, tile=tile, margin=margin, gap=gap)
            target = path.with_name(f"{path.stem}-{cut.fingerprint[:8]}.npy")
            if not target.is_file():
                np.save(target, cut.images, allow_pickle=False)
            source = str(target)
    st.session_state[kept] = source
    return source
