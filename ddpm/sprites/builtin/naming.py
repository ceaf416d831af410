"""The kind, shape and palette that a picture shows, and how often a generator should draw the withheld pairs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ddpm.base.blocks import blocks
from ddpm.pixels.neighbors import nearest
from ddpm.sprites.builtin.atlas import atlas
from ddpm.sprites.builtin.generate import BuiltinSprites


@dataclass(frozen=True)
class Naming:
    """For each image the nearest of all sprites that can be drawn.

    Attributes:
        kind: int64 (N,), an index into ``KINDS``.
        shape: int64 (N,), as ``BuiltinSprites.shape_ids``.
        palette: int64 (N,), as ``BuiltinSprites.palette_ids``.
        distance: int64 (N,), squared distance over all 768 values; 0 means an identical sprite.
    """

    kind: np.ndarray
    shape: np.ndarray
    palette: np.ndarray
    distance: np.ndarray


def name_sprites(images: np.ndarray) -> Naming:
    """Name each image after the nearest of *all* ``CAPACITY`` sprites, whether any set contains it or not.

    Args:
        images: uint8 (N, 16, 16, 3).
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[1:] != (16, 16, 3):
        raise ValueError(f"name_sprites expects uint8 (N, 16, 16, 3), got {images.dtype} {images.shape}")
    book = atlas()
    best = np.zeros(len(images), dtype=np.int64)
    distance = np.full(len(images), np.iinfo(np.int64).max)
    for part in blocks(len(book.shape)):
        found, squared = nearest(images, book.render(np.arange(part.start, part.stop)), 1)
        closer = squared[:, 0] < distance
        best[closer] = found[closer, 0] + part.start
        distance[closer] = squared[closer, 0]
    shape = book.shape[best]
    return Naming(book.shape_kind[shape], shape, book.palette[best], distance)


def expected_exam_share(naming: Naming, sprites: BuiltinSprites) -> float:
    """The share of withheld pairs to expect if a generator chose shape and palette independently within each kind.

    Only samples whose pair is in the set (training or exam) count; let n_k be their number in kind k. Independent means
    that pair (s, c) has a weight a_s b_c. The weights are estimated from the *training* pairs alone, so they are right
    even for a generator that draws nothing else: a_s and b_c are scaled in turn (iterative proportional fitting) until
    the sums over the training pairs of each shape and of each palette are those observed, with half a sample added to
    every training pair so that none is empty. With T_k the training pairs and E_k the withheld ones::

        expected = sum_k n_k share_k / sum_k n_k
        share_k = (sum over E_k of a_s b_c) / (sum over T_k and E_k of a_s b_c)

    A generator that repeats its training pairs evenly has an expected share near 10% and an observed share of 0; for
    one that recombines freely both are near 10%. (The plain product of the observed shares would favour a copier: a
    shape with a withheld pair appears less often in its samples.) Returns nan if no sample counts.
    """
    status = _pair_status(sprites)
    samples = Counter(_counted(naming, status))
    kind_of = dict(zip(sprites.shape_ids.tolist(), sprites.labels.tolist(), strict=True))
    pairs_by_kind: dict[int, list[tuple[int, int]]] = {}
    for pair in status:
        pairs_by_kind.setdefault(kind_of[pair[0]], []).append(pair)
    total, expected = 0, 0.0
    for pairs in pairs_by_kind.values():
        seen = sum(samples[pair] for pair in pairs)
        if seen:
            shapes = {shape: i for i, shape in enumerate(sorted({shape for shape, _ in pairs}))}
            palettes = {palette: i for i, palette in enumerate(sorted({palette for _, palette in pairs}))}
            counts = np.zeros((len(shapes), len(palettes)))
            trained, withheld = np.zeros_like(counts), np.zeros_like(counts)
            for pair in pairs:
                place = shapes[pair[0]], palettes[pair[1]]
                (withheld if status[pair] else trained)[place] = 1
                counts[place] = samples[pair]
            weights = _independent_weights((counts + 0.5) * trained, trained)
            total += seen
            expected += seen * (weights * withheld).sum() / (weights * (trained + withheld)).sum()
    return expected / total if total else float("nan")


def _independent_weights(counts: np.ndarray, trained: np.ndarray) -> np.ndarray:
    """The outer product a b whose row and column sums over the trained pairs are those of ``counts``."""
    rows, columns = np.ones(len(counts)), np.ones(counts.shape[1])
    for _ in range(50):
        rows = counts.sum(1) / np.maximum(trained @ columns, 1e-12)
        columns = counts.sum(0) / np.maximum(rows @ trained, 1e-12)
    return np.outer(rows, columns)


def observed_exam_share(naming: Naming, sprites: BuiltinSprites) -> float:
    """The share of withheld pairs among the samples whose pair is in the set; nan if there are none."""
    status = _pair_status(sprites)
    samples = _counted(naming, status)
    return sum(status[pair] for pair in samples) / len(samples) if samples else float("nan")


def _pair_status(sprites: BuiltinSprites) -> dict[tuple[int, int], bool]:
    """For every pair of the set, whether it is withheld."""
    pairs = zip(sprites.shape_ids.tolist(), sprites.palette_ids.tolist(), strict=True)
    return dict(zip(pairs, sprites.exam.tolist(), strict=True))


def _counted(naming: Naming, status: dict[tuple[int, int], bool]) -> list[tuple[int, int]]:
    pairs = zip(naming.shape.tolist(), naming.palette.tolist(), strict=True)
    return [pair for pair in pairs if pair in status]
