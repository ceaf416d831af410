"""The layout of a sheet: into which tiles a picture is cut, as its size allows and the picture itself suggests.

A size that divides proves nothing: 16 tiles of 16 that are each followed by a gap of 1 fill 272 pixels, and so do 17
tiles without gaps. So each grid that fits is given points, in nats: for lines that cut no drawings where others do
(:mod:`.grid_points`), less what its tile, margin and gap are unusual. Only a grid that is well ahead of all others is
taken for granted; else whoever gave the sheet is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.sheets.grid_points import (
    LARGEST,
    SMALLEST,
    AxisGrid,
    Grid,
    Size,
    Spacing,
    axis_grid,
    axis_grids,
    is_usual,
    unusual_tile,
)
from ddpm.sprites.readers.sheets.sheet_doubts import MOST_ANSWERS, Candidate, in_question
from ddpm.sprites.readers.sheets.sheet_evidence import (
    Axis,
    background_of,
    drawn_part,
    look_at,
    natural_scale,
    pack_rgba,
)

_MOST_SPACE = 4
_MOST_EXTRUDE = 2
_HINT = 1.0
_SINGLE = 1.5
_STRIP = 4.0
_LONG = 3
_NO_GAP = 3.0
_USUAL = 2.0

_TILE = re.compile(r"\s*(\d{1,3})\s*(?:[x×X]\s*(\d{1,3})\s*)?")
_ANY = Grid()


@dataclass(frozen=True)
class Cut:
    """A grid on a picture."""

    grid: Grid
    scale: int
    """By how much the art is enlarged; the grid is in pixels of the art."""
    columns: int
    rows: int
    evidence: str
    """Why this grid: a fragment of a sentence."""
    is_clear: bool = False
    """Whether the picture itself speaks for it."""


class GridQuestion(SpriteError):
    """A sheet that may be cut in several ways, or in none: whoever gave it is asked."""

    def __init__(self, where: str, cuts: Sequence[Cut]) -> None:
        self.cuts = tuple(cuts)
        how = "(under the upload, or load_sprites(..., tile=, margin=, gap=))"
        options = " or ".join(_options(cut.grid) for cut in self.cuts) or "--tile, and --margin and --gap if need be"
        # As large as one sprite, it is among the answers; else nobody thinks of the limit who drew it as one.
        is_large = not any(cut.is_clear or cut.columns == cut.rows == 1 for cut in self.cuts)
        hint = f" If it is one large drawing: sprites have at most {LARGEST} pixels a side." if is_large else ""
        super().__init__(f"How is {where} laid out? The picture does not say it clearly. Give {options} {how}.{hint}")


def parse_tile(text: str | int | Size) -> Size:
    """The size of a tile from what people write: "32x32", "16×24", "16", 16 or (16, 24).

    Returns:
        Width and height.

    Raises:
        SpriteError: if it is no size, or a side is not 8 to 64.
    """
    size: tuple[object, ...] = ()
    if isinstance(text, str):
        match = _TILE.fullmatch(text)
        size = (int(match[1]), int(match[2] or match[1])) if match else ()
    elif isinstance(text, tuple | list):
        size = tuple(text)
    else:
        size = (text, text)
    sides = [int(side) for side in size if isinstance(side, int | np.integer) and not isinstance(side, bool)]
    if len(size) != 2 or len(sides) != 2:
        raise SpriteError(f"{str(text)[:40]!r} is no size of a tile: write it as 16, 32x32 or 16x24 (width x height).")
    if not all(SMALLEST <= side <= LARGEST for side in sides):
        raise SpriteError(
            f"A tile of {sides[0]} x {sides[1]} pixels cannot be used: each side must be {SMALLEST} to {LARGEST}."
        )
    return sides[0], sides[1]


def find_cuts(pixels: np.ndarray, asked: Grid = _ANY, wanted: Size | None = None) -> list[Cut]:
    """In which ways a picture can be cut into tiles, best first.

    Args:
        pixels: uint8 ``(H, W, 4)``, straight alpha, colour 0 under alpha 0; enlarged by a whole number or not.
        asked: what is known already. A given tile, with its margin and gap, leaves at most one cut: the one of the
            largest scale for which it fits without loss.
        wanted: the tile that other files of the same set have: it comes to the answers, or to their front. It makes
            nothing certain.

    Returns:
        No cut if nothing fits, one that is certain, or several among which somebody must choose.
    """
    natural = natural_scale(pixels)
    height, width = pixels.shape[:2]
    page = drawn_part(pixels)
    largest = natural if page is None else natural_scale(pixels, is_page=True)
    scales = [scale for scale in range(largest, 0, -1) if largest % scale == 0]
    if asked.tile is not None:
        for scale in scales:
            drawn = page and (page[0] // scale, page[1] // scale)
            columns, rows = (0, 0) if natural % scale else asked.count(width // scale, height // scale)
            if not columns and drawn and _fits_page(_art(pixels, scale), asked, drawn):
                columns, rows = asked.count(width // scale, height // scale, drawn)
            if columns:
                return [Cut(asked, scale, columns, rows, "as asked")]
        return []
    if max(width, height) <= LARGEST:
        page = None  # what may be one sprite is seldom drawn up to its corner
        scales = [scale for scale in scales if natural % scale == 0]
    if wanted is not None:
        # One blocky drawing among others of its size looks like an enlargement of a smaller one.
        fitting = [s for s in scales if all(Grid(wanted, asked.margin, asked.gap).count(width // s, height // s))]
        scales = sorted(scales, key=lambda scale: scale not in fitting[:1])
    first: list[Cut] = []
    for scale in scales:
        drawn = page and (page[0] // scale, page[1] // scale)
        cuts = _cuts_at(_art(pixels, scale), scale, asked, wanted, drawn)
        if cuts and scale == scales[0] != largest and cuts[0].columns * cuts[0].rows > 1:
            first = cuts[: MOST_ANSWERS // 2]  # a sheet is no larger because other files are
        elif cuts:
            return [*first, *cuts][:MOST_ANSWERS]
    return first


def _art(pixels: np.ndarray, scale: int) -> np.ndarray:
    """Pixels of the art; what the border of a page cuts is none."""
    height, width = (side - side % scale for side in pixels.shape[:2])
    return pixels[:height:scale, :width:scale]


def _fits_page(pixels: np.ndarray, asked: Grid, drawn: Size) -> bool:
    """Whether nothing but edges is drawn in the gaps of a grid, as of those that need not fill a page many would do."""
    assert asked.tile is not None
    colours = pack_rgba(pixels)
    background = background_of(colours)
    axes = look_at(colours, background)
    return any(
        all(axis_grid(axes[at], asked.tile[at], spacing, background, drawn[at]) for at in (0, 1))
        for spacing in _spacings(asked)
    )


def _cuts_at(pixels: np.ndarray, scale: int, asked: Grid, wanted: Size | None, drawn: Size | None) -> list[Cut]:
    if min(pixels.shape[:2]) < SMALLEST:
        return []
    colours = pack_rgba(pixels)
    background = background_of(colours)
    candidates = _candidates(look_at(colours, background), background, asked, wanted, drawn)
    chosen = in_question(candidates, colours, background, wanted)
    return [
        Cut(one.grid, scale, one.columns.count, one.rows.count, one.evidence(wanted), one.is_clear) for one in chosen
    ]


def _candidates(
    axes: tuple[Axis, Axis], background: int, asked: Grid, wanted: Size | None, drawn: Size | None
) -> list[Candidate]:
    """All grids that fit."""
    columns, rows = axes
    found = []
    short, long = sorted((len(columns), len(rows)))
    is_long = long >= _LONG * short
    strip = short if is_long and long % short == 0 else 0
    for spacing in _spacings(asked):
        margin, gap = spacing.margin, spacing.gap
        less = 0.0 if asked.asked else spacing.unusual
        across = axis_grids(columns, spacing, background, drawn[0] if drawn else 0)
        down = axis_grids(rows, spacing, background, drawn[1] if drawn else 0) if across else []
        for one in across:
            for other in down:
                if not _agree(one, other) or (gap and max(one.count, other.count) == 1):
                    continue
                if spacing.extrude and not one.is_repeated and not other.is_repeated:
                    continue  # the same without
                if drawn and one.tile != other.tile and not (is_usual(one.tile) and is_usual(other.tile)):
                    continue  # nearly anything fits a page
                tile = (one.tile, other.tile)
                is_single = one.count == other.count == 1
                prior = one.fit + other.fit - less
                pitch = (one.tile + gap, other.tile + gap)
                is_blank = all(side.gaps in (None, background) for side in (one, other))
                if gap and is_blank and not asked.asked and unusual_tile(pitch) <= unusual_tile(tile):
                    # What seems a gap is what drawings leave free of their tiles.
                    prior -= _NO_GAP if unusual_tile(pitch) < _USUAL else _NO_GAP / 2
                prior -= _unusual_sprite(tile) if is_single else unusual_tile(tile)
                comes_first = _STRIP if one.tile == other.tile == strip else 0.0
                found.append(Candidate(Grid(tile, margin, gap), one, other, prior, comes_first))
    if any(one.is_single and not one.grid.margin for one in found):
        # As large as one sprite, it is one, unless the picture itself says otherwise.
        found = [
            one
            for one in found
            if one.is_single
            or one.grid.tile == wanted
            or is_long
            or one.seen > (_HINT if one.grid.gap == one.grid.margin == 0 and not one.is_band else 2 * _HINT)
        ]
    return found


def _spacings(asked: Grid) -> list[Spacing]:
    """What may lie around the tiles: usual margins and gaps, or those asked for; edges repeated in them, or not."""
    if asked.asked:
        plain = [Spacing(asked.margin, asked.gap)]
        widths = range(1, min(asked.margin, asked.gap // 2) + 1)
        return plain + [Spacing(asked.margin, asked.gap, extrude) for extrude in widths]
    plain = [Spacing(margin, gap) for margin in range(_MOST_SPACE + 1) for gap in range(_MOST_SPACE + 1)]
    return plain + [
        Spacing(margin + extrude, gap + 2 * extrude, extrude)
        for extrude in range(1, _MOST_EXTRUDE + 1)
        for margin in range(_MOST_EXTRUDE + 1)
        for gap in range(_MOST_SPACE)
    ]


def _agree(one: AxisGrid, other: AxisGrid) -> bool:
    """Whether the gaps of the columns and of the rows are alike: of the same colour, or repeated edges both."""
    if one.gaps is None or other.gaps is None:
        return True
    return one.is_repeated or other.is_repeated or one.gaps == other.gaps


def _unusual_sprite(size: Size) -> float:
    """What a picture that is one sprite is less likely than 16x16 tiles: few are, of this size, anything else."""
    return 0.5 * unusual_tile(size) - (_SINGLE if max(size) < _LONG * min(size) else 0.0)


def _options(grid: Grid) -> str:
    assert grid.tile is not None
    spaces = "".join(f" --{name} {value}" for name, value in (("margin", grid.margin), ("gap", grid.gap)) if value)
    return f"--tile {grid.tile[0]}x{grid.tile[1]}{spaces}"


__all__ = ["LARGEST", "SMALLEST", "Cut", "Grid", "GridQuestion", "Size", "find_cuts", "parse_tile"]
