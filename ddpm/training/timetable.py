"""How far a training is at each of its steps, where its length is a number of steps or a time.

A training of 8 minutes makes as many steps as the machine makes in 8 minutes, and its learning rate, its average and
its dropout follow the share of the time that is gone. No clock reads the same twice. So what it read is written down
now and then, before the steps that follow it: then every step is a function of (seed, step, what was written).
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from operator import attrgetter
from typing import Any

from ddpm.base.json_values import Check, has_fields, is_amount, is_count, or_none

_MANY = 10**9


@dataclass(frozen=True)
class Stretch:
    """What holds from a step on, until the next stretch; exactly one of ``total_steps`` and ``minutes`` is given.

    Attributes:
        step: the first step that it holds for.
        total_steps: length of the training, above 0.
        minutes: length of the training in time, above 0.
        seconds: of that time, those that were gone before ``step``.
        seconds_per_step: what a step takes now, with all that is done between steps; 0: not known yet.
    """

    step: int
    total_steps: int | None = None
    minutes: float | None = None
    seconds: float = 0.0
    seconds_per_step: float = 0.0

    def seconds_at(self, step: int) -> float:
        """The time that is gone before a step, 0 to all of it; 0 for a length in steps."""
        if self.minutes is None:
            return 0.0
        return min(60 * self.minutes, self.seconds + (step - self.step) * self.seconds_per_step)

    def share(self, step: int) -> float:
        """The share of the training, 0..1, that is gone before a step."""
        if self.minutes is None:
            return min(1.0, step / (self.total_steps or 1))
        return self.seconds_at(step) / (60 * self.minutes)

    def forecast(self) -> int | None:
        """The steps that the training will have made at its end, if they go on as now; None if that is unknown."""
        if self.minutes is None or not self.seconds_per_step:
            return self.total_steps
        left = (60 * self.minutes - self.seconds_at(self.step)) / self.seconds_per_step
        return self.step + round(min(_MANY, left))

    def has_length_of(self, other: Stretch) -> bool:
        """Whether both are of a training of the same length."""
        return (self.total_steps, self.minutes) == (other.total_steps, other.minutes)

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {key: value for key, value in asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Stretch:
        """The stretch in JSON values; further keys are ignored. Raises ValueError if they are of none."""
        if not has_fields(values, {"step": is_count}) or not all(check(values.get(k)) for k, check in _CHECKS.items()):
            raise ValueError("not a stretch of a training")
        found = cls(**{key: values[key] for key in ("step", *_CHECKS) if values.get(key) is not None})
        if bool(found.total_steps) == bool(found.minutes):
            raise ValueError("not a stretch of a training: it has no length, or two")
        return found


_CHECKS: dict[str, Check] = {
    "total_steps": or_none(is_count),
    **dict.fromkeys(("minutes", "seconds", "seconds_per_step"), or_none(is_amount)),
}


class Timetable:
    """The stretches of a training, in rising order. A step of a length in time goes by the clock of its stretch.

    Args:
        stretches: at least one; see :meth:`add`.
    """

    def __init__(self, stretches: Iterable[Stretch]) -> None:
        self._stretches: list[Stretch] = []
        for stretch in stretches:
            self.add(stretch)

    @classmethod
    def of_steps(cls, total_steps: int) -> Timetable:
        """That of a training whose length is a number of steps."""
        return cls([Stretch(0, total_steps)])

    def add(self, stretch: Stretch) -> None:
        """Add a stretch, in place of those that begin at its step or later."""
        while self._stretches and self._stretches[-1].step >= stretch.step:
            self._stretches.pop()
        self._stretches.append(stretch)

    @property
    def last(self) -> Stretch:
        return self._stretches[-1]

    @property
    def end(self) -> float:
        """The number of steps after which the training ends; infinite if that is for a clock to decide."""
        return math.inf if self.last.total_steps is None else self.last.total_steps

    def at(self, step: int) -> Stretch:
        """The stretch that holds for a step."""
        return self._stretches[self._index(step)]

    def total_steps(self, step: int) -> int:
        """The length in steps that the schedules of a step go by.

        By the clock it is the length at which the share of the steps is the share of the time.
        """
        return _total_steps(self.at(step), step)

    def settled_total_steps(self, step: int, share: float) -> int:
        """The same, as it was when ``share`` of the training was first gone; before that, :meth:`total_steps`.

        For what is decided once: by the clock the length moves, also across a bound.
        """
        last = self._index(step)
        first = last
        while first and self._stretches[first - 1].has_length_of(self._stretches[last]):
            first -= 1
        for stretch in self._stretches[first : last + 1]:
            if stretch.share(stretch.step) >= share:
                return _total_steps(stretch, stretch.step)
        return self.total_steps(step)

    def steps_alike(self, step: int) -> float:
        """How many steps like this one the time so far would have been enough for; for a length in steps, ``step``."""
        stretch = self.at(step)
        if stretch.minutes is None or not stretch.seconds_per_step:
            return step
        return stretch.seconds_at(step) / stretch.seconds_per_step

    def to_list(self) -> list[dict[str, Any]]:
        """As JSON values, for :meth:`Stretch.from_dict`."""
        return [stretch.to_dict() for stretch in self._stretches]

    def _index(self, step: int) -> int:
        return max(0, bisect_right(self._stretches, step, key=attrgetter("step")) - 1)


def _total_steps(stretch: Stretch, step: int) -> int:
    if stretch.total_steps is not None:
        return stretch.total_steps
    share = stretch.share(step)
    # At the first step nothing has been timed yet, and a long training begins as any training does.
    return max(step + 1, round(min(_MANY, step / share))) if share else _MANY
