"""The order in which a training sees its sprites."""

from __future__ import annotations

import numpy as np
import torch

from ddpm.base.seeds import generator_for


class EpochOrder:
    """The rows of each step: endless epochs, each a new shuffle of all rows.

    Args:
        rows: int64 (R,).
        batch_size: rows per step; may exceed R, and a step then covers several epochs.
    """

    def __init__(self, rows: np.ndarray, batch_size: int, seed: int) -> None:
        self._rows = rows
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = -1
        self._shuffled = rows

    def batch(self, step: int) -> np.ndarray:
        """int64 (batch_size,): the rows of step ``step``; earlier calls do not matter."""
        start, stop = step * self._batch_size, (step + 1) * self._batch_size
        parts = []
        while start < stop:
            epoch, offset = divmod(start, len(self._rows))
            if epoch != self._epoch:
                permutation = torch.randperm(len(self._rows), generator=generator_for("epoch", self._seed, epoch))
                self._epoch, self._shuffled = epoch, self._rows[permutation.numpy()]
            part = self._shuffled[offset : offset + stop - start]
            parts.append(part)
            start += len(part)
        return np.concatenate(parts)
