"""Orders for sprites whose noise is near that of a drawn one."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from ddpm.runs.album import Batch
from pages.parts.sample.variants import vary
from pages.parts.shared.batches import order_of
from pages.parts.shared.orders import Order, from_info

_STRENGTHS = {0.15: "Near", 0.3: "Further", 0.6: "Far"}
_USUAL = 0.3
_MOST_ALIKE = 36


def more_like(batch: Batch, index: int) -> Order | None:
    """An order for sprites like one of a batch; None if it cannot be, as the next run of the page says.

    A variant has no noise of its own that another
    could be near to: there those are like it that become of it from a noise level on.
    """
    order = order_of(batch)
    if order is None:
        return None
    if order.variations:
        return vary(batch, index, "like")
    n = order.n if order.like else min(max(order.n, 9), _MOST_ALIKE)
    strength = order.strength if order.like else _USUAL
    return replace(order, step=int(batch.info["step"]), n=n, like=(*order.like, index), strength=strength, against=None)


def likeness(batch: Batch) -> Order | None:
    """Show which sprite a batch is like, and ask how near to it; returns a new order if the answer has changed."""
    order = from_info(batch.info)
    if order is None or not order.like or order.variations or batch.info.get("gone"):
        return None
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="center"):
        choice = st.segmented_control(
            "How far from the first one",
            list(_STRENGTHS),
            default=order.strength if order.strength in _STRENGTHS else None,
            format_func=lambda strength: _STRENGTHS[strength],
            key=f"near-{batch.id}-{order.strength}",
        )
        st.caption(
            f"The first one is sprite {order.like[-1] + 1} again. "
            "All others were drawn from noise near its noise, on the way, too."
        )
    return replace(order, strength=choice) if choice not in (None, order.strength) else None
