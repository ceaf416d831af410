"""What is due when: decided without a training."""

from __future__ import annotations

import pytest

from ddpm.jobs.timing.cadence import Cadence, ClockCadence, Due, preview_steps
from ddpm.jobs.timing.length import Length
from ddpm.training.clock import Clock
from ddpm.training.timetable import Stretch, Timetable

TOTALS = [1, 7, 24, 499, 500, 1000, 1600, 3330, 4400, 21_700, 100_000]


@pytest.mark.parametrize("total", TOTALS)
def test_every_saved_step_is_measured(total: int) -> None:
    """So that the best by held-out loss can be told, and the curve has points, whatever the length."""
    cadence = Cadence(total)
    due = {step: cadence.after(step) for step in range(1, total + 1)}
    saved = [step for step, what in due.items() if what.save]
    assert all(due[step].log for step in saved)
    assert saved[-1] == total
    assert len(saved) >= min(8, total // 10)
    assert 1 <= sum(what.log for what in due.values()) <= 4100
    assert [step for step, what in due.items() if what.last] == [total]
    assert [step for step, what in due.items() if what.preview] == sorted(preview_steps(total))


def test_the_steps_of_a_short_training() -> None:
    due = {step: Cadence(24).after(step) for step in range(1, 25)}
    assert [step for step, what in due.items() if what.save] == [10, 20, 24]
    assert all(what.log for what in due.values())
    assert due[24].finished
    assert not due[20].finished


def test_a_stop_saves_and_ends() -> None:
    due = Cadence(1000).after(13, stopping=True, check_fits=True)
    assert (due.log, due.save, due.last, due.finished) == (True, True, True, False)
    assert not due.check, "whoever stops a training does not want to wait"
    assert not due.preview
    assert Cadence(1000).after(1000, stopping=True).finished


def test_a_self_check_follows_a_saved_step() -> None:
    cadence = Cadence(1000)
    assert not cadence.after(120, check_fits=True).check
    assert cadence.after(130, check_fits=True).check
    assert not cadence.after(130).check
    assert cadence.after(1000).check, "the last one is always taken"
    assert cadence.after(1000, stopping=True).check


def test_the_first_step_saved_after_each_so_many_is_kept() -> None:
    cadence = Cadence(70, keep_every=20)
    kept, saved = [], 0
    for step in range(1, 71):
        if cadence.after(step).save:
            if cadence.keeps(step, saved):
                kept.append(step)
            saved = step
    assert kept == [20, 40, 60]
    assert cadence.keeps(25, saved=19)
    assert not cadence.keeps(39, saved=25)
    assert not Cadence(70).keeps(20, saved=10)


def test_previews_come_often_at_first() -> None:
    assert preview_steps(24) == {24}
    steps = sorted(preview_steps(8000))
    assert steps[:5] == [25, 50, 100, 200, 400]
    assert steps[-1] == 8000
    assert len(steps) < 40


class Timed(Length):
    """A length by a clock that is told what each step takes."""

    def __init__(self, minutes: float) -> None:
        super().__init__(Timetable([Stretch(0, minutes=minutes)]), Clock(), 0)

    def after(self, step: int, seconds: float) -> None:
        self._step, self._gone = step, self._gone + seconds


def by_the_clock(durations: list[float], minutes: float) -> dict[int, Due]:
    length = Timed(minutes)
    cadence = ClockCadence(length, 0)
    due: dict[int, Due] = {}
    for step, seconds in enumerate(durations, 1):
        length.after(step, seconds)
        due[step] = cadence.after(step)
        length.timetable.add(Stretch(step, None, minutes, length._gone, seconds))
        if due[step].last:
            break
    return due


@pytest.mark.parametrize(
    ("durations", "steps"),
    [([15.0] * 100, 32), ([0.1] * 10_000, 4800), ([0.1] * 2400 + [1.0] * 1000, 2640)],
    ids=["few", "many", "slowed"],
)
def test_by_the_clock_all_is_due_as_often(durations: list[float], steps: int) -> None:
    due = by_the_clock(durations, 8.0)
    assert list(due)[-1] == pytest.approx(steps, abs=1)
    saved = [step for step, what in due.items() if what.save]
    assert all(due[step].log for step in saved)
    assert min(3, len(due) // 10) <= len(saved) <= 20
    assert due[len(due)].finished
    previews = [step for step, what in due.items() if what.preview]
    assert previews[-1] == len(due)
    # A preview costs as much as a few steps.
    assert len(previews) <= max(2, min(30, len(due) // 20))
    assert 1 <= sum(what.log for what in due.values()) <= 600


def test_a_stop_by_the_clock_saves_and_ends() -> None:
    length = Timed(8.0)
    length.after(13, 60.0)
    due = ClockCadence(length, 12, keep_every=10).after(13, stopping=True, check_fits=True)
    assert (due.log, due.save, due.last, due.finished, due.check) == (True, True, True, False, False)
