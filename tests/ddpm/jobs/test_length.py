"""The length of a training in steps."""

from __future__ import annotations

import pytest

from ddpm.jobs.length import steps_for


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
