"""Words on a page that were not written by us: names of files, runs and kinds, and errors that quote them."""

from __future__ import annotations

import re

import streamlit as st

from ddpm.base.text import counted as counted
from ddpm.base.text import showable

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def plain(text: object) -> str:
    """Text that Markdown shows as it stands: no link, no picture, no colour hides in a file's name."""
    return _MARKUP.sub(r"\\\1", showable(str(text)))


def damaged(what: str, count: int = 1) -> None:
    """Say once that something of ours on the disk cannot be read, and that it was left as it is."""
    verb = "is" if count == 1 else "are"
    st.warning(f"{plain(what)} {verb} damaged: left out here, and left alone on the disk.", icon=":material/warning:")


def problem(error: object) -> None:
    """Show what went wrong, in the words of the error."""
    st.error(plain(error), icon=":material/error:")
