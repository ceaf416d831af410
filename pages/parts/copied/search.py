"""Search by a sprite that the visitor draws or uploads."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from ddpm.judging.copying.lookup import look_up
from ddpm.judging.quality.form_index import FormIndex
from ddpm.pixels.fitting import SizeError, fitted
from ddpm.sprites import SpriteError, load_sprites
from pages.parts.copied.comparing import Subject
from pages.parts.copied.drawing_quality import forms_of, known_forms
from pages.parts.copied.matches import distance_words, shape_words
from pages.parts.shared.easel import easel
from pages.parts.shared.pictures import sprite_tag
from pages.parts.shared.uploading import ask_for_file
from pages.parts.shared.words import problem

_DRAW, _BRING = "Draw one", "Bring one"
_K = 6


@st.fragment
def search(subject: Subject) -> None:
    """The easel or an upload, and beside it the sprites most like that sprite."""
    left, right = st.columns([4, 8], gap="large")
    with left:
        how = st.segmented_control("Your sprite", (_DRAW, _BRING), default=_DRAW, required=True, key="search-how")
        train = subject.sprites.images
        own = easel(key="easel", shape=train.shape[1:]) if how == _DRAW else _brought(train)
    if own is None:
        right.info("Draw something, and its nearest training sprites and samples appear here, stroke by stroke.")
        return
    try:
        forms = known_forms(subject)
    except ValueError as error:
        # The network's file is missing or damaged.
        with right:
            problem(error)
        return
    right.html(_results(subject, own, forms))
    if forms is None and right.button("Search by form, too", help="The first time it takes some seconds."):
        with right, st.spinner("Looking at the form of every training sprite ...", show_time=True):
            forms_of(subject)
        st.rerun(scope="fragment")


def _brought(train: np.ndarray) -> np.ndarray | None:
    try:
        source = ask_for_file("search", "A PNG, .npy or .npz; its first sprite is taken")
        sprites = load_sprites(source) if source is not None else None
        if sprites is None:
            return None
        images, words = fitted(np.asarray(sprites.images[:1]), train)
    except (SpriteError, SizeError) as error:
        problem(error)
        return None
    if words:
        st.caption(f":material/info: {words}")
    own = images[0]
    st.html(sprite_tag(own, "your sprite", 192))
    return own


def _results(subject: Subject, own: np.ndarray, forms: FormIndex | None) -> str:
    found = subject.index.look_up(own[None], _K)
    shapes = found.shapes
    by_pixels = [
        (row, distance_words(value, subject.values, digits=0))
        for row, value in zip(found.rows[0], found.squared_distances[0], strict=True)
    ]
    by_shape = [
        (row, shape_words(shapes.similarity[0, k], shapes.flips[0, k], shapes.shifts[0, k]))
        for k, row in enumerate(shapes.indices[0])
    ]
    by_palette = [
        (row, f"{distance:.2f} away")
        for row, distance in zip(found.palette_rows[0], found.palette_distances[0], strict=True)
        if row >= 0
    ]
    by_form = []
    if forms is not None:
        rows, cosines = forms.nearest(own[None], min(_K, len(subject.train)))
        by_form = [(row, f"{max(0.0, float(alike)):.2f} alike") for row, alike in zip(rows[0], cosines[0], strict=True)]
    train, samples = subject.train, subject.chosen.images
    strips = [
        _strip(title, [(train[row], f"{words}<br>row {subject.data_row(row):,}") for row, words in matches])
        for title, matches in (
            ("Training sprites, by pixels", by_pixels),
            ("By shape", by_shape),
            ("By form, as a network sees it", by_form),
            ("By palette", by_palette),
        )
    ]
    near = look_up(own[None], samples, _K)
    hits = [
        (samples[row], f"{distance_words(value, subject.values, digits=0)}<br>sample {row + 1:,}")
        for row, value in zip(near.rows[0], near.squared_distances[0], strict=True)
    ]
    strips.append(_strip(f"Nearest of {html.escape(subject.chosen.whose)}", hits))
    return f'<div class="found">{"".join(strips)}</div>'


def _strip(title: str, hits: list[tuple[np.ndarray, str]]) -> str:
    if not hits:
        return ""
    figures = "".join(
        f"<figure>{sprite_tag(image, 'match')}<figcaption>{words}</figcaption></figure>" for image, words in hits
    )
    return f"<h3>{title}</h3><div>{figures}</div>"
