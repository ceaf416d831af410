"""The files of a folder or .zip archive: which may hold sprites, in which order, and of which class."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ddpm.base.text import counted, display_name
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.numpy_files.labels import MOST_CLASSES, unique_names
from ddpm.sprites.readers.picture_files.archives import Archive
from ddpm.sprites.readers.picture_files.pictures import is_picture
from ddpm.sprites.readers.sheets.sheet_atlas import MOST_BYTES
from ddpm.sprites.readers.tally import Kind, Tally

MOST_FILES = 200_000
_MOST_FOLDERS = 20_000
_DEEPEST = 64
_MOST_BYTES = 256 << 20
_ATLAS = ".json"

_NO_PICTURE = Kind("file that is no picture", "files that are no pictures")
_HIDDEN = Kind("hidden picture", "hidden pictures")
_CIRCLE = Kind("link to a folder that is read anyway", "links to folders that are read anyway")
_BROKEN = Kind("link that leads nowhere", "links that lead nowhere")
_NO_FILE = Kind("that is neither file nor folder", "that are neither files nor folders")
_NO_RIGHT = Kind("picture that may not be opened", "pictures that may not be opened")
_NO_ACCESS = Kind("folder that may not be opened", "folders that may not be opened")


@dataclass(frozen=True)
class Entry:
    """A file that may hold sprites: its name for messages, its class, and its bytes, read when they are asked for.

    The name holds the folders in which the file lies, since equal names in several folders are common.
    """

    name: str
    label: int | None
    read: Callable[[], bytes]
    read_atlas: Callable[[], bytes] | None = None
    """The bytes of the .json of the same name beside it, which may say where sprites are on a sheet; None without."""


@dataclass(frozen=True)
class Listing:
    """The pictures of a source in order, the names of their classes, and what else lies there.

    Attributes:
        paths: the files on disk that the source consists of; a change of one is a change of the source.
        notes: plain sentences on how classes were found.
        is_file: whether the source is a single picture, and no folder or archive.
    """

    entries: tuple[Entry, ...]
    class_names: tuple[str, ...] | None
    paths: tuple[Path, ...]
    tally: Tally = field(default_factory=Tally)
    notes: tuple[str, ...] = ()
    is_file: bool = False


def list_file(path: Path) -> Listing:
    """A single picture, and what may be its atlas."""
    atlas = _atlas_beside(path)
    entry = Entry(display_name(path), None, _reader(path), _reader(atlas) if atlas else None)
    return Listing((entry,), None, (path, *([atlas] if atlas else [])), is_file=True)


def list_folder(folder: Path, shown: Callable[[str], str] = str) -> Listing:
    """Find the pictures of a folder, however deep; its sub-folders name the classes.

    Args:
        shown: turns the name of a file into the one that messages use.

    Raises:
        SpriteError: if there are none, or too many.
        OSError: if the folder cannot be read.
    """
    where, tally = display_name(folder), Tally()
    found = list(_Walk(folder, where, tally).walk(folder))
    if not found:
        there = _others(tally.rows())
        raise SpriteError(
            f"{where} is a folder with no picture and no sprites.npy in it{there}. Give a folder of pictures."
        )
    ordered = sorted(found, key=lambda one: _reading_order(one[0]))
    labels, names, notes = find_classes([parts for parts, _ in ordered], where)
    atlases = [_atlas_beside(path) for _, path in ordered]
    entries = tuple(
        Entry(_shown_path((*parts[:-1], shown(parts[-1]))), label, _reader(path), _reader(atlas) if atlas else None)
        for (parts, path), label, atlas in zip(ordered, labels, atlases, strict=True)
    )
    paths = (*(path for _, path in ordered), *(atlas for atlas in atlases if atlas))
    return Listing(entries, names, paths, tally, notes)


def list_archive(path: Path, archive: Archive) -> Listing:
    """The pictures in a .zip, as :func:`list_folder` finds them in a folder.

    Raises:
        SpriteError: if there are none.
    """
    where, tally = display_name(path), Tally()
    members = []
    stems = {_stem(member.name) for member in archive.members() if is_picture(member.name)}
    atlases = {}
    for member in archive.members():
        parts = tuple(member.name.split("/"))
        if is_picture(parts[-1]):
            members.append((parts, member))
        elif member.name.lower().endswith(_ATLAS) and _stem(member.name) in stems and member.size <= MOST_BYTES:
            atlases[_stem(member.name)] = member
        else:
            tally.leave_out(_NO_PICTURE, _shown_path(parts))
    if not members:
        there = _others([*tally.rows(), *archive.left_out])
        raise SpriteError(
            f"{where} is an archive with no picture in it{there}. Put pictures into it, in folders or not."
        )
    members.sort(key=lambda one: _reading_order(one[0]))
    labels, names, notes = find_classes([parts for parts, _ in members], where)
    entries = tuple(
        Entry(_shown_path(parts), label, partial(archive.read, member), partial(archive.read, atlas) if atlas else None)
        for (parts, member), label in zip(members, labels, strict=True)
        for atlas in [atlases.get(_stem(member.name))]
    )
    left_out = tuple(f"{where}: {text} left out." for text in archive.left_out)
    return Listing(entries, names, (path,), tally, (*left_out, *notes))


def find_classes(
    paths: Sequence[tuple[str, ...]], where: str
) -> tuple[list[int | None], tuple[str, ...] | None, tuple[str, ...]]:
    """The class of each file, from the folders in which it lies: (labels, names, notes).

    The outermost folders that differ are the classes; what lies beside them is a class called after the whole. Without
    folders there are no classes.

    Args:
        paths: each the names of the folders, and of the file, below the source.
    """
    shared = 0
    while all(len(path) > shared + 1 for path in paths) and len({path[shared] for path in paths}) == 1:
        shared += 1
    tops = [path[shared] if len(path) > shared + 1 else None for path in paths]
    if all(top is None for top in tops):
        return [None] * len(paths), None, ()
    keys = sorted({top for top in tops if top is not None})
    if any(top is None for top in tops):
        keys.append("")
    if len(keys) > MOST_CLASSES:
        text = (
            f"{where}: {len(keys):,} sub-folders are too many to be classes; at most {MOST_CLASSES:,} are. No labels."
        )
        return [None] * len(paths), None, (text,)
    names = unique_names(display_name(key or where) for key in keys)
    notes = []
    if max(len(path) for path in paths) > shared + 2:
        notes.append(
            f"{where}: pictures lie up to {max(map(len, paths)) - 1} folders deep; classes: {', '.join(names)}."
        )
    if keys[-1] == "":
        beside = sum(top is None for top in tops)
        one, many = (
            "picture in no sub-folder is a class of its own",
            "pictures in no sub-folder are a class of their own",
        )
        notes.append(f"{where}: {counted(beside, one, many)}, {names[-1]}.")
    numbers = {key: number for number, key in enumerate(keys)}
    return [numbers[top or ""] for top in tops], names, tuple(notes)


def read_bounded(path: Path) -> bytes:
    """The bytes of a file. Raises SpriteError for more than 256 MB, OSError if it cannot be read."""
    with open(path, "rb") as file:
        data = file.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise SpriteError(f"{display_name(path)} is larger than {_MOST_BYTES >> 20} MB. Cut it into several files.")
    return data


def _stem(name: str) -> str:
    return os.path.splitext(name)[0]


def _atlas_beside(path: Path) -> Path | None:
    atlas = path.with_suffix(_ATLAS)
    try:
        is_one = atlas.is_file() and atlas.stat().st_size <= MOST_BYTES and os.access(atlas, os.R_OK)
    except (OSError, ValueError):
        return None
    return atlas if is_one else None


def _shown_path(parts: tuple[str, ...]) -> str:
    return "/".join(map(display_name, parts))


def _others(things: Sequence[object]) -> str:
    return f", only {', '.join(map(str, things))}" if things else ""


def _reader(path: Path) -> Callable[[], bytes]:
    return lambda: read_bounded(path)


def _reading_order(parts: tuple[str, ...]) -> list[tuple[bool, str]]:
    """By name, and in each folder its files before its sub-folders."""
    return [(number < len(parts) - 1, part) for number, part in enumerate(parts)]


@dataclass
class _Walk:
    """A walk through all folders below one; each folder is entered once, whatever links lead to it."""

    root: Path
    where: str
    tally: Tally
    entered: set[str] = field(default_factory=set)
    pictures: int = 0

    def walk(self, folder: Path, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Path]]:
        """All pictures, each with its path below the root in parts."""
        self.entered.add(os.path.realpath(folder))
        if len(self.entered) > _MOST_FOLDERS or len(above) > _DEEPEST:
            limit = (
                f"more than {_MOST_FOLDERS:,} folders" if len(above) <= _DEEPEST else f"folders over {_DEEPEST} deep"
            )
            raise SpriteError(f"{self.where} holds {limit}. Save the pictures as one .npy instead.")
        try:
            with os.scandir(folder) as listed:
                entries = sorted(listed, key=lambda entry: entry.name)
        except PermissionError:
            if not above:
                raise
            self.tally.leave_out(_NO_ACCESS, _shown_path(above))
            return
        stems = {_stem(entry.name) for entry in entries if is_picture(entry.name)}
        for entry in entries:
            parts = (*above, entry.name)
            if entry.name.startswith("."):  # some systems leave such files behind
                if is_picture(entry.name):
                    self.tally.leave_out(_HIDDEN, _shown_path(parts))
            elif _leads_to(entry.is_dir):
                if entry.is_symlink() and self._is_known(os.path.realpath(entry.path)):
                    self.tally.leave_out(_CIRCLE, _shown_path(parts))
                else:
                    yield from self.walk(Path(entry.path), parts)
            elif entry.name.endswith(_ATLAS) and _stem(entry.name) in stems and _atlas_beside(Path(entry.path)):
                pass  # looked at with its picture
            elif kind := _unusable(entry):
                self.tally.leave_out(kind, _shown_path(parts))
            else:
                self.pictures += 1
                if self.pictures > MOST_FILES:
                    raise SpriteError(
                        f"{self.where} holds more than {MOST_FILES:,} pictures. Save them as one .npy instead."
                    )
                yield parts, Path(entry.path)

    def _is_known(self, folder: str) -> bool:
        """Whether a link leads to where the walk goes anyway, or to what holds its root."""
        root = os.path.realpath(self.root)
        return folder in self.entered or os.path.commonpath([root, folder]) in (root, folder)


def _unusable(entry: os.DirEntry[str]) -> Kind | None:
    """Why something that is no folder is left out."""
    if not is_picture(entry.name):
        return _NO_PICTURE
    if not _leads_to(entry.is_file):
        return _BROKEN if entry.is_symlink() else _NO_FILE
    return None if os.access(entry.path, os.R_OK) else _NO_RIGHT


def _leads_to(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except OSError:  # a link to itself
        return False
