"""The choice of the sprites that a training learns from."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ddpm.sprites import SpriteDataset, SpriteError, kaggle
from pages.parts.shared.navigation import BUILTIN, KAGGLE
from pages.parts.shared.store import sprites as stored_sprites
from pages.parts.shared.uploading import ask_for_file, for_page, is_asked
from pages.parts.shared.words import counted, plain, problem
from pages.parts.train.opening import proposed
from pages.parts.train.tally_table import look_words

_OWN = "My own file"


@dataclass(frozen=True)
class SpriteChoice:
    """The chosen sprites and their source for ``load_sprites``, or why there are none yet."""

    sprites: SpriteDataset | None
    source: str
    problem: str = ""


def choose_sprites() -> SpriteChoice:
    """Ask for a set of sprites."""
    kind = st.segmented_control(
        "Sprites",
        (BUILTIN, KAGGLE, _OWN),
        default=proposed("sprites", BUILTIN),
        required=True,
        key="sprites",
        persist_state="session",
    )
    try:
        if kind == KAGGLE:
            return _choose_kaggle()
        source = ask_for_file("own") if kind == _OWN else "builtin"
        if source is None:
            first = "Say how the sheet is cut first." if is_asked("own") else "Choose a file first."
            return SpriteChoice(None, "", first)
        sprites = stored_sprites(source)
        if kind == _OWN:
            # Also here, since on a phone the data card comes after the whole form.
            st.markdown(f":material/check: **{counted(len(sprites), 'sprite')}** of {look_words(sprites)}")
        return SpriteChoice(sprites, source)
    except SpriteError as error:
        problem(for_page(error))
        return SpriteChoice(None, "", "These sprites cannot be used.")


def _choose_kaggle() -> SpriteChoice:
    if kaggle.find() is None:
        st.info(
            "The 89,400 sprites of the student report, from Kaggle. They are not on this computer yet; "
            "fetching them is the only time that this app goes online. The set is public: no account is needed."
        )
        wanted = False
        if kaggle.can_download():
            wanted = st.button("Download from Kaggle", icon=":material/download:")
        else:
            st.markdown("A small package is missing for that. Run this line in a terminal, then press **Look again**:")
            st.code(kaggle.install_line(), language=None, wrap_lines=True)
            st.button("Look again", icon=":material/refresh:")
        if folder := kaggle.own_folder():
            st.caption(
                f"Or fetch the set by hand from [its page at Kaggle]({kaggle.PAGE}), and put "
                + plain(f"{kaggle.FILE} and sprites_labels.npy into this folder: {folder}")
            )
        if not wanted:
            return SpriteChoice(None, "", "Fetch the Kaggle set first, or choose other sprites.")
        with st.spinner("Downloading ..."):
            kaggle.download()
    return SpriteChoice(stored_sprites("kaggle"), "kaggle")
