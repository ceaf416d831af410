"""How long a training is, in steps or by the clock, and what that comes to on this machine."""

from __future__ import annotations

import math
import time

import numpy as np

from ddpm.base import hardware
from ddpm.base.text import counted
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.jobs.control import QUIET, Context
from ddpm.sprites import SpriteDataset
from ddpm.training.clock import Clock, Stopwatch
from ddpm.training.loop import new_state, train
from ddpm.training.recipes import Recipe
from ddpm.training.timetable import Stretch, Timetable

_MOST_STEPS = 10**9
_MOST = 1e12
_WARM_STEPS = 3
_MOST_TIMING_SECONDS = 10.0  # on a busy machine a rough result soon is better than a good one in minutes
# A training by the clock reads it so often, or at every step if steps take longer.
_READINGS = 500


def steps_for(unit: str, amount: float, rows: int, batch_size: int, seconds_per_step: float = 0.0) -> int:
    """The steps of a training whose length is given in some unit.

    Args:
        unit: "steps", "epochs" (passes over all rows, rounded up to whole steps) or "minutes", for which it is a
            forecast.
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


def too_few_steps(
    recipe: Recipe, steps: int, minutes: float, why: str = "This recipe draws nothing that can be recognised"
) -> str:
    """In words, that a time is too short to learn anything on this machine as busy as it is; empty if it is not.

    Args:
        steps: that fit into the minutes.
        why: what holds before ``recipe.least_steps``.
    """
    if steps >= recipe.least_steps:
        return ""
    return (
        f"Too few steps to learn: {steps:,} in {counted_minutes(minutes)}. {why} before about "
        f"{recipe.least_steps:,}. Close other programs, or give it longer: about "
        f"{counted_minutes(math.ceil(minutes * recipe.least_steps / steps))} as busy as this computer is now."
    )


def counted_minutes(minutes: float) -> str:
    """A number of minutes in words: 1 minute, 8 minutes, 0.5 minutes; many of them as hours."""
    if minutes >= 180:
        return f"{minutes / 60:,.3g} hours"
    return counted(round(minutes), "minute") if minutes == round(minutes) else f"{minutes:,.4g} minutes"


def length_of(asked: dict[str, float], rows: int, batch_size: int) -> Stretch:
    """A length as the first stretch of a training.

    Args:
        asked: an amount by its unit, as in ``run.json``.
        rows, batch_size: see :func:`steps_for`.
    """
    ((unit, amount),) = asked.items()
    if unit == "minutes":
        return Stretch(0, minutes=min(amount, _MOST))
    return Stretch(0, steps_for(unit, amount, rows, batch_size))


class Length:
    """How long a training is, and how much of that is gone.

    By the clock all of its time counts, also drawing and saving, but not pauses and what follows its last step.

    Args:
        timetable: what was written down; its last stretch has the training's present length.
        clock: of its steps.
        step: steps made before this start. Where the timetable goes on beyond it, a kill has lost steps: they are made
            again as it says, and after them the time goes on.
    """

    def __init__(self, timetable: Timetable, clock: Clock, step: int) -> None:
        self.timetable = timetable
        self._clock = clock
        self._step = step
        self._is_again = step < timetable.last.step
        self._watch = Stopwatch(timetable.last.seconds_at(step))
        # Read once a step, so that all that is decided after it agrees.
        self._gone = timetable.at(step).seconds_at(step)

    @property
    def minutes(self) -> float | None:
        """None for a length in steps."""
        return self.timetable.last.minutes

    def go_on(self) -> None:
        """Call this before the first step, and after a pause."""
        self._watch.start()

    def pause(self) -> None:
        self._watch.stop()

    def step_made(self, step: int) -> None:
        """Call this after each step, with the number of steps so far."""
        self._step = step
        if self._is_again and step >= self.timetable.last.step:
            self._is_again = False
            self._watch.start(self.timetable.last.seconds_at(step))
        self._gone = self.timetable.at(step).seconds_at(step) if self._is_again else self._watch.seconds

    def is_over(self) -> bool:
        """Whether the training is at its end; by the clock, at the step that is nearest to it."""
        if self.minutes is None:
            return self._step >= self.timetable.end
        return not self._is_again and self._gone + self.timetable.last.seconds_per_step / 2 >= 60 * self.minutes

    def read_clock(self, now: bool) -> Stretch | None:
        """A new stretch of the timetable, if it is time for one; to be written down before the next step is made.

        Args:
            now: whether it is time in any case, since this step is saved.
        """
        last = self.timetable.last
        # What is written down for this very step has been gone by before.
        if last.minutes is None or self._step <= last.step:
            return None
        whole = 60 * last.minutes
        if not now and last.seconds_per_step and self._gone - last.seconds < whole / _READINGS:
            return None
        per_step = last.seconds_per_step
        if recent := self._clock.seconds_left(1):
            # Drawing and saving take their part of each step's time.
            per_step = recent * max(1.0, self._gone / self._clock.seconds)
        self._gone = whole if self.is_over() else self._gone
        stretch = Stretch(self._step, minutes=last.minutes, seconds=self._gone, seconds_per_step=per_step)
        self.timetable.add(stretch)
        return stretch

    def share(self) -> float:
        """The share, 0..1, that is gone."""
        return self.timetable.at(self._step).share(self._step)

    def total_steps(self) -> int:
        """Its steps; by the clock a forecast, 0 if there is none yet, and at the end those that it has made."""
        if self.minutes is not None and self.is_over():
            return self._step
        total = self.timetable.at(self._step).forecast()
        return 0 if total is None else total if self.minutes is None else max(self._step, total)

    def seconds_left(self) -> float | None:
        """The time that is left; None if it is not known yet."""
        if self.minutes is None:
            return self._clock.seconds_left(self.total_steps() - self._step)
        return max(0.0, 60 * self.minutes - self._gone)


def seconds_per_step(
    recipe: Recipe, sprites: SpriteDataset, precision: hardware.Precision, steps: int = 20, context: Context = QUIET
) -> float:
    """Mean time of training steps on this machine, measured with a temporary network.

    Args:
        steps: how many are timed, after a few that are not; fewer if it takes longer than ten seconds.
        context: all processes of its team must call this together.

    Raises:
        StoppedEarly: if a stop was requested meanwhile.
    """
    classes = len(sprites.label_names) if sprites.label_names is not None else None
    schedule, team = NoiseSchedule(recipe.num_timesteps, recipe.schedule), context.team
    rows = np.arange(min(len(sprites), 4096))
    scratch = new_state(recipe, classes, 0, team.device, image_shape=sprites.shape)
    times = []
    last = time.perf_counter()
    for _ in train(scratch, sprites, rows, schedule, recipe, _WARM_STEPS + steps, precision=precision, team=team):
        now = time.perf_counter()
        times.append(now - last)
        last = now
        # In a team no process may leave early: the others would wait for it without end.
        if team.size > 1:
            continue
        context.check()
        if sum(times) > _MOST_TIMING_SECONDS and len(times) > 1:
            break
    return float(np.mean(times[min(_WARM_STEPS, len(times) - 1) :]))
