"""Locks that end with their holder, however it ended: after a kill nothing stays locked.

Where the file system has locks of its own (``flock``, or those of Windows), the system releases them. Some network and
cloud drives have none: there the holder leaves a note of who it is, and whoever finds a note checks whether its writer
is still alive.
"""

from __future__ import annotations

import contextlib
import errno
import os
import platform
import secrets
import shutil
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from ddpm.base.files import read_json, replace_json

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_POLL_SECONDS = 0.05
_HELD = {errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK}
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}
_TAKEN = {errno.ENOTEMPTY, errno.EEXIST}
_REFRESH_SECONDS = 20.0
# Whether a process of another machine is alive cannot be asked; as long as it is, it touches its note.
_SILENT_SECONDS = 120.0


class Lock:
    """An advisory lock with one holder at a time, among all processes on this machine or on the same drive.

    Args:
        path: the lock's file; it is created, and stays. Its folder has to exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None
        self._native: FileLock | None = None
        self._note: _Note | None = None

    def acquire(self, timeout: float = -1) -> Lock:
        """Take it; ``with`` or :meth:`release` lets it go.

        Args:
            timeout: seconds to wait while another holds it; for ever if negative.

        Raises:
            TimeoutError: if another still holds it then.
            OSError: if no lock is possible there.
        """
        deadline = time.monotonic() + timeout
        while not self._try():
            if timeout >= 0 and time.monotonic() >= deadline:
                raise TimeoutError(f"{self.path.name} is held by another program")
            time.sleep(_POLL_SECONDS)
        return self

    def release(self) -> None:
        """Let it go; nothing happens if it is not held."""
        handle, native, note = self._handle, self._native, self._note
        self._handle = self._native = self._note = None
        if handle is not None:
            os.close(handle)
        if native is not None:
            native.release()
        if note is not None:
            note.remove()

    def __enter__(self) -> Lock:
        if self._handle is None and self._native is None and self._note is None:
            self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _try(self) -> bool:
        if fcntl is None:
            return self._try_native()
        # Another machine may use the same drive without the system's locks.
        if _has_living_note(self.path):
            return False
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._handle, handle = handle, -1
            return True
        except OSError as error:
            if error.errno in _HELD:
                return False
            if error.errno not in _NO_LOCKS:
                raise
        finally:
            if handle >= 0:
                os.close(handle)
        self._note = _leave_note(self.path)
        return self._note is not None

    def _try_native(self) -> bool:
        lock = FileLock(self.path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        self._native = lock
        return True


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock of a file, found out without creating or taking it.

    Whoever asks holds a shared lock for an instant, so that nobody who asks is mistaken for a holder.
    """
    if fcntl is None:
        return path.is_file() and _is_held_natively(path)
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return True
    finally:
        os.close(handle)
    return _has_living_note(path)


def notes_of(path: Path) -> Path:
    """The folder beside a lock's file that holds its holder's note, where the file system has no locks."""
    return path.with_name(f"{path.name}.holder")


def _is_held_natively(path: Path) -> bool:
    try:
        with FileLock(path).acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


# Notes: a folder that appears complete with one note in it, or not at all. Each note has its own name, so whoever
# removes the note of a dead holder can never remove that of the next one.


@dataclass(frozen=True)
class _Note:
    path: Path
    done: threading.Event

    def remove(self) -> None:
        self.done.set()
        with contextlib.suppress(OSError):
            self.path.unlink()
            self.path.parent.rmdir()

    def keep_fresh(self) -> None:
        while not self.done.wait(_REFRESH_SECONDS):
            with contextlib.suppress(OSError):
                os.utime(self.path)


def _leave_note(lock: Path) -> _Note | None:
    """Become the holder by leaving a note; None if there is another holder."""
    folder, token = notes_of(lock), secrets.token_hex(8)
    for old in _notes(lock):
        if not _is_alive(old):
            old.unlink(missing_ok=True)
    built = folder.with_name(f".{folder.name}.{token}.tmp")
    try:
        built.mkdir()
        replace_json(built / f"{token}.json", {**_whereabouts(), "pid": os.getpid(), "born": _born(os.getpid())})
        # Fails unless it is empty, as dead holders leave it.
        with contextlib.suppress(OSError):
            folder.rmdir()
        built.rename(folder)
    except OSError as error:
        # Another process was quicker; it may have finished by now.
        if error.errno in _TAKEN or _notes(lock):
            return None
        raise
    finally:
        shutil.rmtree(built, ignore_errors=True)
    note = _Note(folder / f"{token}.json", threading.Event())
    threading.Thread(target=note.keep_fresh, name=f"lock {lock.name}", daemon=True).start()
    return note


def _notes(lock: Path) -> list[Path]:
    try:
        return [entry for entry in notes_of(lock).iterdir() if entry.suffix == ".json"]
    except OSError:
        return []


def _has_living_note(lock: Path) -> bool:
    return any(_is_alive(note) for note in _notes(lock))


def _is_alive(note: Path) -> bool:
    try:
        written = read_json(note, 1 << 16)
    except FileNotFoundError:
        return False
    except (OSError, ValueError):
        written = {}
    pid = written.get("pid")
    if isinstance(pid, int) and pid > 0 and _whereabouts().items() <= written.items():
        return _lives(pid) and written.get("born") == _born(pid)
    try:
        return time.time() - note.stat().st_mtime < _SILENT_SECONDS
    except OSError:
        return False


def _whereabouts() -> dict[str, str]:
    """The machine and container within which a process number means that process."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return {"host": platform.node(), "space": space}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _born(pid: int) -> str:
    """When a process began, in the system's own count, since its number may be used again. Empty if that is unknown,
    or if it has ended and its parent has not noticed yet.
    """
    try:
        # The program's name, in brackets, may contain anything.
        facts = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return "" if facts[0] in ("Z", "X") else facts[19]
    except (OSError, IndexError):
        return ""
