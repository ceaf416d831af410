"""NumPy files of sprites: .npy with its labels in a file beside it, and .npz."""

from __future__ import annotations

import errno
import lzma
import os
import struct
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import numpy as np

from ddpm.base.files import open_plain
from ddpm.base.text import counted, display_name, listed, megabytes
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.numpy_files import npy
from ddpm.sprites.readers.numpy_files.array_store import ArrayStore
from ddpm.sprites.readers.numpy_files.labels import MOST_CLASSES, Labels, check_labels_shape, name_classes, read_labels
from ddpm.sprites.readers.numpy_files.pixel_formats import convert, dtype_is_final, find_form
from ddpm.sprites.readers.picture_files.archives import check_directory
from ddpm.sprites.readers.reader import SpriteArrays

_MOST_UNPACKED = 2 << 30
_SUSPECT_UNPACKED = 256 << 20
_SUSPECT_RATIO = 200
_MOST_DIRECTORY = 1 << 20
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError, struct.error),
    MemoryError,
)


def labels_beside(path: Path) -> Path | None:
    """The file of labels that belongs to ``path``: ``<stem>_labels.npy`` in the same folder, if there is one."""
    beside = path.with_name(f"{path.stem}_labels.npy")
    return beside if beside.is_file() else None


def read_npy(path: Path, labels: Path | None, kaggle: bool, background: str | None, store: ArrayStore) -> SpriteArrays:
    """Read a .npy of sprites, and its labels.

    Args:
        kaggle: whether five one-hot classes are those of the Kaggle set.
        background: what RGBA is laid on, as in :class:`ddpm.sprites.readers.reading.Reading`.

    Raises:
        SpriteError: if one of the two is damaged, or isn't what it should be.
    """
    with open(path, "rb") as file:
        sprites = _read_images(file, _size(file), store, display_name(path), background)
    if labels is None:
        return sprites
    where = display_name(labels)
    with open(labels, "rb") as file:
        found = _read_labels(file, _size(file), len(sprites.images), store, where)
    return replace(sprites, labels=found.values, label_names=name_classes(found, None, kaggle, where))


def read_npz(path: Path, background: str | None, store: ArrayStore) -> SpriteArrays:
    """Read an .npz: its array ``images`` (or its only one), and ``labels`` and ``label_names`` if it has them.

    Members are unpacked in pieces, never beyond their declared size; others are not unpacked at all.

    Raises:
        SpriteError: if the archive is damaged, encrypted, a bomb, or holds no sprites.
    """
    where = display_name(path)
    with open(path, "rb") as file:
        check_directory(file, where, _MOST_DIRECTORY)
        try:
            with zipfile.ZipFile(file) as archive:
                return _read_archive(archive, store, where, background)
        except (*_DAMAGE, OSError) as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:  # a place before the start of the file
                raise
            raise SpriteError(f"{where} is a damaged archive ({error}). Save or download it again.") from error


def load_npz(path: Path, limit: int) -> dict[str, np.ndarray]:
    """All arrays of an .npz that we wrote ourselves, in memory and read-only.

    Args:
        limit: the most bytes, packed as well as unpacked.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is no plain file, damaged, or too large.
    """
    where = display_name(path)
    with open_plain(path) as file:
        check_directory(file, where, _MOST_DIRECTORY)
        try:
            with zipfile.ZipFile(file) as archive:
                members = _members(archive, where)
                unpacked = sum(member.file_size for member in members.values())
                if max(_size(file), unpacked) > limit:
                    raise SpriteError(f"{where} is larger than {megabytes(limit)}.")
                return {name: _read_array(archive, member, f"{name} in {where}") for name, member in members.items()}
        except (*_DAMAGE, OverflowError) as error:
            raise SpriteError(f"{where} is a damaged archive ({error}).") from error


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> np.ndarray:
    with _open(archive, member) as file:
        header = npy.read_header(file, member.file_size, where)
        return npy.copy_data(file, header, ArrayStore(None), "array", where)


def _read_archive(archive: zipfile.ZipFile, store: ArrayStore, where: str, background: str | None) -> SpriteArrays:
    members = _members(archive, where)
    if not members:
        raise SpriteError(f"{where} holds no array. Save it with numpy.savez(..., images=images).")
    name = "images" if "images" in members else next(iter(members)) if len(members) == 1 else None
    if name is None:
        raise SpriteError(
            f"{where} holds several arrays ({listed(list(members), 8)}), none of which is called images. "
            "Save it with numpy.savez(..., images=images, labels=labels)."
        )
    is_labelled = "labels" in members and name != "labels"
    keys = [name, *(key for key in ("labels", "label_names") if is_labelled and key in members)]
    _check_sizes([members[key] for key in keys], where)

    with _open(archive, members[name]) as file:
        title = f"The array {name} in {where}"
        sprites = _read_images(file, members[name].file_size, store, title, background)
    notes = list(sprites.notes)
    if others := [key for key in members if key not in keys]:
        notes.append(f"{where}: {counted(len(others), 'other array')} left out ({listed(others)}).")
    if not is_labelled:
        return replace(sprites, notes=tuple(notes))
    title = f"The array labels in {where}"
    with _open(archive, members["labels"]) as file:
        labels = _read_labels(file, members["labels"].file_size, len(sprites.images), store, title)
    names = _read_names(archive, members["label_names"], store, where) if "label_names" in members else None
    if names is not None and labels.names is not None:
        notes.append(f"{where}: label_names left out, because the labels are names themselves.")
    named = name_classes(labels, names, False, where)
    return replace(sprites, labels=labels.values, label_names=named, notes=tuple(notes))


def _read_images(file: BinaryIO, size: int, store: ArrayStore, where: str, background: str | None) -> SpriteArrays:
    header = npy.read_header(file, size, where)
    find_form(header.shape, where)  # before the data is copied
    if dtype_is_final(header.shape, header.dtype, header.fortran):
        return SpriteArrays(npy.copy_data(file, header, store, "images", where))
    raw = npy.copy_data(file, header, store, "raw", where)
    images, colour, notes = convert(raw, store, where, background)
    store.remove("raw")
    return SpriteArrays(images, notes=notes, background=colour)


def _read_labels(file: BinaryIO, size: int, count: int, store: ArrayStore, where: str) -> Labels:
    header = npy.read_header(file, size, where, text=True)
    check_labels_shape(header.shape, header.dtype, count, where)
    raw = npy.copy_data(file, header, store, "raw", where)
    labels = read_labels(raw, count, where)
    store.remove("raw")
    return labels


def _read_names(archive: zipfile.ZipFile, member: zipfile.ZipInfo, store: ArrayStore, where: str) -> np.ndarray:
    title = f"The array label_names in {where}"
    with _open(archive, member) as file:
        header = npy.read_header(file, member.file_size, title, text=True)
        if header.dtype.kind not in "US" or len(header.shape) != 1 or header.shape[0] > MOST_CLASSES:
            raise SpriteError(f"{title} must be a list of at most {MOST_CLASSES:,} texts.")
        raw = npy.copy_data(file, header, store, "raw", title)
    try:
        names = np.array(raw)
        names.tolist()
    except (ValueError, SystemError):
        raise SpriteError(f"{title} holds text that is not valid Unicode.") from None
    store.remove("raw")
    return names


def _members(archive: zipfile.ZipFile, where: str) -> dict[str, zipfile.ZipInfo]:
    members: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        name = info.orig_filename
        if name.startswith("/") or any(c in name for c in "\\\0") or ".." in PurePosixPath(name).parts:
            raise SpriteError(f"{where} holds a member whose path, {name[:80]!r}, points outside. It was not opened.")
        if info.is_dir():
            continue
        key = name.removesuffix(".npy")
        if key in members:
            raise SpriteError(f"{where} holds the array {display_name(key)} twice. Save it again with numpy.savez.")
        if info.flag_bits & 0x1:
            raise SpriteError(f"{where} is encrypted. Unpack it with its password and save it again with numpy.savez.")
        if name.endswith(".npy"):
            members[key] = info
    return members


def _check_sizes(members: list[zipfile.ZipInfo], where: str) -> None:
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    suspect = unpacked > _SUSPECT_UNPACKED and unpacked > _SUSPECT_RATIO * max(packed, 1)
    if unpacked > _MOST_UNPACKED or suspect:
        raise SpriteError(
            f"{where} would unpack from {megabytes(packed)} to {megabytes(unpacked)}: too much to be sprites. "
            "Not unpacked; if it is right, unpack it yourself and load the .npy."
        )


def _open(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> BinaryIO:
    return cast(BinaryIO, archive.open(member))


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size
