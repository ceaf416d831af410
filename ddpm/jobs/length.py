"""The number of steps of a training of a given length; used for the run and for its estimate on a page."""

from __future__ import annotations

import math

_MOST_STEPS = 10**9
_MOST = 1e12


def steps_for(unit: str, amount: float, rows: int, batch_size: int, seconds_per_step: float) -> int:
    """The steps of a training whose length is given in some unit.

    Args:
        unit: "steps", "epochs" (passes over all rows, rounded up to whole steps) or "minutes".
        rows: rows per epoch; used for epochs only.
        batch_size: rows per step, over all processes; used for epochs only.
        seconds_per_step: used for minutes only.

    Raises:
        ValueError: for an unknown unit.
    """
    if unit == "steps":
        return min(_MOST_STEPS, int(amount))
    amount = min(amount, _MOST)
    if unit == "epochs":
        return min(_MOST_STEPS, math.ceil(amount * rows / batch_size))
    if unit == "minutes":
        return max(1, min(_MOST_STEPS, round(amount * 60 / seconds_per_step)))
    raise ValueError(f"a length is in steps, epochs or minutes, not in {unit}")
