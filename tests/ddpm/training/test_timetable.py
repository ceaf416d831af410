"""How far a training is at each step."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from ddpm.training.learning_rate import learning_rate_at
from ddpm.training.recipes import RECIPES
from ddpm.training.timetable import Stretch, Timetable

FAST = RECIPES["fast"]


def timed(durations: np.ndarray, minutes: float, every: int = 1) -> Timetable:
    """By the clock, of steps that take so long; float64 (steps,), seconds. It is read after each ``every`` steps."""
    gone = np.concatenate([[0.0], np.cumsum(durations)])
    stretches = [Stretch(0, minutes=minutes)]
    for step in range(every, len(durations), every):
        stretches.append(Stretch(step, None, minutes, float(gone[step]), float(durations[step - 1])))
    return Timetable(stretches)


def rates(table: Timetable, steps: int) -> np.ndarray:
    return np.array([learning_rate_at(FAST, step, table.total_steps(step)) for step in range(steps)])


@pytest.mark.parametrize("total", [1, 2, 31, 700, 4400])
def test_steps_that_take_equally_long_are_those_of_a_number_of_steps(total: int) -> None:
    table = timed(np.full(total, 480 / total), 8.0)
    fixed = Timetable.of_steps(total)
    assert fixed.end == total
    assert table.end == math.inf
    assert {fixed.total_steps(step) for step in range(total)} == {total}
    assert [table.total_steps(step) for step in range(1, total)] == [total] * (total - 1)
    assert rates(table, total)[1:] == pytest.approx(rates(fixed, total)[1:])
    assert [fixed.steps_alike(step) for step in range(total)] == list(range(total))
    assert [table.steps_alike(step) for step in range(total)] == pytest.approx(list(range(total)))
    assert table.last.forecast() in (total, None if total == 1 else total)


@pytest.mark.parametrize(("first", "second"), [(600, 60), (60, 600)], ids=["slowed", "quickened"])
def test_the_rate_falls_with_the_time(first: int, second: int) -> None:
    durations = np.repeat([240 / first, 240 / second], [first, second])
    table = timed(durations, 8.0)
    share = np.concatenate([[0.0], np.cumsum(durations)[:-1]]) / 480
    found = rates(table, first + second)
    late = share > 0.5
    # The warm-up takes at most a fifth; after it the cosine begins.
    earliest, latest = (np.cos(np.pi * x) for x in ((share[late] - 0.2) / 0.8, share[late]))
    # Whole steps of warm-up and length: a hundredth.
    assert np.all(found[late] / FAST.learning_rate >= 0.5 * (1 + latest) - 0.01)
    assert np.all(found[late] / FAST.learning_rate <= 0.5 * (1 + earliest) + 0.01)
    assert found[-1] < 0.01 * FAST.learning_rate
    # What counts in the average is the last part of the time.
    assert table.steps_alike(first + second - 1) == pytest.approx(2 * second, rel=0.02)


def test_what_is_decided_once_stays() -> None:
    """A forecast that crosses a bound must not switch dropout off and on."""
    durations = np.repeat([0.1, 0.4], [2000, 700])
    table = timed(durations, 8.0, every=10)
    assert table.total_steps(1700) > FAST.dropout_min_steps > table.total_steps(2690)
    dropout = [FAST.dropout_at(step, table.settled_total_steps(step, FAST.dropout_start)) for step in range(2700)]
    begun = dropout.index(FAST.dropout)
    assert begun == pytest.approx(1600, abs=10)
    assert set(dropout[begun:]) == {FAST.dropout}
    never = timed(np.repeat([0.4, 0.05], [500, 5600]), 8.0, every=10)
    assert never.total_steps(6000) > FAST.dropout_min_steps
    assert not any(FAST.dropout_at(s, never.settled_total_steps(s, FAST.dropout_start)) for s in range(6100))
    # A longer length is another decision.
    never.add(Stretch(6100, None, 12.0, 480.0, 0.05))
    assert FAST.dropout_at(6100, never.settled_total_steps(6100, FAST.dropout_start)) == FAST.dropout


def test_a_stretch_replaces_what_came_later() -> None:
    table = Timetable([Stretch(0, 100), Stretch(40, minutes=2.0), Stretch(60, minutes=2.0, seconds=80.0)])
    assert table.at(39).total_steps == 100
    assert table.at(1000).seconds == 80
    table.add(Stretch(50, 70))
    assert [stretch["step"] for stretch in table.to_list()] == [0, 40, 50]
    assert table.end == 70
    table.add(Stretch(0, 9))
    assert table.to_list() == Timetable.of_steps(9).to_list()


def test_no_more_than_all_of_the_time_is_gone() -> None:
    stretch = Stretch(10, minutes=1.0, seconds=50.0, seconds_per_step=4.0)
    assert [stretch.seconds_at(step) for step in (10, 12, 13, 100)] == [50, 58, 60, 60]
    assert stretch.share(100) == 1
    assert Stretch(3, minutes=1e300, seconds_per_step=1e-300).forecast() == 10**9 + 3


@pytest.mark.parametrize("stretch", [Stretch(0, 7), Stretch(3, minutes=0.1), Stretch(9, None, 8.0, 1 / 3, 0.1 + 0.2)])
def test_a_stretch_survives_json(stretch: Stretch) -> None:
    """To the last bit: a training that goes on computes with it again."""
    written = json.loads(json.dumps({**stretch.to_dict(), "start": "other keys"}))
    assert Stretch.from_dict(written) == stretch


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"step": 1},
        {"step": -1, "minutes": 2},
        {"step": 1, "minutes": 0},
        {"step": 1, "minutes": 2, "total_steps": 3},
        {"step": 1, "minutes": "2"},
        {"step": 1, "minutes": 2, "seconds": -1},
        {"step": 1.5, "total_steps": 3},
        {"step": 1, "total_steps": True},
    ],
)
def test_what_is_no_stretch_is_told(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not a stretch"):
        Stretch.from_dict(values)
