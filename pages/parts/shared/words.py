"""Text from outside the app on a page: names of files, runs and kinds, and errors that quote them."""

from __future__ import annotations

import re

import streamlit as st

from ddpm.base.text import counted as counted
from ddpm.base.text import megabytes as megabytes
from ddpm.base.text import showable

_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def plain(text: object) -> str:
    """Text escaped for Markdown, so that a file's name cannot become a link, a picture or a colour."""
    return _MARKUP.sub(r"\\\1", showable(str(text)))


def damaged(what: str, count: int = 1) -> None:
    """Say that files of the app cannot be read, and that they were left as they are."""
    verb = "is" if count == 1 else "are"
    st.warning(f"{plain(what)} {verb} damaged: left out here, and left alone on the disk.", icon=":material/warning:")


def problem(error: object) -> None:
    """Show an error's own message."""
    st.error(plain(error), icon=":material/error:")
