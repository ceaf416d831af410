"""From pictures of many sizes to sprites of one: what fits is taken or cut, the rest is counted and named.

The size of the set is the one that most files have. A picture that is a grid of such sprites is cut where the picture
itself shows the grid; a picture of another size is left out. Only a single sheet whose grid is in doubt is a question.
"""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ddpm.base.text import counted, megabytes
from ddpm.pixels.conversion import LARGEST, SMALLEST
from ddpm.pixels.transparency import is_blank
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.alpha import AlphaPlan, plan_alpha
from ddpm.sprites.readers.listing import Listing
from ddpm.sprites.readers.numpy_files.array_store import ArrayStore
from ddpm.sprites.readers.numpy_files.labels import MOST_CLASSES, clean_name, unique_names
from ddpm.sprites.readers.picture_files.pictures import Picture, read_picture
from ddpm.sprites.readers.reader import SpriteArrays
from ddpm.sprites.readers.reading import Reading
from ddpm.sprites.readers.refusal import no_sprite_in
from ddpm.sprites.readers.sheets.sheet_atlas import cut_by_atlas, read_atlas
from ddpm.sprites.readers.sheets.sheet_layout import Cut, GridQuestion, Size, find_cuts
from ddpm.sprites.readers.sheets.sheet_splitter import cut_by_note, cut_tiles, natural_scale
from ddpm.sprites.readers.sizes import File, choose_size, cut_of_strip, is_sprite
from ddpm.sprites.readers.tally import Kind, Tally

_MOST_BYTES = 2 << 30
_MOST_NOTES = 20
_MOST_REASONS = 6
_LONGEST_REASON = 120
_BLANK = Kind("that is blank (a single colour)", "that are blank (a single colour)")
_ALL_BLANK = Kind("that is blank in all its cells", "that are blank in all their cells")
_DOUBT = Kind("sheet whose grid is in doubt (say --tile)", "sheets whose grid is in doubt (say --tile)")
_UNTAGGED = "untagged"
_OURS = Kind("sheet of ours with {}", "sheets of ours with {}", "sprite")
_BY_ATLAS = Kind("sheet cut by its atlas into {}", "sheets cut by their atlases into {}", "sprite")
_NO_ATLAS = Kind("file of a picture's name that is no atlas of it", "files of pictures' names that are no atlases")


@dataclass
class _Taken:
    """The sprites so far, with the class and the tag of each."""

    tiles: list[np.ndarray] = field(default_factory=list)
    labels: list[int | None] = field(default_factory=list)
    tags: list[str | None] = field(default_factory=list)

    def add(self, file: File, tiles: np.ndarray, tags: Sequence[str | None]) -> None:
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
        is_sheet = self.is_single and all(len(file.frames) == 1 for file in files)
        size = self.grid.tile or (None if is_sheet else choose_size(files, self.grid))
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
        rows = () if self.listing.is_file else self.tally.rows()
        if self.listing.is_file and self.tally.blank_cells:
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

    def _decode(self) -> list[File]:
        files: list[File] = []
        size = 0
        for entry in self.listing.entries:
            try:
                picture = read_picture(_some(entry.read(), entry.name), entry.name)
            except SpriteError as error:
                if self.is_single:
                    raise
                reason = _reason(error, entry.name)
                kind = Kind(f"file that cannot be read: {reason}", f"files that cannot be read: {reason}")
                self.tally.leave_out(kind, entry.name)
                continue
            size += picture.frames.nbytes
            if size > _MOST_BYTES:
                raise SpriteError(f"The pictures of {self.where} take more than {megabytes(_MOST_BYTES)}. Use fewer.")
            self._tell(picture, entry.name)
            files.append(File(entry, picture.frames, picture.note, picture.tags))
        return files

    def _tell(self, picture: Picture, name: str) -> None:
        if picture.left_out and len(self.notes) < _MOST_NOTES:
            self.notes.append(f"{name}: {', '.join(picture.left_out)} left out.")

    def _shrink(self, files: list[File]) -> None:
        """Bring enlarged sprites back to their own size: files of one size share one scale, or it is chance."""
        groups: dict[Size, list[File]] = {}
        for file in files:
            groups.setdefault(file.size, []).append(file)
        for (width, height), group in groups.items():
            if len(files) == 1 and len(group[0].frames) == 1:
                continue  # a single picture may be a sheet; whoever looks for its grid finds the scale as well
            scale = math.gcd(*(natural_scale(frame) for file in group for frame in file.frames if not _plain(frame)))
            while scale > 1 and not is_sprite((width // scale, height // scale)):
                scale = _next_divisor(scale)
            if scale > 1 and (self.grid.tile is None or (width // scale, height // scale) == self.grid.tile):
                for file in group:
                    file.frames = file.frames[:, ::scale, ::scale]
                words = counted(len(group), "picture")
                self.notes.append(
                    f"{self.where}: {words} of {width} x {height} pixels, in which each pixel is drawn {scale} x "
                    f"{scale} times, read as {width // scale} x {height // scale}."
                )

    def _take(self, file: File, size: Size | None) -> None:
        if file.note is not None and not self.grid.asked and len(file.frames) == 1:
            tiles = cut_by_note(file.frames[0], file.note)
            if tiles is not None and (size is None or _size_of(tiles) == size):
                self._add(file, tiles, [None] * len(tiles), _OURS, blanks=False)
                return
            if tiles is None:
                self.notes.append(
                    f"{file.entry.name}: its own note of its layout does not fit it, and is not followed."
                )
        if file.entry.read_atlas is not None and self._take_by_atlas(file, size):
            return
        if size is not None and file.size == size:
            what = f"of {_words(size)}"
            kind = Kind(f"drawing {what}", f"drawings {what}")
            if len(file.frames) > 1:
                kind = Kind(f"animation {what} with {{}}", f"animations {what} with {{}}", "frame")
            self._add(file, file.frames, file.tags or [None] * len(file.frames), kind)
        elif len(file.frames) == 1 and self._cut(file, size):
            return
        elif size is not None and file.size[0] <= size[0] and file.size[1] <= size[1]:
            self._centre(file, size)
        else:
            self.tally.leave_out(_of_size(file.size), file.entry.name, len(file.frames))

    def _take_by_atlas(self, file: File, size: Size | None) -> bool:
        """Cut a sheet as the .json beside it says; whether that is its atlas. What somebody asks for comes first."""
        assert file.entry.read_atlas is not None
        name = os.path.splitext(file.entry.name)[0] + ".json"
        atlas = read_atlas(file.entry.read_atlas())
        tiles = None
        if atlas is not None and not self.grid.asked and len(file.frames) == 1:
            tiles = cut_by_atlas(file.frames[0], atlas)
        if tiles is None or (size is not None and _size_of(tiles) != size):
            self.tally.leave_out(_NO_ATLAS, name)
            if atlas is not None and self.listing.is_file:
                self.notes.append(f"{file.entry.name}: {name} beside it is not followed.")
            return False
        assert atlas is not None
        if self.is_single:
            words = counted(len(tiles), "sprite")
            self.notes.append(f"{file.entry.name}: cut into {words} of {_words(_size_of(tiles))}, as {name} says.")
        self._add(file, tiles, atlas.tags, _BY_ATLAS, blanks=False)
        return True

    def _cut(self, file: File, size: Size | None) -> bool:
        """Cut a sheet or strip; whether it is one, if only in doubt."""
        pixels = file.frames[0]
        if _plain(pixels):
            self.tally.leave_out(_BLANK, file.entry.name, 1)
            return True
        cuts = self._cuts(file, size)
        if not cuts:
            return False
        if len(cuts) > 1:
            if self.is_single:
                raise GridQuestion(file.entry.name, cuts)
            self.tally.leave_out(_DOUBT, file.entry.name)
            return True
        (cut,) = cuts
        tiles = cut_tiles(pixels, cut)
        count = len(tiles)
        if count > 1 or cut.scale > 1:
            self._tell_cut(file.entry.name, cut)
        what = f"of {_words(_size_of(tiles))}"
        kind = Kind(f"drawing {what}", f"drawings {what}")
        if count > 1 and 1 in (cut.columns, cut.rows):
            kind = Kind(f"strip cut into {{}} {what}", f"strips cut into {{}} {what}", "frame")
        elif count > 1:
            kind = Kind(f"sheet cut into {{}} {what}", f"sheets cut into {{}} {what}", "sprite")
        self._add(file, tiles, [None] * count, kind)
        return True

    def _cuts(self, file: File, size: Size | None) -> list[Cut]:
        """None if it is no sheet of this size, one that is certain, or several in doubt."""
        pixels = file.frames[0]
        if size is None or self.is_single:
            return file.find_cuts(self.grid)
        if self.grid.tile is not None:
            return find_cuts(pixels, self.grid)
        if not self.grid.asked and (strip := cut_of_strip(pixels, size)):
            return [strip]
        if is_sprite(file.size):
            # As large as a single sprite, it is one of another size, unless it shows a grid by itself.
            cuts = file.find_cuts(self.grid)
            return cuts if len(cuts) == 1 and cuts[0].grid.tile == size else []
        cuts = find_cuts(pixels, self.grid, wanted=size)
        if len(cuts) == 1 and cuts[0].grid.tile == size:
            # The size of the others must not outweigh what the picture itself shows.
            own = file.find_cuts(self.grid)
            return cuts if len(own) == 1 and own[0].grid.tile == size else [*cuts, *own]
        return cuts if len(cuts) > 1 else []

    def _tell_cut(self, name: str, cut: Cut) -> None:
        if not self.is_single:
            return  # the tally counts them
        size = f", the picture {cut.scale} times smaller" if cut.scale > 1 else ""
        how = "as asked" if self.grid.tile is not None else cut.evidence
        self.notes.append(f"{name}: cut into {cut.columns} x {cut.rows} of {cut.grid}{size} ({how}).")

    def _centre(self, file: File, size: Size) -> None:
        width, height = file.size
        if not self.reading.centre:
            what = f"of {width} x {height} pixels, smaller than the others (--centre puts them in the middle)"
            self.tally.leave_out(Kind(what, what), file.entry.name, len(file.frames))
            return
        framed = np.zeros((len(file.frames), size[1], size[0], 4), np.uint8)
        top, left = (size[1] - height) // 2, (size[0] - width) // 2
        framed[:, top : top + height, left : left + width] = file.frames
        tags = file.tags or [None] * len(framed)
        what = f"of {width} x {height}, put in the middle"
        self._add(file, framed, tags, Kind(f"drawing {what}", f"drawings {what}"))

    def _add(self, file: File, tiles: np.ndarray, tags: Sequence[str | None], kind: Kind, blanks: bool = True) -> None:
        """Take tiles; those of a single colour are dropped and counted, unless there is nothing else."""
        drawn = ~is_blank(tiles)
        if not blanks:
            drawn[:] = True
        if len(tiles) == 1 and not drawn[0]:
            self.tally.leave_out(_BLANK, file.entry.name, 1)
            return
        self.tally.blank_cells += int((~drawn).sum())
        if not drawn.any():
            self.tally.leave_out(_ALL_BLANK, file.entry.name)
            return
        self.taken.add(file, tiles[drawn], [tag for tag, is_drawn in zip(tags, drawn, strict=True) if is_drawn])
        self.tally.take(kind, file.entry.name, int(drawn.sum()))

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
        numbers = np.array([found.index(tag or "") for tag in tags], np.int64)
        classes = unique_names(clean_name(tag) if tag else _UNTAGGED for tag in found)
        told = ", ".join(classes[:_MOST_REASONS]) + (", …" if len(classes) > _MOST_REASONS else "")
        self.notes.append(f"{self.where}: the tags of the animations are its classes: {told}.")
        return numbers, classes

    def _nothing(self, files: list[File], size: Size | None) -> SpriteError:
        if self.is_single and files:
            return no_sprite_in(self.where, files[0].frames, self.grid)
        for file in files:
            cuts = file.find_cuts(self.grid)
            if len(cuts) > 1:
                return GridQuestion(file.entry.name, cuts)
        rows = "; ".join(map(str, self.tally.rows()[:_MOST_REASONS]))
        sides = f"Sprites have {SMALLEST} to {LARGEST} pixels a side."
        return SpriteError(f"No picture of {self.where} can be used: {rows}. {sides if files else ''}".rstrip())


def _some(data: bytes, name: str) -> bytes:
    if not data:
        raise SpriteError(f"{name} is empty (0 bytes). Save or download it again.")
    return data


def _reason(error: SpriteError, name: str) -> str:
    """What an error says about a file, without its name, so that equal reasons are counted together."""
    text = str(error).removeprefix(name).strip().removeprefix("is ").split(". ")[0].rstrip(".")
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"


def _of_size(size: Size) -> Kind:
    words = f"of {_words(size)} pixels"
    return Kind(words, words)


def _plain(frame: np.ndarray) -> bool:
    return bool(is_blank(frame[None])[0])


def _next_divisor(scale: int) -> int:
    return next(k for k in range(scale - 1, 0, -1) if scale % k == 0)


def _size_of(tiles: np.ndarray) -> Size:
    return tiles.shape[2], tiles.shape[1]


def _words(size: Size) -> str:
    return "{} x {}".format(*size)
