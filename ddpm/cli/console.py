"""Progress on standard error: a bar on a terminal, else a plain line every ten seconds."""

from __future__ import annotations

import io
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from ddpm.base.text import roughly
from ddpm.jobs.recorder import Progress

T = TypeVar("T")
_SECONDS_PER_LINE = 10.0


class ProgressPrinter:
    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._full, self._empty = "━─" if _can_print("━─") else "#-"
        self._drawn = 0.0
        self._last: tuple[int, str] | None = None
        self._open = False

    def show(
        self, done: int, total: int, text: str, *, now: bool = False, share: float | None = None, about: str = ""
    ) -> None:
        """Draw the bar or print a line, but not too often unless ``now``.

        Args:
            share: of the bar that is full; by default as much as is done.
            about: in place of a total that is not sure.
        """
        pause = 0.1 if self._terminal else _SECONDS_PER_LINE
        if not now and time.monotonic() - self._drawn < pause:
            return
        if (done, text) == self._last:
            return
        self._drawn, self._last = time.monotonic(), (done, text)
        if not self._terminal:
            print(f"{done}/{about or total} {text}", file=sys.stderr, flush=True)
            return
        width = shutil.get_terminal_size().columns
        filled = round(24 * (done / max(1, total) if share is None else share))
        line = f"{self._full * filled}{self._empty * (24 - filled)} {done}/{about or total} {text}"
        print("\r" + line[: width - 1].ljust(width - 1), end="", file=sys.stderr, flush=True)
        self._open = True

    def message(self, text: str) -> None:
        """Print a line above the bar."""
        self.close()
        print(text, file=sys.stderr, flush=True)

    def close(self) -> None:
        if self._open:
            print(file=sys.stderr)
            self._open = False

    def training(self, progress: Progress) -> None:
        """A watcher for :func:`ddpm.jobs.job.run_training`."""
        if progress.message:
            self.message(progress.message)
            return
        parts = []
        if progress.loss is not None:
            parts.append(f"loss {progress.loss:.4f}")
        if progress.images_per_second:
            parts.append(f"{progress.images_per_second:.0f} images/s")
        if progress.seconds_left:
            parts.append(f"{duration(progress.seconds_left)} left")
        if parts:
            last = progress.step == progress.total_steps and not progress.minutes
            about = roughly(progress.total_steps) if progress.minutes else ""
            self.show(
                progress.step, progress.total_steps, " · ".join(parts), now=last, share=progress.share, about=about
            )


def print_anything() -> None:
    """Print characters that an output's encoding lacks as escapes, instead of failing."""
    for output in (sys.stdout, sys.stderr):
        if isinstance(output, io.TextIOWrapper):
            output.reconfigure(errors="backslashreplace")


def _can_print(text: str) -> bool:
    try:
        text.encode(getattr(sys.stderr, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def with_progress(steps: Iterable[T], total: int, text: str) -> Iterator[T]:
    """Yield the steps, and show how many there have been."""
    printer = ProgressPrinter()
    try:
        for done, step in enumerate(steps):
            printer.show(done, total, text)
            yield step
    finally:
        printer.close()


def duration(seconds: float) -> str:
    """A time for people: 45 s, 7 min, 2 h 05 min."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
