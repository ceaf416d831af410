"""The size of the sprites of many files: what most of them have, or are cut into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ddpm.pixels.conversion import LARGEST, SMALLEST
from ddpm.sprites.readers.listing import Entry
from ddpm.sprites.readers.sheets.sheet_layout import Cut, Grid, GridQuestion, Size, find_cuts

# A picture this many times as long as wide is rather a strip of frames than a drawing.
_LEAST_FRAMES = 4
_MAY_BE_SHEET = 32  # a side; smaller pictures are hardly several sprites
_ASKED_SIZES = 6
_ASKED_FILES = 8
_FREE = 0.5


@dataclass
class File:
    """One picture of a source, at the scale of its art: uint8 ``(F, H, W, 4)``."""

    entry: Entry
    frames: np.ndarray
    note: str | None
    tags: tuple[str | None, ...] | None
    cuts: list[Cut] | None = None
    """In which ways it can be cut, if that was looked for without a size in mind."""

    @property
    def size(self) -> Size:
        return self.frames.shape[2], self.frames.shape[1]

    def find_cuts(self, asked: Grid) -> list[Cut]:
        """In which ways its first frame can be cut, whatever the size of the other files."""
        if self.cuts is None:
            self.cuts = find_cuts(self.frames[0], asked)
        return self.cuts


def choose_size(files: Sequence[File], asked: Grid) -> Size | None:
    """The size that most files have, or are cut into; of equally frequent ones the smaller.

    Returns:
        None if no picture is a sprite, a strip, or a sheet whose grid is certain.

    Raises:
        GridQuestion: if most files may be single sprites or sheets of smaller ones.
    """
    groups: dict[Size, list[File]] = {}
    votes: Counter[Size] = Counter()
    for file in files:
        if is_sprite(file.size):
            groups.setdefault(file.size, []).append(file)
        elif len(file.frames) == 1 and (tile := _frame_of_strip(file.size)):
            votes[tile] += 1
    doubtful: dict[Size, tuple[str, list[Cut]]] = {}
    for number, (size, group) in enumerate(sorted(groups.items(), key=lambda item: -len(item[1]))):
        tile, question = _judge(size, group, asked) if number < _ASKED_SIZES else (size, None)
        votes[tile] += len(group)
        if question is not None:
            doubtful[tile] = question
    if not votes:
        for file in files:
            cuts = file.find_cuts(asked) if len(file.frames) == 1 else []
            if len(cuts) == 1 and cuts[0].grid.tile is not None:
                votes[cuts[0].grid.tile] += 1
    if not votes:
        return None
    size = min(votes, key=lambda size: (-votes[size], size[0] * size[1], size))
    if size in doubtful:
        raise GridQuestion(*doubtful[size])
    return size


def is_sprite(size: Size) -> bool:
    """Whether a picture of this size can be a single sprite."""
    return all(SMALLEST <= side <= LARGEST for side in size)


def cut_of_strip(pixels: np.ndarray, tile: Size) -> Cut | None:
    """The cut of a strip as wide, or as high, as the tile; None if it is no strip, or rather one of larger frames.

    Args:
        pixels: uint8 ``(H, W, 4)``.
    """
    size = pixels.shape[1], pixels.shape[0]
    along = [axis for axis in (0, 1) if size[1 - axis] == tile[1 - axis] and size[axis] % tile[axis] == 0]
    if len(along) != 1 or size[along[0]] < _LEAST_FRAMES * tile[along[0]]:
        return None
    axis = along[0]
    count = size[axis] // tile[axis]
    if not _shows_frames(pixels if axis == 1 else pixels.transpose(1, 0, 2), tile[axis], count):
        return None
    columns, rows = (count, 1) if axis == 0 else (1, count)
    return Cut(Grid(tile), 1, columns, rows, "other files have tiles of this size")


def _shows_frames(pixels: np.ndarray, side: int, count: int) -> bool:
    """Whether nothing speaks for frames that are longer than ``side``, along the first axis."""
    is_drawn = pixels[..., 3] > 0
    joined = is_drawn[1:] & is_drawn[:-1]
    if is_drawn.all():  # without a background only colours that go on tell a drawing from a seam
        joined = (pixels[1:] == pixels[:-1]).all(axis=2)
    crossing = joined.sum(axis=1)
    lines = crossing[side - 1 :: side].astype(float)
    if side * count <= LARGEST:
        # It could be one drawing. Then its lines are like any others.
        return bool(lines.mean() < _FREE * crossing.mean())
    number = np.arange(1, count)
    for parts in range(2, LARGEST // side + 1):
        outer = number % parts == 0
        if count % parts == 0 and outer.any():
            inside, between = lines[~outer].mean(), lines[outer].mean()
            if between < _FREE * inside and inside > _FREE * crossing.mean():
                return False
    return True


def _frame_of_strip(size: Size) -> Size | None:
    """The square frames of a picture that is far longer than wide."""
    side = min(size)
    is_strip = max(size) % side == 0 and max(size) >= _LEAST_FRAMES * side
    return (side, side) if is_strip and is_sprite((side, side)) else None


def _judge(size: Size, group: Sequence[File], asked: Grid) -> tuple[Size, tuple[str, list[Cut]] | None]:
    """Whether files of one size are single sprites: their size, or that of their tiles; and what is to be asked."""
    looked_at = [file for file in group if len(file.frames) == 1][:_ASKED_FILES]
    if max(size) < _MAY_BE_SHEET or not looked_at:
        return size, None
    tiles: Counter[Size] = Counter()
    doubtful: list[tuple[str, list[Cut]]] = []
    for file in looked_at:
        cuts = file.find_cuts(asked)
        if len(cuts) > 1:
            doubtful.append((file.entry.name, cuts))
        else:
            tiles[(cuts[0].grid.tile if cuts else None) or size] += 1
    # Single drawings are seldom doubted, and sheets of few tiles often.
    if len(doubtful) > len(looked_at) / 2:
        return size, doubtful[0]
    # And a single brick wall has a grid of its own.
    tile, agree = tiles.most_common(1)[0] if tiles else (size, 0)
    return (tile if agree > len(looked_at) / 2 else size), None
