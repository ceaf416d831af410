"""Samples beside the training sprites that are nearest to them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ddpm.comparison import Comparison
from ddpm.sprites import SpriteDataset
from pages.parts.pictures import sprite_tag


def verdict(comparison: Comparison) -> str:
    """One plain sentence, its number first."""
    n = len(comparison.rows)
    copies = comparison.exact_copies
    verb = "is an exact copy" if copies == 1 else "are exact copies"
    words = f"**{copies} of {n}** ({copies / n:.0%}) {verb} of a training sprite."
    if len(comparison.unseen_distances):
        near, limit = comparison.nearer_than_unseen()
        usual = 0.05 * n
        words += (
            f" **{near}** come nearer than {limit:.0f} grey levels to one; of as many real sprites that the model "
            f"never saw, about {usual:.0f} would."
        )
    return words


def gallery(samples: np.ndarray, comparison: Comparison, sprites: SpriteDataset, first: int | None, most: int) -> None:
    """Samples and their matches, the nearest pairs first.

    Args:
        samples: uint8 (N, 16, 16, 3).
        first: a sample that is shown before all others.
        most: how many are shown.
    """
    order = np.argsort(comparison.squared_distances[:, 0], kind="stable").tolist()
    if first is not None and first in order:
        order.remove(first)
        order.insert(0, first)
    st.html("".join(_row(i, samples[i], comparison, sprites) for i in order[:most]))


def _row(i: int, sample: np.ndarray, comparison: Comparison, sprites: SpriteDataset) -> str:
    hits = []
    matches = zip(comparison.rows[i], comparison.counts[i], comparison.distances[i], strict=True)
    for row, count, distance in matches:
        kind = "copy" if distance == 0 else ""
        words = "exact copy" if distance == 0 else f"{distance:.1f} grey levels"
        often = f", {count}×" if count > 1 else ""
        tag = sprite_tag(np.asarray(sprites.images[row]), f"training sprite in row {row}")
        hits.append(f'<figure class="{kind}">{tag}<figcaption>{words}<br>row {row}{often}</figcaption></figure>')
    own = sprite_tag(sample, f"sample {i + 1}")
    return (
        f'<div class="match"><figure>{own}<figcaption>sample {i + 1}</figcaption></figure>'
        f'<div class="rule"></div><div class="hits">{"".join(hits)}</div></div>'
    )
