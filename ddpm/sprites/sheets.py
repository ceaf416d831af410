"""Sheets: one PNG that shows many sprites in a grid, perhaps drawn larger by a whole number."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddpm.sprites.errors import SpriteError, shown
from ddpm.sprites.index import blocks
from ddpm.sprites.pixels import SIDE
from ddpm.sprites.pngs import read_png
from ddpm.sprites.reading import Reading
from ddpm.sprites.shelf import Shelf

SMALLEST = 8
"""Sprites from 8x8 on are centred on white; smaller ones would be mostly border."""


@dataclass(frozen=True)
class Grid:
    """How a sheet is cut, in pixels of the art: ``tile`` None means 16, and that the sheet's own note may decide."""

    tile: int | None = None
    margin: int = 0
    gap: int = 0

    @property
    def asked(self) -> bool:
        """Whether somebody asked for a certain cut."""
        return self.tile is not None or self.margin > 0 or self.gap > 0


def read_sheet(path: Path, grid: Grid, shelf: Shelf) -> Reading:
    """Cut a sheet into sprites, row by row.

    The sheet is scaled down by the largest whole number that leaves a grid that fits. A sheet of our own says in
    the PNG text "ddpm:sheet" how it was made. Blank tiles at the end are padding, and dropped.

    Raises:
        SpriteError: if it is no sound PNG, or doesn't fit the grid.
        OSError: if the file cannot be read.
    """
    where = shown(path)
    picture = read_png(path)
    tiles = None if grid.asked or picture.note is None else _cut_by_note(picture.pixels, picture.note)
    if tiles is None:
        tiles = _without_padding(_cut(picture.pixels, grid, where), where)
    return Reading(shelf.put("images", tiles.shape, np.dtype(np.uint8), [tiles]))


def fit_sprite(pixels: np.ndarray, where: str) -> np.ndarray:
    """One picture of one sprite, 16x16 or larger by a whole number, as uint8 ``(16, 16, 3)``.

    Raises:
        SpriteError: if it has another size, or more detail than 16x16 pixels can hold.
    """
    height, width = pixels.shape[:2]
    if height == width and height % SIDE == 0 and _natural_scale(pixels) % (height // SIDE) == 0:
        return pixels[:: height // SIDE, :: height // SIDE]
    raise SpriteError(
        f"{where} is {width} x {height} pixels. A sprite must be 16 x 16, or scaled up from that by a whole number "
        "without smoothing. Scale it to 16 x 16; a sheet of several sprites is loaded as a file, not from a folder."
    )


def _natural_scale(pixels: np.ndarray) -> int:
    """The largest k for which every k x k block, counted from the corner, has one colour."""
    height, width = pixels.shape[:2]
    scale = math.gcd(height, width)
    for part in blocks(height, 256):
        above = pixels[max(part.start - 1, 0) : part.stop]
        down = np.flatnonzero((above[1:] != above[:-1]).any(axis=(1, 2))) + max(part.start, 1)
        across = np.flatnonzero((pixels[part, 1:] != pixels[part, :-1]).any(axis=(0, 2))) + 1
        scale = int(np.gcd.reduce(np.concatenate([down, across]), initial=scale))
        if scale == 1:
            break
    return scale


def _cut(pixels: np.ndarray, grid: Grid, where: str) -> np.ndarray:
    height, width = pixels.shape[:2]
    tile = SIDE if grid.tile is None else grid.tile
    if tile < SMALLEST:
        raise SpriteError(f"Tiles of {tile} x {tile} pixels are too small: {SMALLEST} x {SMALLEST} is the least.")
    natural = _natural_scale(pixels)
    fitting = False
    for scale in sorted(_divisors(natural), reverse=True):
        small = pixels[::scale, ::scale]
        columns, rows = (_fit(small.shape[axis], tile, grid.margin, grid.gap) for axis in (1, 0))
        if columns and rows:
            fitting = True
            tiles = _to_side(_slice(small, tile, grid.margin, grid.gap, columns, rows))
            if tiles is not None:
                return tiles
    if fitting:
        raise SpriteError(
            f"The tiles of {where}, {tile} x {tile} pixels each, hold more detail than 16 x 16 pixels can show. "
            "Larger art is not scaled down, since that blurs it: give the size of tile that holds one 16 x 16 sprite."
        )
    scaled = f" (scaled up {natural} times from {width // natural} x {height // natural})" if natural > 1 else ""
    gaps = f" with a margin of {grid.margin} and a gap of {grid.gap}" if grid.margin or grid.gap else ""
    raise SpriteError(
        f"{where} is {width} x {height} pixels{scaled}, which is no whole number of {tile} x {tile} tiles{gaps}. "
        "Give the tile size, the margin around the sheet and the gap between tiles, in pixels of the art."
    )


def _cut_by_note(pixels: np.ndarray, note: str) -> np.ndarray | None:
    """Cut a sheet as its own note says; None if the note doesn't fit it (somebody edited the image)."""
    try:
        values = json.loads(note[:1000])
        tile, gap, margin, scale, count = (values[name] for name in ("tile", "gap", "margin", "scale", "count"))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    numbers = (tile, gap, margin, scale, count)
    if any(type(value) is not int or not 0 <= value <= 1_000_000 for value in numbers) or tile != SIDE or not scale:
        return None
    height, width = pixels.shape[:2]
    if height % scale or width % scale or _natural_scale(pixels) % scale:
        return None
    small = pixels[::scale, ::scale]
    columns, rows = (_fit(small.shape[axis], tile, margin, gap) for axis in (1, 0))
    if not 0 < count <= columns * rows:
        return None
    return _slice(small, tile, margin, gap, columns, rows)[:count]


def _fit(length: int, tile: int, margin: int, gap: int) -> int:
    """How many tiles lie along ``length``; 0 if they don't fill it exactly."""
    inner = length - 2 * margin + gap
    return inner // (tile + gap) if inner > 0 and inner % (tile + gap) == 0 else 0


def _slice(pixels: np.ndarray, tile: int, margin: int, gap: int, columns: int, rows: int) -> np.ndarray:
    tiles = np.empty((rows * columns, tile, tile, 3), np.uint8)
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        y, x = margin + row * (tile + gap), margin + column * (tile + gap)
        tiles[number] = pixels[y : y + tile, x : x + tile]
    return tiles


def _to_side(tiles: np.ndarray) -> np.ndarray | None:
    """Bring tiles to 16x16: smaller ones centred on white, larger ones scaled down if that loses nothing."""
    tile = tiles.shape[1]
    if tile == SIDE:
        return tiles
    if tile < SIDE:
        framed = np.full((len(tiles), SIDE, SIDE, 3), 255, np.uint8)
        start = (SIDE - tile) // 2
        framed[:, start : start + tile, start : start + tile] = tiles
        return framed
    scale, rest = divmod(tile, SIDE)
    if rest:
        return None
    small = tiles[:, ::scale, ::scale]
    same = all(np.array_equal(tiles[:, y::scale, x::scale], small) for y in range(scale) for x in range(scale))
    return small if same else None


def _without_padding(tiles: np.ndarray, where: str) -> np.ndarray:
    drawn = np.flatnonzero((tiles != 255).any(axis=(1, 2, 3)))
    if len(drawn):
        return tiles[: drawn[-1] + 1]
    if len(tiles) == 1:
        return tiles  # whoever loads a single white sprite means it
    raise SpriteError(f"{where} holds no sprites: all its {len(tiles)} tiles are blank.")


def _divisors(number: int) -> Iterator[int]:
    return (k for k in range(1, number + 1) if number % k == 0)
