"""Is a sprite put together from two training sprites?

A diffusion model that sees only small windows combines patches of its training data (Kamb & Ganguli 2024, arXiv
2412.20292). A training sprite explains a foreground pixel if both look the same in its 3x3 window, at the same place.
C1 is the largest share of the foreground that one training sprite explains, C2 the largest that two explain together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ddpm.base.blocks import blocks
from ddpm.pixels.conversion import pack_rgb, require_sprites, unpack_rgb
from ddpm.pixels.duplicates import distinct_images
from ddpm.pixels.foreground import foreground
from ddpm.pixels.oklab import oklab

MATCH = 0.04
"""OKLab distance below which two pixels match."""

COLLAGE_GAIN = 0.15
"""The least that the second training sprite of a collage adds to the share of the first one."""

COLLAGE_COVER = 0.65
"""The least share that the two explain together: neither explains the pixels where they meet."""

# References that are compared at once: 1 MB for 64 sprites, small enough for the processor's cache.
_BLOCK = 512
_FIRSTS = 16
_PIXELS = 256
# Sprites per uint64, one bit each.
_BATCH = 64
_BYTE = 8
# Second references that are tried at once; before each such block those that cannot be better are dropped.
_SECONDS = 1024


@dataclass(frozen=True)
class CollageCover:
    """How much of each sprite's foreground one or two references explain.

    Attributes:
        c1: float64 (Q,), 0..1: the share that the best one explains; NaN without foreground.
        c2: float64 (Q,), 0..1: the share that the best two explain, at least ``c1``; NaN without foreground.
        first: int64 (Q,): row of the one of the two that explains more; -1 where nothing is explained.
        second: int64 (Q,): row of the other; -1 where no other adds anything.
    """

    c1: np.ndarray
    c2: np.ndarray
    first: np.ndarray
    second: np.ndarray


def is_collage(cover: CollageCover) -> np.ndarray:
    """bool (Q,): two explain most of it, and one alone clearly less; False without foreground."""
    with np.errstate(invalid="ignore"):
        return (cover.c2 - cover.c1 > COLLAGE_GAIN) & (cover.c2 >= COLLAGE_COVER)


@dataclass(frozen=True)
class CollageIndex:
    """References, prepared so that a sprite is compared once with each colour at a place, not with each reference.

    Attributes:
        rows: int64 (D,), the first row of each distinct reference.
        colours: uint8 (E, 3), the distinct colours at each place, one place after the other.
        starts: int64 (257,), where in ``colours`` those of each place begin; the last is E.
        entries: int32 (256, D), which of ``colours`` a reference has at a place.
    """

    rows: np.ndarray
    colours: np.ndarray
    starts: np.ndarray
    entries: np.ndarray

    @classmethod
    def of(cls, references: np.ndarray) -> CollageIndex:
        """Index references, uint8 (R, 16, 16, 3); 3 KB of memory for each distinct one.

        Raises:
            TypeError: if they are not uint8.
            ValueError: for other shapes, or no references.
        """
        (references,) = require_sprites(references=references)
        if not len(references):
            raise ValueError("at least one reference is needed")
        rows, _ = distinct_images(references)
        packed = np.empty((_PIXELS, len(rows)), np.int32)
        for part in blocks(len(rows), _BLOCK):
            packed[:, part] = pack_rgb(references[rows[part]]).reshape(-1, _PIXELS).T
        colours, starts = [], [0]
        for place in packed:
            found, place[:] = np.unique(place, return_inverse=True)
            place += starts[-1]
            colours.append(found)
            starts.append(starts[-1] + len(found))
        return cls(rows, unpack_rgb(np.concatenate(colours)), np.array(starts), packed)

    def cover(self, queries: np.ndarray) -> CollageCover:
        """Find the one and the two references that explain most of the foreground of queries, uint8 (Q, 16, 16, 3).

        A reference explains a pixel if at most one pixel of its 3x3 window differs by :data:`MATCH` or more, those
        outside the picture not counted. ``c1`` is exact; ``c2`` is the best of all pairs that contain one of the 16
        best single references. Of equals, lower rows come first; repeats of a reference count as one.

        Raises:
            TypeError, ValueError: as :func:`ddpm.pixels.conversion.require_sprites`.
        """
        (queries,) = require_sprites(queries=queries)
        count = len(queries)
        c1, c2 = np.full(count, np.nan), np.full(count, np.nan)
        sources = np.full((count, 2), -1, np.int64)
        lab = oklab(queries).reshape(count, _PIXELS, 3)
        inside = foreground(lab.reshape(-1, 16, 16, 3)).reshape(count, _PIXELS)
        asked = np.flatnonzero(inside.any(axis=1))
        sizes = inside.sum(axis=1)
        for part in blocks(len(asked), _BATCH):
            batch = asked[part]
            for query, explained in zip(batch, self._explained(lab[batch], inside[batch]), strict=True):
                one, two, pair = _best_pair(explained)
                c1[query], c2[query] = one / sizes[query], two / sizes[query]
                sources[query] = [self.rows[source] if source >= 0 else -1 for source in pair]
        return CollageCover(c1, c2, sources[:, 0], sources[:, 1])

    def _explained(self, lab: np.ndarray, inside: np.ndarray) -> np.ndarray:
        """uint64 (Q, 4, D): for each of up to 64 sprites one bit per pixel, set where a reference explains it."""
        differs = self._differs(lab)
        mask = _words_of(inside)[:, None]
        result = np.empty((len(lab), 4, len(self.rows)), np.uint64)
        for part in blocks(len(self.rows), _BLOCK):
            words = differs.take(self.entries[:, part])
            unexplained = _several(words.reshape(16, 16, -1)).reshape(words.shape)
            explained = np.invert(unexplained, out=unexplained)
            explained &= mask
            turned = _transposed(explained.reshape(4, _BATCH, -1))
            result[:, :, part] = turned.transpose(1, 0, 2)[: len(lab)]
        return result

    @torch.no_grad()
    def _differs(self, lab: np.ndarray) -> np.ndarray:
        """uint64 (E,): one bit per sprite of ``lab``, float32 (Q, 256, 3), set where it differs from a colour."""
        ours = torch.from_numpy(oklab(self.colours)).T.contiguous()
        repeats = torch.from_numpy(np.diff(self.starts))
        result = np.zeros((len(self.colours), _BYTE), np.uint8)
        for start in range(0, len(lab), _BYTE):
            part = np.zeros((_BYTE, len(self.colours)), bool)
            for bits, sprite in zip(part, lab[start : start + _BYTE], strict=False):
                wanted = torch.from_numpy(np.ascontiguousarray(sprite.T)).repeat_interleave(repeats, dim=1)
                step = torch.sub(ours, wanted)
                total = step[0] * step[0]
                total.addcmul_(step[1], step[1]).addcmul_(step[2], step[2])
                torch.ge(total, MATCH * MATCH, out=torch.from_numpy(bits))
            result[:, start // _BYTE] = np.packbits(part, axis=0, bitorder="little")[0]
        return result.view("<u8")[:, 0]


def _words_of(bits: np.ndarray) -> np.ndarray:
    """uint64 (N,) from bool (at most 64, N), the first row in the lowest bit."""
    padded = np.zeros((bits.shape[1], _BATCH), bool)
    padded[:, : len(bits)] = bits.T
    return np.packbits(padded, axis=1, bitorder="little").view("<u8")[:, 0]


def _several(words: np.ndarray) -> np.ndarray:
    """uint64 (16, 16, D): the bits that are set in more than one pixel of the 3x3 window."""
    left, right = np.zeros_like(words), np.zeros_like(words)
    left[:, 1:], right[:, :-1] = words[:, :-1], words[:, 1:]
    side = left | right
    several = left
    several &= right
    several |= words & side
    some = side
    some |= words
    result = several.copy()
    # Set twice in one row, or in two different rows.
    result[1:] |= several[:-1]
    result[:-1] |= several[1:]
    neighbours = some[1:] & some[:-1]
    result[1:] |= neighbours
    result[:-1] |= neighbours
    result[1:-1] |= some[:-2] & some[2:]
    return result


def _transposed(words: np.ndarray) -> np.ndarray:
    """uint64 (G, 64, D), in place: bit i of word j becomes bit j of word i, by swapping squares (Warren 2012, 7-3)."""
    step = 32
    mask = np.uint64(0x00000000FFFFFFFF)
    while step:
        halves = words.reshape(len(words), -1, 2, step, words.shape[2])
        low, high = halves[:, :, 0], halves[:, :, 1]
        swapped = low >> np.uint64(step)
        swapped ^= high
        swapped &= mask
        high ^= swapped
        swapped <<= np.uint64(step)
        low ^= swapped
        step >>= 1
        mask ^= mask << np.uint64(step)
    return words


def _sizes(words: np.ndarray) -> np.ndarray:
    """int16 (N,): how many bits are set in uint64 (4, N)."""
    return np.bitwise_count(words).sum(axis=0, dtype=np.int16)


def _best_pair(explained: np.ndarray, firsts: int = _FIRSTS) -> tuple[int, int, tuple[int, int]]:
    """The most pixels that one reference explains, that two explain, and which two; from uint64 (4, references)."""
    sizes = _sizes(explained)
    order = np.argsort(-sizes, kind="stable")
    explained, sizes = explained.take(order, axis=1), sizes[order].astype(np.int64)
    best, pair = int(sizes[0]), (int(order[0]) if sizes[0] else -1, -1)
    for first in range(min(firsts, len(order))):
        # No later pair can be better: neither of its references explains more than this one.
        if 2 * sizes[first] <= best:
            break
        start, known = first + 1, ~explained[:, first, None]
        while True:
            # Only references that are large enough to beat the best pair; they come first.
            last = min(start + _SECONDS, int(np.searchsorted(-sizes, sizes[first] - best, side="left")))
            if start >= last:
                break
            gains = _sizes(explained[:, start:last] & known)
            second = int(gains.argmax())
            if sizes[first] + gains[second] > best:
                best = int(sizes[first] + gains[second])
                pair = (int(order[first]), int(order[start + second]))
            start = last
    return int(sizes[0]), best, pair
