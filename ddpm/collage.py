"""Is a sprite glued together from two training sprites?

A diffusion model that looks at small windows makes patch mosaics of its training data (Kamb & Ganguli 2024, arXiv
2412.20292). So for each foreground pixel it is asked which training sprites explain it: those that look the same in
its 3x3 window, at the same place. C1 is the largest share of the foreground that one of them explains, C2 the largest
that two explain together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ddpm.images import require_sprites
from ddpm.oklab import oklab
from ddpm.traits import foreground
from ddpm.twins import distinct_images

MATCH = 0.04
"""OKLab distance below which two pixels match."""

COLLAGE_GAIN = 0.15
"""The least that the second source of a collage adds to the first one's share."""

COLLAGE_COVER = 0.65
"""The least share that the two sources of a collage explain: pixels along the seam are explained by neither."""

# Three float32 blocks of 1 MB each, small enough for the processor's cache.
_BLOCK = 1024
_FIRSTS = 16
_WORDS = 4


@dataclass(frozen=True)
class CollageCover:
    """How much of each sprite's foreground training sprites explain.

    Attributes:
        c1: float64 (Q,), 0..1: share that the best single one explains; NaN without foreground.
        c2: float64 (Q,), 0..1: share that the best two explain together, at least ``c1``; NaN without foreground.
        first: int64 (Q,): row of the source that explains more of the two; -1 where nothing is explained.
        second: int64 (Q,): row of the other; -1 where no second one adds anything.
    """

    c1: np.ndarray
    c2: np.ndarray
    first: np.ndarray
    second: np.ndarray


def collage_cover(queries: np.ndarray, references: np.ndarray) -> CollageCover:
    """Find the one and the two references that explain most of each query's foreground.

    A pixel is explained by a reference if at most one pixel of its 3x3 window differs by :data:`MATCH` or more; what
    lies outside the picture does not differ. ``c1`` is exact. ``c2`` is the best of all pairs with one of the 16 best
    single sources in it. Equal covers go to lower rows; repeats of a reference are one source.

    Memory holds 3 KB for each distinct reference.

    Args:
        queries: uint8 (Q, 16, 16, 3).
        references: uint8 (R, 16, 16, 3), R at least 1.

    Raises:
        TypeError: if the images are not uint8.
        ValueError: for other shapes, or no references.
    """
    queries, references = require_sprites(queries=queries, references=references)
    if not len(references):
        raise ValueError("collage_cover needs at least one reference")
    rows, _ = distinct_images(references)
    matcher = _Matcher(references, rows)
    count = len(queries)
    c1, c2 = np.full(count, np.nan), np.full(count, np.nan)
    sources = np.full((count, 2), -1, np.int64)
    for start in range(0, count, _BLOCK):
        lab = oklab(queries[start : start + _BLOCK])
        inside = foreground(lab)
        for offset in np.flatnonzero(inside.any(axis=(1, 2))):
            query = start + int(offset)
            mask = _words(inside[offset].reshape(1, -1))[0]
            one, two, pair = _best_pair(matcher.explained(lab[offset]) & mask)
            size = int(inside[offset].sum())
            c1[query], c2[query] = one / size, two / size
            sources[query] = [rows[source] if source >= 0 else -1 for source in pair]
    return CollageCover(c1, c2, sources[:, 0], sources[:, 1])


def is_collage(cover: CollageCover) -> np.ndarray:
    """bool (Q,): two sources explain most of it, and one alone clearly less; False without foreground."""
    with np.errstate(invalid="ignore"):
        return (cover.c2 - cover.c1 > COLLAGE_GAIN) & (cover.c2 >= COLLAGE_COVER)


class _Matcher:
    """Compares one sprite at a time with all references."""

    def __init__(self, references: np.ndarray, rows: np.ndarray) -> None:
        self._lab = torch.empty(len(rows), 3, 256)
        for start in range(0, len(rows), _BLOCK):
            lab = oklab(references[rows[start : start + _BLOCK]]).reshape(-1, 256, 3)
            self._lab[start : start + _BLOCK] = torch.from_numpy(lab).transpose(1, 2)
        size = (min(_BLOCK, len(rows)), 256)
        self._step, self._sum = torch.empty(size), torch.empty(size)
        self._differs = torch.empty(size, dtype=torch.bool)

    @torch.no_grad()
    def explained(self, lab: np.ndarray) -> np.ndarray:
        """uint64 (references, 4): one bit for each pixel of a sprite, float32 (16, 16, 3), set where explained."""
        wanted = torch.from_numpy(np.ascontiguousarray(lab.reshape(256, 3).T))
        parts = []
        for start in range(0, len(self._lab), _BLOCK):
            block = self._lab[start : start + _BLOCK]
            step, total, differs = (x[: len(block)] for x in (self._step, self._sum, self._differs))
            torch.sub(block[:, 0], wanted[0], out=step)
            torch.mul(step, step, out=total)
            for channel in (1, 2):
                torch.sub(block[:, channel], wanted[channel], out=step)
                total.addcmul_(step, step)
            torch.ge(total, MATCH * MATCH, out=differs)
            parts.append(_at_most_one(_words(differs.numpy())))
        return np.concatenate(parts)


def _words(bits: np.ndarray) -> np.ndarray:
    """uint64 (N, 4) from bool (N, 256), pixel by pixel from the lowest bit on."""
    return np.packbits(bits, axis=1, bitorder="little").view("<u8")


def _at_most_one(words: np.ndarray) -> np.ndarray:
    """uint64 (N, 4): pixels with at most one bit set in their 3x3 window, outside the picture none."""
    rows = words.view("<u2")
    left, right = rows << np.uint16(1), rows >> np.uint16(1)
    side = left | right
    some = rows | side
    several = (left & right) | (rows & side)
    result = several.copy()
    # Two in one row, or some in two different rows.
    result[:, 1:] |= several[:, :-1] | (some[:, 1:] & some[:, :-1])
    result[:, :-1] |= several[:, 1:] | (some[:, :-1] & some[:, 1:])
    result[:, 1:-1] |= some[:, :-2] & some[:, 2:]
    return np.invert(result, out=result).view("<u8")


def _sizes(words: np.ndarray) -> np.ndarray:
    """int64 (N,): how many bits are set."""
    return np.bitwise_count(words).sum(axis=1, dtype=np.int64)


def _best_pair(explained: np.ndarray, firsts: int = _FIRSTS) -> tuple[int, int, tuple[int, int]]:
    """The most pixels that one source explains, that two explain, and which two; from uint64 (references, 4)."""
    sizes = _sizes(explained)
    order = np.argsort(-sizes, kind="stable")
    explained, sizes = explained[order], sizes[order]
    best, pair = int(sizes[0]), (int(order[0]) if sizes[0] else -1, -1)
    for first in range(min(firsts, len(order))):
        # No pair from here on can be better: neither of its sources explains more than this one.
        if 2 * sizes[first] <= best:
            break
        last = int(np.searchsorted(-sizes, sizes[first] - best, side="left"))
        rest = explained[first + 1 : last] & ~explained[first]
        if len(rest):
            gains = _sizes(rest)
            second = int(gains.argmax())
            if sizes[first] + gains[second] > best:
                best = int(sizes[first] + gains[second])
                pair = (int(order[first]), int(order[first + 1 + second]))
    return int(sizes[0]), best, pair
