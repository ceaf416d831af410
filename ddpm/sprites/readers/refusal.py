"""Why a single picture gives no sprite, in words for whoever gave it."""

from __future__ import annotations

import numpy as np

from ddpm.pixels.conversion import LARGEST, SMALLEST
from ddpm.pixels.transparency import is_blank
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.sheets.sheet_layout import Grid


def no_sprite_in(where: str, frames: np.ndarray, asked: Grid) -> SpriteError:
    """The error to raise.

    Args:
        where: the file's name.
        frames: uint8 ``(F, H, W, 4)``.
        asked: how it should have been cut.
    """
    height, width = frames.shape[1:3]
    if is_blank(frames).all():
        return SpriteError(f"{where} is empty or of a single colour: there is no drawing in it. Give another one.")
    if min(width, height) < SMALLEST:
        sides = f"Sprites have {SMALLEST} to {LARGEST} pixels a side."
        return SpriteError(f"{where} is {width} x {height} pixels: too small. {sides}")
    if asked.asked:
        spaces = f"margin {asked.margin} and gap {asked.gap}"
        fits = f"{asked} does not fit" if asked.tile else f"no tile fits with {spaces}"
        return SpriteError(
            f"{where} is {width} x {height} pixels: {fits}. The tiles, with the margin around and the "
            "gaps between them, must fill the whole of it."
        )
    return SpriteError(
        f"{where} is {width} x {height} pixels, and shows no grid of sprites of {SMALLEST} to {LARGEST} "
        "pixels a side. Give the size of a tile, the margin around the sheet and the gap between tiles, in "
        "pixels of the art (--tile 16x16 --margin 0 --gap 0)."
    )
