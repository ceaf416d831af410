"""The app's logo: a slime of 16 by 16 pixels."""

from __future__ import annotations

import numpy as np
from PIL import Image

_MASK = """
................
................
.....######.....
...##LLLLLL##...
..#LLWWLLLLLL#..
..#LWWLLLLLLL#..
.#LLWLLLLLLLLM#.
.#LLL##LLL##LM#.
.#LLL##LLL##LM#.
.#LLL##LLL##MM#.
#LLLLLLLLLLLMMM#
#LLLLLL##LLLMMM#
#MLLLLLLLLMMMMM#
#MMMMMMMMMMMMDD#
.#DDDDDDDDDDDD#.
..############..
"""
_COLOURS = {
    ".": (0, 0, 0, 0),
    "#": (38, 28, 84, 255),
    "D": (78, 54, 178, 255),
    "M": (106, 76, 240, 255),
    "L": (150, 126, 255, 255),
    "W": (236, 230, 255, 255),
}


def logo(scale: int = 1) -> Image.Image:
    """The logo as an RGBA picture, enlarged by a whole number."""
    rows = _MASK.split()
    pixels = np.array([[_COLOURS[mark] for mark in row] for row in rows], np.uint8)
    return Image.fromarray(pixels.repeat(scale, axis=0).repeat(scale, axis=1))
