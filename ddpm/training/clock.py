"""How long training steps take."""

from __future__ import annotations

import time
from collections import deque


class Clock:
    """Time spent on training steps alone: pauses, previews and saving do not count.

    Args:
        seconds: spent before this start.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self._started: float | None = None
        self._recent: deque[tuple[float, int]] = deque(maxlen=50)

    def start(self) -> None:
        """A step begins."""
        self._started = time.perf_counter()

    def stop(self, images: int) -> None:
        """The step has ended; it saw so many images."""
        assert self._started is not None
        spent = time.perf_counter() - self._started
        self.seconds += spent
        self._recent.append((spent, images))

    def forget_rate(self) -> None:
        """The speed of earlier steps says nothing about the next ones."""
        self._recent.clear()

    def images_per_second(self) -> float | None:
        """Over the last 50 steps."""
        spent = sum(seconds for seconds, _ in self._recent)
        return sum(images for _, images in self._recent) / spent if spent else None

    def seconds_left(self, steps: int) -> float | None:
        """Time that ``steps`` more steps will take at the present speed."""
        spent = sum(seconds for seconds, _ in self._recent)
        return steps * spent / len(self._recent) if self._recent else None
