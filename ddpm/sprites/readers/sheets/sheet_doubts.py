"""Which of the grids that fit a sheet is certain, or which of them somebody must choose from.

A grid is certain only by what the picture shows, and what it shows many times over counts once: that a hundred frames
of one drawing have nothing at a line says no more than one of them. What other files are like only adds answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ddpm.sprites.readers.sheets.grid_points import AxisGrid, Grid, Size, is_odd, unusual_tile
from ddpm.sprites.readers.sheets.sheet_evidence import NO_COLOUR, Likeness, divided, likeness

MOST_ANSWERS = 4
_SURE = 4.0
_AHEAD = 3.5
_STRIP = 4.0
_WANTED = 3.5
_LIKELY = 9.0
_SOME_CUT = 0.05
_MOST_DIVIDED = 0.03
_MOST_HALVED = 0.25
_USUAL = 2.0
_RARE = 4.0
# Frames that are several tiles wide or high: as tall characters are.
_FRAMES = (1, 2, 3)
_TALLEST = 48
_RARE_FRAME = 3.3
# What may be one sprite is seldom a sheet, and tiles are seldom of an odd size.
_SURE_OF_SMALL = 8.0
_SURE_OF_ODD = 16.0
_MANY = 12
_ODD = 6.0
# Of the best so many are looked at for tiles that are alike.
_LOOKED_AT = 3


@dataclass(frozen=True)
class Candidate:
    """A grid that fits, and what speaks for it."""

    grid: Grid
    columns: AxisGrid
    rows: AxisGrid
    prior: float
    """Points for what is usual."""
    strip: float = 0.0
    """Points for square tiles of a long picture: they come first, no more."""
    share: float = 1.0
    """How much of what is in the picture is there for the first time."""

    @property
    def tile(self) -> Size:
        """Width and height."""
        return self.columns.tile, self.rows.tile

    @property
    def count(self) -> int:
        """Of how many tiles it is."""
        return self.columns.count * self.rows.count

    @property
    def is_single(self) -> bool:
        """Whether the whole picture is one sprite."""
        return self.count == 1

    @property
    def is_band(self) -> bool:
        """Whether it is one row, or one column, of three tiles or more: stripes within one drawing look like it."""
        return min(self.columns.count, self.rows.count) == 1 and self.count > 2

    @property
    def is_strip(self) -> bool:
        """Whether it is one row, or one column, of square tiles without gaps."""
        one, other = self.columns, self.rows
        return one.tile == other.tile and min(one.count, other.count) == 1 and not self.grid.margin + self.grid.gap

    @property
    def is_odd(self) -> bool:
        """Whether hardly anybody draws tiles of this size."""
        return not self.is_single and is_odd(self.tile, self.grid.margin, self.grid.gap)

    @property
    def seen(self) -> float:
        """Points for what is in the picture alone."""
        sides = (self.columns.points, self.rows.points)
        return sum(self.share * points if points > 0 else points for points in sides)

    @property
    def points(self) -> float:
        """All points."""
        return self.seen + self.prior + self.strip

    @property
    def is_clear(self) -> bool:
        """Whether the picture itself speaks for it."""
        return self.is_single or self.seen >= _SURE

    def evidence(self, wanted: Size | None) -> str:
        """Why this grid: a fragment of a sentence."""
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


def in_question(
    candidates: Sequence[Candidate], colours: np.ndarray, background: int, wanted: Size | None
) -> list[Candidate]:
    """One candidate if it is certain, else those that somebody must choose from, best first.

    Args:
        candidates: all that fit.
        colours: uint32 ``(H, W)``, packed.
        background: the colour that drawings lie on, or ``NO_COLOUR``.
        wanted: the tile that other files have: it comes to the answers, or to their front, but is not certain by that.
    """
    if not candidates:
        return []
    first = sorted(candidates, key=_points)
    likes = [_likeness(one, colours, background) for one in first[:_LOOKED_AT]]
    share = min(like.new for like in likes)
    weighed = sorted((replace(one, share=share) for one in first), key=_points)
    best = weighed[0]
    near = [*_near(first, wanted), *_near(weighed, wanted)]
    near = [one for one in weighed if any(one.grid == other.grid for other in near)]
    near += [one for one in weighed if _is_cell(one, best) or _larger(best, one) or _is_inner(one, best)]
    merged = _merged(best, weighed, _likeness(best, colours, background))
    near += merged
    if background == NO_COLOUR:
        # Frames of an animation are so alike that one pattern within them counts many times over.
        near += [one for one in weighed if one.is_strip]
    else:
        near += _smaller(best, weighed, colours != background)
    near = list(dict.fromkeys(near))
    if len(near) == 1 and _is_sure(best, weighed):
        return near
    for one in weighed[1:_LOOKED_AT]:
        merged += _merged(one, weighed, _likeness(one, colours, background))
    return _answers(near, weighed, list(dict.fromkeys(merged)), wanted)


def _near(ordered: Sequence[Candidate], wanted: Size | None) -> list[Candidate]:
    """The best, and those that it is not well ahead of."""
    best = ordered[0]
    least = best.points - _AHEAD - (best.strip if not best.is_single else 0.0)
    return [one for one in ordered if one is best or one.points + _bonus(one, wanted) > least]


def _points(one: Candidate) -> float:
    return -one.points


def _bonus(one: Candidate, wanted: Size | None) -> float:
    return _WANTED if one.tile == wanted else 0.0


def _is_sure(best: Candidate, every: Sequence[Candidate]) -> bool:
    """Whether the picture says enough for a grid that is ahead of all others."""
    if best.is_single:
        return True
    may_be_one = any(one.is_single and not one.grid.margin for one in every)
    least = _SURE_OF_SMALL if may_be_one else _SURE
    if best.is_odd:
        # A wall of bricks has lines, too, and its joints look like gaps.
        is_wall = best.grid.gap > 0 and not is_odd(_pitch(best), 0, 0)
        if may_be_one or is_wall or best.count < _MANY:
            return False
        least = _SURE_OF_ODD
    return best.seen >= least and best.points >= _SURE


def _is_inner(one: Candidate, best: Candidate) -> bool:
    """Whether the edges of the tiles of ``best`` are drawn twice, so that ``one`` is what they are without."""
    repeats = one.columns.is_repeated and one.rows.is_repeated and one.grid.gap > best.grid.gap
    is_likely = best.grid.gap > 0 or one.points > best.points - _LIKELY
    return repeats and _pitch(one) == _pitch(best) and is_likely


def _answers(
    near: list[Candidate], every: Sequence[Candidate], merged: Sequence[Candidate], wanted: Size | None
) -> list[Candidate]:
    """What somebody may choose from: likely grids, of usual sizes if any of those fits."""
    best = every[0]
    least = best.points - (_LIKELY if best.seen < _SURE or best.is_odd else _AHEAD)
    plain = [one for one in every if one.grid == Grid(_pitch(best))]
    others = [one for one in every if one.points > least and unusual_tile(one.tile) < _RARE]
    single = [one for one in every if one.is_single and not one.grid.margin]
    chosen = list(dict.fromkeys([*near, *plain, *single, *others]))

    def rank(one: Candidate) -> float:
        raw = one.points - one.seen + one.columns.points + one.rows.points
        return -raw - _bonus(one, wanted)

    chosen.sort(key=lambda one: (one.is_odd, rank(one)))
    if not chosen[0].is_odd:
        most = rank(chosen[0]) - _ODD
        close = [one for one in near if set(one.tile) <= {17, 18}]  # 16 and an edge, or a gap: people draw these
        chosen = [one for one in chosen if not one.is_odd or rank(one) < most or one in close]
    kept = chosen[:MOST_ANSWERS]
    # What may be one sprite may be left whole, and frames may be larger than they look.
    needed = [one for one in [*single[:1], *merged[:2]] if one not in kept]
    kept = kept[: MOST_ANSWERS - len(needed)] + needed
    if len(kept) == 1:
        kept += [one for one in every if one not in kept and not one.is_odd][:1]
    if len(kept) == 1:
        kept += [one for one in every if one not in kept][:1]
    return kept


def _likeness(one: Candidate, colours: np.ndarray, background: int) -> Likeness:
    if one.is_single:
        return Likeness()
    return likeness(colours, background, _starts(one), one.tile)


def _starts(one: Candidate) -> tuple[np.ndarray, np.ndarray]:
    across, down = (
        one.grid.margin + (side.tile + one.grid.gap) * np.arange(side.count) for side in (one.columns, one.rows)
    )
    return across, down


def _merged(best: Candidate, every: Sequence[Candidate], like: Likeness) -> list[Candidate]:
    """Grids of larger tiles that frames may have: where rows, or columns, look the same again and again."""
    if best.grid.gap or best.is_single:
        return []
    if like.across and like.down:
        times = [(like.across, like.down)]
    elif like.across:
        times = [(like.across, number) for number in _FRAMES]
    elif like.down:
        times = [(number, like.down) for number in _FRAMES]
    else:
        return []
    width, height = best.tile
    grids = [Grid((width * x, height * y), best.grid.margin) for x, y in times if (x, y) != (1, 1)]
    fitting = [one for grid in grids for one in every if one.grid == grid]
    return [one for one in fitting if max(one.tile) <= _TALLEST and unusual_tile(one.tile) < _RARE_FRAME]


def _smaller(best: Candidate, candidates: Sequence[Candidate], drawn: np.ndarray) -> list[Candidate]:
    """Grids of smaller tiles, if some of the tiles seem to be several of those: large and small ones on one sheet."""
    if best.grid.gap:
        return []
    (width, height), starts = best.tile, _starts(best)
    found = []
    for one in candidates:
        parts, rest = np.divmod((width, height), one.tile)
        is_square = one.columns.tile == one.rows.tile
        if rest.any() or one.grid.gap or one.grid.margin != best.grid.margin or max(parts) not in (2, 3):
            continue
        if parts[0] == parts[1] or (is_square and width != height):
            share = divided(drawn, starts, (width, height), (int(parts[0]), int(parts[1])))
            found += [one] if share > (_MOST_DIVIDED if min(parts) > 1 else _MOST_HALVED) else []
    return found


def _larger(best: Candidate, one: Candidate) -> bool:
    """Whether ``one`` has larger tiles, and its lines are free where the additional ones of ``best`` are not."""
    times = one.columns.tile / best.columns.tile
    is_multiple = times in (2, 3) and one.rows.tile == times * best.rows.tile and one.grid.margin == best.grid.margin
    cut = min(best.columns.cut, best.rows.cut)
    is_freer = cut > _SOME_CUT and max(one.columns.cut, one.rows.cut) < 0.3 * cut
    return is_multiple and is_freer and not one.grid.gap and not best.grid.gap and one.seen > 4 * _SURE


def _pitch(one: Candidate) -> Size:
    return one.columns.tile + one.grid.gap, one.rows.tile + one.grid.gap


def _is_cell(one: Candidate, best: Candidate) -> bool:
    """Whether ``one`` takes the gaps into its tiles, and these have a usual size then: framed drawings, maybe."""
    usual = unusual_tile(_pitch(best)) < min(_USUAL, unusual_tile(best.tile))
    return best.grid.gap > 0 and one.grid == Grid(_pitch(best)) and usual
