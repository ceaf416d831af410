"""Windows around pixels, and which of them may be compared.

A network with zero padding sees where a sprite ends. So a window that reaches over the border is compared only with
windows that reach over it alike (Kamb & Ganguli 2024, arXiv 2412.20292, the machine with broken equivariance): the
middle with all of the middle, a place at an edge with those along that edge, a place at a corner with itself alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Places:
    """Pixels whose windows are cut off alike, a rectangle of them.

    Attributes:
        rows, columns: of the pixels.
        half: (window - 1) / 2.
    """

    rows: range
    columns: range
    half: int

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns)

    def windows(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N * len(self), K): what is seen through the window around each pixel, within the border."""
        height, width = x.shape[2:]
        top, bottom = max(0, self.rows[0] - self.half), min(height, self.rows[-1] + self.half + 1)
        left, right = max(0, self.columns[0] - self.half), min(width, self.columns[-1] + self.half + 1)
        seen = x[:, :, top:bottom, left:right]
        seen = seen.unfold(2, bottom - top - len(self.rows) + 1, 1).unfold(3, right - left - len(self.columns) + 1, 1)
        return seen.permute(0, 2, 3, 1, 4, 5).reshape(len(x) * len(self), -1)

    def pixels(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) to (N * len(self), C): the pixels themselves."""
        own = x[:, :, self.rows.start : self.rows.stop, self.columns.start : self.columns.stop]
        return own.permute(0, 2, 3, 1).reshape(len(x) * len(self), -1)


def places_alike(height: int, width: int, window: int) -> Iterator[Places]:
    """All pixels of a sprite, each in one group of those that may be compared."""
    half = window // 2
    for rows in _alike(height, half):
        for columns in _alike(width, half):
            yield Places(rows, columns, half)


def place_of(row: int, column: int, height: int, width: int, window: int, anywhere: bool) -> Places:
    """The pixels that one pixel may be compared with; itself alone unless ``anywhere``."""
    if not anywhere:
        return Places(range(row, row + 1), range(column, column + 1), window // 2)
    alike = places_alike(height, width, window)
    return next(places for places in alike if row in places.rows and column in places.columns)


def band(length: int, window: int) -> torch.Tensor:
    """float64 (length, length): its product with a column sums each value with those inside its window."""
    at = torch.arange(length)
    return ((at[:, None] - at).abs() <= window // 2).to(torch.float64)


def _alike(length: int, half: int) -> list[range]:
    middle = [range(half, length - half)] if length > 2 * half else []
    return middle + [range(i, i + 1) for i in range(length) if i < half or i >= length - half]
