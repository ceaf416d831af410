"""Where a reader puts its arrays: files in a folder of ours, or memory when no folder can be written."""

from __future__ import annotations

import contextlib
import errno
import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.base.text import megabytes
from ddpm.sprites.errors import SpriteError

MEMORY_LIMIT = 256 << 20
_FULL = {errno.ENOSPC, errno.EFBIG, errno.EDQUOT}


class ArrayStoreError(Exception):
    """A folder of ours cannot be written, whatever the state of the source that is being read."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(f"{folder}: {error.strerror or error}")
        self.folder = folder
        self.full = error.errno in _FULL


class ArrayStore:
    """Stores arrays by name: as ``<name>.npy`` in ``folder``, or in memory if ``folder`` is None.

    Args:
        reason: why no folder can be used; part of the message when the data is too large for memory.
    """

    def __init__(self, folder: Path | None, reason: str = "") -> None:
        self.folder = folder
        self._reason = reason

    def put(
        self,
        name: str,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        blocks: Iterable[bytes | np.ndarray],
        fortran: bool = False,
    ) -> np.ndarray:
        """Write ``blocks``, the array's bytes in order, and return the whole as a read-only array.

        It is written with ``write`` and only then mapped: a full disk under a writable map kills the process.

        Raises:
            SpriteError: if the array is too large for memory, and memory is all there is.
            ArrayStoreError: if the folder cannot be written.
            ValueError: if the blocks hold more or fewer bytes than the shape needs.
        """
        size = math.prod(shape) * dtype.itemsize
        if self.folder is None:
            return self._put_in_memory(shape, dtype, blocks, fortran, size)
        path = self.folder / f"{name}.npy"
        written = 0
        with self._writing():
            file = open(path, "wb", buffering=0)  # noqa: SIM115 - closed below; only our own writes are guarded here
        with file:
            with self._writing():
                header = {"descr": dtype.str, "fortran_order": fortran, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
            for block in blocks:  # reads the source, whose errors are not ours
                view = _as_bytes(block)
                written += len(view)
                if written > size:
                    break
                with self._writing():
                    while view:
                        view = view[file.write(view) :]
            with self._writing():
                os.fsync(file.fileno())
        if written != size:
            raise ValueError(f"{name}: {written} bytes came where {size} were expected")
        return np.load(path, mmap_mode="r", allow_pickle=False)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Report what fails inside as a fault of our folder, not of the source."""
        assert self.folder is not None
        try:
            yield
        except OSError as error:
            raise ArrayStoreError(self.folder, error) from error

    def remove(self, name: str) -> None:
        """Delete an array that is no longer needed; existing maps of it stay valid."""
        if self.folder is not None:
            (self.folder / f"{name}.npy").unlink(missing_ok=True)

    def _put_in_memory(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        blocks: Iterable[bytes | np.ndarray],
        fortran: bool,
        size: int,
    ) -> np.ndarray:
        if size > MEMORY_LIMIT:
            raise SpriteError(
                f"This data takes {megabytes(size)}, too much to keep in memory, and there is no folder to keep it in: "
                f"{self._reason} Set the environment variable DDPM_HOME to a folder that you can write to."
            )
        buffer = np.empty(size, np.uint8)
        written = 0
        for block in blocks:
            view = np.frombuffer(_as_bytes(block), np.uint8)
            if written + len(view) > size:
                raise ValueError(f"more bytes came than the {size} that were expected")
            buffer[written : written + len(view)] = view
            written += len(view)
        if written != size:
            raise ValueError(f"{written} bytes came where {size} were expected")
        array = buffer.view(dtype).reshape(shape, order="F" if fortran else "C")
        array.flags.writeable = False
        return array


def _as_bytes(block: bytes | np.ndarray) -> memoryview:
    if isinstance(block, np.ndarray):
        return np.ascontiguousarray(block).reshape(-1).view(np.uint8).data
    return memoryview(block)
