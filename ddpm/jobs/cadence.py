"""After which steps a training measures, saves, draws a preview, checks itself, and pins a saved step."""

from __future__ import annotations

import math
from dataclasses import dataclass


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
        few = 10 if total_steps >= 500 else max(1, total_steps // 50)
        self._log_every = max(few, total_steps // 4000)
        # A multiple of the interval of the log: the best saved step can only be found if each has a measured loss.
        self._save_every = self._log_every * math.ceil(max(10, min(500, total_steps // 8)) / self._log_every)
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


def preview_steps(total_steps: int) -> set[int]:
    """Steps with a preview: twenty evenly over the training, and more at the start, when most changes."""
    parts = min(20, max(1, total_steps // 25))
    even = {round(total_steps * i / parts) for i in range(1, parts + 1)}
    early = {25 * 2**k for k in range(20) if 25 * 2**k < total_steps / parts}
    return even | early
