"""How many steps a training has, by what was asked for: one rule for the run and for whoever announces it."""

from __future__ import annotations

import math

_MOST_STEPS = 10**9
_MOST_AMOUNT = 10**12


def steps_for(unit: str, amount: float, rows: int, batch_size: int, seconds_per_step: float) -> int:
    """The total number of steps.

    Args:
        unit: "steps", "epochs" (passes over all rows) or "minutes".
        amount: how many of them, above 0.
        rows: sprites to train on, repeats included.
        batch_size: sprites per step.
        seconds_per_step: used for minutes alone.
    """
    amount = min(amount, _MOST_AMOUNT)
    if unit == "steps":
        steps = int(amount)
    elif unit == "epochs":
        steps = math.ceil(amount * rows / batch_size)
    else:
        steps = max(1, round(amount * 60 / seconds_per_step))
    return min(_MOST_STEPS, steps)
