"""What a picture says about the lines of a grid: where drawings are cut, where columns or rows are of one colour.

Both axes are measured in one pass, in blocks, so that a large sheet needs little more memory than its pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ddpm.base.blocks import blocks

NO_COLOUR = -1
"""Of a column or row that has more than one colour, and of a picture without a background."""

_SAMPLE = 100_000
_ROWS = 256

# Shares of the pixels. Transparency is a background even where drawings nearly fill their tiles; one colour among many
# is one only if it is seen often.
_LEAST_TRANSPARENT = 0.04
_LEAST_COLOUR = 0.25

# Tiles that are alike: so many of their pixels are the same, or so much of their outline is.
_SAME_COLOURS = 0.6
_SAME_SHAPE = 0.92
_FULL = 0.9
_MANY_ALIKE = 0.6
_MORE_ALIKE = 0.25
_FAR = 4
_LOOKED_AT = 1 << 16
_ALL, _FIRST, _LAST = slice(None), slice(None, -1), slice(1, None)
_SHIFTS = (
    (_ALL, _ALL, _ALL, _ALL),
    (_FIRST, _ALL, _LAST, _ALL),
    (_LAST, _ALL, _FIRST, _ALL),
    (_ALL, _FIRST, _ALL, _LAST),
    (_ALL, _LAST, _ALL, _FIRST),
)


@dataclass(frozen=True)
class Axis:
    """The columns, or the rows, of a picture; ``n`` of them, and the ``n + 1`` lines beside them.

    Line ``i`` lies before column ``i``. What is counted at a line are pairs of neighbours; a run is a row of pairs that
    touch, so that a thick drawing that is cut counts once.
    """

    cut: np.ndarray
    """float64 ``(n + 1,)``: pairs of which both are drawn; 0 at the outer lines."""
    joined: np.ndarray
    """float64 ``(n + 1,)``: those of them that have the same colour."""
    cut_runs: float
    """Mean number of runs of cut pairs at a line that has a drawing beside it."""
    joined_runs: float
    drawn: np.ndarray
    """int64 ``(n,)``: drawn pixels of each column."""
    colour: np.ndarray
    """int64 ``(n,)``: the colour of a column that has a single one, else ``NO_COLOUR``."""
    repeats: np.ndarray
    """bool ``(n + 1,)``: the columns on both sides of the line are equal."""

    def __len__(self) -> int:
        return len(self.drawn)


def natural_scale(pixels: np.ndarray, is_page: bool = False) -> int:
    """The largest k for which every k x k block, from the corner on, has a single colour.

    Args:
        pixels: uint8 ``(H, W, C)``.
        is_page: whether blocks that the right or the lower border cuts may be smaller.
    """
    height, width = pixels.shape[:2]
    scale = 0 if is_page else math.gcd(height, width)
    for part in blocks(height, _ROWS):
        above = pixels[max(part.start - 1, 0) : part.stop]
        down = np.flatnonzero((above[1:] != above[:-1]).any(axis=(1, 2))) + max(part.start, 1)
        across = np.flatnonzero((pixels[part, 1:] != pixels[part, :-1]).any(axis=(0, 2))) + 1
        scale = int(np.gcd.reduce(np.concatenate([down, across]), initial=scale))
        if scale == 1:
            break
    return scale or math.gcd(height, width)


def drawn_part(pixels: np.ndarray) -> tuple[int, int] | None:
    """How much of a page is drawn, width and height, if its right and lower parts may only fill it up.

    So programs fill sheets up for graphics cards: both sides are powers of two, and what is beside and below the sheet
    is of one colour.

    Args:
        pixels: uint8 ``(H, W, C)``.

    Returns:
        None if it is no such page.
    """
    sides = pixels.shape[1::-1]
    if any(side & (side - 1) for side in sides):
        return None
    drawn = (pixels != pixels[-1, -1]).any(axis=2)
    width, height = (int(np.flatnonzero(drawn.any(axis=axis)).max(initial=-1)) + 1 for axis in (0, 1))
    return (width, height) if (width, height) != sides and width and height else None


def pack_rgba(pixels: np.ndarray) -> np.ndarray:
    """Each colour as one number: uint8 ``(H, W, 4)`` to uint32 ``(H, W)``; 0 is transparent."""
    return np.ascontiguousarray(pixels).view(np.uint32)[..., 0]


def background_of(colours: np.ndarray) -> int:
    """The colour that drawings lie on: transparency, or else the most common colour; ``NO_COLOUR`` if there is none.

    Args:
        colours: uint32 ``(H, W)``, packed.
    """
    flat = colours.reshape(-1)
    some = flat[np.random.default_rng(0).integers(0, len(flat), _SAMPLE)] if len(flat) > _SAMPLE else flat
    if (some == 0).mean() >= _LEAST_TRANSPARENT:
        return 0
    values, counts = np.unique(some, return_counts=True)
    return int(values[counts.argmax()]) if counts.max() >= _LEAST_COLOUR * len(some) else NO_COLOUR


def look_at(colours: np.ndarray, background: int) -> tuple[Axis, Axis]:
    """The columns and the rows of a picture.

    Args:
        colours: uint32 ``(H, W)``, packed.
        background: as of :func:`background_of`.
    """
    height, width = colours.shape
    across, down = _Tally(width), _Tally(height)
    before: np.ndarray | None = None  # the pairs of the row above, of which a run may go on
    for part in blocks(height, _ROWS):
        here = colours[part]
        drawn = here != background if background != NO_COLOUR else np.ones(here.shape, bool)
        above = colours[max(part.start - 1, 0) : part.stop]
        drawn_above = above != background if background != NO_COLOUR else np.ones(above.shape, bool)
        equal = here[:, 1:] == here[:, :-1]
        pairs = np.stack([drawn[:, 1:] & drawn[:, :-1], np.zeros_like(equal)])
        pairs[1] = pairs[0] & equal
        across.add(slice(1, -1), pairs.sum(axis=1), _runs(pairs, before), equal.all(axis=0))
        before = pairs[:, -1:]
        across.drawn += drawn.sum(axis=0)
        across.one_colour &= (here == colours[0]).all(axis=0)
        equal = above[1:] == above[:-1]
        pairs = np.stack([drawn_above[1:] & drawn_above[:-1], np.zeros_like(equal)])
        pairs[1] = pairs[0] & equal
        lines = slice(max(part.start, 1), part.stop)
        down.add(lines, pairs.sum(axis=2), _runs(pairs.transpose(0, 2, 1), None), equal.all(axis=1))
        down.drawn[part] = drawn.sum(axis=1)
        down.one_colour[part] = (here == here[:, :1]).all(axis=1)
    return across.axis(colours[0], height), down.axis(colours[:, 0], width)


def _runs(pairs: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """How many runs start along the second axis: bool (2, L, M) to int (2, M)."""
    first = pairs[:, :1] if before is None else pairs[:, :1] & ~before
    return np.asarray((pairs[:, 1:] & ~pairs[:, :-1]).sum(axis=1) + first.sum(axis=1))


class _Tally:
    """Sums over blocks, of which an :class:`Axis` is made."""

    def __init__(self, length: int) -> None:
        self.pairs = np.zeros((2, length + 1))
        self.runs = np.zeros((2, length + 1))
        self.repeats = np.ones(length + 1, bool)
        self.repeats[[0, -1]] = False
        self.drawn = np.zeros(length, np.int64)
        self.one_colour = np.ones(length, bool)

    def add(self, lines: slice, pairs: np.ndarray, runs: np.ndarray, repeats: np.ndarray) -> None:
        self.pairs[:, lines] += pairs
        self.runs[:, lines] += runs
        self.repeats[lines] &= repeats

    def axis(self, first: np.ndarray, length: int) -> Axis:
        """``first``: the first pixel of each column; ``length``: of how many pixels a column is."""
        some = self.drawn > 0
        beside = np.flatnonzero(some[1:] | some[:-1]) + 1
        # Dithered art has a run at every other pixel, and these are no separate drawings.
        most = max(length / 8, 1)
        cut_runs, joined_runs = np.minimum(self.runs[:, beside], most).mean(axis=1) if len(beside) else (0.0, 0.0)
        return Axis(
            cut=self.pairs[0],
            joined=self.pairs[1],
            cut_runs=float(cut_runs),
            joined_runs=float(joined_runs),
            drawn=self.drawn,
            colour=np.where(self.one_colour, first.astype(np.int64), NO_COLOUR),
            repeats=self.repeats,
        )


def divided(
    drawn: np.ndarray, starts: tuple[np.ndarray, np.ndarray], tile: tuple[int, int], parts: tuple[int, int]
) -> float:
    """The share of the drawn tiles that seem to be several: most of their parts are drawn, the lines between are free.

    Args:
        drawn: bool ``(H, W)``.
        starts: the first columns and the first rows of the tiles.
        tile: width and height.
        parts: along the width and the height, which they divide.
    """
    width, height = tile
    wide, high = parts
    rows, columns = ((starts[axis][:, None] + np.arange(tile[axis])).reshape(-1) for axis in (1, 0))
    cells = drawn[rows][:, columns]
    cells = cells.reshape(len(starts[1]), high, height // high, len(starts[0]), wide, width // wide)
    seen = cells.any(axis=(2, 5)).sum(axis=(1, 3))
    across = (cells[:, :-1, -1] & cells[:, 1:, 0]).any(axis=(1, 3, 4))
    down = (cells[..., :-1, -1] & cells[..., 1:, 0]).any(axis=(1, 2, 4))
    several = (seen >= 0.7 * wide * high) & ~across & ~down
    return float(several.sum() / max((seen > 0).sum(), 1))


@dataclass(frozen=True)
class Likeness:
    """How far the tiles of a grid are one another once more: frames of an animation, bricks of a wall."""

    new: float = 1.0
    """The share of the drawn tiles that look like none close before them in their row or column."""
    across: int = 0
    """After how many tiles a row looks the same again; 0 if it doesn't."""
    down: int = 0


def likeness(
    colours: np.ndarray, background: int, starts: tuple[np.ndarray, np.ndarray], tile: tuple[int, int]
) -> Likeness:
    """How alike the tiles of a grid are; in a large sheet, those of its first rows.

    Args:
        colours: uint32 ``(H, W)``, packed.
        background: as of :func:`background_of`.
        starts: the first columns and the first rows of the tiles.
        tile: width and height.
    """
    width, height = tile
    most = max(_LOOKED_AT // (height * len(starts[0]) * width), _FAR + 1)
    rows = (starts[1][:most, None] + np.arange(height)).reshape(-1)
    columns = (starts[0][:, None] + np.arange(width)).reshape(-1)
    cells = colours[rows][:, columns].reshape(-1, height, len(starts[0]), width).transpose(0, 2, 1, 3)
    cells = np.ascontiguousarray(cells)
    seen = (cells != background).any(axis=(2, 3))
    old = np.zeros_like(seen)
    periods = [0, 0]
    for axis in (0, 1):
        shares: list[float] = []
        for far in range(1, min(_FAR, cells.shape[axis] - 1) + 1):
            one, other = (slice(None, -far), slice(far, None))
            before, after = (cells[one], cells[other]) if axis == 0 else (cells[:, one], cells[:, other])
            both = (seen[one] & seen[other]) if axis == 0 else (seen[:, one] & seen[:, other])
            same = _alike(before, after, background) & both
            later = old[other] if axis == 0 else old[:, other]
            later |= same
            shares.append(float(same.sum() / max(both.sum(), 1)))
        # Two that alternate are often a little alike, too.
        best = max(shares, default=0.0)
        if best >= _MANY_ALIKE:
            periods[axis] = 1 + next(at for at, share in enumerate(shares) if share > best - _MORE_ALIKE)
    new = float((seen & ~old).sum() / max(seen.sum(), 1))
    return Likeness(new, across=periods[1], down=periods[0])


def _alike(one: np.ndarray, other: np.ndarray, background: int) -> np.ndarray:
    """Which of two tiles are nearly the same, if need be a pixel further: ``(R, C, h, w)`` each, to bool ``(R, C)``."""
    most = np.zeros(one.shape[:2])
    for above, left, below, right in _SHIFTS:
        a, b = one[:, :, above, left], other[:, :, below, right]
        drawn, there = a != background, b != background
        some = np.maximum(_count(drawn | there), 1)
        most = np.maximum(most, _count((a == b) & drawn) / some / _SAME_COLOURS)
        if background != NO_COLOUR:
            # The same figure in other clothes is cut by the same lines.
            is_figure = some < _FULL * a.shape[2] * a.shape[3]
            most = np.maximum(most, _count(drawn & there) / some / _SAME_SHAPE * is_figure)
    return most >= 1


def _count(flags: np.ndarray) -> np.ndarray:
    """How many are set of each tile; far quicker than a sum over two short axes."""
    packed = np.packbits(flags.reshape(*flags.shape[:2], -1), axis=2)
    return np.asarray(np.bitwise_count(packed).sum(axis=2, dtype=np.int64))
