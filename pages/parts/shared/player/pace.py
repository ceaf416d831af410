"""Now and then: how often a page that is busy computing tells the browser about it."""

from __future__ import annotations

import time


class Pace:
    """Lets something happen at most every so often.

    Args:
        seconds: at least so many between two times.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = -float("inf")

    def is_due(self) -> bool:
        """Whether it is time again; if so, the next time is counted from now."""
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True
