"""The length of a training in steps."""

from __future__ import annotations

import pytest

from ddpm.jobs.timing.length import steps_for, too_few_steps
from ddpm.training.recipes import RECIPES


@pytest.mark.parametrize(
    ("unit", "amount", "steps"),
    [
        ("steps", 7, 7),
        ("steps", 10**12, 10**9),
        ("epochs", 1, 2),
        ("epochs", 0.01, 1),
        ("epochs", 64, 100),
        ("epochs", 1e300, 10**9),
        ("minutes", 1, 120),
        ("minutes", 0.001, 1),
        ("minutes", 1e300, 10**9),
    ],
)
def test_a_length_in_steps(unit: str, amount: float, steps: int) -> None:
    assert steps_for(unit, amount, rows=100, batch_size=64, seconds_per_step=0.5) == steps


def test_an_unknown_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="hours"):
        steps_for("hours", 1, 100, 64, 0.5)


def test_a_full_machine_is_told() -> None:
    fast = RECIPES["fast"]
    assert too_few_steps(fast, fast.least_steps, 8) == ""
    told = too_few_steps(fast, 31, 8)
    assert told.startswith("Too few steps to learn: 31 in 8 minutes.")
    assert "before about 300" in told
    assert "about 78 minutes" in told
    assert "about 40 hours" in too_few_steps(fast, 1, 8)
    assert "1 in 0.5 minutes" in too_few_steps(fast, 1, 0.5)
