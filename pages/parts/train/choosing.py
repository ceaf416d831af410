"""Choosing the sprites that a training learns from."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ddpm.sprites import SpriteDataset, SpriteError, kaggle
from pages.parts.shared.navigation import KAGGLE
from pages.parts.shared.store import sprites as stored_sprites
from pages.parts.shared.uploading import ask_for_file
from pages.parts.shared.words import plain, problem

_BUILTIN, _OWN = "Built-in sprites", "My own file"


@dataclass(frozen=True)
class SpriteChoice:
    """The sprites that were chosen, or why there are none yet."""

    sprites: SpriteDataset | None
    source: str
    problem: str = ""


def choose_sprites() -> SpriteChoice:
    """Ask for a set of sprites, and show what is in it."""
    kind = st.segmented_control(
        "Sprites", (_BUILTIN, KAGGLE, _OWN), default=_BUILTIN, required=True, key="sprites", persist_state="session"
    )
    try:
        if kind == KAGGLE:
            return _choose_kaggle()
        if kind == _OWN:
            return _choose_own()
        return SpriteChoice(stored_sprites("builtin"), "builtin")
    except SpriteError as error:
        problem(error)
        return SpriteChoice(None, "", "These sprites cannot be used.")


def _choose_kaggle() -> SpriteChoice:
    if kaggle.find() is None:
        st.info(
            "The 89,400 sprites of the student report, from Kaggle. They are not on this computer yet; "
            "fetching them is the only time that this app goes online. The set is public: no account is needed."
        )
        wanted = _ask_to_download() if kaggle.can_download() else _ask_to_install()
        _by_hand()
        if not wanted:
            return SpriteChoice(None, "", "Fetch the Kaggle set first, or choose other sprites.")
        with st.spinner("Downloading ..."):
            kaggle.download()
    return SpriteChoice(stored_sprites("kaggle"), "kaggle")


def _ask_to_download() -> bool:
    return st.button("Download from Kaggle", icon=":material/download:")


def _ask_to_install() -> bool:
    """Say what is missing before anybody waits for a download that cannot be."""
    st.markdown("A small package is missing for that. Run this line in a terminal, then press **Look again**:")
    st.code(kaggle.install_line(), language=None, wrap_lines=True)
    st.button("Look again", icon=":material/refresh:")
    return False


def _by_hand() -> None:
    folder = kaggle.own_folder()
    if folder is not None:
        st.caption(
            f"Or fetch the set by hand from [its page at Kaggle]({kaggle.PAGE}), and put "
            + plain(f"{kaggle.FILE} and sprites_labels.npy into this folder: {folder}")
        )


def _choose_own() -> SpriteChoice:
    source = ask_for_file("own", "A .npy or .npz array of 16×16 sprites, a PNG sheet, or several PNGs")
    if source is None:
        return SpriteChoice(None, "", "Choose a file first.")
    return SpriteChoice(stored_sprites(source), source)
