"""Facts about samples: how near each is to the training sprites, by pixels, shape, palette and patches.

:class:`ddpm.judging.copying.index.training_index.TrainingIndex` measures them, :mod:`ddpm.judging.copying.memorization`
decides what they mean. All distances are to *distinct* training sprites: repeats change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddpm.judging.copying.collage import CollageCover

VARIES_ALIKE = 0.4
"""The least correlation of a near copy with its training sprite: of a faint one a flat colour is as near as a copy."""


@dataclass(frozen=True)
class Evidence:
    """Facts about N samples. Rows are those of the training images as they were given, the first of repeats.

    Attributes:
        degenerate: bool (N,), no foreground, hardly any contrast, or only noise.
        low_quality: bool (N,), more stray pixels, more colours, more haze, or less foreground or contrast than all but
            0.5% of the training sprites, or no more order than shuffled pixels, or degenerate.
        poor_as_known: bool (N,), of low quality, but of a known shape, and in no way worse than the training sprite
            that has it: such a drawing was learnt.
        row: int64 (N,), the nearest training sprite by pixels.
        squared_distance: int64 (N,), its squared distance over all values, alpha included.
        p: float64 (N,), conformal p-value of that distance among those of training sprites to their nearest other one.
        likeness: float64 (N,), correlation with that training sprite, see
            :func:`ddpm.judging.copying.guards.detection.likeness`; NaN where one of the two is flat.
        ratio: float64 (N,), nearest over second nearest distance, mirror images of the nearest left out; NaN with
            fewer than two.
        extraction: float64 (N,), nearest distance over half the mean of the 50 nearest (Carlini et al. 2023).
        shape_known: bool (N,), whether a training sprite has its shape: similar, above chance, and confirmed by the
            pictures (:mod:`ddpm.judging.copying.guards.agreement`); or the same relief, where no edges are seen
            (:mod:`ddpm.judging.copying.reliefs`).
        shape_row: int64 (N,), that training sprite, or the one with the most similar edges.
        shape_similarity: float32 (N,), 0..1, Jaccard index of the edge maps, or cosine of the reliefs.
        shape_flip, shape_shift: bool (N,) and int64 (N, 2), its mirroring and shift (down, right) for that.
        shape_palette_distance: float64 (N,), palette distance to the nearest training sprite of the same shape, 0 if
            moved or mirrored its pixels are the same; NaN where the shape is not known.
        palette_row: int64 (N,), the training sprite with the nearest palette, -1 without foreground.
        palette_distance: float32 (N,), in OKLab; NaN without foreground.
        nowhere: float64 (N,), share of foreground pixels whose colour no training sprite has; NaN without foreground.
        cover: how much of each one or two training sprites explain.
    """

    degenerate: np.ndarray
    low_quality: np.ndarray
    poor_as_known: np.ndarray
    row: np.ndarray
    squared_distance: np.ndarray
    p: np.ndarray
    likeness: np.ndarray
    ratio: np.ndarray
    extraction: np.ndarray
    shape_known: np.ndarray
    shape_row: np.ndarray
    shape_similarity: np.ndarray
    shape_flip: np.ndarray
    shape_shift: np.ndarray
    shape_palette_distance: np.ndarray
    palette_row: np.ndarray
    palette_distance: np.ndarray
    nowhere: np.ndarray
    cover: CollageCover

    def __len__(self) -> int:
        return len(self.row)
