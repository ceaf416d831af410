"""The splitter of sheets: from one picture with many sprites in a grid, perhaps enlarged, to the tiles."""

from __future__ import annotations

import json

import numpy as np

from ddpm.sprites.readers.sheets.sheet_evidence import natural_scale
from ddpm.sprites.readers.sheets.sheet_layout import LARGEST, SMALLEST, Cut, Grid

_LONGEST_NOTE = 1000
_LARGEST_NUMBER = 1_000_000


def cut_tiles(pixels: np.ndarray, cut: Cut) -> np.ndarray:
    """The tiles of a picture, row by row, blank ones included.

    Args:
        pixels: uint8 ``(H, W, C)``, as in the file.
        cut: of this very picture, so that nothing is lost by its scale.

    Returns:
        uint8 ``(columns * rows, h, w, C)``.

    Raises:
        ValueError: if the cut has no tile, or does not lie within the picture.
    """
    if cut.grid.tile is None:
        raise ValueError("a cut needs a tile")
    width, height = cut.grid.tile
    art = pixels[:: cut.scale, :: cut.scale]
    margin, gap = cut.grid.margin, cut.grid.gap
    bottom = margin + cut.rows * (height + gap) - gap
    right = margin + cut.columns * (width + gap) - gap
    if min(cut.rows, cut.columns) < 1 or bottom > art.shape[0] or right > art.shape[1]:
        raise ValueError(f"{cut.columns} x {cut.rows} of {cut.grid} do not lie within {art.shape[1]} x {art.shape[0]}")
    tiles = np.empty((cut.rows * cut.columns, height, width, art.shape[2]), np.uint8)
    for number in range(len(tiles)):
        row, column = divmod(number, cut.columns)
        y, x = margin + row * (height + gap), margin + column * (width + gap)
        tiles[number] = art[y : y + height, x : x + width]
    return tiles


def cut_by_note(pixels: np.ndarray, note: str) -> np.ndarray | None:
    """Cut a sheet of our own as its note says; None if the note doesn't fit (somebody edited the picture).

    Args:
        pixels: uint8 ``(H, W, C)``, as in the file.
        note: JSON; "tile" is a side, or a width and a height. A sheet on a page that is larger than itself, as one
            whose sides are powers of two, says "columns" and "page", width and height in pixels, too.

    Returns:
        uint8 ``(N, h, w, C)``.
    """
    try:
        values = json.loads(note[:_LONGEST_NOTE])
        tile, gap, margin, scale, count = (values[name] for name in ("tile", "gap", "margin", "scale", "count"))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    sides = tile if isinstance(tile, list) else [tile, tile]
    numbers = (*sides, gap, margin, scale, count)
    if len(sides) != 2 or any(type(value) is not int or not 0 <= value <= _LARGEST_NUMBER for value in numbers):
        return None
    if not all(SMALLEST <= side <= LARGEST for side in sides) or not scale or not count:
        return None
    grid = Grid((sides[0], sides[1]), margin, gap)
    if "page" in values:
        inner = _off_its_page(pixels, grid, scale, count, values)
        if inner is None:
            return None
        pixels = inner
    height, width = pixels.shape[:2]
    if height % scale or width % scale or natural_scale(pixels) % scale:
        return None
    columns, rows = grid.count(width // scale, height // scale)
    if count > columns * rows:
        return None
    return cut_tiles(pixels, Cut(grid, scale, columns, rows, "its own note says so"))[:count]


def _off_its_page(
    pixels: np.ndarray, grid: Grid, scale: int, count: int, values: dict[str, object]
) -> np.ndarray | None:
    """The sheet without what its page was filled up with; None if it is not the page of the note."""
    columns, page = values.get("columns"), values["page"]
    height, width = pixels.shape[:2]
    if type(columns) is not int or not 0 < columns <= _LARGEST_NUMBER or page != [width, height]:
        return None
    assert grid.tile is not None
    right, bottom = (
        scale * (2 * grid.margin + number * (side + grid.gap) - grid.gap)
        for number, side in zip((columns, -(-count // columns)), grid.tile, strict=True)
    )
    return pixels[:bottom, :right] if bottom <= height and right <= width else None
