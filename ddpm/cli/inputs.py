"""Inputs of several commands: sprites, and the kinds to draw."""

from __future__ import annotations

import sys
from typing import Any

import torch

from ddpm.runs.checkpoint import Checkpoint
from ddpm.runs.samples import labels_by_frequency
from ddpm.sprites import SpriteDataset, load_sprites


def load_and_tell(source: str, **layout: Any) -> SpriteDataset:
    """:func:`ddpm.sprites.load_sprites`, and print what it left out, cut or assumed."""
    sprites = load_sprites(source, **layout)
    for note in sprites.notes:
        print(note, file=sys.stderr)
    return sprites


def labels_asked_for(asked: str, n: int, seed: int, checkpoint: Checkpoint) -> torch.Tensor | None:
    """int64 (n,): the labels that the option ``--label`` means; None for unconditional drawing.

    Args:
        asked: "any" (kinds by their frequency), "none", or a kind by name or number.

    Raises:
        ValueError: if the checkpoint has no such kind.
    """
    names = checkpoint.config.get("label_names") if checkpoint.model.num_classes else None
    if not names and asked not in ("any", "none"):
        raise ValueError("--label: this checkpoint was trained without kinds")
    if not names or asked == "none":
        return None
    if asked == "any":
        return labels_by_frequency(checkpoint, n, seed)
    if asked in names:
        return torch.full((n,), names.index(asked))
    if asked.isdigit() and int(asked) < len(names):
        return torch.full((n,), int(asked))
    raise ValueError(f"--label: there is no kind {asked!r}; there are any, none, {', '.join(names)}")
