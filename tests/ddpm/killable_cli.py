"""``python -m tests.ddpm.killable_cli``: the command line with the presets ``tiny`` and ``plain`` that can be killed.

``TINY_KILL_AT=17`` ends the process by SIGKILL right after training step 17, before anything is written about it; of
several under torchrun it is the one that ``TINY_KILL_RANK`` names. ``TINY_STOP_AT=17`` sends it SIGINT instead.
``TINY_TICKS=0.05`` gives it a clock on which each look takes so many seconds.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

from ddpm.cli import main
from ddpm.jobs import follower, job
from ddpm.training import clock
from ddpm.training.loop import TrainingStep, train
from ddpm.training.recipes import RECIPES
from tests.ddpm.helpers import PLAIN, TINY, Ticks


def _train_until_killed(*arguments: Any, **options: Any) -> Iterator[TrainingStep]:
    for step in train(*arguments, **options):
        meant = os.environ.get("TINY_KILL_RANK", "0") == os.environ.get("RANK", "0")
        if meant and str(step.step) == os.environ.get("TINY_KILL_AT"):
            os.kill(os.getpid(), signal.SIGKILL)
        if meant and str(step.step) == os.environ.get("TINY_STOP_AT"):
            os.kill(os.getpid(), signal.SIGINT)
        yield step


if __name__ == "__main__":
    RECIPES["tiny"], RECIPES["plain"] = TINY, PLAIN
    job.train = follower.train = _train_until_killed
    if seconds := os.environ.get("TINY_TICKS"):
        clock.time = Ticks(float(seconds))  # type: ignore[assignment]
    sys.exit(main.main())
