"""A data set, divided into what a model has seen of it and what it has not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddpm.sprites import SpriteDataset


@dataclass(frozen=True)
class ComparisonSet:
    """The distinct sprites of a data set, divided into those that a model has seen and those that it has not.

    Attributes:
        seen: int64, first rows of the distinct sprites that it learnt from.
        unseen: int64, first rows of those that it never saw, the withheld exam sprites left out.
    """

    sprites: SpriteDataset
    seen: np.ndarray
    unseen: np.ndarray


def what_was_seen(sprites: SpriteDataset, trained_on: np.ndarray | None) -> ComparisonSet:
    """Divide a data set into what a model has seen of it and what it has not.

    Args:
        trained_on: uint64, the split hashes that its run stored; None where it stored none: then the usual split of
            the data set is taken.
    """
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
