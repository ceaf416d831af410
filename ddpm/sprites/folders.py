"""Folders of PNGs: one sprite a file, in the order of their names; sub-folders are classes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ddpm.sprites.errors import SpriteError, shown
from ddpm.sprites.index import blocks
from ddpm.sprites.labels import MOST_CLASSES
from ddpm.sprites.pixels import SIDE
from ddpm.sprites.pngs import read_png
from ddpm.sprites.reading import Reading
from ddpm.sprites.sheets import fit_sprite
from ddpm.sprites.shelf import Shelf

MOST_FILES = 200_000
_MOST_PIXELS = 4_000_000


@dataclass(frozen=True)
class Listing:
    """The PNGs of a folder, sorted, and the class of each if sub-folders name classes."""

    files: tuple[Path, ...]
    classes: tuple[int, ...] | None
    class_names: tuple[str, ...] | None


def list_folder(folder: Path) -> Listing:
    """Find the PNGs of a folder: directly in it, or in its sub-folders, which then name the classes.

    Raises:
        SpriteError: if there are none, too many, or some in both places.
        OSError: if the folder cannot be read.
    """
    where = shown(folder)
    files, subfolders = _scan(folder, where, MOST_FILES)
    inside: list[tuple[str, list[Path]]] = []
    left = MOST_FILES - len(files)
    for subfolder in subfolders:
        found, _ = _scan(subfolder, where, left)
        left -= len(found)
        if found:
            inside.append((subfolder.name, found))
    if files and inside:
        raise SpriteError(
            f"{where} has PNGs both directly and in sub-folders such as {shown(inside[0][0])}. "
            "Put all of them into sub-folders, one a class, or none."
        )
    if files:
        return Listing(tuple(files), None, None)
    if not inside:
        raise SpriteError(
            f"{where} is a folder with no PNG and no sprites.npy in it. Give a folder of 16 x 16 PNGs, or a file."
        )
    if len(inside) > MOST_CLASSES:
        raise SpriteError(f"{where} has {len(inside):,} sub-folders; at most {MOST_CLASSES:,} classes are possible.")
    classes = tuple(number for number, (_, found) in enumerate(inside) for _ in found)
    return Listing(tuple(path for _, found in inside for path in found), classes, tuple(shown(n) for n, _ in inside))


def read_folder(listing: Listing, shelf: Shelf) -> Reading:
    """Read the PNGs of a listing.

    Raises:
        SpriteError: naming the file, if one is damaged or isn't 16x16 or a whole-number enlargement of that.
        OSError: if a file cannot be read.
    """
    count = len(listing.files)

    def pieces() -> Iterator[np.ndarray]:
        for part in blocks(count):
            pictures = ((path, read_png(path, _MOST_PIXELS)) for path in listing.files[part])
            yield np.stack([fit_sprite(picture.pixels, shown(path)) for path, picture in pictures])

    images = shelf.put("images", (count, SIDE, SIDE, 3), np.dtype(np.uint8), pieces())
    labels = None if listing.classes is None else np.array(listing.classes, np.int64)
    return Reading(images, labels, listing.class_names)


def _scan(folder: Path, where: str, limit: int) -> tuple[list[Path], list[Path]]:
    """The PNGs and the sub-folders of one folder, each sorted; hidden ones, which systems leave behind, are skipped."""
    files: list[Path] = []
    subfolders: list[Path] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.name.lower().endswith(".png") and entry.is_file():
                files.append(Path(entry.path))
                if len(files) > limit:
                    raise SpriteError(f"{where} holds more than {MOST_FILES:,} PNGs. Save them as one .npy instead.")
            elif entry.is_dir():
                subfolders.append(Path(entry.path))
    return sorted(files), sorted(subfolders)
