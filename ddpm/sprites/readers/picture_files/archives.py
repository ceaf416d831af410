"""Zip archives of pictures: members are read one by one into memory, never unpacked to the disk."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from ddpm.base.text import counted, display_name, megabytes
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.picture_files.pictures import is_picture

_MOST_MEMBERS = 200_000
_MOST_DIRECTORY = 32 << 20
_MOST_UNPACKED = 1 << 30
_SUSPECT_UNPACKED = 256 << 20
_SUSPECT_RATIO = 200
_LARGEST_MEMBER = 256 << 20
_DEEPEST = 32
# bzip2 and LZMA unpack without a limit: a few bytes would fill the memory before anything can be counted.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, struct.error),
    *(OSError, ValueError, OverflowError, MemoryError, IndexError),
)


@dataclass(frozen=True)
class Member:
    """A file in an archive: its path inside, to be shown and never to be written to, and its size unpacked."""

    name: str
    size: int
    number: int = field(default=-1, repr=False)  # its place in the archive: names may occur twice


class Archive:
    """An open .zip; a context manager.

    Attributes:
        left_out: what :meth:`members` does not list: "3 hidden files".
    """

    def __init__(self, path: Path) -> None:
        """Read the table of contents.

        Raises:
            SpriteError: if it is damaged, or lists more than an archive of pictures does.
            OSError: if the file cannot be read.
        """
        self._where = display_name(path)
        self._counted: set[int] = set()
        self._sizes = (0, 0)  # unpacked and packed, of the members that were read
        self._file = open(path, "rb")  # noqa: SIM115 - closed with the archive
        try:
            self._packed = os.fstat(self._file.fileno()).st_size
            check_directory(self._file, self._where, _MOST_DIRECTORY, _MOST_MEMBERS)
            self._infos, self._archive = self._open()
            self._members, self.left_out = _sorted_out(self._infos)
            pictures = [self._infos[one.number] for one in self._members if is_picture(one.name)]
            self._check(sum(one.file_size for one in pictures), sum(one.compress_size for one in pictures))
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()
        self._file.close()

    def members(self) -> list[Member]:
        """All files by name; folders, hidden files and those of other kinds of danger are left out and counted."""
        return list(self._members)

    def read(self, member: Member) -> bytes:
        """Unpack one member, of at most the size that it states.

        Raises:
            SpriteError: if it is damaged, encrypted, too large, or packed in a way that cannot be limited.
        """
        info = self._infos[member.number]
        title = f"{display_name(info.filename)} in {self._where}"
        if info.flag_bits & 0x1:
            raise SpriteError(f"{self._where} is encrypted. Unpack it with its password and give the folder.")
        if info.compress_type not in _METHODS:
            raise SpriteError(f"{title} is packed in a way that is not read. Save the archive as a plain .zip.")
        if info.file_size > _LARGEST_MEMBER:
            raise SpriteError(f"{title} is larger than {megabytes(_LARGEST_MEMBER)}. Cut it into several files.")
        if member.number not in self._counted:
            self._counted.add(member.number)
            self._sizes = (self._sizes[0] + info.file_size, self._sizes[1] + info.compress_size)
        self._check(*self._sizes)
        try:
            with self._archive.open(info) as file:
                data = file.read(info.file_size)
                # The checksum is looked at only at the very end.
                if len(data) != info.file_size or file.read(1):
                    raise EOFError("it is of another size than it says")
                return data
        except _DAMAGE as error:
            raise SpriteError(f"{title} is damaged ({_reason(error)}). Save or download the archive again.") from error

    def _open(self) -> tuple[list[zipfile.ZipInfo], zipfile.ZipFile]:
        try:
            archive = zipfile.ZipFile(self._file)
            return archive.infolist(), archive
        except _DAMAGE as error:
            raise SpriteError(
                f"{self._where} is a damaged archive ({_reason(error)}). Save or download it again."
            ) from error

    def _check(self, unpacked: int, packed: int) -> None:
        suspect = unpacked > _SUSPECT_UNPACKED and unpacked > _SUSPECT_RATIO * max(packed, 1)
        # Members that share their bytes are together larger than the file.
        if unpacked > _MOST_UNPACKED or suspect or packed > self._packed:
            raise SpriteError(
                f"{self._where} would unpack from {megabytes(min(packed, self._packed))} to {megabytes(unpacked)}: "
                "too much to be sprites. Not unpacked; if it is right, unpack it yourself and give the folder."
            )


def is_numpy_archive(path: Path) -> bool:
    """Whether an archive is an .npz by what it holds: arrays and no pictures. False if it is damaged.

    Raises:
        OSError: if the file cannot be read.
    """
    try:
        with Archive(path) as archive:
            names = [member.name for member in archive.members()]
    except SpriteError:
        return False
    return any(name.endswith(".npy") for name in names) and not any(map(is_picture, names))


def check_directory(file: BinaryIO, where: str, most_bytes: int, most_members: int | None = None) -> None:
    """Refuse a huge table of contents before zipfile reads all of it.

    Raises:
        SpriteError: if there is none, or it is longer than ``most_bytes`` or lists more than ``most_members``.
    """
    size = os.fstat(file.fileno()).st_size
    file.seek(max(0, size - 66_000))
    tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) - end < 22:
        raise SpriteError(f"{where} is cut short, or no archive at all. Save or download it again.")
    length = int.from_bytes(tail[end + 12 : end + 16], "little")
    wide = tail.rfind(b"PK\x06\x06", 0, end)
    if tail[: max(0, end - 16)].endswith(b"PK\x06\x07") and wide >= 0 and len(tail) - wide >= 48:
        length = max(length if length != 0xFFFFFFFF else 0, int.from_bytes(tail[wide + 40 : wide + 48], "little"))
    is_long = length > most_bytes
    if not is_long and most_members is not None:
        file.seek(max(0, size - len(tail) + end - length - 100))
        is_long = file.read(length + 100).count(b"PK\x01\x02") > most_members
    file.seek(0)
    if is_long:
        raise SpriteError(f"{where} lists far more members than an archive of sprites has. Not opened.")


def _sorted_out(infos: list[zipfile.ZipInfo]) -> tuple[list[Member], tuple[str, ...]]:
    """The members that may be read, by name, and how many others there are, by kind."""
    members, dropped = [], dict.fromkeys(_DROPPED, 0)
    for number, info in enumerate(infos):
        if info.is_dir():
            continue
        kind = next((kind for kind, holds in _DROPPED.items() if holds(info)), None)
        if kind is None:
            members.append(Member(_shown(info.filename), info.file_size, number))
        else:
            dropped[kind] += 1
    members.sort(key=lambda member: (member.name, member.number))
    return members, tuple(counted(count, kind, _PLURALS[kind]) for kind, count in dropped.items() if count)


def _parts(info: zipfile.ZipInfo) -> list[str]:
    return info.orig_filename.split("/")


_DROPPED: dict[str, Callable[[zipfile.ZipInfo], bool]] = {
    "file whose path points outside": lambda info: (
        any(c in info.orig_filename for c in "\\\0") or ".." in _parts(info) or info.orig_filename.startswith("/")
    ),
    "file nested too deep": lambda info: len(_parts(info)) > _DEEPEST,
    "hidden file": lambda info: any(part.startswith(".") or part == "__MACOSX" for part in _parts(info)),
    "link": lambda info: stat.S_ISLNK(info.external_attr >> 16),
}
_PLURALS = {
    "file whose path points outside": "files whose paths point outside",
    "file nested too deep": "files nested too deep",
    "hidden file": "hidden files",
    "link": "links",
}


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)


def _reason(error: BaseException) -> str:
    text = _shown(str(error).split("\n")[0])
    return text[:120] or "it cannot be unpacked"
