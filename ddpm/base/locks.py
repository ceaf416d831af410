"""Locks that are released when their holder ends, even if it was killed.

If the file system has its own locks (``flock``, or those of Windows), the system releases them. Some network and cloud
drives have none: there the holder writes a note of who it is, and others check whether its writer is still alive.
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
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
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
# Whether a process on another machine is alive is seen from the time of its note, which it keeps updating.
_SILENT_SECONDS = 120.0


class Lock:
    """An advisory lock with one holder at a time, among all processes on this machine or on the same drive.

    Its file ``path`` is created in an existing folder, and stays.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._release: Callable[[], None] | None = None

    def acquire(self, timeout: float = -1) -> Lock:
        """Take it; ``with`` or :meth:`release` releases it.

        Args:
            timeout: seconds to wait while another holds it; without limit if negative.

        Raises:
            TimeoutError: if another still holds it then.
            OSError: if no lock is possible there.
        """
        deadline = time.monotonic() + timeout
        while (release := _take(self.path)) is None:
            if timeout >= 0 and time.monotonic() >= deadline:
                raise TimeoutError(f"{self.path.name} is held by another program")
            time.sleep(_POLL_SECONDS)
        self._release = release
        return self

    def release(self) -> None:
        """Release it; does nothing if it is not held."""
        release, self._release = self._release, None
        if release is not None:
            release()

    def __enter__(self) -> Lock:
        if self._release is None:
            self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _take(path: Path) -> Callable[[], None] | None:
    """Become the holder, and return what releases the lock; None if there is another holder."""
    if fcntl is None:
        native = FileLock(path)
        try:
            native.acquire(timeout=0)
        except Timeout:
            return None
        return native.release
    # Another machine may use the same drive without the system's locks.
    if _has_living_note(path):
        return None
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return partial(os.close, handle)
    except OSError as error:
        os.close(handle)
        if error.errno in _HELD:
            return None
        if error.errno not in _NO_LOCKS:
            raise
    return _leave_note(path)


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock of a file, found out without creating or taking it.

    The check uses a shared lock, so that two who check at once do not see each other as holders.
    """
    if fcntl is None:
        try:
            if path.is_file():
                Lock(path).acquire(0).release()
        except TimeoutError:
            return True
        except OSError:
            pass
        return False
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
    """The folder beside a lock's file for its holder's note, used if the file system has no locks."""
    return path.with_name(f"{path.name}.holder")


# That folder appears with one note in it, or not at all. Each note has its own name, so nobody who removes the note of
# a dead holder can remove that of the next one.


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


def _leave_note(lock: Path) -> Callable[[], None] | None:
    """Become the holder by leaving a note, and return what removes it; None if there is another holder."""
    folder, token = notes_of(lock), secrets.token_hex(8)
    for old in _notes(lock):
        if not _is_alive(old):
            old.unlink(missing_ok=True)
    built = folder.with_name(f".{folder.name}.{token}.tmp")
    try:
        built.mkdir()
        replace_json(built / f"{token}.json", {**_location(), "pid": os.getpid(), "born": _start_time(os.getpid())})
        # A dead holder may have left an empty folder; one with a note cannot be removed this way.
        with contextlib.suppress(OSError):
            folder.rmdir()
        built.rename(folder)
    except OSError as error:
        # Another process was quicker, and may have finished by now.
        if error.errno in _TAKEN or _notes(lock):
            return None
        raise
    finally:
        shutil.rmtree(built, ignore_errors=True)
    note = _Note(folder / f"{token}.json", threading.Event())
    threading.Thread(target=note.keep_fresh, name=f"lock {lock.name}", daemon=True).start()
    return note.remove


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
    if isinstance(pid, int) and pid > 0 and _location().items() <= written.items():
        return _is_running(pid) and written.get("born") == _start_time(pid)
    try:
        return time.time() - note.stat().st_mtime < _SILENT_SECONDS
    except OSError:
        return False


def _location() -> dict[str, str]:
    """The machine and container to which a process number belongs."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return {"host": platform.node(), "space": space}


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


def _start_time(pid: int) -> str:
    """When a process began, since its number may be reused; empty if that is unknown or it has already ended."""
    try:
        # The second field is the program's name in brackets, and may itself contain spaces and brackets.
        facts = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        return "" if facts[0] in ("Z", "X") else facts[19]
    except (OSError, IndexError):
        return ""
