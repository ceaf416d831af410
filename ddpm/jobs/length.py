"""How many steps a training of a given length has: one rule for the run and for whoever announces it."""

from __future__ import annotations

import math

_MOST_STEPS = 10**9
_MOST = 1e12


def steps_for(unit: str, amount: float, rows: int, batch_size: int, seconds_per_step: float) -> int:
    """The steps of a training whose length was asked for in some unit.

    Args:
        unit: "steps", "epochs" (passes over all rows, the last step completing them) or "minutes".
        rows: what one epoch consists of; read for epochs alone.
        batch_size: rows per step, over all processes; read for epochs alone.
        seconds_per_step: read for minutes alone.

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
