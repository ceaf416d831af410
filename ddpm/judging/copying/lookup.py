"""The sprites that are most similar to a given one, by pixels, by shape and by palette."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddpm.judging.copying.palettes import PaletteIndex
from ddpm.judging.copying.shapes import ShapeIndex, ShapeMatches
from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.neighbors import nearest


@dataclass(frozen=True)
class Matches:
    """For each of Q sprites the k most similar ones, the nearest first, as rows of the searched sprites.

    Attributes:
        rows: int64 (Q, k), by pixels.
        squared_distances: int64 (Q, k), over all values; see :func:`ddpm.pixels.neighbors.rms_grey_levels`.
        shapes: by shape, with mirroring and shift.
        palette_rows: int64 (Q, k), by palette; -1 without foreground.
        palette_distances: float32 (Q, k), in OKLab; NaN without foreground.
    """

    rows: np.ndarray
    squared_distances: np.ndarray
    shapes: ShapeMatches
    palette_rows: np.ndarray
    palette_distances: np.ndarray


def look_up(queries: np.ndarray, references: np.ndarray, k: int = 1) -> Matches:
    """Find the references most similar to each query.

    In the training sprites :meth:`ddpm.judging.copying.index.training_index.TrainingIndex.look_up` is faster.

    Args:
        queries, references: uint8 (Q, H, W, C) and (R, H, W, C), R at least 1.
        k: how many; fewer are returned if R is smaller.

    Raises:
        TypeError: if the images are not uint8.
        ValueError: for other shapes or different ones, no references, or a k below 1.
    """
    queries, references = require_sprites(queries=queries, references=references)
    if len(references) == 0:
        raise ValueError("there are no sprites to search")
    return match(queries, references, ShapeIndex.of(references), PaletteIndex.of(references), k)


def match(
    queries: np.ndarray, references: np.ndarray, shapes: ShapeIndex, palettes: PaletteIndex, k: int = 1
) -> Matches:
    """:func:`look_up` with the indices of the references; the same errors."""
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    k = min(k, len(references))
    return Matches(*nearest(queries, references, k), shapes.nearest(queries, k), *palettes.nearest(queries, k))
