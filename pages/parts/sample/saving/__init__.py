"""Saving: a dialog that shows what a file will be, for a batch, for favourites and for one sprite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import streamlit as st

from ddpm.pixels.exporting.finishing import keep_pixels
from ddpm.pixels.transparency import colour_name
from ddpm.runs.album import Batch
from ddpm.runs.favourites import Favourite
from pages.parts.sample.cleaned import finished
from pages.parts.sample.saving import choices, files, preview
from pages.parts.sample.saving.goods import Goods, of_batch, of_favourites, of_sequence, of_sprite
from pages.parts.shared.backdrop import backdrop_colour
from pages.parts.shared.words import counted, plain, problem

_ICON = ":material/download:"


def save_button(batch: Batch, key: str = "save") -> None:
    """Offer a batch; the key is Streamlit's."""
    if st.button("Save", icon=_ICON, key=key):
        _save(of_batch(batch), "batch")


def save_sprite(batch: Batch, index: int) -> None:
    """Open the dialog for one sprite of a batch."""
    _save(of_sprite(batch, index), "one")


def save_favourites_button(found: Sequence[Favourite]) -> None:
    """Offer favourites."""
    if st.button("Save", icon=_ICON, key="save-favourites"):
        _save(of_favourites(found), "favourites")


def save_sequence_button(images: np.ndarray, stem: str, columns: int) -> None:
    """Offer the pictures of a film, uint8 (N, H, W, C), as such and as a sheet; files are named ``stem``."""
    if st.button("Save", icon=_ICON, key="save-sequence"):
        _save(of_sequence(images, stem, columns), "sequence")


def _save(offers: list[Goods], scope: str) -> None:
    choices.follow_page(scope)
    first = offers[0]
    title = first.name or ("favourites" if scope == "favourites" else counted(len(first.images), "sprite"))
    st.dialog(f"Save {plain(title)}", width="large")(offer)(offers, scope)


def offer(offers: list[Goods], scope: str) -> None:
    """What is in the dialog: the preview, the choices and the button."""
    with st.container(key="save-dialog"):
        seen, chosen = st.columns([6, 5], gap="medium")
        # Always in the same place: a button that other options push on is drawn anew, and loses the focus.
        with chosen:
            options, button = st.container(), st.container(key="save-download", gap="xsmall")
        with options:
            goods = _which(offers, scope)
            form = choices.ask_form(scope)
            file, show = _FORMS[form](goods, scope)
        with seen:
            try:
                show()
            except ValueError as error:
                file = None
                problem(error)
        with button:
            _download(file)


def _which(offers: list[Goods], scope: str) -> Goods:
    if len(offers) == 1:
        return offers[0]
    titles = [offer.title for offer in offers]
    label = "Which size" if scope == "favourites" else "Which"
    chosen = st.segmented_control(label, titles, default=titles[0], required=True, key=f"save-which-{scope}", wrap=True)
    return offers[titles.index(chosen)] if chosen in titles else offers[0]


def _download(file: files.File | None) -> None:
    st.download_button(
        "Download",
        file.make if file else b"",
        file.name if file else None,
        file.mime if file else None,
        on_click="ignore",
        type="primary",
        icon=_ICON,
        width="stretch",
        disabled=file is None,
        key="save-now",
    )
    if file:
        st.caption(f"{plain(file.kind)}: `{file.name}`")


_Made = tuple[files.File | None, Callable[[], None]]


def _finished(goods: Goods, scope: str) -> tuple[Goods, str]:
    """The sprites as they are to be saved, and what their files' names say of it; what was done is told."""
    finish = choices.ask_finish(goods.images, scope)
    if not finish:
        return goods, ""
    done = finished(goods.images, finish)
    preview.show_told(done.told)
    images = done.images if goods.fixed is None else keep_pixels(done.images, goods.images, goods.fixed)
    return replace(goods, images=images), finish.suffix()


def _sheet(goods: Goods, scope: str) -> _Made:
    layout, atlas = choices.ask_layout(len(goods.images), goods.columns)
    goods, suffix = _finished(goods, scope)
    shown = files.in_order_of_kinds(goods) if atlas else goods
    return files.sheet_file(goods, layout, suffix, atlas), lambda: preview.show_sheet(shown, layout)


def _singles(goods: Goods, scope: str) -> _Made:
    scale = choices.ask_scale()
    goods, suffix = _finished(goods, scope)
    return files.singles_file(goods, scale, suffix), lambda: preview.show_singles(goods, scale)


def _aseprite(goods: Goods, scope: str) -> _Made:
    each = choices.ask_each()
    goods, suffix = _finished(goods, scope)
    tags = len({kind for kind in goods.kinds if kind})
    words = counted(len(goods.images), each)
    if tags:
        words += f", {counted(tags, 'kind')} as {'tags' if each == 'frame' else 'groups'}"
    shown = files.in_order_of_kinds(goods)
    return files.aseprite(goods, each, suffix), lambda: preview.show_sprites(shown, words)


def _film(goods: Goods, scope: str) -> _Made:
    form = choices.ask_film()
    if goods.in_sequence:
        return _sequence(goods, "gif" if form == "gif" else "png", scope)
    st.caption(
        "How the sprites came out of the noise, as drawn: at the left the noisy ones, at the right what the model sees "
        "in them."
    )
    behind = backdrop_colour()
    if form == "gif" and goods.images.shape[-1] == 4:
        st.caption(
            "It is transparent, but a GIF knows no half: noise that is faint is left out."
            if behind is None
            else f"A GIF is laid on {colour_name(behind)}, as you see it on the page."
        )
    return files.film_file(goods, "gif" if form == "gif" else "png", behind), lambda: preview.show_film(goods)


def _sequence(goods: Goods, form: Literal["gif", "png"], scope: str) -> _Made:
    st.caption("One picture after the other and back again, with a rest at both ends.")
    goods, suffix = _finished(goods, scope)
    words = f"{counted(len(goods.images), 'picture')}, there and back"
    behind = backdrop_colour()
    if form == "gif" and goods.images.shape[-1] == 4 and behind is not None:
        st.caption(f"A GIF is laid on {colour_name(behind)}, as you see it on the page.")
    return files.sequence_file(goods, form, behind, suffix), lambda: preview.show_sprites(goods, words)


def _array(goods: Goods, scope: str) -> _Made:
    goods, suffix = _finished(goods, scope)
    shape = ", ".join(f"{side:,}" for side in goods.images.shape)
    return files.array_file(goods, suffix), lambda: preview.show_sprites(goods, f"uint8, ({shape})")


def _palette(goods: Goods, scope: str) -> _Made:
    ending = choices.ask_ending()
    goods, suffix = _finished(goods, scope)
    return files.palette_file(goods, ending, suffix), lambda: preview.show_palette(goods)


_FORMS = {
    choices.SHEET: _sheet,
    choices.SINGLES: _singles,
    choices.ONE: _singles,
    choices.ASEPRITE: _aseprite,
    choices.FILM: _film,
    choices.ARRAY: _array,
    choices.PALETTE: _palette,
}
