"""A formula, and the line of this project that computes it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.shared.store import ROOT


@dataclass(frozen=True)
class Line:
    """A line of code.

    Attributes:
        text: the line.
        place: its file, number and function.
    """

    text: str
    place: str


def line_of(function: Callable[..., Any], part: str) -> Line:
    """The line of a function that contains a piece of text, so that what is shown is what runs.

    Raises:
        ValueError: if there is no such line, or more than one.
    """
    lines, first = inspect.getsourcelines(function)
    found = [(number, line.strip()) for number, line in enumerate(lines, first) if part in line]
    if len(found) != 1:
        raise ValueError(f"{function.__qualname__} has {len(found)} lines with {part!r}, not one")
    ((number, text),) = found
    path = Path(inspect.getsourcefile(function) or "").resolve().relative_to(ROOT).as_posix()
    return Line(text, f"{path}, line {number:,}, in {function.__qualname__}")


def formula(latex: Sequence[str], line: Line, words: str) -> None:
    """Show a formula and its line of code, folded.

    Args:
        latex: a formula, or several beneath one another; short ones, for phones.
        words: what its letters mean.
    """
    with st.expander("The formula, and the line of our code that does it"):
        for one in latex:
            st.latex(one)
        st.markdown(words)
        # Streamlit's colours for Python have too little contrast.
        st.code(line.text, language=None, wrap_lines=True)
        st.caption(f"`{line.place}`")
