"""The data set that trainings, reports and pages read."""

from __future__ import annotations

import operator
from functools import cached_property

import numpy as np
import torch
from torch.utils.data import Dataset

from ddpm.pixels.conversion import size_words, to_float
from ddpm.pixels.duplicates import count_mirror_pairs, distinct_rows
from ddpm.pixels.transparency import alpha_is_binary
from ddpm.sprites.cache import StoredSprites
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.split import is_held_out


class SpriteDataset(Dataset[torch.Tensor]):
    """Sprites in file order, mapped from a file of ours: only what is asked for is read into memory.

    Attributes:
        images: uint8 ``(N,H,W,C)``, C of 3 or 4 (straight alpha, black where it is 0), read-only; a memory map wherever
            there is a folder to keep it in.
        labels: int64 ``(N,)`` class numbers, or None.
        label_names: a name for each class, or None.
        name: what the set is called on screen.
        source: what to pass to ``load_sprites`` to get it again from any working directory, read the same way.
        fingerprint: hex of the content: all pixels and labels, in row order.
        notes: what was left out, cut, guessed or assumed when the source was read: plain sentences with counts.
        tally: what became of the files of a folder or archive: taken, or left out and why.
        background: the colour "#rrggbb" that transparent pixels were laid on, or None.
        capacity: how many distinct sprites the built-in generator can draw; None for other sources.
        shape_ids: int64 ``(N,)`` of the built-in set, else None.
        palette_ids: int64 ``(N,)`` of the built-in set, else None.
    """

    def __init__(
        self,
        stored: StoredSprites,
        *,
        name: str,
        source: str,
        capacity: int | None = None,
    ) -> None:
        self.images = stored.images
        self.labels = stored.labels
        self.label_names = stored.label_names
        self.fingerprint = stored.fingerprint
        self.notes = stored.notes
        self.name = name
        self.source = source
        self.tally = stored.tally
        self.background = stored.background
        self.capacity = capacity
        self.shape_ids = stored.factors.get("shape_ids")
        self.palette_ids = stored.factors.get("palette_ids")
        self._exam = stored.factors.get("exam")
        self._first_rows = stored.first_rows
        self._split_hashes = stored.split_hashes

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> torch.Tensor:
        """float32 ``(C,H,W)`` in [-1, 1]. Raises IndexError out of range."""
        row = operator.index(index)
        if not -len(self) <= row < len(self):
            raise IndexError(f"there is no sprite {row}: the set has {len(self)}")
        return to_float(self.images[row][None])[0]

    def __repr__(self) -> str:
        size = size_words(self.images)
        return f"<SpriteDataset {self.name!r}: {len(self):,} sprites of {size}, {len(self.distinct()):,} distinct>"

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W), a sprite's shape inside the network."""
        _, height, width, channels = self.images.shape
        return channels, height, width

    @cached_property
    def binary_alpha(self) -> bool:
        """Whether each pixel is either opaque or wholly transparent; False for RGB."""
        return alpha_is_binary(self.images)

    def batch(self, rows: np.ndarray) -> torch.Tensor:
        """float32 ``(B,C,H,W)`` in [-1, 1] of the rows int64 ``(B,)``. Raises IndexError out of range."""
        return to_float(self.images[rows])

    def distinct(self) -> np.ndarray:
        """int64: the first row of each distinct sprite, ascending."""
        return self._distinct[0]

    def counts(self) -> np.ndarray:
        """int64: how often each sprite of :meth:`distinct` occurs."""
        return self._distinct[1]

    def first_rows(self) -> np.ndarray:
        """int64 ``(N,)``: for each row, the first row that holds the same sprite."""
        return self._first_rows

    def mirror_pairs(self) -> int:
        """How many pairs of distinct sprites are horizontal mirror images of one another."""
        return self._mirror_pairs

    def split_hashes(self) -> np.ndarray:
        """uint64 ``(N,)``: the hashes by which sprites are held out, see :mod:`ddpm.sprites.split`."""
        return self._split_hashes

    def split(self) -> tuple[np.ndarray, np.ndarray]:
        """(train, heldout): int64 subsets of :meth:`distinct`; rows withheld for the exam are in neither."""
        distinct = self.distinct()
        distinct = distinct[~self._withheld[distinct]]
        held_out = is_held_out(self._split_hashes[distinct])
        return distinct[~held_out], distinct[held_out]

    def training_rows(self, holdout: float = 0.1, *, each_once: bool = False) -> np.ndarray:
        """int64: the rows to train on, in file order.

        Args:
            holdout: 0.1 leaves out every row whose sprite is held out; 0 takes all. Exam rows are never among them.
            each_once: whether only the first row of each distinct sprite counts.

        Raises:
            SpriteError: for other values of ``holdout``, or if no row is left to train on.
        """
        if holdout not in (0, 0.1):
            raise SpriteError(f"holdout is 0.1 or 0, not {holdout}: the pixels alone decide what is held out.")
        keep = ~self._withheld
        if holdout:
            keep &= ~is_held_out(self._split_hashes)
        if each_once:
            keep &= self._first_rows == np.arange(len(self))
        rows = np.flatnonzero(keep)
        if not len(rows):
            raise SpriteError(f"{self.name} leaves no sprite to train on with holdout={holdout}. Add some, or use 0.")
        return rows

    def exam(self) -> np.ndarray:
        """int64: the rows withheld as an exam; empty for all but the built-in set."""
        return np.empty(0, np.int64) if self._exam is None else np.flatnonzero(self._exam)

    @cached_property
    def _distinct(self) -> tuple[np.ndarray, np.ndarray]:
        rows, counts = distinct_rows(self._first_rows)
        # They are handed out: nobody may change them.
        rows.flags.writeable = counts.flags.writeable = False
        return rows, counts

    @cached_property
    def _withheld(self) -> np.ndarray:
        """bool ``(N,)``: rows whose sprite is in the exam, through whichever of its rows."""
        withheld = np.zeros(len(self), bool)
        withheld[self._first_rows[self.exam()]] = True
        return withheld[self._first_rows]

    @cached_property
    def _mirror_pairs(self) -> int:
        return count_mirror_pairs(self.images, self.distinct())
