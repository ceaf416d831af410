"""A data set, divided into the sprites that a model has seen and those that it has not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddpm.sprites import SpriteDataset


@dataclass(frozen=True)
class ComparisonSet:
    """The distinct sprites of a data set, divided; each is named by the first row that holds it.

    Attributes:
        seen: int64, those that the model learnt from.
        unseen: int64, those that it never saw, without the withheld exam sprites.
    """

    sprites: SpriteDataset
    seen: np.ndarray
    unseen: np.ndarray


def what_was_seen(sprites: SpriteDataset, trained_on: np.ndarray | None) -> ComparisonSet:
    """Divide a data set by the split hashes (uint64) that a run stored; by its usual split where it stored none."""
    train, heldout = sprites.split()
    if trained_on is None:
        return ComparisonSet(sprites, train, heldout)
    distinct = np.concatenate([train, heldout])
    distinct.sort()
    seen = np.isin(sprites.split_hashes()[distinct], trained_on)
    return ComparisonSet(sprites, distinct[seen], distinct[~seen])


def check_seen(comparison_set: ComparisonSet) -> None:
    """Raises ValueError if the model has seen nothing of the data set."""
    if len(comparison_set.seen) == 0:
        raise ValueError("This model has learnt from none of these sprites: there is nothing to compare with.")
