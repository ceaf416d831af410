"""Is a sprite put together from two training sprites?

A diffusion model that sees only small windows combines patches of its training data (Kamb & Ganguli 2024, arXiv
2412.20292). A training sprite explains a foreground pixel if both look the same in its 3x3 window, at the same place.
C1 is the largest share of the foreground that one training sprite explains, C2 the largest that two explain together.
Transparency is compared like a colour. The work grows with the number of pixels, not with its square.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ddpm.base.blocks import blocks, image_blocks, images_per_block
from ddpm.pixels.conversion import pack_rgb, require_sprites, unpack_rgb
from ddpm.pixels.duplicates import distinct_images
from ddpm.pixels.foreground import foreground
from ddpm.pixels.neighbors import check_shape
from ddpm.pixels.oklab import oklab

MATCH = 0.04
"""OKLab distance below which two pixels match."""

COLLAGE_GAIN = 0.15
"""The least that the second training sprite of a collage adds to the share of the first one."""

COLLAGE_COVER = 0.65
"""The least share that the two explain together: neither explains the pixels where they meet."""

# References of 16x16 that are compared at once, or fewer larger ones: 1 MB for 64 sprites, small enough for the
# processor's cache.
_BLOCK = 512
_FIRSTS = 16
# Sprites, later pixels, per uint64, one bit each.
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
        colours: uint8 (E, C), the distinct colours at each place, one place after the other.
        starts: int64 (P + 1,), where in ``colours`` those of each place begin, with P = H * W; the last is E.
        entries: int32 (P, D), which of ``colours`` a reference has at a place.
        shape: (H, W, C) of the references.
    """

    rows: np.ndarray
    colours: np.ndarray
    starts: np.ndarray
    entries: np.ndarray
    shape: tuple[int, ...]

    @classmethod
    def of(cls, references: np.ndarray) -> CollageIndex:
        """Index references, uint8 (R, H, W, C); for each distinct one some 12 bytes of memory per pixel.

        Raises:
            TypeError: if they are not uint8.
            ValueError: for other shapes, or no references.
        """
        (references,) = require_sprites(references=references)
        if not len(references):
            raise ValueError("at least one reference is needed")
        rows, _ = distinct_images(references)
        height, width, channels = references.shape[1:]
        entries = np.empty((height, width, len(rows)), np.int32)
        colours, starts = [], [0]
        # Line by line: the packed colours of all pixels at once would take as much memory again, or twice as much.
        for y in range(height):
            for place, packed in zip(entries[y], pack_rgb(references[rows, y]).T, strict=True):
                found, place[:] = np.unique(packed, return_inverse=True)
                place += starts[-1]
                colours.append(unpack_rgb(found, channels))
                starts.append(starts[-1] + len(found))
        shape = references.shape[1:]
        return cls(rows, np.concatenate(colours), np.array(starts), entries.reshape(height * width, -1), shape)

    def cover(self, queries: np.ndarray) -> CollageCover:
        """Find the one and the two references that explain most of the foreground of queries, uint8 (Q, H, W, C).

        A reference explains a pixel if at most one pixel of its 3x3 window differs by :data:`MATCH` or more, those
        outside the picture not counted. ``c1`` is exact; ``c2`` is the best of all pairs that contain one of the 16
        best single references. Of equals, lower rows come first; repeats of a reference count as one.

        Raises:
            TypeError, ValueError: as :func:`ddpm.pixels.conversion.require_sprites`, and if they have another size
                than the references.
        """
        (queries,) = require_sprites(queries=queries)
        check_shape(queries, self.shape)
        count = len(queries)
        c1, c2 = np.full(count, np.nan), np.full(count, np.nan)
        sources = np.full((count, 2), -1, np.int64)
        inside = np.empty((count, len(self.entries)), bool)
        for part in image_blocks(queries, _BLOCK):
            inside[part] = foreground(oklab(queries[part])).reshape(-1, len(self.entries))
        asked = np.flatnonzero(inside.any(axis=1))
        sizes = inside.sum(axis=1)
        for part in blocks(len(asked), _BATCH):
            batch = asked[part]
            lab = oklab(queries[batch]).reshape(len(batch), len(self.entries), -1)
            for query, explained in zip(batch, self._explained(lab, inside[batch]), strict=True):
                one, two, pair = _best_pair(explained)
                c1[query], c2[query] = one / sizes[query], two / sizes[query]
                sources[query] = [self.rows[source] if source >= 0 else -1 for source in pair]
        return CollageCover(c1, c2, sources[:, 0], sources[:, 1])

    def _explained(self, lab: np.ndarray, inside: np.ndarray) -> np.ndarray:
        """uint64 (Q, P / 64, D): for each of up to 64 sprites one bit per pixel, set where a reference explains it."""
        differs = self._differs(lab)
        mask = _across(inside)[:, None]
        height, width, _ = self.shape
        pixels = height * width
        words_each = -(-pixels // _BATCH)
        result = np.empty((len(lab), words_each, len(self.rows)), np.uint64)
        for part in blocks(len(self.rows), images_per_block(pixels, _BLOCK)):
            words = differs.take(self.entries[:, part])
            unexplained = _several(words.reshape(height, width, -1)).reshape(words.shape)
            explained = np.invert(unexplained, out=unexplained)
            explained &= mask
            # Beyond the last pixel nothing is explained.
            if pixels < words_each * _BATCH:
                explained = np.pad(explained, ((0, words_each * _BATCH - pixels), (0, 0)))
            turned = _transposed(explained.reshape(words_each, _BATCH, -1))
            result[:, :, part] = turned.transpose(1, 0, 2)[: len(lab)]
        return result

    @torch.no_grad()
    def _differs(self, lab: np.ndarray) -> np.ndarray:
        """uint64 (E,): one bit per sprite of ``lab``, float32 (Q, P, C), set where it differs from a colour."""
        ours = torch.from_numpy(oklab(self.colours)).T.contiguous()
        repeats = torch.from_numpy(np.diff(self.starts))
        result = np.zeros((len(self.colours), _BYTE), np.uint8)
        for start in range(0, len(lab), _BYTE):
            part = np.zeros((_BYTE, len(self.colours)), bool)
            for bits, sprite in zip(part, lab[start : start + _BYTE], strict=False):
                wanted = torch.from_numpy(np.ascontiguousarray(sprite.T)).repeat_interleave(repeats, dim=1)
                step = torch.sub(ours, wanted)
                total = step[0] * step[0]
                for other in step[1:]:
                    total.addcmul_(other, other)
                torch.ge(total, MATCH * MATCH, out=torch.from_numpy(bits))
            result[:, start // _BYTE] = np.packbits(part, axis=0, bitorder="little")[0]
        return result.view("<u8")[:, 0]


def _across(bits: np.ndarray) -> np.ndarray:
    """uint64 (N,) from bool (at most 64, N), the first row in the lowest bit."""
    padded = np.zeros((bits.shape[1], _BATCH), bool)
    padded[:, : len(bits)] = bits.T
    return np.packbits(padded, axis=1, bitorder="little").view("<u8")[:, 0]


def _several(words: np.ndarray) -> np.ndarray:
    """uint64 (H, W, D): the bits that are set in more than one pixel of the 3x3 window."""
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
    """int16 (N,): how many bits are set in uint64 (words, N)."""
    return np.bitwise_count(words).sum(axis=0, dtype=np.int16)


def _best_pair(explained: np.ndarray, firsts: int = _FIRSTS) -> tuple[int, int, tuple[int, int]]:
    """The most pixels that one reference explains, that two explain, and which two; from uint64 (words, references)."""
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
