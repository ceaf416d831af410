"""Folders of PNGs: one sprite per file, in the order of their names; sub-folders are classes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ddpm.base.blocks import blocks
from ddpm.base.text import counted, display_name, listed
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.array_store import ArrayStore
from ddpm.sprites.readers.labels import MOST_CLASSES, unique_names
from ddpm.sprites.readers.pixel_formats import SIDE
from ddpm.sprites.readers.pngs import read_png
from ddpm.sprites.readers.reader import SpriteArrays
from ddpm.sprites.readers.sheet_splitter import fit_sprite

MOST_FILES = 200_000
_MOST_FOLDERS = 20_000
_DEEPEST = 64
_MOST_PIXELS = 4_000_000


@dataclass(frozen=True)
class Listing:
    """The PNGs of a folder, sorted, the class of each if sub-folders name classes, and notes on what was left out."""

    files: tuple[Path, ...]
    classes: tuple[int, ...] | None
    class_names: tuple[str, ...] | None
    notes: tuple[str, ...] = ()


@dataclass
class _Search:
    """What has been found so far, in all folders of a listing."""

    where: str
    folders: int = 0
    pngs: int = 0
    deepest: int = 0
    others: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Folder:
    """The PNGs directly in a folder, and its sub-folders that hold some, however deep; both sorted by name."""

    path: Path
    files: list[Path]
    inside: list[_Folder]

    def all_files(self) -> Iterator[Path]:
        yield from self.files
        for folder in self.inside:
            yield from folder.all_files()


def list_folder(folder: Path) -> Listing:
    """Find the PNGs of a folder: directly in it, or in its sub-folders, which then name the classes.

    Sub-folders of a class belong to it. A folder that holds nothing but another folder of folders is skipped.

    Raises:
        SpriteError: if there are none, too many, or some in both places.
        OSError: if the folder cannot be read.
    """
    where = display_name(folder)
    search = _Search(where)
    found = _look(folder, search, 0, frozenset())
    if found is None:
        raise SpriteError(
            f"{where} is a folder with no PNG and no sprites.npy in it. Give a folder of 16 x 16 PNGs, or a file."
        )
    if found.files and found.inside:
        raise SpriteError(
            f"{where} has PNGs both directly and in sub-folders such as {display_name(found.inside[0].path)}. "
            "Put all of them into sub-folders, one a class, or none."
        )
    if found.files:
        return Listing(tuple(found.files), None, None, _left_out(search))
    while not found.files and len(found.inside) == 1 and not found.inside[0].files:
        found = found.inside[0]
    classes = found.inside
    if len(classes) > MOST_CLASSES:
        raise SpriteError(f"{where} has {len(classes):,} sub-folders; at most {MOST_CLASSES:,} classes are possible.")
    numbers = tuple(number for number, inside in enumerate(classes) for _ in inside.all_files())
    notes = _left_out(search)
    if search.deepest > 1:
        names = listed([inside.path.name for inside in classes])
        notes = (f"{where}: PNGs lie up to {search.deepest} folders deep; the classes are {names}.", *notes)
    return Listing(
        tuple(path for inside in classes for path in inside.all_files()),
        numbers,
        unique_names(display_name(inside.path.name) for inside in classes),
        notes,
    )


def read_folder(listing: Listing, store: ArrayStore) -> SpriteArrays:
    """Read the PNGs of a listing.

    Raises:
        SpriteError: naming the file, if one is damaged or isn't 16x16 or a whole-number enlargement of that.
        OSError: if a file cannot be read.
    """
    count = len(listing.files)
    animated: list[str] = []

    def read(path: Path) -> np.ndarray:
        picture = read_png(path, _MOST_PIXELS)
        if picture.frames > 1:
            animated.append(path.name)
        return fit_sprite(picture.pixels, display_name(path))

    def pieces() -> Iterator[np.ndarray]:
        for part in blocks(count):
            yield np.stack([read(path) for path in listing.files[part]])

    images = store.put("images", (count, SIDE, SIDE, 3), np.dtype(np.uint8), pieces())
    labels = None if listing.classes is None else np.array(listing.classes, np.int64)
    notes = []
    if animated:
        words = counted(len(animated), "PNG is an animation", "PNGs are animations")
        notes.append(f"{words}: only the first picture is taken ({listed(animated)}).")
    return SpriteArrays(images, labels, listing.class_names, notes=tuple(notes))


def _look(folder: Path, search: _Search, depth: int, above: frozenset[str]) -> _Folder | None:
    """What a folder holds, or None if there is no PNG; hidden files, which some systems leave behind, are skipped."""
    own = os.path.realpath(folder)
    if own in above:  # a link that leads back
        search.loops.append(folder.name)
        return None
    search.folders += 1
    if search.folders > _MOST_FOLDERS or depth > _DEEPEST:
        limit = f"more than {_MOST_FOLDERS:,} folders" if depth <= _DEEPEST else f"folders more than {_DEEPEST} deep"
        raise SpriteError(f"{search.where} holds {limit}. Save the PNGs as one .npy instead.")
    files: list[Path] = []
    subfolders: list[Path] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            is_png = entry.name.lower().endswith(".png")
            if entry.name.startswith("."):
                if is_png:
                    search.hidden.append(entry.name)
            elif entry.is_dir():
                subfolders.append(Path(entry.path))
            elif is_png and entry.is_file():
                files.append(Path(entry.path))
                search.pngs += 1
                if search.pngs > MOST_FILES:
                    raise SpriteError(
                        f"{search.where} holds more than {MOST_FILES:,} PNGs. Save them as one .npy instead."
                    )
            else:
                search.others.append(entry.name)
    if files:
        search.deepest = max(search.deepest, depth)
    looked = [_look(path, search, depth + 1, above | {own}) for path in sorted(subfolders)]
    inside = [found for found in looked if found is not None]
    if files or inside:
        return _Folder(folder, sorted(files), inside)
    search.empty.append(folder.name)
    return None


def _left_out(search: _Search) -> tuple[str, ...]:
    kinds = (
        (search.others, "file that is no PNG", "files that are no PNGs"),
        (search.hidden, "hidden PNG", "hidden PNGs"),
        (search.empty, "folder without PNGs", "folders without PNGs"),
        (search.loops, "link that leads back into its own folder", "links that lead back into their own folders"),
    )
    return tuple(
        f"{search.where}: {counted(len(names), one, many)} left out ({listed(sorted(names))})."
        for names, one, many in kinds
        if names
    )
