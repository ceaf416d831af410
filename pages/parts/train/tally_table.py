"""What came of the files of an upload, in one table: taken or left out, what they are, and their names on demand."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from ddpm.base.text import counted, showable
from ddpm.sprites import SpriteDataset
from ddpm.sprites.readers.tally import TallyRow
from pages.parts.shared.uploading import for_page
from pages.parts.shared.words import plain

_MOST_NAMES = 60


def files_words(rows: Sequence[TallyRow]) -> str:
    """How many files were taken: "1,041 of 1,111 files"."""
    taken = sum(row.files for row in rows if row.taken)
    return f"{taken:,} of {counted(sum(row.files for row in rows), 'file')}"


def look_words(sprites: SpriteDataset) -> str:
    """Size and transparency: "24 × 24 pixels, transparent"."""
    channels, height, width = sprites.shape
    if channels == 4:
        look = "transparent" if sprites.binary_alpha else "transparent, with soft edges"
    else:
        look = f"on {plain(sprites.background)}" if sprites.background else "opaque"
    return f"{width} × {height} pixels, {look}"


def tally_table(rows: Sequence[TallyRow]) -> None:
    """Show a row for each thing that became of files; nothing without rows."""
    if not rows:
        return
    st.html(Path(__file__).with_name("tally.css"))
    cells = "".join(_row(row) for row in rows)
    st.html(
        f'<table class="tally"><thead><tr><th></th><th>What</th><th>Files</th><th>Sprites</th></tr></thead>'
        f"<tbody>{cells}</tbody></table>"
    )


def _row(row: TallyRow) -> str:
    # The words follow a number in a sentence: "8 of 32 x 32 pixels", "2 that cannot be read".
    what = for_page(row.what).removeprefix("of ").removeprefix("that ")
    words = html.escape(showable(what[:1].upper() + what[1:]))
    if row.names:
        more = row.files - min(len(row.names), _MOST_NAMES)
        listed = ", ".join(html.escape(showable(name)) for name in row.names[:_MOST_NAMES])
        rest = f" and {more:,} more" if more > 0 else ""
        words = f"<details><summary>{words}</summary><p>{listed}{rest}</p></details>"
    state, cls = ("taken", "in") if row.taken else ("left out", "out")
    files, sprites = (f"{number:,}" if number else "–" for number in (row.files, row.sprites))
    return f'<tr class="{cls}"><td>{state}</td><td>{words}</td><td>{files}</td><td>{sprites}</td></tr>'
