"""What is due when: decided without a training."""

from __future__ import annotations

import pytest

from ddpm.jobs.cadence import Cadence, preview_steps

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
