"""How often a page that is busy computing sends something to the browser."""

from __future__ import annotations

import time


class Pace:
    """Limits how often something happens: at least ``seconds`` lie between two times."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._last = -float("inf")

    def is_due(self) -> bool:
        """Whether enough time has passed; if so, the next interval begins now."""
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True
