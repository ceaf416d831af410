"""The data card: what a set of sprites holds, in numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ddpm.pixels.seams import tile_seams
from ddpm.pixels.traits import traits
from ddpm.sprites import SpriteDataset

_MEASURED = 2000


def data_card(sprites: SpriteDataset) -> dict[str, Any]:
    """Size, parts, classes and look of a data set; JSON values.

    ``traits`` holds the quartiles of :class:`ddpm.pixels.traits.Traits` over all distinct sprites, or over 2,000 of
    them drawn at random with a fixed seed where there are more; ``seams`` those of
    :class:`ddpm.pixels.seams.Seams`, or None for a set that is none of tiles.
    """
    train, heldout = sprites.split()
    counts = sprites.counts()
    channels, height, width = sprites.shape
    card: dict[str, Any] = {
        "name": sprites.name,
        "source": sprites.source,
        "fingerprint": sprites.fingerprint,
        "width": width,
        "height": height,
        "channels": channels,
        "alpha": "none" if channels == 3 else "0 or 255" if sprites.binary_alpha else "soft",
        "background": sprites.background,
        "rows": len(sprites),
        "distinct": len(counts),
        "most_repeats": int(counts.max()),
        "mirror_pairs": sprites.mirror_pairs(),
        "training": len(train),
        "held_out": len(heldout),
        "exam": len(sprites.exam()),
        "notes": list(sprites.notes),
        "files": [row.to_dict() for row in sprites.tally],
    }
    if sprites.capacity is not None:
        card["capacity"] = sprites.capacity
    if sprites.shape_ids is not None and sprites.palette_ids is not None:
        card["shapes"] = len(np.unique(sprites.shape_ids))
        card["palettes"] = len(np.unique(sprites.palette_ids))
    if sprites.labels is not None and sprites.label_names is not None:
        numbers = np.bincount(np.asarray(sprites.labels), minlength=len(sprites.label_names))
        card["classes"] = {name: int(n) for name, n in zip(sprites.label_names, numbers, strict=True)}
    rows = sprites.distinct()
    if len(rows) > _MEASURED:
        rows = np.sort(np.random.default_rng(0).choice(rows, _MEASURED, replace=False))
    found = tile_seams(sprites.images, rows)
    card["seams"] = None if found is None else found.to_dict()
    card["traits"] = traits(np.asarray(sprites.images[rows])).quartiles()
    return card
