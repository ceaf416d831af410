"""The splitter of PNG sheets: one picture with many sprites in a grid, perhaps enlarged by a whole number."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from ddpm.base.blocks import blocks
from ddpm.base.text import counted, display_name
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.array_store import ArrayStore
from ddpm.sprites.readers.pixel_formats import SIDE
from ddpm.sprites.readers.pngs import read_png
from ddpm.sprites.readers.reader import SpriteArrays
from ddpm.sprites.readers.sheet_layout import SMALLEST, Grid, count_tiles, likelier_layouts


def read_sheet(path: Path, grid: Grid, store: ArrayStore) -> SpriteArrays:
    """Cut a sheet into sprites, row by row.

    The sheet is scaled down by the largest whole number for which the grid fits. A sheet of our own says in the PNG
    text "ddpm:sheet" how it is laid out. On other sheets, tiles of a single colour are left out.

    Raises:
        SpriteError: if it is no sound PNG, doesn't fit the grid, or seems to have another layout.
        OSError: if the file cannot be read.
    """
    where = display_name(path)
    picture = read_png(path)
    notes = []
    if picture.frames > 1:
        notes.append(f"{where} is an animation of {picture.frames:,} pictures: only the first is taken.")
    tiles = None if grid.asked or picture.note is None else _cut_by_note(picture.pixels, picture.note)
    if tiles is None:
        if picture.note is not None and not grid.asked:
            notes.append(f"{where}: its own note of its layout does not fit it, and is not followed.")
        tiles = _cut(picture.pixels, grid, where, notes)
    return SpriteArrays(store.put("images", tiles.shape, np.dtype(np.uint8), [tiles]), notes=tuple(notes))


def fit_sprite(pixels: np.ndarray, where: str) -> np.ndarray:
    """A picture of one sprite, uint8 ``(H, W, 3)``, 16x16 or enlarged by a whole number, as uint8 ``(16, 16, 3)``.

    Raises:
        SpriteError: if it has another size, or more detail than 16x16 pixels can show.
    """
    height, width = pixels.shape[:2]
    if height == width and height % SIDE == 0 and _natural_scale(pixels) % (height // SIDE) == 0:
        return pixels[:: height // SIDE, :: height // SIDE]
    raise SpriteError(
        f"{where} is {width} x {height} pixels. A sprite must be 16 x 16, or scaled up from that by a whole number "
        "without smoothing. Scale it to 16 x 16; a sheet of several sprites is loaded as a file, not from a folder."
    )


def _natural_scale(pixels: np.ndarray) -> int:
    """The largest k for which every k x k block, from the corner on, has a single colour."""
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


def _cut(pixels: np.ndarray, grid: Grid, where: str, notes: list[str]) -> np.ndarray:
    height, width = pixels.shape[:2]
    tile = grid.side
    if tile < SMALLEST:
        raise SpriteError(f"Tiles of {tile} x {tile} pixels are too small: {SMALLEST} x {SMALLEST} is the least.")
    natural = _natural_scale(pixels)
    divisors = [k for k in range(natural, 0, -1) if natural % k == 0]
    fitting = False
    for scale in divisors:
        small = pixels[::scale, ::scale]
        columns, rows = (count_tiles(small.shape[axis], grid) for axis in (1, 0))
        if columns and rows:
            fitting = True
            tiles = _slice(small, grid, columns, rows)
            drawn = _without_blank(tiles, where)
            sprites = _to_side(drawn)
            if sprites is not None:
                if not grid.asked and len(tiles) > 1:
                    _refuse_doubt(small, [k // scale for k in divisors if k % scale == 0], where)
                    size = f" (the picture, {scale} times smaller)" if scale > 1 else ""
                    notes.append(
                        f"{where}: cut into {columns} x {rows} tiles of {tile} x {tile} pixels{size}. "
                        "The file does not say how; it is the cut that fits."
                    )
                if len(drawn) < len(tiles):
                    blank = counted(len(tiles) - len(drawn), "blank tile")
                    notes.append(f"{where}: {blank} of {len(tiles):,} left out (a single colour).")
                if tile < SIDE:
                    notes.append(f"{where}: tiles of {tile} x {tile} pixels are centred on white {SIDE} x {SIDE} ones.")
                return sprites
    if fitting:
        raise SpriteError(
            f"The tiles of {where}, {tile} x {tile} pixels each, hold more detail than 16 x 16 pixels can show. "
            "Larger art is not scaled down, since that blurs it: give the size of tile that holds one 16 x 16 sprite."
        )
    scaled = f" (scaled up {natural} times from {width // natural} x {height // natural})" if natural > 1 else ""
    gaps = f" with a margin of {grid.margin} and a gap of {grid.gap}" if grid.margin or grid.gap else ""
    maybe = "" if grid.asked else _alternatives(likelier_layouts(pixels[::natural, ::natural], [1]))
    raise SpriteError(
        f"{where} is {width} x {height} pixels{scaled}, which is no whole number of {tile} x {tile} tiles{gaps}. "
        f"{f'It looks like {maybe}. ' if maybe else ''}"
        "Give the tile size, the margin around the sheet and the gap between tiles, in pixels of the art."
    )


def _refuse_doubt(pixels: np.ndarray, units: list[int], where: str) -> None:
    found = _alternatives(likelier_layouts(pixels, units))
    if found:
        raise SpriteError(
            f"How is {where} laid out? Cut into {SIDE} x {SIDE} tiles without gaps, as its size allows, drawings would "
            f"be cut apart or put together; it looks like {found}. Say which it is, or tile {SIDE} for the plain cut: "
            "under the upload, as load_sprites(..., tile=, margin=, gap=), or with --tile, --margin and --gap of "
            "python -m ddpm data, which can save the sprites with --out."
        )


def _alternatives(grids: list[Grid]) -> str:
    return ", or ".join(str(grid) for grid in grids[:3])


def _cut_by_note(pixels: np.ndarray, note: str) -> np.ndarray | None:
    """Cut a sheet as its own note says; None if the note doesn't fit (somebody edited the picture)."""
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
    grid = Grid(tile, margin, gap)
    columns, rows = (count_tiles(small.shape[axis], grid) for axis in (1, 0))
    if not 0 < count <= columns * rows:
        return None
    return _slice(small, grid, columns, rows)[:count]


def _slice(pixels: np.ndarray, grid: Grid, columns: int, rows: int) -> np.ndarray:
    side, pitch = grid.side, grid.side + grid.gap
    tiles = np.empty((rows * columns, side, side, 3), np.uint8)
    for number in range(rows * columns):
        row, column = divmod(number, columns)
        y, x = grid.margin + row * pitch, grid.margin + column * pitch
        tiles[number] = pixels[y : y + side, x : x + side]
    return tiles


def _to_side(tiles: np.ndarray) -> np.ndarray | None:
    """Bring tiles to 16x16: smaller ones are centred on white, larger ones scaled down; None if that loses detail."""
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


def _without_blank(tiles: np.ndarray, where: str) -> np.ndarray:
    """The tiles of more than one colour; transparent ones are plain white by now."""
    is_drawn = (tiles != tiles[:, :1, :1]).any(axis=(1, 2, 3))
    if is_drawn.any():
        return tiles[is_drawn]
    if len(tiles) == 1:
        return tiles  # whoever loads a single blank sprite means it
    raise SpriteError(f"{where} holds no sprites: all its {len(tiles)} tiles are blank.")
