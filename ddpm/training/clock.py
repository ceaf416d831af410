"""How long training steps take."""

from __future__ import annotations

import time
from collections import deque


class Clock:
    """Time spent on training steps alone: pauses, previews and saving do not count.

    Args:
        seconds: spent before, where a training is resumed.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self._started: float | None = None
        self._recent: deque[tuple[float, int]] = deque(maxlen=50)

    def start(self) -> None:
        """Call this when a step begins."""
        self._started = time.perf_counter()

    def stop(self, images: int) -> None:
        """Call this when the step has ended; it saw ``images`` images."""
        assert self._started is not None
        spent = time.perf_counter() - self._started
        self.seconds += spent
        self._recent.append((spent, images))

    def forget_rate(self) -> None:
        """Call this when later steps will have another speed than earlier ones."""
        self._recent.clear()

    def images_per_second(self) -> float | None:
        """Over the last 50 steps."""
        spent = sum(seconds for seconds, _ in self._recent)
        return sum(images for _, images in self._recent) / spent if spent else None

    def seconds_left(self, steps: int) -> float | None:
        """Time that ``steps`` more steps will take at the present speed."""
        spent = sum(seconds for seconds, _ in self._recent)
        return steps * spent / len(self._recent) if self._recent else None


class Stopwatch:
    """Seconds that have passed while it ran.

    Args:
        seconds: what it shows at first; it stands still until it is started.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self._before = seconds
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """What it shows."""
        return self._before + (0.0 if self._since is None else time.perf_counter() - self._since)

    def start(self, seconds: float | None = None) -> None:
        """Let it run on from ``seconds``, or from what it shows."""
        self._before = self.seconds if seconds is None else seconds
        self._since = time.perf_counter()

    def stop(self) -> None:
        """Let it stand still."""
        self._before, self._since = self.seconds, None
