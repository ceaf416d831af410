"""Pictures of how a sheet is cut: the grid drawn over the enlarged art, and transparent art on a checkerboard."""

from __future__ import annotations

import numpy as np

from ddpm.pixels.oklab import distance, oklab
from ddpm.pixels.sheets import enlarge
from ddpm.sprites.readers.sheets.sheet_layout import Cut

Colour = tuple[int, int, int]

# Greys in the middle, so that white drawings are seen on them as well as black ones.
_LIGHT, _DARK = 204, 174
_CELL = 4
# Shown at half its size: lines stay even on a column of any width.
_WIDEST, _HIGHEST = 960, 840
_LEAST_ZOOM, _MOST_ZOOM = 3, 16
_LINE = 3
_COLOURS: tuple[Colour, ...] = ((124, 92, 255), (255, 84, 40), (0, 170, 110), (255, 255, 255), (16, 14, 28))
_CLEARLY = 0.2


def on_checkerboard(images: np.ndarray, cell: int = _CELL) -> np.ndarray:
    """Transparent art on squares of two greys.

    Args:
        images: uint8 (..., H, W, 4); RGB is returned as it is.
        cell: side of a square, in pixels.

    Returns:
        uint8 (..., H, W, 3).
    """
    if images.shape[-1] == 3:
        return images
    down, across = (np.arange(side) // cell for side in images.shape[-3:-1])
    board = np.where((down[:, None] + across) % 2, _DARK, _LIGHT)[..., None]
    alpha = images[..., 3:].astype(np.int32)
    return ((images[..., :3] * alpha + board * (255 - alpha) + 127) // 255).astype(np.uint8)


def grid_picture(pixels: np.ndarray, cut: Cut) -> tuple[np.ndarray, bool]:
    """The sheet enlarged, with lines where it is cut; margins and gaps are covered.

    Args:
        pixels: uint8 (H, W, 4), as in the file.

    Returns:
        uint8 (H', W', 3), to be shown at half its size, and whether it is only a part of the sheet.
    """
    art = pixels[:: cut.scale, :: cut.scale]
    height, width = art.shape[:2]
    zoom = max(_LEAST_ZOOM, min(_MOST_ZOOM, _WIDEST // width, _HIGHEST // height))
    high, wide = min(height, _HIGHEST // zoom), min(width, _WIDEST // zoom)
    top, left = _fullest(art, high, wide)
    part = on_checkerboard(art[top : top + high, left : left + wide])
    colour = np.array(_contrasting(part), np.uint8)
    picture = enlarge(part, zoom)
    assert cut.grid.tile is not None
    (tile_width, tile_height), margin, gap = cut.grid.tile, cut.grid.margin, cut.grid.gap
    across = _axis(left, wide, tile_width, margin, gap, cut.columns, zoom)
    down = _axis(top, high, tile_height, margin, gap, cut.rows, zoom)
    between = ~(down[0][:, None] & across[0])
    picture[between] = (picture[between].astype(np.uint16) + 3 * colour.astype(np.uint16)) // 4
    picture[(down[1][:, None] | across[1]) & ~between] = colour
    return picture, (high, wide) != (height, width)


def _axis(
    start: int, length: int, tile: int, margin: int, gap: int, count: int, zoom: int
) -> tuple[np.ndarray, np.ndarray]:
    """Along one side of the enlarged part: bool, which pixels lie in a tile, and which in a line between tiles."""
    inside = np.zeros(length * zoom, bool)
    line = np.zeros_like(inside)
    for number in range(count):
        begin = (margin + number * (tile + gap) - start) * zoom
        end = begin + tile * zoom
        inside[max(0, begin) : max(0, end)] = True
        if not gap:  # a gap is a line of its own
            for edge in (begin, end):
                line[max(0, edge - _LINE // 2) : max(0, edge + _LINE - _LINE // 2)] = True
    return inside, line


def _fullest(art: np.ndarray, high: int, wide: int) -> tuple[int, int]:
    """Where a part of this size shows most of the drawings: at the top left, unless that is rather empty."""
    drawn = (art != art[0, 0]).any(axis=-1)
    places = [
        (top, left)
        for top in range(0, max(1, art.shape[0] - high + 1), max(1, high // 2))
        for left in range(0, max(1, art.shape[1] - wide + 1), max(1, wide // 2))
    ]
    full = [int(drawn[top : top + high, left : left + wide].sum()) for top, left in places]
    return places[0] if 2 * full[0] >= max(full) else places[full.index(max(full))]


def _contrasting(part: np.ndarray) -> Colour:
    """The first colour that is clearly seen on nearly all of the part, or the one that is seen best."""
    lab = oklab(part)
    seen = [float(np.quantile(distance(lab, oklab(np.array(colour, np.uint8))), 0.1)) for colour in _COLOURS]
    clear = [colour for colour, value in zip(_COLOURS, seen, strict=True) if value > _CLEARLY]
    return clear[0] if clear else _COLOURS[int(np.argmax(seen))]
