"""Drawing with text: ASCII art in, role maps out.

A sprite is drawn in *roles*, not colours: ``2`` is "middle tone of the main ramp", ``#`` is "outline". A palette later
says which colour each role gets. So a drawing and a palette together make a sprite, and both are known.

===========  ==========================================================================================
``.``        nothing (the white background); in a part that is laid over another: transparent
``_``        erase what is below
``#``        the outline
``01234``    the main ramp, from its darkest tone (good for outlines) to its highlight
``56789``    the second ramp, and so on: ``abcde`` the third, ``fghij`` the fourth, ``lmnop`` the fifth
``k w r q``  pupil black, white, mouth red, blush pink: the same in all palettes
``M S T F V``  "shade this": an area of the main (second, third, fourth, fifth) ramp, lit from the upper left
===========  ==========================================================================================

All of it is integer arithmetic on bytes, so a drawing is the same on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import product

import numpy as np

SIZE = 16
ROLES = ".#kwrq" + "01234" + "56789" + "abcde" + "fghij" + "lmnop"
RAMPS = ("01234", "56789", "abcde", "fghij", "lmnop")
SHADED = dict(zip("MSTFV", RAMPS, strict=True))
EMPTY, RUBBER = ord("."), ord("_")

Canvas = np.ndarray
"""uint8 (16, 16): the character code of each pixel."""

_INDEX = np.full(256, 255, np.uint8)
for _i, _role in enumerate(ROLES):
    _INDEX[ord(_role)] = _i
_DARKEST = {ord(tone): ord(ramp[0]) for ramp in RAMPS for tone in ramp}
_MIDDLE = {ord(tone): ord(ramp[2]) for ramp in RAMPS for tone in ramp}
_PALE = {ord(tone): ord(ramp[4]) for ramp in RAMPS for tone in ramp}
_DARK = {ord(tone): ord(ramp[1]) for ramp in RAMPS for tone in ramp}


def blank() -> Canvas:
    """An empty canvas."""
    return np.full((SIZE, SIZE), EMPTY, np.uint8)


@cache
def art(text: str, x: int = 0, y: int = 0) -> Canvas:
    """Read a drawing, put its upper left corner at (x, y), and shade the areas that ask for it.

    Lines may be indented by spaces; rows and columns that fall outside the canvas are cut off.
    """
    canvas = blank()
    rows = [line.strip() for line in text.strip("\n").splitlines()]
    while rows and not rows[-1]:
        rows.pop()
    for dy, row in enumerate(rows):
        for dx, char in enumerate(row):
            if 0 <= y + dy < SIZE and 0 <= x + dx < SIZE:
                canvas[y + dy, x + dx] = ord(char)
    if (_INDEX[canvas] == 255).sum() != sum(int((canvas == ord(letter)).sum()) for letter in [*SHADED, "_"]):
        raise ValueError(f"this drawing uses a character that is no role:\n{text}")
    canvas = shade(canvas)
    canvas.flags.writeable = False  # it is cached: the next caller gets the same array
    return canvas


@cache
def half(text: str, y: int = 0) -> Canvas:
    """Read the left half of a drawing (8 columns), mirror it, shade it: the form is symmetric, the light is not."""
    rows = [line.strip().ljust(8, ".") for line in text.strip("\n").splitlines()]
    return art("\n".join(row + row[::-1] for row in rows), 0, y)


def shade(canvas: Canvas) -> Canvas:
    """Replace each area of ``M S T F V`` by tones of its ramp: lit at the upper left, dark at the lower right.

    The tone depends on the position in the area's bounding box, not on the distance to its edge ("pillow shading").
    """
    out = canvas.copy()
    for letter, ramp in SHADED.items():
        area = canvas == ord(letter)
        if not area.any():
            continue
        ys, xs = np.nonzero(area)
        top, left = int(ys.min()), int(xs.min())
        height, width = max(int(ys.max()) - top, 1), max(int(xs.max()) - left, 1)
        inside = np.pad(area, 1)
        for y, x in zip(ys.tolist(), xs.tolist(), strict=True):
            place = 50 * ((x - left) * height + (y - top) * width) // (height * width)  # 0 lit corner, 100 opposite
            lit = not (inside[y, x + 1] and inside[y + 1, x])
            dark = not (inside[y + 2, x + 1] and inside[y + 1, x + 2])
            if place > 78 or (dark and place > 50) or (dark and not lit and place > 40):
                tone = 1
            elif place < 26 or (lit and place < 48):
                tone = 3
            else:
                tone = 2
            out[y, x] = ord(ramp[tone])
    return out


def stack(*layers: Canvas) -> Canvas:
    """Lay drawings on top of each other, the first one at the bottom."""
    out = blank()
    for layer in layers:
        out = np.where(layer == EMPTY, out, layer)
        out[layer == RUBBER] = EMPTY
    return out


def outline(canvas: Canvas, role: str = "#") -> Canvas:
    """Draw a line one pixel wide around everything.

    ``role="ramp"`` draws it in the darkest tone of the colour beside it, and in the second darkest where it is lit.
    ``role="soft"`` is one tone lighter: hardly a line at all.
    """
    filled = np.pad(canvas != EMPTY, 1)
    near = filled[:-2, 1:-1] | filled[2:, 1:-1] | filled[1:-1, :-2] | filled[1:-1, 2:]
    line = near & (canvas == EMPTY)
    out = canvas.copy()
    if role not in ("ramp", "soft"):
        out[line] = ord(role)
        return out
    padded = np.pad(canvas, 1, constant_values=EMPTY)
    for y, x in zip(*(a.tolist() for a in np.nonzero(line)), strict=True):
        below, above = int(padded[y + 2, x + 1]), int(padded[y, x + 1])
        right, left = int(padded[y + 1, x + 2]), int(padded[y + 1, x])
        lit = above == EMPTY and left == EMPTY and y + x < SIZE
        tones = (_DARK if lit else _DARKEST) if role == "ramp" else (_MIDDLE if lit else _DARK)
        codes = (below, above, right, left)
        out[y, x] = next((tones[code] for code in codes if code in tones), ord("#"))
    return out


def rim(canvas: Canvas) -> Canvas:
    """Darken by one tone what touches the white at its left, right or lower side: an outline without extra pixels."""
    padded = np.pad(canvas == EMPTY, 1, constant_values=False)
    border = padded[1:-1, :-2] | padded[1:-1, 2:] | padded[2:, 1:-1]
    out = canvas.copy()
    for ramp in RAMPS:
        for lower, tone in zip(ramp, ramp[1:], strict=False):
            out[border & (canvas == ord(tone))] = ord(lower)
    return out


def soften(canvas: Canvas) -> Canvas:
    """Fill the steps of the contour with the palest tone of the colour beside them, as if scaled down smoothly."""
    padded = np.pad(canvas, 1, constant_values=EMPTY)
    out = canvas.copy()
    for y, x in zip(*(a.tolist() for a in np.nonzero(canvas == EMPTY)), strict=True):
        above, below = int(padded[y, x + 1]), int(padded[y + 2, x + 1])
        left, right = int(padded[y + 1, x]), int(padded[y + 1, x + 2])
        if (above != EMPTY or below != EMPTY) and (left != EMPTY or right != EMPTY):
            pale = [_PALE[code] for code in (left, right, above, below) if code in _PALE]
            if pale:
                out[y, x] = pale[0]
    return out


def shift(canvas: Canvas, dx: int = 0, dy: int = 0) -> Canvas:
    """Move a drawing; what leaves the canvas is lost."""
    padded = np.pad(canvas, SIZE, constant_values=EMPTY)
    return padded[SIZE - dy : 2 * SIZE - dy, SIZE - dx : 2 * SIZE - dx].copy()


def lean(canvas: Canvas, *rows: int) -> Canvas:
    """Bend a drawing to the left: everything above each of these rows moves by one more pixel."""
    out = canvas.copy()
    for row in rows:
        out[:row] = shift(out, -1)[:row]
    return out


def squeeze(canvas: Canvas, columns: tuple[int, int], rows: tuple[int, ...]) -> Canvas:
    """Leave out one column on each side of the middle, and some rows: a smaller drawing in the same place."""
    left, right = columns
    out = np.pad(canvas, ((0, 0), (1, 1)), constant_values=EMPTY)
    out = np.delete(out, [left + 1, right + 1], axis=1)
    out = np.pad(out, ((len(rows), 0), (0, 0)), constant_values=EMPTY)
    return np.delete(out, [row + len(rows) for row in rows], axis=0)


def sides(left: Canvas, right: Canvas) -> Canvas:
    """The left half of one drawing and the right half of another."""
    return np.concatenate([left[:, : SIZE // 2], right[:, SIZE // 2 :]], axis=1)


def glance(eyes: Canvas) -> Canvas:
    """Make both eyes of a mirrored pair look the same way: the right one becomes a copy of the left one."""
    columns = np.nonzero((eyes[:, : SIZE // 2] != EMPTY).any(0))[0]
    first, last = int(columns.min()), int(columns.max())
    out = eyes.copy()
    out[:, SIZE - 1 - last : SIZE - first] = eyes[:, first : last + 1]
    return out


def recolour(canvas: Canvas, pairs: str) -> Canvas:
    """Swap roles: ``recolour(c, "2>7 3>8")``."""
    out = canvas.copy()
    for pair in pairs.split():
        old, new = pair.split(">")
        out[canvas == ord(old)] = ord(new)
    return out


def clip(part: Canvas, to: Canvas) -> Canvas:
    """The part of ``part`` that lies on ``to``."""
    return np.where(to == EMPTY, np.uint8(EMPTY), part)


def dim(canvas: Canvas, pairs: str, x: int = SIZE // 2) -> Canvas:
    """:func:`recolour` from column ``x`` on: the side away from the light."""
    return np.concatenate([canvas[:, :x], recolour(canvas[:, x:], pairs)], axis=1)


def roles(canvas: Canvas) -> np.ndarray:
    """uint8 (16, 16): the index in ``ROLES`` of each character."""
    return _INDEX[canvas]


def combine(draw: Callable[..., Canvas], *parts: Sequence[object], limit: int = 64) -> list[Canvas]:
    """Call ``draw`` with one choice from each of ``parts``: for all combinations, or for ``limit`` spread evenly.

    The stride has no common divisor with the number of combinations, so all choices occur about equally often.
    """
    everything = list(product(*parts))
    total = len(everything)
    if total <= limit:
        return [draw(*choice) for choice in everything]
    stride = max(1, (total * 618) // 1000)
    while math.gcd(stride, total) > 1:
        stride += 1
    return [draw(*everything[(i * stride) % total]) for i in range(limit)]
