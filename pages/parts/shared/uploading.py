"""Files of sprites that a visitor uploads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ddpm.base.files import npy_bytes, replace_bytes
from ddpm.sprites import SpriteError, load_sprites
from ddpm.sprites.uploads import keep_upload
from pages.parts.shared.words import plain


def ask_for_file(key: str, text: str) -> str | None:
    """Ask for a file of sprites, and return where it is kept, for ``load_sprites``; None as long as there is none.

    The last file under a key that could be used is remembered when the page is left.

    Raises:
        SpriteError: if the file cannot be used.
    """
    kept = f"{key}-source"
    # Any type of file is accepted: if the browser refused one, the file before it would stay chosen.
    uploads = st.file_uploader(text, accept_multiple_files=True, key=f"{key}-files", on_change=_forget, args=(kept,))
    if not uploads:
        return st.session_state.get(kept)
    _forget(kept)
    path = keep_upload([(upload.name, upload.getvalue()) for upload in uploads])
    source = _cut_by_hand(path, key) if path.suffix == ".png" else str(path)
    load_sprites(source)  # raises before an unusable file is remembered
    st.session_state[kept] = source
    return source


def show_notes(notes: Sequence[str]) -> None:
    """What was left out, cut or assumed when sprites were read."""
    if notes:
        st.caption("  \n".join(f":material/info: {plain(note)}" for note in notes))


def _forget(kept: str) -> None:
    st.session_state.pop(kept, None)


def _cut_by_hand(sheet: Path, key: str) -> str:
    with st.expander("The sheet is cut the wrong way?"):
        if not st.toggle("Say how it is laid out", key=f"{key}-by-hand"):
            return str(sheet)
        tile = st.number_input("Tile size in pixels of the art", 1, 512, 16, key=f"{key}-tile")
        margin = st.number_input("Margin around the sheet", 0, 512, 0, key=f"{key}-margin")
        gap = st.number_input("Gap between tiles", 0, 512, 0, key=f"{key}-gap")
    # A training gets the name of a file and no layout: so the sprites that were cut out get their own file.
    cut = load_sprites(sheet, tile=tile, margin=margin, gap=gap)
    show_notes(cut.notes)
    target = sheet.with_name(f"{sheet.stem}-{cut.fingerprint}.npy")
    try:
        if not target.is_file():
            replace_bytes(target, npy_bytes(cut.images))
    except OSError as error:
        raise SpriteError(f"The sprites that were cut out could not be stored: {error}") from error
    return str(target)
