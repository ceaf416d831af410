"""Which training sprite has the same colours, whatever its shape?

A palette is the set of a sprite's foreground colours in OKLab; what is transparent has none, and what is so in part has
its own colour, whatever shines through. Two are compared by the sliced 2-Wasserstein distance
(Rabin et al. 2011; Bonneel et al. 2015): projected on each of several lines, colours of equal rank are paired. With
fixed lines and ranks a palette is a point in 1,024 dimensions, and the distance of two palettes that of their points.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import torch

from ddpm.base.blocks import blocks, image_blocks
from ddpm.pixels.conversion import pack_rgb, require_sprites, unpack_rgb
from ddpm.pixels.foreground import foreground
from ddpm.pixels.neighbors import check_k, check_shape
from ddpm.pixels.oklab import SAME, oklab

SAME_PALETTE = 0.04
"""The largest distance at which two palettes, or two colours, count as the same."""

_DIRECTIONS = 32
_QUANTILES = 32
_VALUES = _DIRECTIONS * _QUANTILES
# Sprites of 16x16, or fewer larger ones: 8 MB of float32 while projections are sorted.
_BLOCK = 256
# Sprites of about as many coloured pixels that are ranked together.
_RANKED = 32
_COLOUR_BLOCK = 512
# More candidates than needed: rounding in the first search may swap those at almost the same distance.
_SPARE = 4


def _directions() -> np.ndarray:
    """float32 (32, 3): evenly spread directions u, with sum u u^T = 32/3 I.

    A Fibonacci lattice (Gonzalez 2010) on half of the sphere, since opposite points are one line; made a tight frame,
    since otherwise the distance of a shift of all colours would vary with its direction by some per cent.
    """
    turns = np.arange(_DIRECTIONS)
    heights = (turns + 0.5) / _DIRECTIONS
    angles = turns * np.pi * (3 - np.sqrt(5))
    radii = np.sqrt(1 - heights**2)
    points = np.stack([radii * np.cos(angles), radii * np.sin(angles), heights], axis=1)
    values, vectors = np.linalg.eigh(points.T @ points)
    return (points @ (vectors / np.sqrt(values)) @ vectors.T * np.sqrt(_DIRECTIONS / 3)).astype(np.float32)


_LINES = _directions()


def palette_embedding(images: np.ndarray) -> np.ndarray:
    """Points whose Euclidean distance is the palette distance of images, uint8 (N, H, W, C).

    A uniform shift of all colours by d has distance d, since the sliced distance is multiplied by sqrt(3). Each of the
    32 quantiles is the mean over its share of the pixels, so the distance never exceeds the one between all ranks.

    Returns:
        float32 (N, 1024), in OKLab units; NaN without foreground.
    """
    (images,) = require_sprites(images=images)
    result = np.empty((len(images), _VALUES), np.float32)
    for part in image_blocks(images, _BLOCK):
        lab = oklab(images[part])
        result[part] = _embed(lab, _coloured(lab))
    return result


@dataclass(frozen=True)
class PaletteIndex:
    """The palettes of references, prepared for searching.

    Attributes:
        points: float32 (P, 1024), the distinct palettes, see :func:`palette_embedding`.
        numbers: int64 (R,), which of them each reference has; -1 without foreground.
        colours: int64 (C,), the distinct colours of their foregrounds, 0xRRGGBB, ascending.
        shape: (H, W, C) of the references.
    """

    points: np.ndarray
    numbers: np.ndarray
    colours: np.ndarray
    shape: tuple[int, ...]

    @classmethod
    def of(cls, references: np.ndarray) -> PaletteIndex:
        """Index references, uint8 (R, H, W, C); 4 KB of memory for each distinct palette.

        Raises:
            TypeError, ValueError: as :func:`ddpm.pixels.conversion.require_sprites`.
        """
        (references,) = require_sprites(references=references)
        numbers = np.full(len(references), -1, np.int64)
        points = [np.empty((0, _VALUES), np.float32)]
        known: dict[bytes, int] = {}
        # Of equal colours in equal numbers, as mirror images have, the point is computed once.
        numbers_of: dict[bytes, int] = {}
        present = np.empty(0, np.int64)
        for part in image_blocks(references, _BLOCK):
            lab = oklab(references[part])
            inside = _coloured(lab)
            codes = np.sort(_foreground_colours(references[part], inside), axis=1)
            present = np.union1d(present, codes)
            keys = [blake2b(row.tobytes(), digest_size=16).digest() for row in codes]
            firsts = {key: row for row, key in reversed(list(enumerate(keys))) if key not in numbers_of}
            if not firsts:
                numbers[part] = [numbers_of[key] for key in keys]
                continue
            rows = sorted(firsts.values())
            embedded = _embed(lab[rows], inside[rows])
            fresh = []
            for place, row in enumerate(rows):
                numbers_of[keys[row]] = -1
                if np.isfinite(embedded[place, 0]):
                    digest = blake2b(embedded[place].tobytes(), digest_size=16).digest()
                    if digest not in known:
                        known[digest] = len(known)
                        fresh.append(place)
                    numbers_of[keys[row]] = known[digest]
            numbers[part] = [numbers_of[key] for key in keys]
            points.append(embedded[fresh])
        return cls(np.concatenate(points), numbers, present[present >= 0], references.shape[1:])

    def nearest(self, queries: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """The k references (1..R) with the palettes most similar to each query, uint8 (Q, H, W, C).

        Returns:
            ``(indices, distances)``: int64 and float32 (Q, k), nearest first, equal distances by lower index. -1 and
            NaN where the query has no foreground, or fewer than k references have one.

        Raises:
            TypeError: if the images are not uint8.
            ValueError: for other shapes or another than the references have, or a k outside 1..R.
        """
        (queries,) = require_sprites(queries=queries)
        check_shape(queries, self.shape)
        check_k(k, len(self.numbers))
        wanted = palette_embedding(queries)
        indices = np.full((len(wanted), k), -1, np.int64)
        distances = np.full((len(wanted), k), np.nan, np.float32)
        asked = np.flatnonzero(np.isfinite(wanted[:, 0]))
        if not len(asked):
            return indices, distances
        order = np.argsort(self.numbers, kind="stable")
        starts = np.searchsorted(self.numbers[order], np.arange(len(self.points) + 1))
        for query, candidates in zip(asked.tolist(), self._candidates(wanted[asked], k), strict=True):
            numbers = candidates[candidates >= 0]
            # From differences, so that equal palettes have distance 0.
            apart = np.linalg.norm((self.points[numbers] - wanted[query]).astype(np.float64), axis=1)
            pairs = sorted(
                (value, row)
                for value, number in zip(apart.astype(np.float32), numbers.tolist(), strict=True)
                for row in order[starts[number] : min(starts[number] + k, starts[number + 1])].tolist()
            )[:k]
            indices[query, : len(pairs)] = [row for _, row in pairs]
            distances[query, : len(pairs)] = [value for value, _ in pairs]
        return indices, distances

    @torch.no_grad()
    def _candidates(self, wanted: np.ndarray, k: int) -> np.ndarray:
        """For each point the numbers of the palettes nearest to it, int64 (Q, k + 4), -1 for none."""
        # float64, since a small distance is here the difference of two large norms.
        queries = torch.from_numpy(wanted).double()
        count = k + _SPARE
        best = torch.full((len(queries), count), torch.inf, dtype=torch.float64)
        found = torch.full((len(queries), count), -1)
        for part in blocks(len(self.points), _BLOCK):
            block = torch.from_numpy(self.points[part].astype(np.float64))
            # The square of the query's norm is the same for all references.
            rest = torch.addmm(block.square().sum(dim=1), queries, block.T, alpha=-2)
            rows = (rest < best[:, -1:]).any(dim=1).nonzero().squeeze(1)
            if len(rows):
                numbers = torch.arange(part.start, part.stop).expand(len(rows), -1)
                best[rows], order = torch.cat([best[rows], rest[rows]], dim=1).topk(count, dim=1, largest=False)
                found[rows] = torch.cat([found[rows], numbers], dim=1).gather(1, order)
        return found.numpy()

    def embedding(self, rows: np.ndarray) -> np.ndarray:
        """float32 (N, 1024): :func:`palette_embedding` of the references int64 (N,)."""
        result = np.full((len(rows), _VALUES), np.nan, np.float32)
        known = self.numbers[rows] >= 0
        result[known] = self.points[self.numbers[rows[known]]]
        return result

    def nowhere(self, queries: np.ndarray, radius: float = SAME_PALETTE) -> np.ndarray:
        """Share of each query's foreground whose colour is in the foreground of no reference.

        Args:
            queries: uint8 (Q, H, W, C).
            radius: OKLab distance up to which two colours count as the same.

        Returns:
            float64 (Q,) in 0..1; NaN without foreground.

        Raises:
            TypeError: if the images are not uint8.
            ValueError: for other shapes or another than the references have, or a radius that is not positive.
        """
        (queries,) = require_sprites(queries=queries)
        check_shape(queries, self.shape)
        if not radius > 0:
            raise ValueError(f"radius must be positive, got {radius}")
        packed = np.empty((len(queries), queries.shape[1] * queries.shape[2]), np.int64)
        for part in image_blocks(queries, _BLOCK):
            packed[part] = _foreground_colours(queries[part], _coloured(oklab(queries[part])))
        inside = packed >= 0
        wanted = np.setdiff1d(packed[inside], self.colours)
        nowhere = (np.isin(packed, _further_than(wanted, self.colours, radius)) & inside).sum(axis=1)
        counts = inside.sum(axis=1)
        return np.divide(nowhere, counts, out=np.full(len(queries), np.nan), where=counts > 0)


def _embed(lab: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """:func:`palette_embedding` of the pixels ``inside``, bool (N, H, W), from OKLab, float32 (N, H, W, C)."""
    pixels, mask = lab.reshape(len(lab), -1, lab.shape[-1]), inside.reshape(len(lab), -1)
    counts = mask.sum(axis=1)
    coloured_first = np.argsort(~mask, axis=1, kind="stable")
    result = np.empty((len(lab), _VALUES), np.float32)
    # Most sprites are half background: what has no colour need not be ranked.
    by_count = np.argsort(counts, kind="stable")
    for part in blocks(len(lab), _RANKED):
        rows = by_count[part]
        places = coloured_first[rows, : max(1, int(counts[rows[-1]]))]
        result[rows] = _means_of_ranks(pixels[rows[:, None], places, :3], counts[rows])
    return result


def _means_of_ranks(lab: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """float32 (N, 1024): the points of the first ``counts`` pixels, int64 (N,), of each row of float32 (N, P, 3)."""
    lightness, red, blue = (lab[:, None, :, i] for i in range(3))
    # Not a matrix product, so that a sprite's point does not depend on its place in a block.
    lines = _LINES[:, :, None]
    ranked = lightness * lines[:, 0] + red * lines[:, 1] + blue * lines[:, 2]
    ranked[np.broadcast_to((np.arange(lab.shape[1]) >= counts[:, None])[:, None], ranked.shape)] = np.inf
    ranked.sort(axis=2)
    ranked[~np.isfinite(ranked)] = 0
    sums = np.zeros((*ranked.shape[:2], ranked.shape[2] + 1))
    sums[:, :, 1:] = ranked
    np.cumsum(sums, axis=2, out=sums)
    # The integral of the ranked values up to each boundary between quantiles, which may lie inside a pixel.
    boundaries = counts[:, None] * np.arange(_QUANTILES + 1) / _QUANTILES
    whole = np.minimum(boundaries.astype(np.int64), ranked.shape[2] - 1)
    at = np.broadcast_to(whole[:, None], (*ranked.shape[:2], _QUANTILES + 1))
    integrals = np.take_along_axis(sums, at, axis=2)
    integrals += (boundaries - whole)[:, None] * np.take_along_axis(ranked, at, axis=2)
    means = np.full((*ranked.shape[:2], _QUANTILES), np.nan)
    width = counts[:, None, None] / _QUANTILES
    np.divide(np.diff(integrals, axis=2), width, out=means, where=width > 0)
    return (means.reshape(len(lab), -1) * np.sqrt(3 / _VALUES)).astype(np.float32)


def _foreground_colours(images: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """int32 (N, H * W): each pixel's colour as one number, 0xRRGGBB; -1 where it is not ``inside``, bool (N, H, W)."""
    return np.where(inside, pack_rgb(images[..., :3]), np.int32(-1)).reshape(len(images), -1)


def _coloured(lab: np.ndarray) -> np.ndarray:
    """bool (N, H, W): the foreground, without the transparent pixels that it encloses, from float (N, H, W, C)."""
    inside = foreground(lab)
    # As elsewhere, what is hardly off transparent counts as transparent.
    return inside & (lab[..., 3] > SAME) if lab.shape[-1] == 4 else inside


def _further_than(colours: np.ndarray, others: np.ndarray, radius: float) -> np.ndarray:
    """The colours that are further than the radius from all others.

    OKLab is divided into cells as wide as the radius, so that only neighbouring cells need to be searched.
    """
    if not len(others) or not len(colours):
        return colours
    lab, near = (oklab(unpack_rgb(packed)).astype(float) for packed in (colours, others))
    # A little wider, so that rounding never puts a colour at exactly the radius two cells away.
    width = radius * 1.001
    cells, near_cells = (np.floor((points + 1) / width).astype(np.int64) for points in (lab, near))
    side = int(2 / width) + 3
    weights = np.array([side * side, side, 1])
    near_keys = near_cells @ weights
    order = np.argsort(near_keys, kind="stable")
    near, near_keys = near[order], near_keys[order]
    far = np.ones(len(colours), bool)
    keys = cells @ weights
    for rows in np.split(np.argsort(keys, kind="stable"), np.flatnonzero(np.diff(np.sort(keys))) + 1):
        # Cells that differ only in the last axis are neighbours in the sorted list: nine runs of three.
        starts = [keys[rows[0]] + np.array([x, y, -1]) @ weights for x in (-1, 0, 1) for y in (-1, 0, 1)]
        runs = [slice(*np.searchsorted(near_keys, [start, start + 3])) for start in starts]
        around = np.concatenate([near[run] for run in runs])
        for first in range(0, len(around), _COLOUR_BLOCK):
            rows = rows[far[rows]]
            squared = np.square(lab[rows, None] - around[first : first + _COLOUR_BLOCK]).sum(axis=2)
            far[rows] = (squared > radius * radius).all(axis=1)
    return colours[far]
