"""Samples beside the training sprites that are nearest to them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ddpm.comparison import Comparison
from ddpm.sprites import SpriteDataset
from pages.parts.pictures import sprite_tag


def verdict(comparison: Comparison) -> tuple[str, str]:
    """The answer in a few words, and the numbers that it rests on.

    The yardstick is what real sprites do that the model never saw: how near they come to a training sprite.
    """
    n, copies = len(comparison.rows), comparison.exact_copies
    numbers = f"{copies} of {n} ({copies / n:.0%}) {'is an exact copy' if copies == 1 else 'are exact copies'}."
    if len(comparison.unseen_distances) < 20:
        return ("Copied." if copies else "No exact copy."), numbers
    share = 0.05
    near, limit = comparison.nearer_than_unseen(share)
    usual = share * n
    numbers += (
        f" {near} of {n} come nearer to a training sprite than {limit:.0f} grey levels. Of as many real sprites that "
        f"the model never saw, {'about ' + format(usual, '.0f') if usual >= 1 else 'fewer than 1'} would."
    )
    far = float(np.median(comparison.distances[:, 0])) > float(np.quantile(comparison.unseen_distances, 0.95))
    # Two standard deviations of a binomial above what chance gives.
    surprising = usual + 2 * (usual * (1 - share)) ** 0.5
    if copies > usual:
        return "Copied: sprites that it learnt from come back pixel by pixel.", numbers
    if near > max(1.0, surprising):
        return "Leaning on what it saw: too many come too near to a training sprite.", numbers
    if far:
        return "No sign of copying. But they lie further from the training sprites than real ones do.", numbers
    return "No sign of copying.", numbers


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
    st.html("".join(_row(i, samples[i], comparison, sprites, asked=i == first) for i in order[:most]))


def _row(i: int, sample: np.ndarray, comparison: Comparison, sprites: SpriteDataset, asked: bool) -> str:
    hits = []
    matches = zip(comparison.rows[i], comparison.counts[i], comparison.distances[i], strict=True)
    for row, count, distance in matches:
        kind = "copy" if distance == 0 else ""
        words = "exact copy" if distance == 0 else f"{distance:.1f} grey levels"
        often = f", {count}×" if count > 1 else ""
        tag = sprite_tag(np.asarray(sprites.images[row]), f"training sprite in row {row}")
        hits.append(f'<figure class="{kind}">{tag}<figcaption>{words}<br>row {row}{often}</figcaption></figure>')
    own = sprite_tag(sample, f"sample {i + 1}")
    words = f"sample {i + 1}" + (", the one you asked about" if asked else "")
    return (
        f'<div class="match{" asked" if asked else ""}"><figure>{own}<figcaption>{words}</figcaption></figure>'
        f'<div class="rule"></div><div class="hits">{"".join(hits)}</div></div>'
    )
