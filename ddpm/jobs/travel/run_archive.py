"""The zip of a run, read with suspicion: names, kinds and sizes are checked before anything is unpacked."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from typing import BinaryIO

from ddpm.base.text import display_name, megabytes
from ddpm.jobs.travel.contents import LARGEST, MOST_FILES, RUN_JSON, limit_of, step_in
from ddpm.runs.errors import RunError
from ddpm.runs.names import check_name, step_name
from ddpm.runs.step_files import CONFIG, MANIFEST, MODEL
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.picture_files.archives import check_directory

_MOST_DIRECTORY = 1 << 20
# Tables of numbers shrink to a twentieth.
_SUSPECT_UNPACKED, _SUSPECT_RATIO = 32 << 20, 100
# bzip2 and LZMA unpack without a limit.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, struct.error),
    *(OSError, ValueError, OverflowError, MemoryError, IndexError),
)


class RunArchive:
    """An exported run, of which every file lies below one folder with the run's name.

    Attributes:
        name: of the run, as a folder can have it on every system.
        step: the one whose weights it holds.
        names: its files, by their paths in the run folder.
    """

    def __init__(self, file: BinaryIO, where: str) -> None:
        """Read the table of contents.

        Args:
            file: open on a plain file; it stays open.
            where: what messages call it.

        Raises:
            RunError: if it is no exported run, whole and harmless as far as its table tells.
        """
        self._where = display_name(where)
        size = os.fstat(file.fileno()).st_size
        if size > LARGEST:
            raise self.refusal(f"it has {megabytes(size)}, and a run has at most {megabytes(LARGEST)}")
        try:
            check_directory(file, self._where, _MOST_DIRECTORY, MOST_FILES)
        except SpriteError:
            raise self.refusal("it is no zip file, cut short, or lists more files than a run has") from None
        try:
            self._archive = zipfile.ZipFile(file)
            infos = self._archive.infolist()
        except _DAMAGE as error:
            raise self._damaged(error) from error
        self.name, self._members = self._sorted(infos)
        self.names = tuple(self._members)
        self.step = self._only_step()
        self._check_sizes(size)

    def read(self, name: str) -> bytes:
        """Unpack one file, of at most the size that it states. Raises RunError if it is damaged."""
        info = self._members[name]
        try:
            with self._archive.open(info) as file:
                data = file.read(info.file_size)
                # The checksum is looked at only at the very end.
                if len(data) != info.file_size or file.read(1):
                    raise EOFError(f"{name} is of another size than it says")
                return data
        except _DAMAGE as error:
            raise self._damaged(error) from error

    def refusal(self, why: str) -> RunError:
        return RunError(
            f"{self._where} cannot be imported: {why}. Nothing was changed. Export the run again where it is, or "
            "download its file again."
        )

    def _damaged(self, error: BaseException) -> RunError:
        return self.refusal(f"it is damaged ({_shown(str(error)) or 'it cannot be unpacked'})")

    def _sorted(self, infos: list[zipfile.ZipInfo]) -> tuple[str, dict[str, zipfile.ZipInfo]]:
        """The name of the run, and its files; all of them must be known."""
        tops: set[str] = set()
        members: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            top, _, name = info.orig_filename.partition("/")
            limit = limit_of(name)
            # A name that zipfile changed, as it does with a null byte, is not the name that we look at.
            if limit is None or info.filename != info.orig_filename:
                raise self.refusal(f"it holds {_shown(info.orig_filename)!r}, which no exported run has")
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                raise self.refusal(f"its {name} is a link, or something else that is no file")
            tops.add(top)
            if len(tops) > 1:
                raise self.refusal("its files lie in several folders")
            if name in members:
                raise self.refusal(f"it holds {name} twice")
            if info.flag_bits & 0x1 or info.compress_type not in _METHODS:
                raise self.refusal(f"its {name} is encrypted, or packed in a way that is not read")
            if info.file_size > limit:
                raise self.refusal(f"its {name} has {megabytes(info.file_size)}, and at most {megabytes(limit)} can be")
            members[name] = info
        if not tops:
            raise self.refusal("it is empty")
        try:
            return check_name(tops.pop()), members
        except RunError as error:
            raise self.refusal(f"its folder {error}".rstrip(".")) from None

    def _only_step(self) -> int:
        steps = {step for step in map(step_in, self._members) if step is not None}
        if len(steps) != 1:
            raise self.refusal(f"it holds the weights of {len(steps)} steps, and should hold those of one")
        (step,) = steps
        needed = [RUN_JSON, *(f"steps/{step_name(step)}/{name}" for name in (MODEL, CONFIG, MANIFEST))]
        if missing := [name for name in needed if name not in self._members]:
            raise self.refusal(f"its {missing[0]} is missing")
        return step

    def _check_sizes(self, size: int) -> None:
        unpacked = sum(info.file_size for info in self._members.values())
        packed = sum(info.compress_size for info in self._members.values())
        suspect = unpacked > _SUSPECT_UNPACKED and unpacked > _SUSPECT_RATIO * max(packed, 1)
        # Members that share their bytes are together larger than the file.
        if unpacked > LARGEST or suspect or packed > size:
            raise self.refusal(
                f"it would unpack from {megabytes(min(packed, size))} to {megabytes(unpacked)}, which no run does"
            )


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text.split("\n")[0])[:120]
