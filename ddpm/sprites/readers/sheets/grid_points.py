"""Grids along one axis of a picture, and the points that speak for each.

The points are a likelihood ratio, in nats: were the lines of a grid like any others of the picture, they would cut so
many drawings; that they cut fewer speaks for the grid. The finest grid whose lines cut nothing has the most lines, and
so the most points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ddpm.sprites.readers.sheets.sheet_evidence import NO_COLOUR, Axis

Size = tuple[int, int]
"""Width and height."""

SMALLEST = 8
LARGEST = 64

# A column that has one colour all along, and not the background's, is drawn on purpose.
_RULED = 2.0
_MOST_RULED = 8.0
_TOUCHED = 0.75
_LOPSIDED = 1.5
_FILLED_UP = 1.0
_EXTRUDED = 1.5
_FEW_TILES = 4
_MOST_AGAINST = 3.0

_USUAL_SIDES = {16: 0.0, 32: 0.0, 24: 0.5, 48: 0.7, 8: 1.0, 64: 1.0}
_SIDES = (8, 12, 16, 20, 24, 32, 40, 48, 64)
_USUAL_SPACES = {(0, 0): 0.0, (0, 1): 1.0, (1, 1): 1.0, (1, 2): 1.5, (0, 2): 1.5, (2, 2): 2.0, (0, 4): 2.5, (2, 4): 3.0}


@dataclass(frozen=True)
class AxisGrid:
    """A grid along one axis."""

    tile: int
    count: int
    points: float
    fit: float
    """Points for drawings that reach the edges of the tiles (then these are no larger), less those for a margin that
    is not on both sides."""
    cut: float
    """The share of drawn pairs at its lines, of what lines have on average."""
    gaps: int | None
    """The colour of its margins and gaps; ``NO_COLOUR`` if they repeat edges, None if there are none."""

    @property
    def is_repeated(self) -> bool:
        """Whether its gaps repeat the edges of the tiles."""
        return self.gaps == NO_COLOUR


@dataclass(frozen=True)
class Grid:
    """How a sheet is cut, in pixels of the art: what somebody asked for, or what was found."""

    tile: Size | None = None
    """Width and height; None: to be found."""
    margin: int = 0
    """Around the whole."""
    gap: int = 0
    """Between tiles; a gap after the last tile, too, is accepted."""

    @property
    def asked(self) -> bool:
        """Whether somebody asked for a certain cut."""
        return self.tile is not None or self.margin > 0 or self.gap > 0

    def __str__(self) -> str:
        parts = [] if self.tile is None else [f"tile {self.tile[0]}x{self.tile[1]}"]
        parts += [f"{name} {value}" for name, value in (("margin", self.margin), ("gap", self.gap)) if value]
        return ", ".join(parts) or "tile to be found"

    def count(self, width: int, height: int, drawn: Size | None = None) -> tuple[int, int]:
        """Columns and rows; (0, 0) where tiles do not fill the picture exactly, or the tile is not known.

        What follows the last tile is the margin, a gap, or nothing.

        Args:
            drawn: of a page that is larger than the sheet on it, how much of it is drawn: then the tiles need not fill
                it, and no more are counted than hold what is drawn.
        """
        if self.tile is None:
            return 0, 0
        columns, rows = (
            count_tiles(length, side, self.margin, self.gap, 0 if drawn is None else drawn[axis])
            for axis, (length, side) in enumerate(zip((width, height), self.tile, strict=True))
        )
        return (columns, rows) if columns and rows else (0, 0)


def count_tiles(length: int, side: int, margin: int, gap: int, drawn: int = 0) -> int:
    """How many tiles fit along ``length``; 0 if they don't fill it exactly.

    What follows the last tile is the margin, a gap (as after every other tile), or nothing. Where ``drawn`` is not 0,
    and tiles don't fill it, they may also end anywhere from there on.
    """
    inner = length - 2 * margin + gap
    if inner > 0 and inner % (side + gap) == 0:
        return inner // (side + gap)
    count, rest = divmod(length - margin + gap, side + gap)
    if count > 0 and rest in (0, gap) and (not drawn or drawn > margin + (count - 1) * (side + gap)):
        return count
    # The repeated edge of the last tile lies in what is half a gap before the next.
    count = -(-(drawn - margin + gap - gap // 2) // (side + gap)) if drawn else 0
    return count if count > 0 and 2 * margin + count * (side + gap) - gap <= length else 0


def is_odd(tile: Size, margin: int, gap: int) -> bool:
    """Whether hardly anybody draws tiles of this size; those with repeated edges are sometimes taken for 17 or 18."""
    odd = [side for side in tile if side not in _SIDES]
    return any(side not in (17, 18) for side in odd) or bool(odd and not margin + gap)


def is_usual(side: int) -> bool:
    """Whether tiles have often this side."""
    return side in _SIDES


def unusual_tile(tile: Size) -> float:
    """What a size is less likely than 16x16 before the picture is seen, in nats."""
    width, height = tile
    if width == height:
        return _unusual_side(width)
    if width in _USUAL_SIDES and height in _USUAL_SIDES:
        return 2.0 + max(_unusual_side(width), _unusual_side(height)) + (0.5 if max(tile) > 2 * min(tile) else 0)
    return 3.0 + max(_unusual_side(width), _unusual_side(height))


def unusual_spacing(margin: int, gap: int) -> float:
    """What a margin and a gap are less likely than none before the picture is seen, in nats."""
    return _USUAL_SPACES.get((margin, gap), 3.0 + 0.5 * max(margin, gap))


@dataclass(frozen=True)
class Spacing:
    """What lies around tiles: a margin and gaps, of which the edges of the tiles may take ``extrude`` on each side."""

    margin: int = 0
    gap: int = 0
    extrude: int = 0

    @property
    def unusual(self) -> float:
        """What it is less likely than nothing before the picture is seen, in nats."""
        if not self.extrude:
            return unusual_spacing(self.margin, self.gap)
        less = unusual_spacing(self.margin - self.extrude, self.gap - 2 * self.extrude)
        return _EXTRUDED * self.extrude + less


def axis_grids(axis: Axis, spacing: Spacing, background: int, drawn: int = 0) -> list[AxisGrid]:
    """All grids of this spacing that fit, and whose gaps are of one colour or repeat edges.

    Args:
        drawn: where not 0, the axis is of a page, of which so much is drawn: see :func:`count_tiles`. As nearly
            anything fits a page, only tiles of an even size are then looked for.
    """
    sides = range(SMALLEST, LARGEST + 1)
    grids = (axis_grid(axis, tile, spacing, background, 0 if tile % 2 else drawn) for tile in sides)
    return [grid for grid in grids if grid is not None]


def axis_grid(axis: Axis, tile: int, spacing: Spacing, background: int, drawn: int = 0) -> AxisGrid | None:
    """The grid of this tile and spacing; None if it does not fit, or its gaps are neither of one colour nor edges."""
    margin, gap = spacing.margin, spacing.gap
    count = count_tiles(len(axis), tile, margin, gap, drawn)
    if not count:
        return None
    starts = margin + np.arange(count) * (tile + gap)
    between = np.ones(len(axis), bool)
    between[(starts[:, None] + np.arange(tile)).reshape(-1)] = False
    is_page = bool(drawn) and not count_tiles(len(axis), tile, margin, gap)
    if is_page:
        between[starts[-1] + tile + margin :] = False
    gaps = _gaps(axis, starts, tile, between, spacing.extrude)
    if gaps is None and between.any():
        return None
    return _grid(axis, starts, tile, gap, between, gaps, background, is_page)


def _unusual_side(side: int) -> float:
    if side in _USUAL_SIDES:
        return _USUAL_SIDES[side]
    return 2.5 if side % 8 == 0 else 3.0 if side % 4 == 0 else 3.9 if side % 2 == 0 else 4.4


def _gaps(axis: Axis, starts: np.ndarray, tile: int, between: np.ndarray, extrude: int) -> int | None:
    if (colour := _one_colour(axis, between)) is not None:
        return colour
    if not extrude:
        return None
    # Extruded tiles: a cell is its tile, and its edges once or more on either side.
    far = np.arange(extrude)
    lines = np.concatenate([(starts[:, None] - far).reshape(-1), (starts[:, None] + tile + far).reshape(-1)])
    if lines.min() < 1 or lines.max() >= len(axis) or not axis.repeats[lines].all():
        return None
    rest = between.copy()
    rest[(starts[:, None] - 1 - far).reshape(-1)] = rest[(starts[:, None] + tile + far).reshape(-1)] = False
    return NO_COLOUR if not rest.any() or _one_colour(axis, rest) is not None else None


def _one_colour(axis: Axis, where: np.ndarray) -> int | None:
    colours = axis.colour[where]
    is_one = len(colours) > 0 and colours[0] != NO_COLOUR and bool((colours == colours[0]).all())
    return int(colours[0]) if is_one else None


def _grid(
    axis: Axis,
    starts: np.ndarray,
    tile: int,
    gap: int,
    between: np.ndarray,
    gaps: int | None,
    background: int,
    is_page: bool,
) -> AxisGrid:
    is_repeated, is_ruled = gaps == NO_COLOUR, gaps is not None and gaps not in (NO_COLOUR, background)
    lines = starts[1:] - (gap // 2 if is_repeated else gap)
    if len(lines):
        has_drawing = np.add.reduceat(axis.drawn, np.stack([starts, starts + tile], 1).reshape(-1)[:-1])[::2] > 0
        # A line beside a column of blank tiles says nothing; but one sprite is seldom drawn in one half of its square.
        is_small = len(axis) <= LARGEST
        seen = has_drawing[1:] | has_drawing[:-1] if is_small else has_drawing[1:] & has_drawing[:-1]
        cut, points = _points(axis, lines, seen, is_ruled and gap > 0, background != NO_COLOUR)
    else:
        cut, points = 0.0, 0.0
    edges = [int((axis.drawn[at] > 0).sum()) for at in (starts, starts + tile - 1)]
    if is_ruled:
        points += min(_RULED * int(between[starts[0] : starts[-1]].sum()), _MOST_RULED)
    elif is_repeated and _unusual_side(tile) < _unusual_side(tile + gap):
        points += min(_RULED * min(edges), _MOST_RULED)  # a repeated edge that is blank says nothing
    fit = _TOUCHED * sum(map(bool, edges)) if len(starts) >= _FEW_TILES and background != NO_COLOUR else 0.0
    margin, after = int(starts[0]), len(axis) - int(starts[-1]) - tile
    if is_page:
        fit -= _FILLED_UP
    elif after != margin and (margin or after != gap):
        fit -= _LOPSIDED
    return AxisGrid(tile, len(starts), points, fit, cut, gaps)


def _points(axis: Axis, lines: np.ndarray, seen: np.ndarray, blank: bool, on_ground: bool) -> tuple[float, float]:
    """The share of drawn pairs at the lines, and the points.

    Args:
        blank: the gaps, drawn themselves, cut nothing.
        on_ground: there is a background; without one, only colours that go on across a line tell it from a seam.
    """
    drawn = axis.drawn > 0
    beside = np.flatnonzero(drawn[1:] | drawn[:-1]) + 1
    if not seen.any():
        return 0.0, 0.0
    shares = []
    for pairs in (axis.cut, axis.joined):
        usual = float(pairs[beside].mean())
        shares.append(0.0 if blank else _worst(pairs[lines] / usual, seen) if usual else 1.0)
    # Bands of colour at the same height in all drawings are no seams: with a background, both must speak.
    share, runs = (sum(shares) / 2, axis.cut_runs) if on_ground else (shares[1], axis.joined_runs)
    expected = int(seen.sum()) * runs
    less = _MOST_AGAINST * (1 - math.exp(-expected / 3)) * min(max((share - 0.75) / 0.25, 0), 1)
    return shares[0], expected * _gain(share) - less


def _worst(cut: np.ndarray, seen: np.ndarray) -> float:
    """Mean of the lines, or of those of them that no coarser grid has, if that is worse."""
    number = np.arange(1, len(cut) + 1)
    chosen = [seen & (number % part != 0) for part in (2, 3)]
    return max(float(cut[some].mean()) for some in (seen, *chosen) if some.any())


def _gain(share: float) -> float:
    """Nats for each drawing that a line would cut, were it like others: Poisson counts at their own rate, and at 1."""
    if share >= 1:
        return 0.0
    return 1.0 - share + (share * math.log(share) if share > 0 else 0.0)
