"""Orders for variants of a drawn sprite: its shape in other colours, or other shapes in its colours."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from ddpm.diffusion.variants.levels import STRENGTHS, Purpose, usual_strength
from ddpm.runs.album import Batch, batch_names, load_batch
from pages.parts.sample.sharing import leave_link
from pages.parts.shared.batches import order_of, show_again
from pages.parts.shared.orders import DEEPEST_VARIATION, MOST_SEED, Order, Variation, from_info
from pages.parts.shared.pictures import sprite_tag
from pages.parts.shared.varying import original

COUNT = 16
_NAMES = ("Near", "Further", "Far")
_WORDS: dict[Purpose, str] = {
    "colours": "The shape of {}: recoloured, drawn by the model from there, and held to the new colours.",
    "shape": "Other sprites in the colours of {}, and in no others; the background’s are among them.",
    "like": "{}, drawn again from the middle of its way.",
}


def vary(batch: Batch, index: int, purpose: Purpose) -> Order | None:
    """An order for variants of one sprite of a batch; None if it cannot be, as the next run of the page says."""
    order = order_of(batch)
    if order is None:
        return None
    if len(order.variations) >= DEEPEST_VARIATION:
        st.session_state["failed"] = (
            f"Variants of variants are drawn up to {DEEPEST_VARIATION} deep, since each must be drawn again on the "
            "way: go back to one of the first."
        )
        return None
    among = len(batch.chain.sprites)
    wanted = Variation(purpose, index, among, usual_strength(purpose))
    variations = (*order.variations, wanted)
    return replace(order, step=int(batch.info["step"]), n=COUNT, against=None, variations=variations)


def variety(batch: Batch) -> Order | None:
    """Show of which sprite a batch has variants, and ask for others; returns a new order if they are wanted."""
    order = from_info(batch.info)
    if order is None or not order.variations or batch.info.get("gone"):
        return None
    *before, last = order.variations
    name = f"sprite {last.index + 1} of {last.among}"
    strengths = dict(zip(STRENGTHS[last.purpose], _NAMES, strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="center", key="variants-of"):
        try:
            st.html(sprite_tag(original(order)[0], name), width="content")
        except ValueError:
            # The model was deleted a moment ago, or is damaged: the batch itself can still be looked at.
            return None
        back = st.button(f"Back to {name}", icon=":material/undo:", key="variants-back", type="tertiary")
        chosen = st.segmented_control(
            "How far from the first one",
            list(strengths),
            default=last.strength if last.strength in strengths else None,
            format_func=lambda strength: strengths[strength],
            key=f"far-{batch.id}-{last}",
        )
        others = st.button(f"{order.n} others", icon=":material/casino:", key="variants-others")
    words = _WORDS[last.purpose].format(name)
    st.caption(words[0].upper() + words[1:], text_alignment="center")
    if back:
        parent = replace(order, n=last.among, variations=tuple(before))
        return None if _opened(parent) else parent
    if others:
        last = replace(last, seed=(last.seed + 1) % MOST_SEED)
    elif chosen not in (None, last.strength):
        last = replace(last, strength=chosen)
    else:
        return None
    return replace(order, variations=(*before, last))


def _opened(order: Order) -> bool:
    """Show the batch of the album that was drawn by an order, if there is one, and run the page again."""
    for name in batch_names():
        found = load_batch(name)
        if found is not None and from_info(found.info) == order:
            leave_link()
            show_again(found)
            st.rerun()
    return False
