"""The layout of a sheet: how many tiles fit, and whether the picture itself suggests another layout.

Seams between tiles are mostly empty: a line that cuts through drawings is hardly a seam.

A length that divides by 16 proves nothing: 16 tiles that are each followed by a gap of 1 fill 272 pixels, and so do 17
tiles without gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ddpm.pixels.conversion import pack_rgb
from ddpm.sprites.readers.pixel_formats import SIDE

SMALLEST = 8
"""Sprites from 8x8 on are centred on white; smaller ones would be mostly border."""

_LARGEST = 64
_MOST_GAP = 4
_FEW_TILES = 4
_SAMPLE = 100_000

# Seams of real sheets cut through 0 to .6 of what lines do on average; lines that are no seams through .8 and more.
_NO_SEAM = 0.75
_SEAM = 0.6


@dataclass(frozen=True)
class Grid:
    """How a sheet is cut, in pixels of the art; without a ``tile`` it is 16, and the sheet's own note may decide."""

    tile: int | None = None
    margin: int = 0
    gap: int = 0

    @property
    def asked(self) -> bool:
        """Whether somebody asked for a certain cut."""
        return self.tile is not None or self.margin > 0 or self.gap > 0

    @property
    def side(self) -> int:
        """The side of a tile."""
        return SIDE if self.tile is None else self.tile

    def __str__(self) -> str:
        return f"tile {self.side}, margin {self.margin}, gap {self.gap}"


def count_tiles(length: int, grid: Grid) -> int:
    """How many tiles fit along ``length``; 0 if they don't fill it exactly.

    What follows the last tile is the margin, a gap (as after every other tile), or nothing.
    """
    inner = length - 2 * grid.margin + grid.gap
    if inner > 0 and inner % (grid.side + grid.gap) == 0:
        return inner // (grid.side + grid.gap)
    count, rest = divmod(length - grid.margin + grid.gap, grid.side + grid.gap)
    return count if count > 0 and rest in (0, grid.gap) else 0


def likelier_layouts(pixels: np.ndarray, units: Sequence[int]) -> list[Grid]:
    """Layouts that the picture suggests more strongly than 16x16 tiles without gaps; mostly none.

    Args:
        pixels: uint8 ``(H, W, 3)``, at the scale at which it would be cut.
        units: by how much the art may be enlarged further; layouts are given in pixels of that art.
    """
    height, width = pixels.shape[:2]
    plain = Grid()
    is_plain = bool(count_tiles(width, plain) and count_tiles(height, plain))
    drawn = _drawn(pixels)
    columns, rows = _cut_shares(drawn.T), _cut_shares(drawn)
    inside = [*columns[1:-1], *rows[1:-1]]
    usual = float(np.mean(inside)) if inside else 0.0
    if usual == 0:
        return []
    found: list[Grid] = []
    if not is_plain or any(cuts[SIDE:-1:SIDE].any() for cuts in (columns, rows)):
        found = [grid for unit in units for grid in _gapped() if _has_gaps(pixels, grid, unit)]
    tiles: list[int] = []
    for unit in units:
        for tile in range(SMALLEST, _LARGEST + 1):
            side = tile * unit
            if side == SIDE or height % side or width % side or any(side % known == 0 for known in tiles):
                continue
            # Of a grid finer than the true one, the additional lines are no seams.
            cut = max(_mean(columns, rows, side, but=but) for but in (0, 2 * side, 3 * side))
            if side == SMALLEST:
                other, is_certain = usual, is_plain and _drawn_tiles(drawn) >= _FEW_TILES
            else:
                other = _mean(columns, rows, SIDE, but=side) if is_plain else usual
                is_certain = other > _NO_SEAM * usual
            if is_certain and cut < _SEAM * other:
                tiles.append(side)
                found.append(Grid(tile))
    return found


def _gapped() -> Iterator[Grid]:
    return (Grid(SIDE, margin, gap) for gap in range(1, _MOST_GAP + 1) for margin in range(_MOST_GAP + 1))


def _drawn(pixels: np.ndarray) -> np.ndarray:
    """bool ``(H, W)``: all pixels but those of the most common colour."""
    colours = pack_rgb(pixels)
    some = colours.reshape(-1)[np.random.default_rng(0).integers(0, colours.size, _SAMPLE)]
    values, counts = np.unique(some, return_counts=True)
    return np.asarray(colours != values[counts.argmax()])


def _drawn_tiles(drawn: np.ndarray) -> int:
    height, width = drawn.shape
    return int(drawn.reshape(height // SIDE, SIDE, width // SIDE, SIDE).any(axis=(1, 3)).sum())


def _cut_shares(drawn: np.ndarray) -> np.ndarray:
    """For each line between rows, and both outer edges: the share of it that cuts through a drawing."""
    between = (drawn[1:] & drawn[:-1]).mean(axis=1)
    return np.concatenate([[drawn[0].mean()], between, [drawn[-1].mean()]])


def _mean(columns: np.ndarray, rows: np.ndarray, side: int, but: int = 0) -> float:
    """Mean over the lines that are multiples of ``side`` and not of ``but``."""
    lines = np.concatenate([cuts[_multiples(len(cuts), side, but)] for cuts in (columns, rows)])
    return float(lines.mean()) if len(lines) else 0.0


def _multiples(length: int, side: int, but: int) -> np.ndarray:
    at = np.arange(0, length, side)
    return at[at % but != 0] if but else at


def _has_gaps(pixels: np.ndarray, grid: Grid, unit: int) -> bool:
    """Whether all margins and gaps of a layout are one colour, or repeat the edges of their tiles."""
    large = Grid(grid.side * unit, grid.margin * unit, grid.gap * unit)
    down, across = (count_tiles(pixels.shape[axis], large) for axis in (0, 1))
    if not down or not across or down * across == 1:
        return False
    rows, columns = (_between(pixels.shape[axis], large) for axis in (0, 1))
    colour = pixels[rows][:1, :1] if rows.any() else pixels[:, columns][:1, :1]
    if bool((pixels[rows] == colour).all() and (pixels[:, columns] == colour).all()):
        return True
    if (grid.margin, grid.gap) != (1, 2):
        return False
    return _is_extruded(pixels[~rows], large, across) and _is_extruded(
        pixels[:, ~columns].transpose(1, 0, 2), large, down
    )


def _between(length: int, grid: Grid) -> np.ndarray:
    """bool ``(length,)``: the margins and gaps."""
    at = np.arange(length) - grid.margin
    return (
        (at < 0)
        | (at % (grid.side + grid.gap) >= grid.side)
        | (at >= count_tiles(length, grid) * (grid.side + grid.gap))
    )


def _is_extruded(strips: np.ndarray, grid: Grid, count: int) -> bool:
    starts = grid.margin + np.arange(count) * (grid.side + grid.gap)
    ends = starts + grid.side
    return bool((strips[:, starts - 1] == strips[:, starts]).all() and (strips[:, ends] == strips[:, ends - 1]).all())
