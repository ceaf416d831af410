"""``python -m tests.ddpm.tiny``: the command line with the preset ``tiny``, and a way to be killed at a given step.

``TINY_KILL_AT=17`` ends the process by SIGKILL right after training step 17, before anything is written about it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

from ddpm import cli, engine
from ddpm.recipes import RECIPES
from ddpm.training import TrainingStep, train
from tests.ddpm.helpers import TINY


def _train_until_killed(*arguments: Any, **options: Any) -> Iterator[TrainingStep]:
    for step in train(*arguments, **options):
        if str(step.step) == os.environ.get("TINY_KILL_AT"):
            os.kill(os.getpid(), signal.SIGKILL)
        yield step


if __name__ == "__main__":
    RECIPES["tiny"] = TINY
    engine.train = _train_until_killed
    sys.exit(cli.main())
