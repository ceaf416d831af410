"""Timing in turns, so that other work of the machine slows all compared functions equally."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def in_turn(contenders: dict[str, Callable[[], object]], rounds: int, calls: int = 1) -> dict[str, float]:
    """Median seconds per call of each function, over ``rounds`` turns of ``calls`` calls, after a turn to warm up."""
    times: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(rounds + 1):
        for name, call in contenders.items():
            began = time.perf_counter()
            for _ in range(calls):
                call()
            if turn:
                times[name].append((time.perf_counter() - began) / calls)
    return {name: statistics.median(values) for name, values in times.items()}
