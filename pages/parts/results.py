"""What one does with sprites that were drawn: keep them, or look at earlier ones."""

from __future__ import annotations

import streamlit as st

from ddpm.album import Batch
from ddpm.files import npy_bytes
from ddpm.render import gif, png, sheet, sheet_png
from pages.parts.drawing import album, show_again
from pages.parts.pictures import picture
from pages.parts.words import counted, plain


def downloads(batch: Batch) -> None:
    """Buttons for the sheet, the animation and the array; names say what drew them."""
    info, chain = batch.info, batch.chain
    stem = f"{info['name']}-{info['step']}-{info['sampler']}{info['steps']}-seed{info['seed']}"
    with st.container(horizontal=True, horizontal_alignment="center"):
        for label, suffix, mime, make in (
            ("PNG sheet", "png", "image/png", lambda: sheet_png(chain.sprites, scale=4, gap=1)),
            ("GIF", "gif", "image/gif", lambda: gif(chain)),
            ("NumPy .npy", "npy", "application/octet-stream", lambda: npy_bytes(chain.sprites)),
        ):
            st.download_button(
                label,
                make,
                f"{stem}.{suffix}",
                mime,
                on_click="ignore",
                icon=":material/download:",
                key=f"get-{suffix}",
            )


def last_batches() -> None:
    """The album: what was drawn before, on any page or in any tab."""
    batches = album(6)
    if not batches:
        return
    st.header("Drawn before")
    with st.grid(6, min_column_width=120):
        for batch in batches:
            with st.container():
                count = len(batch.chain.sprites)
                picture(png(sheet(batch.chain.sprites[:16], 4, gap=1)), f"sprites drawn by {batch.info['name']}")
                kind = batch.info.get("kind")
                words = [batch.info["name"], kind, counted(count, "sprite"), f"seed {batch.info['seed']}"]
                st.caption(plain(", ".join(str(word) for word in words if word)))
                if st.button("Open", key=f"open-{batch.id}"):
                    show_again(batch)
                    st.rerun()
