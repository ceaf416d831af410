"""Samples held against the sprites that a model learnt from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddpm.judging.copying.neighbors import nearest
from ddpm.sprites import SpriteDataset


@dataclass(frozen=True)
class ComparisonSet:
    """The distinct sprites of a data set, parted by what a model has seen of them.

    Attributes:
        seen: int64, first rows of the distinct sprites that it learnt from.
        unseen: int64, first rows of those that it never saw, the withheld exam sprites left out.
    """

    sprites: SpriteDataset
    seen: np.ndarray
    unseen: np.ndarray


@dataclass(frozen=True)
class Comparison:
    """Each sample's nearest training sprites, and how near sprites come that the model never saw.

    Attributes:
        rows: int64 (N, k), row numbers in the data set.
        counts: int64 (N, k), how often that sprite occurs in it.
        squared_distances: int64 (N, k), ascending.
        unseen_distances: float64 (M,), of unseen sprites to their nearest seen one, in grey levels.
    """

    rows: np.ndarray
    counts: np.ndarray
    squared_distances: np.ndarray
    unseen_distances: np.ndarray

    @property
    def distances(self) -> np.ndarray:
        """float64 (N, k): root mean square over all pixel values, in grey levels 0..255."""
        return grey_levels(self.squared_distances)

    @property
    def exact_copies(self) -> int:
        """Samples that equal a training sprite in every pixel."""
        return int((self.squared_distances[:, 0] == 0).sum())

    def nearer_than_unseen(self, share: float = 0.05) -> tuple[int, float]:
        """How many samples are nearer to a training sprite than all but ``share`` of the unseen sprites are.

        Returns:
            The number, and the distance in grey levels below which a sample is counted.
        """
        if len(self.unseen_distances) == 0:
            return 0, 0.0
        limit = float(np.quantile(self.unseen_distances, share))
        return int((self.distances[:, 0] < limit).sum()), limit


def what_was_seen(sprites: SpriteDataset, trained_on: np.ndarray | None) -> ComparisonSet:
    """Part a data set by what a model has seen of it.

    Args:
        trained_on: uint64, the split hashes that its run stored; None where it stored none: then the usual split of
            the data set is taken.
    """
    train, heldout = sprites.split()
    if trained_on is None:
        return ComparisonSet(sprites, train, heldout)
    distinct = np.concatenate([train, heldout])
    distinct.sort()
    known = np.isin(sprites.split_hashes()[distinct], trained_on)
    return ComparisonSet(sprites, distinct[known], distinct[~known])


def compare(samples: np.ndarray, reference: ComparisonSet, k: int = 5) -> Comparison:
    """Find the nearest training sprites of samples, exactly.

    Args:
        samples: uint8 (N, 16, 16, 3).
        k: matches a sample; fewer where there are not so many sprites.

    Raises:
        ValueError: if the model has seen nothing of this data set.
    """
    check_seen(reference)
    images = reference.sprites.images[reference.seen]
    found, squared = nearest(samples, images, min(k, len(images)))
    rows = reference.seen[found]
    distinct = reference.sprites.distinct()
    counts = reference.sprites.counts()[np.searchsorted(distinct, rows)]
    unseen = np.empty(0)
    if len(reference.unseen):
        unseen = grey_levels(nearest(reference.sprites.images[reference.unseen], images, 1)[1][:, 0])
    return Comparison(rows, counts, squared, unseen)


def check_seen(reference: ComparisonSet) -> None:
    """Raises ValueError if the model has seen nothing of the data set."""
    if len(reference.seen) == 0:
        raise ValueError("This model has learnt from none of these sprites: there is nothing to compare with.")


def grey_levels(squared_distances: np.ndarray) -> np.ndarray:
    """Squared distances over the 768 values of a sprite as a root mean square, 0..255."""
    return np.sqrt(squared_distances / 768)
