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
    Size,
    axis_grids,
    count_tiles,
    unusual_spacing,
    unusual_tile,
)
from ddpm.sprites.readers.sheets.sheet_evidence import (
    NO_COLOUR,
    Axis,
    background_of,
    divided,
    look_at,
    natural_scale,
    pack_rgba,
)

_MOST_SPACE = 4
_HINT = 1.0
_SURE = 4.0
_AHEAD = 3.5
_SINGLE = 1.5
_STRIP = 4.0
_LONG = 3
_WANTED = 3.5
_NO_GAP = 3.0
_MOST_CUTS = 6
_LIKELY = 9.0
_SOME_CUT = 0.05
_MOST_DIVIDED = 0.03
_MOST_HALVED = 0.25
_USUAL = 2.0
_RARE = 4.0

_TILE = re.compile(r"\s*(\d{1,3})\s*(?:[x×X]\s*(\d{1,3})\s*)?")


@dataclass(frozen=True)
class Grid:
    """How a sheet is cut, in pixels of the art: what somebody asked for, or what was found."""

    tile: Size | None = None
    """Width and height; None: to be found."""
    margin: int = 0
    """Around the whole."""
    gap: int = 0
    """Between tiles; a gap after the last tile, too, is accepted."""

    @property
    def asked(self) -> bool:
        """Whether somebody asked for a certain cut."""
        return self.tile is not None or self.margin > 0 or self.gap > 0

    def __str__(self) -> str:
        parts = [] if self.tile is None else [f"tile {self.tile[0]}x{self.tile[1]}"]
        parts += [f"{name} {value}" for name, value in (("margin", self.margin), ("gap", self.gap)) if value]
        return ", ".join(parts) or "tile to be found"

    def count(self, width: int, height: int) -> tuple[int, int]:
        """Columns and rows; (0, 0) where tiles do not fill the picture exactly, or the tile is not known.

        What follows the last tile is the margin, a gap, or nothing.
        """
        if self.tile is None:
            return 0, 0
        columns = count_tiles(width, self.tile[0], self.margin, self.gap)
        rows = count_tiles(height, self.tile[1], self.margin, self.gap)
        return (columns, rows) if columns and rows else (0, 0)


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


class GridQuestion(SpriteError):
    """A sheet that may be cut in several ways, or in none: whoever gave it is asked."""

    def __init__(self, where: str, cuts: Sequence[Cut]) -> None:
        self.cuts = tuple(cuts)
        how = "(under the upload, or load_sprites(..., tile=, margin=, gap=))"
        options = " or ".join(_options(cut.grid) for cut in self.cuts) or "--tile, and --margin and --gap if need be"
        super().__init__(f"How is {where} laid out? The picture does not say it clearly. Give {options} {how}.")


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


def find_cuts(pixels: np.ndarray, asked: Grid = Grid(), wanted: Size | None = None) -> list[Cut]:
    """In which ways a picture can be cut into tiles, best first.

    Args:
        pixels: uint8 ``(H, W, 4)``, straight alpha, colour 0 under alpha 0; enlarged by a whole number or not.
        asked: what is known already. A given tile, with its margin and gap, leaves at most one cut: the one of the
            largest scale for which it fits without loss.
        wanted: the tile that other files of the same set have; preferred where the picture does not speak against it.

    Returns:
        No cut if nothing fits, one that is certain, or several among which somebody must choose.
    """
    natural = natural_scale(pixels)
    scales = [scale for scale in range(natural, 0, -1) if natural % scale == 0]
    height, width = pixels.shape[:2]
    if asked.tile is not None:
        for scale in scales:
            columns, rows = asked.count(width // scale, height // scale)
            if columns:
                return [Cut(asked, scale, columns, rows, "as asked")]
        return []
    if wanted is not None:
        # One blocky drawing among others of its size looks like an enlargement of a smaller one.
        fitting = [s for s in scales if all(Grid(wanted, asked.margin, asked.gap).count(width // s, height // s))]
        scales = sorted(scales, key=lambda scale: scale not in fitting[:1])
    for scale in scales:
        cuts = _cuts_at(pixels[::scale, ::scale], scale, asked, wanted)
        if cuts:
            return cuts
    return []


@dataclass(frozen=True)
class _Candidate:
    grid: Grid
    columns: AxisGrid
    rows: AxisGrid
    points: float

    @property
    def is_single(self) -> bool:
        return self.columns.count == self.rows.count == 1

    @property
    def is_strip(self) -> bool:
        """Whether it is one row, or one column, of square tiles without gaps."""
        one, other = self.columns, self.rows
        return one.tile == other.tile and min(one.count, other.count) == 1 and not self.grid.margin + self.grid.gap

    @property
    def seen(self) -> float:
        """Points for what is in the picture alone."""
        return self.columns.points + self.rows.points

    def evidence(self, wanted: Size | None) -> str:
        if self.is_single:
            return "it is one sprite"
        sides = (self.columns, self.rows)
        if any(side.is_repeated for side in sides):
            return "its gaps repeat the edges of the tiles"
        if self.grid.gap and any(side.gaps is not None for side in sides):
            return "its gaps are of one colour"
        if wanted == self.grid.tile:
            return "other files have tiles of this size"
        if self.seen < _SURE:
            return "it fits, and the picture says little for or against it"
        cut = max(side.cut for side in sides)
        return "no drawing is cut by its lines" if cut < 0.005 else "its lines cut fewer drawings than others"


def _cuts_at(pixels: np.ndarray, scale: int, asked: Grid, wanted: Size | None) -> list[Cut]:
    if min(pixels.shape[:2]) < SMALLEST:
        return []
    colours = pack_rgba(pixels)
    background = background_of(colours)
    candidates = _candidates(*look_at(colours, background), background, asked, wanted)
    chosen = _in_question(candidates, wanted)
    if len(chosen) == 1 and background == NO_COLOUR:
        # Frames of an animation are so alike that one pattern within them counts many times over.
        chosen += [one for one in candidates if one.is_strip and one not in chosen]
    elif len(chosen) == 1:
        chosen += _smaller(chosen[0], candidates, colours != background)
    return [Cut(one.grid, scale, one.columns.count, one.rows.count, one.evidence(wanted)) for one in chosen]


def _smaller(best: _Candidate, candidates: list[_Candidate], drawn: np.ndarray) -> list[_Candidate]:
    """Grids of smaller tiles, if some of the tiles seem to be several of those: large and small ones on one sheet."""
    if best.grid.gap:
        return []
    width, height = best.columns.tile, best.rows.tile
    starts = [best.grid.margin + side.tile * np.arange(side.count) for side in (best.columns, best.rows)]
    found = []
    for one in candidates:
        parts, rest = np.divmod((width, height), (one.columns.tile, one.rows.tile))
        is_square = one.columns.tile == one.rows.tile
        if rest.any() or one.grid.gap or one.grid.margin != best.grid.margin or max(parts) not in (2, 3):
            continue
        if parts[0] == parts[1] or (is_square and width != height):
            share = divided(drawn, (starts[0], starts[1]), (width, height), (int(parts[0]), int(parts[1])))
            found += [one] if share > (_MOST_DIVIDED if min(parts) > 1 else _MOST_HALVED) else []
    return found


def _larger(best: _Candidate, one: _Candidate) -> bool:
    """Whether ``one`` has larger tiles, and its lines are free where the additional ones of ``best`` are not."""
    times = one.columns.tile / best.columns.tile
    is_multiple = times in (2, 3) and one.rows.tile == times * best.rows.tile and one.grid.margin == best.grid.margin
    cut = min(best.columns.cut, best.rows.cut)
    is_freer = cut > _SOME_CUT and max(one.columns.cut, one.rows.cut) < 0.3 * cut
    return is_multiple and is_freer and not one.grid.gap and not best.grid.gap and one.seen > 4 * _SURE


def _candidates(columns: Axis, rows: Axis, background: int, asked: Grid, wanted: Size | None) -> list[_Candidate]:
    """All grids that fit, best first."""
    found = []
    short, long = sorted((len(columns), len(rows)))
    is_long = long >= _LONG * short
    strip = short if is_long and long % short == 0 else 0
    spaces = (
        [(asked.margin, asked.gap)]
        if asked.asked
        else [(margin, gap) for margin in range(_MOST_SPACE + 1) for gap in range(_MOST_SPACE + 1)]
    )
    for margin, gap in spaces:
        less = 0.0 if asked.asked else unusual_spacing(margin, gap)
        across = axis_grids(columns, margin, gap, background)
        down = axis_grids(rows, margin, gap, background) if across else []
        for one in across:
            for other in down:
                if not _agree(one, other) or (gap and max(one.count, other.count) == 1):
                    continue
                tile = (one.tile, other.tile)
                is_single = one.count == other.count == 1
                points = one.points + other.points + one.fit + other.fit - less
                pitch = (one.tile + gap, other.tile + gap)
                is_blank = all(side.gaps in (None, background) for side in (one, other))
                if gap and is_blank and not asked.asked and unusual_tile(pitch) <= unusual_tile(tile):
                    # What seems a gap is what drawings leave free of their tiles.
                    points -= _NO_GAP if unusual_tile(pitch) < _USUAL else _NO_GAP / 2
                points -= _unusual_sprite(tile) if is_single else unusual_tile(tile)
                points += (_WANTED if tile == wanted else 0.0) + (_STRIP if one.tile == other.tile == strip else 0.0)
                found.append(_Candidate(Grid(tile, margin, gap), one, other, points))
    if any(one.is_single and not one.grid.margin for one in found):
        # As large as one sprite, it is one, unless the picture itself says otherwise.
        found = [
            one
            for one in found
            if one.is_single
            or one.grid.tile == wanted
            or is_long
            or one.seen > (_HINT if one.grid.gap == one.grid.margin == 0 else 2 * _HINT)
        ]
    return sorted(found, key=lambda candidate: -candidate.points)


def _agree(one: AxisGrid, other: AxisGrid) -> bool:
    """Whether the gaps of the columns and of the rows are alike: of the same colour, or repeated edges both."""
    if one.gaps is None or other.gaps is None:
        return True
    return one.is_repeated or other.is_repeated or one.gaps == other.gaps


def _in_question(candidates: list[_Candidate], wanted: Size | None) -> list[_Candidate]:
    """One candidate if it is certain, else those that somebody must choose from."""
    if not candidates:
        return []
    best = candidates[0]
    least = best.points - _AHEAD - (_STRIP if best.is_strip and not best.is_single else 0.0)  # it comes first, no more
    near = [one for one in candidates if one.points > least or _is_cell(one, best) or _larger(best, one)]
    is_known = best.is_single or best.grid.tile == wanted
    sure = best.seen >= _SURE and best.points >= _SURE
    if len(near) == 1 and (is_known or sure):
        return near
    usual = [one for one in candidates if one not in near and unusual_tile((one.columns.tile, one.rows.tile)) < _RARE]
    if not sure:
        near += [one for one in usual if one.points > best.points - _LIKELY]
    if len(near) == 1:
        near += candidates[1:2]
    plain = [one for one in candidates if one.grid == Grid(_pitch(best))]
    return list(dict.fromkeys([*near[: _MOST_CUTS - 1], *plain, *near]))[:_MOST_CUTS]


def _unusual_sprite(size: Size) -> float:
    """What a picture that is one sprite is less likely than 16x16 tiles: few are, of this size, anything else."""
    return 0.5 * unusual_tile(size) - (_SINGLE if max(size) < _LONG * min(size) else 0.0)


def _pitch(one: _Candidate) -> Size:
    return one.columns.tile + one.grid.gap, one.rows.tile + one.grid.gap


def _is_cell(one: _Candidate, best: _Candidate) -> bool:
    """Whether ``one`` takes the gaps into its tiles, and these have a usual size then: framed drawings, maybe."""
    usual = unusual_tile(_pitch(best)) < min(_USUAL, unusual_tile((best.columns.tile, best.rows.tile)))
    return best.grid.gap > 0 and one.grid == Grid(_pitch(best)) and usual


def _options(grid: Grid) -> str:
    assert grid.tile is not None
    spaces = "".join(f" --{name} {value}" for name, value in (("margin", grid.margin), ("gap", grid.gap)) if value)
    return f"--tile {grid.tile[0]}x{grid.tile[1]}{spaces}"


__all__ = ["LARGEST", "SMALLEST", "Cut", "Grid", "GridQuestion", "Size", "find_cuts", "parse_tile"]
