"""Search by a sprite of one's own: draw or bring one, and see what it is like."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from ddpm.judging.copying.lookup import look_up
from ddpm.pixels.neighbors import rms_grey_levels
from ddpm.sprites import SpriteError, load_sprites
from pages.parts.copied.comparing import Subject
from pages.parts.copied.easel import easel
from pages.parts.copied.matches import transform_words
from pages.parts.shared.pictures import sprite_tag
from pages.parts.shared.uploading import ask_for_file
from pages.parts.shared.words import problem

_DRAW, _BRING = "Draw one", "Bring one"
_K = 6


@st.fragment
def search(subject: Subject) -> None:
    """A place to draw, and the sprites most like the drawing."""
    left, right = st.columns([4, 8], gap="large")
    with left:
        how = st.segmented_control("Your sprite", (_DRAW, _BRING), default=_DRAW, required=True, key="search-how")
        own = easel(key="easel") if how == _DRAW else _brought()
    with right:
        if own is None:
            st.info("Draw something, and its nearest training sprites and samples appear here, stroke by stroke.")
            return
        st.html(_results(subject, own))


def _brought() -> np.ndarray | None:
    try:
        source = ask_for_file("search", "A PNG, .npy or .npz; its first sprite is taken")
        sprites = load_sprites(source) if source is not None else None
    except SpriteError as error:
        problem(error)
        return None
    if sprites is None:
        return None
    own = np.asarray(sprites.images[0])
    st.html(sprite_tag(own, "your sprite", 192))
    return own


def _results(subject: Subject, own: np.ndarray) -> str:
    found = subject.index.look_up(own[None], _K)
    shapes = found.shapes
    pixels = [(row, _grey(value)) for row, value in zip(found.rows[0], found.squared_distances[0], strict=True)]
    by_shape = []
    for k, row in enumerate(shapes.indices[0]):
        moved = transform_words(bool(shapes.flips[0, k]), shapes.shifts[0, k])
        by_shape.append((row, f"{shapes.similarity[0, k]:.0%}" + (f", {moved}" if moved else "")))
    palettes = [
        (row, f"{distance:.2f} away")
        for row, distance in zip(found.palette_rows[0], found.palette_distances[0], strict=True)
        if row >= 0
    ]
    parts = [
        _strip(
            "Training sprites, by pixels",
            [(subject.train[row], f"{words}<br>{_row(subject, row)}") for row, words in pixels],
        ),
        _strip("By shape", [(subject.train[row], f"{words}<br>{_row(subject, row)}") for row, words in by_shape]),
        _strip("By palette", [(subject.train[row], f"{words}<br>{_row(subject, row)}") for row, words in palettes]),
    ]
    samples = subject.chosen.images
    near = look_up(own[None], samples, _K)
    parts.append(
        _strip(
            f"Nearest of {html.escape(subject.chosen.whose)}",
            [
                (samples[row], f"{_grey(value)}<br>sample {row + 1:,}")
                for row, value in zip(near.rows[0], near.squared_distances[0], strict=True)
            ],
        )
    )
    return f'<div class="found">{"".join(parts)}</div>'


def _grey(squared: int) -> str:
    return "the same" if squared == 0 else f"{rms_grey_levels(squared):.0f} grey levels"


def _row(subject: Subject, row: int) -> str:
    return f"row {subject.data_row(int(row)):,}"


def _strip(title: str, hits: list[tuple[np.ndarray, str]]) -> str:
    if not hits:
        return ""
    figures = "".join(
        f"<figure>{sprite_tag(image, 'match')}<figcaption>{words}</figcaption></figure>" for image, words in hits
    )
    return f"<h3>{title}</h3><div>{figures}</div>"
