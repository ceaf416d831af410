"""Which training sprite has the same shape, whatever its colours, mirrored or shifted by a pixel?

A shape is a map of edges: 480 pairs of adjacent pixels, each marked where the colour visibly changes. Two maps are
compared by Jaccard's index J (edges in both / edges in either), at the best of 18 alignments. Recolouring a sprite
leaves its edges where they are, so J finds what no distance of pixels can.

The pictures are compared as they are. A median filter on both sides first was tried and dropped: at this size single
pixels are eyes and outlines, the filter makes new colours that do not turn with the hue, and it cost more known copies
than it found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from ddpm.base.blocks import blocks
from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.neighbors import check_k
from ddpm.pixels.oklab import SAME, distance, oklab

SHAPE_KNOWN = 0.8
"""The least J at which a sprite's shape counts as known."""

_SIDE = 16
_EDGES = 2 * _SIDE * (_SIDE - 1)
# One (variants x queries, references) block of float32 is 2.4 MB: larger ones leave the processor's cache.
_QUERY_BLOCK = 32
_BLOCK = 1024
_INDEX_BITS = 31
# A union holds at most 480 edges, so two different J differ by 1 / (480 * 479) = 4.3e-6 or more. Subtracting this step
# once for each place in the list of variants orders equal J and never passes a different one: 17 steps are 2.0e-6.
# Scores are multiples of it or of less, so nothing is rounded where it could matter.
_STEP = 2.0**-23


def _list_variants() -> list[tuple[bool, int, int]]:
    """(flip, dy, dx), the least change first: where several fit equally well, the first is reported."""
    shifts = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    shifts.sort(key=lambda shift: (abs(shift[0]) + abs(shift[1]), shift))
    return [(flip, dy, dx) for flip in (False, True) for dy, dx in shifts]


_VARIANTS = _list_variants()


def _edge_sources() -> np.ndarray:
    """int64 (18, 480): for each variant, the edge of the query that lands on each edge of the reference.

    480 stands for "none": it comes from outside the picture. The query is taken back to the reference, so it is
    shifted by the opposite amount and then flipped.
    """
    across = np.arange(_SIDE * (_SIDE - 1)).reshape(_SIDE, _SIDE - 1)
    down = np.arange(_SIDE * (_SIDE - 1), _EDGES).reshape(_SIDE - 1, _SIDE)
    sources = []
    for flip, dy, dx in _VARIANTS:
        parts = []
        for edges in (across, down):
            rows, columns = edges.shape
            padded = np.pad(edges, 1, constant_values=_EDGES)
            moved = padded[1 + dy : 1 + dy + rows, 1 + dx : 1 + dx + columns]
            parts.append((moved[:, ::-1] if flip else moved).ravel())
        sources.append(np.concatenate(parts))
    return np.stack(sources)


_SOURCES = _edge_sources()


@dataclass(frozen=True)
class ShapeMatches:
    """The references whose shapes are most alike, the best first.

    The transform is the one that, applied to the *reference*, gives the query: flipped first, then shifted.

    Attributes:
        indices: int64 (Q, k), rows of the references.
        similarity: float32 (Q, k), J in 0..1, descending.
        flips: bool (Q, k), True where the reference is to be mirrored left to right.
        shifts: int64 (Q, k, 2), (dy, dx) in -1..1, in pixels: down and to the right are positive.
    """

    indices: np.ndarray
    similarity: np.ndarray
    flips: np.ndarray
    shifts: np.ndarray


def edge_bits(images: np.ndarray) -> np.ndarray:
    """Where the colour visibly changes from one pixel to the next.

    Args:
        images: uint8 (N, 16, 16, 3).

    Returns:
        bool (N, 480): 240 pairs side by side (row by row), then 240 pairs one above the other; True where their OKLab
        distance is more than :data:`ddpm.pixels.oklab.SAME`.
    """
    (images,) = require_sprites(images=images)
    bits = np.empty((len(images), _EDGES), bool)
    for part in blocks(len(images), _BLOCK):
        lab = oklab(images[part])
        across = distance(lab[:, :, 1:], lab[:, :, :-1]) > SAME
        down = distance(lab[:, 1:], lab[:, :-1]) > SAME
        bits[part] = np.concatenate([across.reshape(len(lab), -1), down.reshape(len(lab), -1)], axis=1)
    return bits


class ShapeIndex:
    """The shapes of references, ready to be searched.

    Args:
        packed: uint8 (R, 60), the edge maps of the references, from :meth:`packed_edges`.
    """

    def __init__(self, packed: np.ndarray) -> None:
        self._count = len(packed)
        self._maps = _EdgeMaps(packed)

    @classmethod
    def of(cls, references: np.ndarray) -> ShapeIndex:
        """Index references.

        Args:
            references: uint8 (R, 16, 16, 3), at most 2^31 - 1 of them.

        Raises:
            TypeError, ValueError: as :func:`ddpm.pixels.conversion.require_sprites`.
        """
        (references,) = require_sprites(references=references)
        return cls(cls.packed_edges(references))

    @staticmethod
    def packed_edges(references: np.ndarray) -> np.ndarray:
        """uint8 (R, 60): :func:`edge_bits` of each reference, eight pairs in a byte.

        Args:
            references: uint8 (R, 16, 16, 3).
        """
        packed = np.empty((len(references), _EDGES // 8), np.uint8)
        for part in blocks(len(references), _BLOCK):
            packed[part] = np.packbits(edge_bits(references[part]), axis=1)
        return packed

    def nearest(self, queries: np.ndarray, k: int = 1) -> ShapeMatches:
        """The k references of each query whose shapes are most similar; equally similar ones by lower index.

        References are taken as they are, repeats included; equal shapes are compared once.

        Args:
            queries: uint8 (Q, 16, 16, 3).
            k: 1..R.

        Raises:
            TypeError: if the images are not uint8.
            ValueError: for other shapes, or a k outside 1..R.
        """
        (queries,) = require_sprites(queries=queries)
        check_k(k, self._count)
        maps = self._maps
        indices = np.empty((len(queries), k), np.int64)
        similarity = np.empty((len(queries), k), np.float32)
        variants = np.empty((len(queries), k), np.int64)
        query_bits = edge_bits(queries)
        for part in blocks(len(queries), _QUERY_BLOCK):
            turned = _Turned(query_bits[part])
            best = _best_maps(turned, maps, min(k, len(maps)))
            rows = np.arange(len(best))[:, None]
            scores = turned.scores_of(maps.bits(best.ravel()).reshape(*best.shape, _EDGES))
            variant = scores.argmax(axis=2)
            score = np.take_along_axis(scores, variant[..., None], axis=2)[..., 0]
            # Whatever shares one of these maps is as near; among the first k of each are the first k of all.
            members = maps.members(k)[best]
            keys = np.where(members < 0, np.iinfo(np.int64).max, _keys(score, 0)[..., None] + members)
            order = np.argsort(keys.reshape(len(best), -1), axis=1)[:, :k]
            chosen = order // members.shape[2]
            indices[part] = members.reshape(len(best), -1)[rows, order]
            variants[part] = variant[rows, chosen]
            similarity[part] = (score + variant.astype(np.float32) * np.float32(_STEP))[rows, chosen]
        table = np.array(_VARIANTS, np.int64)
        return ShapeMatches(indices, similarity, table[variants, 0].astype(bool), table[variants, 1:])


def _as_values(packed: np.ndarray) -> np.ndarray:
    """(N,): each packed map as one value that sorts and compares."""
    return np.ascontiguousarray(packed).view(f"V{_EDGES // 8}").ravel()


class _EdgeMaps:
    """The distinct edge maps of many sprites, in order of first occurrence; packed, 60 bytes each."""

    def __init__(self, packed: np.ndarray) -> None:
        _, firsts, inverse = np.unique(_as_values(packed), return_index=True, return_inverse=True)
        order = np.argsort(firsts)
        self.firsts = firsts[order]
        self.inverse = np.argsort(order)[inverse]
        self._packed = packed[self.firsts]
        self._members: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self._packed)

    def bits(self, maps: np.ndarray | slice) -> np.ndarray:
        """uint8 (M, 480): some of the maps."""
        return np.unpackbits(self._packed[maps], axis=1)

    def members(self, k: int) -> np.ndarray:
        """int64 (maps, at most k): the first k sprites of each map, filled up with -1."""
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
    """A few edge maps in all variants, ready to be compared."""

    def __init__(self, bits: np.ndarray) -> None:
        padded = np.pad(bits.astype(np.float32), ((0, 0), (0, 1)))
        self._bits = torch.from_numpy(np.ascontiguousarray(padded[:, _SOURCES].transpose(1, 0, 2)))
        self._counts = self._bits.sum(dim=2)
        self._steps = torch.arange(len(_VARIANTS)) * _STEP

    def __len__(self) -> int:
        return self._bits.shape[1]

    def against(self, maps: _EdgeMaps) -> Iterator[tuple[int, torch.Tensor]]:
        """Yield (first map, float32 (queries, maps of the block)): the best score over the variants."""
        flat, counts = self._bits.reshape(-1, _EDGES), self._counts.reshape(-1, 1)
        for part in blocks(len(maps), _BLOCK):
            block = torch.from_numpy(maps.bits(part)).float()
            both = _counted("qe,me->qm", flat, block)
            either = torch.sub(block.sum(dim=1).clamp_(min=0.5), both).add_(counts)
            scores = both.div_(either).reshape(len(_VARIANTS), len(self), -1)
            yield part.start, scores.sub_(self._steps[:, None, None]).amax(dim=0)

    def scores_of(self, bits: np.ndarray) -> np.ndarray:
        """float32 (queries, k, 18): every variant's score against maps of one's own, uint8 (queries, k, 480)."""
        theirs = torch.from_numpy(bits).float()
        both = _counted("vqe,qke->qkv", self._bits, theirs)
        either = theirs.sum(dim=2).clamp_(min=0.5)[..., None] + self._counts.T[:, None] - both
        return both.div_(either).sub_(self._steps).numpy()


def _counted(equation: str, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Edges in both of two maps: at most 480 ones, exact in float32; autocast would round the sum to bfloat16."""
    with torch.autocast("cpu", enabled=False):
        return torch.einsum(equation, a, b)


def _keys(scores: np.ndarray, index: int | np.ndarray) -> np.ndarray:
    """int64: the smallest for the highest score, then for the lowest index. A score lies in -17 steps .. 1."""
    # Twice as fine as the step, since a J below 1 lies between its multiples.
    return (np.rint((1.0 - scores.astype(np.float64)) * (2 / _STEP)).astype(np.int64) << _INDEX_BITS) + index


def _best_maps(turned: _Turned, maps: _EdgeMaps, k: int) -> np.ndarray:
    """int64 (queries, k): the distinct maps with the highest scores."""
    best = np.full((len(turned), k), np.iinfo(np.int64).max)
    worst_kept = torch.full((len(turned), 1), -1.0)
    for start, scores in turned.against(maps):
        # An equal score further down the list never displaces one that is already there.
        rows = (scores > worst_kept).any(dim=1).nonzero().squeeze(1).numpy()
        if len(rows):
            candidates = scores[rows].numpy()
            keys = _keys(candidates, np.arange(start, start + candidates.shape[1]))
            keys = np.concatenate([best[rows], keys], axis=1)
            best[rows] = np.sort(np.partition(keys, k - 1, axis=1)[:, :k], axis=1)
            full = best[rows, -1] < np.iinfo(np.int64).max
            score = 1.0 - (best[rows, -1] >> _INDEX_BITS) * (_STEP / 2)
            worst_kept[rows, 0] = torch.from_numpy(np.where(full, score, -1.0).astype(np.float32))
    return best & ((1 << _INDEX_BITS) - 1)
