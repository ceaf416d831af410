"""From pictures of many sizes to sprites of one: what fits is taken or cut, the rest is counted and named.

The size of the set is the one that most files have. A picture that is a grid of such sprites is cut where the picture
itself shows the grid; a picture of another size is left out. Only a single sheet whose grid is in doubt is a question.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ddpm.base.text import counted, listed, megabytes
from ddpm.pixels.conversion import LARGEST, SMALLEST
from ddpm.pixels.transparency import is_blank
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.alpha import AlphaPlan, plan_alpha
from ddpm.sprites.readers.array_store import ArrayStore
from ddpm.sprites.readers.labels import MOST_CLASSES, unique_names
from ddpm.sprites.readers.listing import Entry, Listing
from ddpm.sprites.readers.pictures import Picture, read_picture
from ddpm.sprites.readers.reader import SpriteArrays
from ddpm.sprites.readers.reading import Reading
from ddpm.sprites.readers.sheet_layout import Cut, GridQuestion, Size, find_cuts
from ddpm.sprites.readers.sheet_splitter import cut_by_note, cut_tiles, natural_scale
from ddpm.sprites.readers.tally import Tally

_MOST_BYTES = 2 << 30
# A picture this many times as long as wide is rather a strip of frames than a drawing.
_STRIP = 4


@dataclass
class _File:
    """One picture of the set, at the scale of its art."""

    entry: Entry
    frames: np.ndarray
    note: str | None
    tags: tuple[str | None, ...] | None
    cuts: list[Cut] | None = None

    @property
    def size(self) -> Size:
        return self.frames.shape[2], self.frames.shape[1]


@dataclass
class _Taken:
    """The sprites so far, with the class and the tag of each."""

    tiles: list[np.ndarray] = field(default_factory=list)
    labels: list[int | None] = field(default_factory=list)
    tags: list[str | None] = field(default_factory=list)

    def add(self, file: _File, tiles: np.ndarray, tags: Sequence[str | None]) -> None:
        self.tiles.append(tiles)
        self.labels += [file.entry.label] * len(tiles)
        self.tags += tags


def read_pictures(listing: Listing, where: str, reading: Reading, store: ArrayStore) -> SpriteArrays:
    """Read the pictures of a listing into sprites of one size.

    Raises:
        GridQuestion: for a single sheet that can be cut in several ways.
        SpriteError: if no picture can be used, or all together are too large.
        OSError: if a file cannot be read.
    """
    return _Assembly(listing, where, reading).read(store)


class _Assembly:
    def __init__(self, listing: Listing, where: str, reading: Reading) -> None:
        self.listing = listing
        self.where = where
        self.grid = reading.grid
        self.reading = reading
        self.tally = Tally()
        self.taken = _Taken()
        self.notes: list[str] = []
        self.is_single = len(listing.entries) == 1

    def read(self, store: ArrayStore) -> SpriteArrays:
        files = self._decode()
        self._shrink(files)
        size = self.grid.tile or self._choose_size(files)
        for file in files:
            self._take(file, size)
        if not self.taken.tiles:
            raise self._nothing(files, size)
        tiles = np.concatenate(self.taken.tiles)
        plan = plan_alpha(tiles, self.reading.background, self.where)
        self.notes += plan.notes
        pixels = plan.apply(tiles)
        kept = self._visible(tiles, pixels, plan)
        labels, names = self._labels(kept)
        pixels = np.ascontiguousarray(pixels[kept])
        images = store.put("images", pixels.shape, np.dtype(np.uint8), [pixels])
        rows = () if self.is_single else self.tally.rows()
        if self.is_single and self.tally.blank_cells:
            self.notes.append(
                f"{self.where}: {counted(self.tally.blank_cells, 'blank cell')} left out (a single colour)."
            )
        return SpriteArrays(images, labels, names, notes=tuple(self.notes), tally=rows, background=plan.colour)

    def _visible(self, tiles: np.ndarray, pixels: np.ndarray, plan: AlphaPlan) -> np.ndarray:
        """bool (N,): which sprites are to be seen on the background; those of its own colour are not."""
        hidden = is_blank(pixels) & ~is_blank(tiles)
        if not hidden.any():
            return ~hidden
        self.notes.append(f"{self.where}: {plan.hidden_words(int(hidden.sum()))}: left out. Try another one, or auto.")
        if hidden.all():
            raise SpriteError(f"{self.notes[-1]} Nothing else is left.")
        return ~hidden

    def _decode(self) -> list[_File]:
        files: list[_File] = []
        size = 0
        for entry in self.listing.entries:
            try:
                picture = read_picture(entry.read(), entry.name)
            except SpriteError as error:
                if self.is_single:
                    raise
                self.tally.leave_out(f"that cannot be read ({_reason(error, entry.name)})", entry.name)
                continue
            size += picture.frames.nbytes
            if size > _MOST_BYTES:
                raise SpriteError(f"The pictures of {self.where} take more than {megabytes(_MOST_BYTES)}. Use fewer.")
            self._tell(picture, entry.name)
            files.append(_File(entry, picture.frames, picture.note, picture.tags))
        return files

    def _tell(self, picture: Picture, name: str) -> None:
        if picture.left_out and len(self.notes) < 20:
            self.notes.append(f"{name}: {', '.join(picture.left_out)} left out.")

    def _shrink(self, files: list[_File]) -> None:
        """Bring enlarged sprites back to their own size: files of one size share one scale, or it is chance."""
        groups: dict[Size, list[_File]] = {}
        for file in files:
            groups.setdefault(file.size, []).append(file)
        for (width, height), group in groups.items():
            if len(files) == 1 and len(group[0].frames) == 1:
                continue  # a single picture may be a sheet; whoever looks for its grid finds the scale as well
            scale = math.gcd(*(natural_scale(frame) for file in group for frame in file.frames if not _plain(frame)))
            while scale > 1 and not _is_sprite((width // scale, height // scale)):
                scale = _next_divisor(scale)
            if scale > 1 and (self.grid.tile is None or (width // scale, height // scale) == self.grid.tile):
                for file in group:
                    file.frames = file.frames[:, ::scale, ::scale]
                words = counted(len(group), "picture")
                self.notes.append(
                    f"{self.where}: {words} of {width} x {height} pixels, in which each pixel is drawn {scale} x "
                    f"{scale} times, read as {width // scale} x {height // scale}."
                )

    def _choose_size(self, files: list[_File]) -> Size | None:
        """The size that most files have; of equally frequent ones the smaller."""
        votes: Counter[Size] = Counter()
        for file in files:
            width, height = file.size
            if self.is_single and len(file.frames) == 1:
                return None
            if _is_sprite(file.size):
                votes[file.size] += 1
            elif max(width, height) % min(width, height) == 0 and max(width, height) >= _STRIP * min(width, height):
                votes[min(width, height), min(width, height)] += 1
        votes = Counter({size: count for size, count in votes.items() if _is_sprite(size)})
        if not votes:
            for file in files:
                file.cuts = find_cuts(file.frames[0], self.grid)
                if len(file.cuts) == 1:
                    votes[file.cuts[0].grid.tile or file.size] += 1
        if not votes:
            return None
        return min(votes, key=lambda size: (-votes[size], size[0] * size[1], size))

    def _take(self, file: _File, size: Size | None) -> None:
        if file.note is not None and not self.grid.asked and len(file.frames) == 1:
            tiles = cut_by_note(file.frames[0], file.note)
            if tiles is not None and (size is None or _size_of(tiles) == size):
                self._add(file, tiles, [None] * len(tiles), "sheets of ours", blanks=False)
                return
            if tiles is None:
                self.notes.append(
                    f"{file.entry.name}: its own note of its layout does not fit it, and is not followed."
                )
        if size is not None and file.size == size:
            words = "{} x {}".format(*size)
            animated = len(file.frames) > 1
            what = f"animations of {words}" if animated else f"drawings of {words}"
            self._add(file, file.frames, file.tags or [None] * len(file.frames), what)
        elif len(file.frames) == 1 and self._cut(file, size):
            return
        elif size is not None and file.size[0] <= size[0] and file.size[1] <= size[1]:
            self._centre(file, size)
        else:
            self.tally.leave_out("of {} x {} pixels".format(*file.size), file.entry.name, len(file.frames))

    def _cut(self, file: _File, size: Size | None) -> bool:
        """Cut a sheet or strip; whether that could be done."""
        pixels = file.frames[0]
        cuts = file.cuts if file.cuts is not None and size is None else find_cuts(pixels, self.grid, wanted=size)
        if size is not None:
            if self.is_strip(file.size, size):
                cuts = [cut for cut in cuts if cut.grid.tile == size][:1] or cuts
            if not cuts or cuts[0].grid.tile != size:
                return False
        if len(cuts) > 1:
            if self.is_single:
                raise GridQuestion(file.entry.name, cuts)
            self.tally.leave_out("sheets whose grid is in doubt (say --tile)", file.entry.name, 0)
            return True
        if not cuts:
            return False
        (cut,) = cuts
        tiles = cut_tiles(pixels, cut)
        count = len(tiles)
        if count > 1 or cut.scale > 1:
            self._tell_cut(file.entry.name, cut)
        what = "drawings" if count == 1 else "strips, cut" if 1 in (cut.columns, cut.rows) else "sheets, cut"
        self._add(
            file, tiles, [None] * count, f"{what} into {_words(tiles)}" if count > 1 else f"drawings of {_words(tiles)}"
        )
        return True

    @staticmethod
    def is_strip(size: Size, tile: Size) -> bool:
        """Whether a picture is as wide, or as high, as a tile and so long that it is hardly one drawing."""
        (width, height), (w, h) = size, tile
        return (width == w and height % h == 0 and height >= _STRIP * h) or (
            height == h and width % w == 0 and width >= _STRIP * w
        )

    def _tell_cut(self, name: str, cut: Cut) -> None:
        if not self.is_single:
            return  # the tally counts them
        size = f", the picture {cut.scale} times smaller" if cut.scale > 1 else ""
        how = "as asked" if self.grid.tile is not None else cut.evidence
        self.notes.append(f"{name}: cut into {cut.columns} x {cut.rows} of {cut.grid}{size} ({how}).")

    def _centre(self, file: _File, size: Size) -> None:
        width, height = file.size
        if not self.reading.centre:
            what = f"of {width} x {height} pixels, smaller than the others (--centre puts them in the middle)"
            self.tally.leave_out(what, file.entry.name, len(file.frames))
            return
        framed = np.zeros((len(file.frames), size[1], size[0], 4), np.uint8)
        top, left = (size[1] - height) // 2, (size[0] - width) // 2
        framed[:, top : top + height, left : left + width] = file.frames
        tags = file.tags or [None] * len(framed)
        self._add(file, framed, tags, f"drawings of {width} x {height}, put in the middle")

    def _add(self, file: _File, tiles: np.ndarray, tags: Sequence[str | None], what: str, blanks: bool = True) -> None:
        """Take tiles; those of a single colour are dropped and counted, unless there is nothing else."""
        drawn = ~is_blank(tiles)
        if not blanks or (self.is_single and len(tiles) == 1):
            drawn[:] = True
        if len(tiles) == 1 and not drawn[0]:
            self.tally.leave_out("that are blank (a single colour)", file.entry.name)
            return
        self.tally.blank_cells += int((~drawn).sum())
        if not drawn.any():
            self.tally.leave_out("that are blank in all their cells", file.entry.name, 0)
            return
        self.taken.add(file, tiles[drawn], [tag for tag, is_drawn in zip(tags, drawn, strict=True) if is_drawn])
        self.tally.take(what, file.entry.name, int(drawn.sum()))

    def _labels(self, keep: np.ndarray) -> tuple[np.ndarray | None, tuple[str, ...] | None]:
        """Classes by folder; without folders, by the tags of animations."""
        if self.listing.class_names is not None:
            numbers = np.array(self.taken.labels, np.int64)[keep]
            used = np.unique(numbers)
            names = [self.listing.class_names[number] for number in used]
            return np.searchsorted(used, numbers).astype(np.int64), tuple(names)
        tags = [tag for tag, is_kept in zip(self.taken.tags, keep, strict=True) if is_kept]
        found = list(dict.fromkeys(tag or "" for tag in tags))
        if found == [""] or len(found) > MOST_CLASSES:
            return None, None
        self.notes.append(
            f"{self.where}: the tags of animations are the classes: {listed([tag or 'untagged' for tag in found], 8)}."
        )
        numbers = np.array([found.index(tag or "") for tag in tags], np.int64)
        return numbers, unique_names(tag or "untagged" for tag in found)

    def _nothing(self, files: list[_File], size: Size | None) -> SpriteError:
        if self.is_single and files:
            (file,) = files
            width, height = file.size
            if self.grid.asked:
                grid = self.grid if self.grid.tile else f"margin {self.grid.margin}, gap {self.grid.gap}"
                return SpriteError(
                    f"{self.where} is {width} x {height} pixels: {grid} does not fit. What the tiles and the gaps "
                    "between them fill must be the whole of it."
                )
            return SpriteError(
                f"{self.where} is {width} x {height} pixels, and shows no grid of sprites of {SMALLEST} to {LARGEST} "
                "pixels a side. Give the size of a tile, the margin around the sheet and the gap between tiles, in "
                "pixels of the art (--tile 16x16 --margin 0 --gap 0)."
            )
        for file in files:
            cuts = find_cuts(file.frames[0], self.grid)
            if len(cuts) > 1:
                return GridQuestion(file.entry.name, cuts)
        rows = "; ".join(f"{row.files:,} {row.what} ({listed(list(row.names))})" for row in self.tally.rows())
        return SpriteError(
            f"No picture of {self.where} can be used: {rows}. Sprites have {SMALLEST} to {LARGEST} pixels a side."
        )


def _reason(error: SpriteError, name: str) -> str:
    """What an error says about a file, without its name, so that equal reasons are counted together."""
    text = str(error).removeprefix(name).strip().removeprefix("is ").split(". ")[0]
    return text[:80]


def _is_sprite(size: Size) -> bool:
    return all(SMALLEST <= side <= LARGEST for side in size)


def _plain(frame: np.ndarray) -> bool:
    return bool(is_blank(frame[None])[0])


def _next_divisor(scale: int) -> int:
    return next(k for k in range(scale - 1, 0, -1) if scale % k == 0)


def _size_of(tiles: np.ndarray) -> Size:
    return tiles.shape[2], tiles.shape[1]


def _words(tiles: np.ndarray) -> str:
    return "{} x {}".format(*_size_of(tiles))
