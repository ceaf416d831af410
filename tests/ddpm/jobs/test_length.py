"""How many steps a training has."""

from __future__ import annotations

import pytest

from ddpm.jobs.length import steps_for


@pytest.mark.parametrize(
    ("unit", "amount", "steps"),
    [
        ("steps", 40, 40),
        ("steps", 1e300, 10**9),
        ("epochs", 2, 26),
        ("epochs", 0.01, 1),
        ("epochs", 1e300, 10**9),
        ("minutes", 2, 480),
        ("minutes", 0.001, 1),
        ("minutes", 1e300, 10**9),
    ],
)
def test_the_rule(unit: str, amount: float, steps: int) -> None:
    assert steps_for(unit, amount, rows=101, batch_size=8, seconds_per_step=0.25) == steps
