"""After which steps a training measures, saves, draws a preview, checks itself, and pins a saved step."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ddpm.jobs.timing.length import Length


@dataclass(frozen=True)
class Due:
    """What is due after a step.

    Attributes:
        save: a step folder; the error on held-out sprites is then measured too.
        finished: it was the last step of the training.
        last: it was the last step of this start.
    """

    log: bool
    save: bool
    preview: bool
    check: bool
    finished: bool
    last: bool


class Cadence:
    """What is due in a training of ``total_steps`` steps.

    Args:
        keep_every: in each interval of this many steps, the first saved step is kept permanently; 0: none.
    """

    def __init__(self, total_steps: int, keep_every: int = 0) -> None:
        self._total = total_steps
        self._keep_every = keep_every
        self._log_every, self._save_every = _intervals(total_steps)
        self._previews = preview_steps(total_steps)

    def after(self, step: int, stopping: bool = False, check_fits: bool = False) -> Due:
        """What is due after ``step``.

        Args:
            stopping: whether a stop was requested; then the training only measures and saves.
            check_fits: whether there is time for another self-check; the last one is always due.
        """
        finished = step == self._total
        last = finished or stopping
        save = last or step % self._save_every == 0
        return Due(
            log=last or step % self._log_every == 0,
            save=save,
            preview=step in self._previews,
            # Only after saving, so that an error in the check loses no training.
            check=save and (finished or (check_fits and not stopping)),
            finished=finished,
            last=last,
        )

    def keeps(self, step: int, saved: int) -> bool:
        """Whether ``step`` is kept permanently; ``saved`` is the step saved before it."""
        return bool(self._keep_every) and saved // self._keep_every < step // self._keep_every


class ClockCadence(Cadence):
    """What is due in a training by the clock: as in one of as many steps as it is now expected to make.

    Args:
        length: of the training; it goes on as the training does.
        step: steps made before this start.
        keep_every: see :class:`Cadence`.
    """

    def __init__(self, length: Length, step: int, keep_every: int = 0) -> None:
        super().__init__(0, keep_every)
        self._length = length
        self._logged = self._saved = step
        self._previewed = length.share()

    def after(self, step: int, stopping: bool = False, check_fits: bool = False) -> Due:
        """See :meth:`Cadence.after`; to be called after each step."""
        total, share = self._length.total_steps(), self._length.share()
        log_every, save_every = _intervals(total)
        finished = self._length.is_over()
        last = finished or stopping
        save = last or step - self._saved >= save_every
        log = save or step - self._logged >= log_every
        # Evenly over the time: what a forecast calls a twentieth of the steps moves with it.
        preview = finished or share - self._previewed >= 1 / _parts(total) or step in _early(total)
        if preview:
            self._previewed = share
        if log:
            self._logged = step
        if save:
            self._saved = step
        return Due(log, save, preview, save and (finished or (check_fits and not stopping)), finished, last)


def _intervals(total_steps: int) -> tuple[int, int]:
    """After how many steps a training measures, and after how many it saves."""
    few = 10 if total_steps >= 500 else max(1, total_steps // 50)
    log_every = max(few, total_steps // 4000)
    # A multiple of the interval of the log: the best saved step can only be found if each has a measured loss.
    return log_every, log_every * math.ceil(max(10, min(500, total_steps // 8)) / log_every)


def preview_steps(total_steps: int) -> set[int]:
    """Steps with a preview: twenty evenly over the training, and more at the start, when most changes."""
    parts = _parts(total_steps)
    return {round(total_steps * i / parts) for i in range(1, parts + 1)} | _early(total_steps)


def _parts(total_steps: int) -> int:
    return min(20, max(1, total_steps // 25))


def _early(total_steps: int) -> set[int]:
    return {25 * 2**k for k in range(20) if 25 * 2**k < total_steps / _parts(total_steps)}
