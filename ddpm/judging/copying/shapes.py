"""Which training sprite has the same shape, whatever its colours, mirrored or shifted by a pixel?

A shape is a map of edges: of the pairs of adjacent pixels (480 at 16x16), those between which the colour, or the
transparency, visibly changes. Two maps are compared by Jaccard's index J (edges in both / edges in either), at the best
of 18 alignments. Recolouring a sprite does not move its edges, so J finds what a distance of pixels cannot.

A median filter on both sides before the comparison missed more known copies than it found: at this size single pixels
are eyes and outlines, and the filter makes new colours that do not change with the hue.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from ddpm.base.blocks import blocks, image_blocks
from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.neighbors import check_k, check_shape
from ddpm.pixels.oklab import SAME, distance, oklab

SHAPE_KNOWN = 0.8
"""The least J at which a sprite's shape counts as known."""

# One (variants x queries, references) block of float32 is 2.4 MB: larger ones do not fit the processor's cache.
_QUERY_BLOCK = 32
_BLOCK = 1024
# With the score's 33 bits they make 63.
_INDEX_BITS = 30

_SHIFTS = sorted(((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)), key=lambda s: (abs(s[0]) + abs(s[1]), s))
_VARIANTS = [(flip, dy, dx) for flip in (False, True) for dy, dx in _SHIFTS]
"""The smallest change first, since of equally good variants the first is reported."""


def _step(edges: int) -> tuple[float, torch.dtype]:
    """What is subtracted from J once per place in the list of variants, and the type in which that is exact.

    It orders equal J and never changes the order of others. Two different J differ by at least 1 / (E (E - 1)), with E
    pairs of pixels: 4.3e-6 at 16x16, where 17 steps are 2.0e-6; 1.5e-8 at 64x64, where they are 7.9e-9, but float32
    would no longer tell such J apart. A power of 2 adds no rounding that could matter.
    """
    small = 2.0**-23
    fits = small * (len(_VARIANTS) - 1) * edges * (edges - 1) < 1
    return (small, torch.float32) if fits else (2.0**-31, torch.float64)


def _edge_count(height: int, width: int) -> int:
    return height * (width - 1) + (height - 1) * width


@lru_cache(maxsize=4)
def _edge_sources(height: int, width: int) -> np.ndarray:
    """int64 (18, E): for each variant, the edge of the query that lies on each edge of the reference; E for none.

    The query is transformed back to the reference: shifted by the opposite amount, then flipped.
    """
    count = _edge_count(height, width)
    across = np.arange(height * (width - 1)).reshape(height, width - 1)
    down = np.arange(height * (width - 1), count).reshape(height - 1, width)
    sources = []
    for flip, dy, dx in _VARIANTS:
        parts = []
        for edges in (across, down):
            rows, columns = edges.shape
            padded = np.pad(edges, 1, constant_values=count)
            moved = padded[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns]
            parts.append((moved[:, ::-1] if flip else moved).ravel())
        sources.append(np.concatenate(parts))
    return np.stack(sources)


@dataclass(frozen=True)
class ShapeMatches:
    """The references with the most similar shapes, the best first.

    Attributes:
        indices: int64 (Q, k), rows of the references.
        similarity: float32 (Q, k), J in 0..1, descending.
        flips, shifts: what turns the *reference* into the query: bool (Q, k), whether it is first mirrored left to
            right; int64 (Q, k, 2), by how many pixels it is then shifted down and to the right, -1..1.
    """

    indices: np.ndarray
    similarity: np.ndarray
    flips: np.ndarray
    shifts: np.ndarray


def edge_bits(images: np.ndarray) -> np.ndarray:
    """Where the colour visibly changes from one pixel to the next in images, uint8 (N, H, W, C).

    Returns:
        bool (N, E), E = H (W - 1) + (H - 1) W: first the pairs side by side (row by row), then those one above the
        other; True where their OKLab distance is more than :data:`ddpm.pixels.oklab.SAME`.
    """
    (images,) = require_sprites(images=images)
    bits = np.empty((len(images), _edge_count(*images.shape[1:3])), bool)
    for part in image_blocks(images, _BLOCK):
        lab = oklab(images[part])
        across = distance(lab[:, :, 1:], lab[:, :, :-1]) > SAME
        down = distance(lab[:, 1:], lab[:, :-1]) > SAME
        bits[part] = np.concatenate([across.reshape(len(lab), -1), down.reshape(len(lab), -1)], axis=1)
    return bits


class ShapeIndex:
    """The shapes of references, prepared for searching.

    Args:
        packed: uint8 (R, E / 8 rounded up), the edge maps of the references, from :meth:`packed_edges`.
        shape: (H, W, C) of the references.
    """

    def __init__(self, packed: np.ndarray, shape: tuple[int, ...]) -> None:
        self._count = len(packed)
        self._shape = shape
        self._maps = _EdgeMaps(packed, _edge_count(*shape[:2]))

    @classmethod
    def of(cls, references: np.ndarray) -> ShapeIndex:
        """Index at most 2^30 - 1 references, uint8 (R, H, W, C).

        Raises:
            TypeError, ValueError: as :func:`ddpm.pixels.conversion.require_sprites`.
        """
        (references,) = require_sprites(references=references)
        return cls(cls.packed_edges(references), references.shape[1:])

    @staticmethod
    def packed_edges(references: np.ndarray) -> np.ndarray:
        """:func:`edge_bits` of references, uint8 (R, H, W, C), eight pairs per byte: uint8 (R, E / 8 rounded up)."""
        packed = np.empty((len(references), -(-_edge_count(*references.shape[1:3]) // 8)), np.uint8)
        for part in image_blocks(references, _BLOCK):
            packed[part] = np.packbits(edge_bits(references[part]), axis=1)
        return packed

    def nearest(self, queries: np.ndarray, k: int = 1) -> ShapeMatches:
        """The k references (1..R) with the shapes most similar to each query, uint8 (Q, H, W, C).

        Equally similar ones are ordered by index; repeats are all returned.

        Raises:
            TypeError: if the images are not uint8.
            ValueError: for other shapes or another than the references have, or a k outside 1..R.
        """
        (queries,) = require_sprites(queries=queries)
        check_shape(queries, self._shape)
        check_k(k, self._count)
        maps = self._maps
        edges = maps.edges
        indices = np.empty((len(queries), k), np.int64)
        similarity = np.empty((len(queries), k), np.float32)
        variants = np.empty((len(queries), k), np.int64)
        query_bits = edge_bits(queries)
        for part in blocks(len(queries), _QUERY_BLOCK):
            turned = _Turned(query_bits[part], *self._shape[:2])
            best = _best_maps(turned, maps, min(k, len(maps)))
            rows = np.arange(len(best))[:, None]
            scores = turned.scores_of(maps.bits(best.ravel()).reshape(*best.shape, edges))
            variant = scores.argmax(axis=2)
            score = np.take_along_axis(scores, variant[..., None], axis=2)[..., 0]
            # All references with one of these maps are equally near; the first k of each include the first k of all.
            members = maps.members(k)[best]
            keys = np.where(members < 0, np.iinfo(np.int64).max, _keys(score, 0, turned.step)[..., None] + members)
            order = np.argsort(keys.reshape(len(best), -1), axis=1)[:, :k]
            chosen = order // members.shape[2]
            indices[part] = members.reshape(len(best), -1)[rows, order]
            variants[part] = variant[rows, chosen]
            similarity[part] = (score + variant.astype(score.dtype) * score.dtype.type(turned.step))[rows, chosen]
        table = np.array(_VARIANTS, np.int64)
        return ShapeMatches(indices, similarity, table[variants, 0].astype(bool), table[variants, 1:])


class _EdgeMaps:
    """The distinct edge maps of many sprites, in order of first occurrence; packed, eight edges per byte."""

    def __init__(self, packed: np.ndarray, edges: int) -> None:
        self.edges = edges
        # Each map as one value that can be sorted.
        values = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}").ravel()
        _, firsts, inverse = np.unique(values, return_index=True, return_inverse=True)
        order = np.argsort(firsts)
        self.firsts = firsts[order]
        self.inverse = np.argsort(order)[inverse]
        self._packed = packed[self.firsts]
        self._members: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._packed)

    def bits(self, maps: np.ndarray | slice) -> np.ndarray:
        """uint8 (M, E): some of the maps."""
        return np.unpackbits(self._packed[maps], axis=1, count=self.edges)

    def members(self, k: int) -> np.ndarray:
        """int64 (maps, at most k): the first k sprites with each map, -1 where there are fewer."""
        if k not in self._members:
            order = np.argsort(self.inverse, kind="stable")
            counts = np.bincount(self.inverse, minlength=len(self))
            rank = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
            kept = rank < k
            members = np.full((len(self), min(k, int(counts.max()))), -1, np.int64)
            members[self.inverse[order[kept]], rank[kept]] = order[kept]
            self._members[k] = members
        return self._members[k]


class _Turned:
    """A few edge maps in all variants."""

    def __init__(self, bits: np.ndarray, height: int, width: int) -> None:
        padded = np.pad(bits.astype(np.float32), ((0, 0), (0, 1)))
        self._bits = torch.from_numpy(np.ascontiguousarray(padded[:, _edge_sources(height, width)].transpose(1, 0, 2)))
        self.step, self.dtype = _step(self._bits.shape[2])
        self._counts = self._bits.sum(dim=2)
        self._steps = torch.arange(len(_VARIANTS), dtype=self.dtype) * self.step

    def __len__(self) -> int:
        return self._bits.shape[1]

    def against(self, maps: _EdgeMaps) -> Iterator[tuple[int, torch.Tensor]]:
        """Yield (first map, floating (queries, maps of the block)): the best score over the variants."""
        flat, counts = self._bits.flatten(0, 1), self._counts.reshape(-1, 1)
        for part in blocks(len(maps), _BLOCK):
            block = torch.from_numpy(maps.bits(part)).float()
            both = _counted("qe,me->qm", flat, block)
            either = torch.sub(block.sum(dim=1).clamp_(min=0.5), both).add_(counts)
            scores = both.to(self.dtype).div_(either).reshape(len(_VARIANTS), len(self), -1)
            yield part.start, scores.sub_(self._steps[:, None, None]).amax(dim=0)

    def scores_of(self, bits: np.ndarray) -> np.ndarray:
        """floating (queries, k, 18): the score of each variant against k maps per query, uint8 (queries, k, E)."""
        theirs = torch.from_numpy(bits).float()
        both = _counted("vqe,qke->qkv", self._bits, theirs)
        either = theirs.sum(dim=2).clamp_(min=0.5)[..., None] + self._counts.T[:, None] - both
        return both.to(self.dtype).div_(either).sub_(self._steps).numpy()


def _counted(equation: str, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The edges in both of two maps, exact in float32; autocast would round the sum to bfloat16."""
    with torch.autocast("cpu", enabled=False):
        return torch.einsum(equation, a, b)


def _keys(scores: np.ndarray, index: int | np.ndarray, step: float) -> np.ndarray:
    """int64: the smallest for the highest score (-17 steps to 1), then for the lowest index."""
    # In units of half a step, since a J below 1 lies between multiples of the step.
    return (np.rint((1.0 - scores.astype(np.float64)) * (2 / step)).astype(np.int64) << _INDEX_BITS) + index


def _best_maps(turned: _Turned, maps: _EdgeMaps, k: int) -> np.ndarray:
    """int64 (queries, k): the distinct maps with the highest scores."""
    best = np.full((len(turned), k), np.iinfo(np.int64).max)
    worst_kept = torch.full((len(turned), 1), -1.0, dtype=turned.dtype)
    for start, scores in turned.against(maps):
        # A later map with an equal score never replaces an earlier one.
        rows = (scores > worst_kept).any(dim=1).nonzero().squeeze(1).numpy()
        if len(rows):
            candidates = scores[rows].numpy()
            keys = _keys(candidates, np.arange(start, start + candidates.shape[1]), turned.step)
            keys = np.concatenate([best[rows], keys], axis=1)
            best[rows] = np.sort(np.partition(keys, k - 1, axis=1)[:, :k], axis=1)
            full = best[rows, -1] < np.iinfo(np.int64).max
            score = 1.0 - (best[rows, -1] >> _INDEX_BITS) * (turned.step / 2)
            worst_kept[rows, 0] = torch.from_numpy(np.where(full, score, -1.0)).to(turned.dtype)
    return best & ((1 << _INDEX_BITS) - 1)
