"""Favourites, and the batches that were drawn before."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ddpm.base.json_values import is_count
from ddpm.runs.album import Batch, load_batch
from ddpm.runs.favourites import (
    Favourite,
    FavouritesError,
    favourite_id,
    favourite_names,
    favourites,
    keep,
    kept_among,
    remove,
)
from pages.parts.sample.saving import save_favourites_button
from pages.parts.sample.sharing import leave_link
from pages.parts.shared.batches import BatchPreview, album, damaged_batches, kinds_of, show_again
from pages.parts.shared.orders import EACH, read_variations, seed_words
from pages.parts.shared.pictures import picture, sprite_tag
from pages.parts.shared.varying import VARIANT_WORDS
from pages.parts.shared.words import counted, damaged, plain, problem

_ORIGIN = ("name", "id", "step", "sampler", "steps", "seed", "kind", "label", "guidance_scale", "weights", "mark")


def starred(batch: Batch) -> set[int]:
    """The numbers of the sprites of a batch that are favourites."""
    names = {_favourite_id(batch, i): i for i in range(len(batch.chain.sprites))}
    return {names[name] for name in kept_among(names.keys())}


def star(batch: Batch, index: int, on: bool) -> None:
    """Add a sprite to the favourites, or remove it."""
    try:
        if on:
            keep(batch.chain.sprites[index], _origin(batch, index))
        else:
            remove(_favourite_id(batch, index))
    except FavouritesError as error:
        st.toast(plain(error), icon=":material/error:")


def favourites_section() -> None:
    """Show all favourites, with buttons to save or remove them."""
    found = favourites()
    st.header("Favourites")
    if lost := len(favourite_names()) - len(found):
        damaged(f"{counted(lost, 'file')} among the favourites", lost)
    if not found:
        st.caption("None yet. Click a sprite, and star it: it stays here, whatever is drawn later.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        save_favourites_button(found)
        removing = st.toggle("Remove some", key="remove-favourites")
        st.caption(counted(len(found), "favourite"))
    if not removing:
        style = "display:flex;flex-wrap:wrap;gap:10px;align-items:end"
        st.html(f'<div style="{style}">{"".join(_keepsake(one) for one in found)}</div>')
        return
    with st.grid(12, min_column_width=72):
        for one in found:
            with st.container(gap="xsmall"):
                st.html(_keepsake(one))
                if st.button("Remove", key=f"remove-{one.id}", type="tertiary"):
                    try:
                        remove(one.id)
                    except FavouritesError as error:
                        problem(error)
                    else:
                        st.rerun()


def last_batches() -> None:
    """Show the newest batches of the album, with a button that opens each."""
    previews, lost = album(6), damaged_batches()
    if not previews and not lost:
        return
    st.header("Drawn before")
    if lost:
        damaged(counted(lost, "batch", "batches"), lost)
    with st.grid(6, min_column_width=120):
        for preview in previews:
            with st.container():
                words = f"sprites drawn by {preview.info['name']}"
                picture(preview.png, words, unit=preview.unit, alpha=preview.alpha)
                st.caption(plain(_in_words(preview)))
                if st.button("Open", key=f"open-{preview.id}"):
                    batch = load_batch(preview.id)
                    if batch is None:
                        problem("This batch has gone: newer ones took its place.")
                    else:
                        leave_link()
                        show_again(batch)
                        st.rerun()


def _in_words(preview: BatchPreview) -> str:
    info = preview.info
    words = [info["name"], info.get("kind"), counted(preview.count, "sprite"), f"seed {seed_words(info)}"]
    if info.get("like"):
        words[2] = f"{words[2]} like one"
    if variations := read_variations(info.get("variations")):
        words[2] = f"{counted(preview.count, 'sprite')} {VARIANT_WORDS[variations[-1].purpose]}"
    if info.get("against"):
        words.append("compared")
    return ", ".join(str(word) for word in words if word)


def _origin(batch: Batch, index: int) -> dict[str, Any]:
    info = batch.info
    origin = {name: info.get(name) for name in _ORIGIN} | {"index": index}
    if kinds := kinds_of(info, len(batch.chain.sprites)):
        origin["shows"] = kinds[index]
        if info.get("label") == EACH:
            origin["kind"] = kinds[index]
    origin |= {"like": info["like"], "strength": info.get("strength")} if info.get("like") else {}
    origin |= {name: info[name] for name in ("turn", "others") if info.get(name)}
    origin |= {"fixed": info["fixed"]} if info.get("fixed") else {}
    return origin | ({"variations": info["variations"]} if info.get("variations") else {})


def _favourite_id(batch: Batch, index: int) -> str:
    return favourite_id(batch.chain.sprites[index], _origin(batch, index))


def _keepsake(one: Favourite) -> str:
    info = one.info
    step = info.get("step")
    at = f"step {step:,}" if is_count(step) else ""
    words = [
        info.get("name"),
        info.get("shows") or info.get("kind"),
        at,
        f"seed {seed_words(info) if is_count(info.get('seed')) else info.get('seed')}",
    ]
    return sprite_tag(one.image, ", ".join(str(word) for word in words if word))
