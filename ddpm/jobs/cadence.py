"""What is due after which step of a training: measuring, saving, previews, self-checks, steps to keep for good."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Due:
    """What is due after a step.

    Attributes:
        log: a line of measurements.
        save: a step folder; the error on held-out sprites is measured with it.
        preview: a picture of the film strip.
        check: the self-check.
        finished: it was the last step of the training.
        last: it was the last step for now.
    """

    log: bool
    save: bool
    preview: bool
    check: bool
    finished: bool
    last: bool


class Cadence:
    """The rhythm of a training of so many steps.

    Args:
        keep_every: the first step that is saved after each so many steps is kept for good; 0: none.
    """

    def __init__(self, total_steps: int, keep_every: int = 0) -> None:
        self._total = total_steps
        self._keep_every = keep_every
        few = 10 if total_steps >= 500 else max(1, total_steps // 50)
        self._log_every = max(few, total_steps // 4000)
        # A multiple: every saved step has a measured loss, so that the best of them can be told.
        self._save_every = self._log_every * math.ceil(max(10, min(500, total_steps // 8)) / self._log_every)
        self._previews = preview_steps(total_steps)

    def after(self, step: int, stopping: bool = False, check_fits: bool = False) -> Due:
        """What is due after ``step``.

        Args:
            stopping: whether somebody asked for a stop: then what was learnt is measured and saved, and no more.
            check_fits: whether there is time for another self-check; the one at the end is always due.
        """
        finished = step == self._total
        last = finished or stopping
        save = last or step % self._save_every == 0
        return Due(
            log=last or step % self._log_every == 0,
            save=save,
            preview=step in self._previews,
            # After saving: what takes seconds must not put at risk what took minutes.
            check=save and (finished or (check_fits and not stopping)),
            finished=finished,
            last=last,
        )

    def keeps(self, step: int, saved: int) -> bool:
        """Whether ``step`` is kept for good, if ``saved`` was the last one saved before it."""
        return bool(self._keep_every) and saved // self._keep_every < step // self._keep_every


def preview_steps(total_steps: int) -> set[int]:
    """Steps after which a sheet is drawn: often at first, when most changes, then twenty times evenly."""
    parts = min(20, max(1, total_steps // 25))
    even = {round(total_steps * i / parts) for i in range(1, parts + 1)}
    early = {25 * 2**k for k in range(20) if 25 * 2**k < total_steps / parts}
    return even | early
