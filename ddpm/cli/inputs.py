"""What several commands read before they work: sprites, and the kinds to draw."""

from __future__ import annotations

import sys
from typing import Any

import torch

from ddpm.diffusion.labels import draw_labels
from ddpm.sprites import SpriteDataset, load_sprites


def load_and_tell(source: str, **layout: Any) -> SpriteDataset:
    """``load_sprites``, printing what it left out, cut or assumed."""
    sprites = load_sprites(source, **layout)
    for note in sprites.notes:
        print(note, file=sys.stderr)
    return sprites


def labels_asked_for(asked: str, n: int, seed: int, config: dict[str, Any]) -> torch.Tensor | None:
    """The labels that the option ``--label`` means; None for unconditional drawing.

    Args:
        asked: "any" (kinds by their frequency), "none", or a kind by name or number.
        config: the checkpoint's.

    Raises:
        ValueError: if the checkpoint knows no such kind.
    """
    names = config.get("label_names") if config["network"]["num_classes"] else None
    if not names:
        if asked not in ("any", "none"):
            raise ValueError("--label: this checkpoint was trained without kinds")
        return None
    if asked == "none":
        return None
    if asked == "any":
        frequencies = config.get("class_frequencies")
        return draw_labels(frequencies, n, seed) if frequencies else None
    if asked in names:
        return torch.full((n,), names.index(asked))
    if asked.isdigit() and int(asked) < len(names):
        return torch.full((n,), int(asked))
    raise ValueError(f"--label: there is no kind {asked!r}; there are any, none, {', '.join(names)}")
