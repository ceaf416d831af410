"""Sheets as games want them: any whole scale, gaps, a margin, extruded borders, sides that are powers of two."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ddpm.pixels.sheets import WHITE, enlarge, png, sheet, sheet_note

LARGEST_PAGE = 16_384
"""Pixels a side: what graphics cards take as one texture."""

Frame = tuple[int, int, int, int]
"""x, y, width and height in pixels of the picture."""


@dataclass(frozen=True)
class SheetLayout:
    """How sprites are laid on a page; lengths are in pixels of the sprites, before enlargement.

    Attributes:
        columns: sprites in a row; None for the squarest sheet.
        scale: whole-number enlargement.
        gap: between sprites, outside of their extruded borders.
        margin: around the whole.
        extrude: how often a sprite's edge is repeated around it, so that a texture that is filtered, or drawn at half
            pixels, shows no seam.
        power_of_two: fill the page up, on the right and below, to sides of 2, 4, 8 ... pixels.

    Raises:
        ValueError: for a length below 0, or a scale or columns below 1.
    """

    columns: int | None = None
    scale: int = 1
    gap: int = 0
    margin: int = 0
    extrude: int = 0
    power_of_two: bool = False

    def __post_init__(self) -> None:
        for name, least in (("columns", 1), ("scale", 1), ("gap", 0), ("margin", 0), ("extrude", 0)):
            value = getattr(self, name)
            if name == "columns" and value is None:
                continue
            if type(value) is not int or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")

    def columns_for(self, count: int) -> int:
        """Sprites in a row, of ``count`` in all."""
        return self.columns or math.ceil(math.sqrt(count))

    def page_size(self, count: int, height: int, width: int) -> tuple[int, int]:
        """Height and width of the page for sprites of this size, in pixels of the picture.

        Raises:
            ValueError: if there are no sprites, or a side would be longer than :data:`LARGEST_PAGE`.
        """
        return self._padded(self._inner_size(count, height, width))

    def _inner_size(self, count: int, height: int, width: int) -> tuple[int, int]:
        """The page without what fills it up to powers of two."""
        if count < 1:
            raise ValueError("a sheet needs at least one sprite")
        columns = self.columns_for(count)
        down, across = (
            self.scale * (number * (side + 2 * self.extrude + self.gap) - self.gap + 2 * self.margin)
            for number, side in ((math.ceil(count / columns), height), (columns, width))
        )
        if max(self._padded((down, across))) > LARGEST_PAGE:
            raise ValueError(
                f"the sheet would be {across:,} x {down:,} pixels{' before it is filled up' * self.power_of_two}; at "
                f"most {LARGEST_PAGE:,} a side can be used. Choose a smaller scale, fewer sprites or other columns"
            )
        return down, across

    def _padded(self, size: tuple[int, int]) -> tuple[int, int]:
        if not self.power_of_two:
            return size
        down, across = (1 << (side - 1).bit_length() for side in size)
        return down, across


@dataclass(frozen=True)
class Sheet:
    """Sprites on a page.

    Attributes:
        picture: uint8 (H, W, C), C of 3 or 4 as the sprites have.
        frames: where each sprite is, without its extruded border.
        note: its layout, for our own readers.
        scale: pixels of the picture for each of a sprite.
    """

    picture: np.ndarray
    frames: list[Frame]
    note: str
    scale: int = 1

    def to_png(self) -> bytes:
        """The page as a PNG file that says how it is laid out, so that it can be loaded as sprites again."""
        return png(self.picture, self.note)


def lay_out(images: np.ndarray, layout: SheetLayout) -> Sheet:
    """Lay sprites on a page, row by row: on white, or on nothing where they have alpha.

    Args:
        images: uint8 (N, H, W, C), C of 3 or 4.

    Raises:
        ValueError: if there are no sprites, or a side of the page would be longer than :data:`LARGEST_PAGE`.
    """
    count, height, width, channels = images.shape
    inner = layout._inner_size(count, height, width)
    columns, scale, extrude, margin = layout.columns_for(count), layout.scale, layout.extrude, layout.margin
    tiles = np.pad(images, ((0, 0), (extrude, extrude), (extrude, extrude), (0, 0)), "edge")
    page = np.full((*layout._padded(inner), channels), WHITE if channels == 3 else 0, np.uint8)
    art = enlarge(sheet(tiles, columns, 1, layout.gap), scale)
    page[scale * margin :, scale * margin :][: len(art), : art.shape[1]] = art

    first, pitch_x, pitch_y = margin + extrude, *(side + 2 * extrude + layout.gap for side in (width, height))
    frames = [
        (
            scale * (first + number % columns * pitch_x),
            scale * (first + number // columns * pitch_y),
            scale * width,
            scale * height,
        )
        for number in range(count)
    ]
    # For a reader, extruded borders are a wider margin and wider gaps.
    more: dict[str, int | list[int]] = {}
    if page.shape[:2] != inner:
        more = {"columns": columns, "page": [page.shape[1], page.shape[0]]}
    return Sheet(page, frames, sheet_note(images, scale, layout.gap + 2 * extrude, first, **more), scale)
