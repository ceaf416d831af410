"""What a training hears from outside while it runs: requests in its run folder, signals; and whom it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ddpm.base.files import read_json
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from ddpm.training.distributed import ALONE, Team


class StoppedEarly(RunError):
    """Somebody asked for a stop before the training had begun; there is nothing to keep."""


@dataclass(frozen=True)
class Context:
    """What surrounds the work of a training.

    Attributes:
        say: is told what takes long.
        stopped: whether somebody asked for a stop.
        team: the processes that share the training.
    """

    say: Callable[[str], None] = lambda text: None
    stopped: Callable[[], bool] = lambda: False
    team: Team = ALONE

    def check(self) -> None:
        """Raises StoppedEarly if somebody asked for a stop."""
        if self.stopped():
            raise StoppedEarly("Stopped before the training began.")


QUIET = Context()
"""Nobody is told, nobody asks for a stop, and nobody shares the work."""


@dataclass
class StopSwitch:
    """How the world outside the run folder asks for a stop: signal handlers and the watch on stdin set it.

    Attributes:
        reason: why; None as long as nobody did.
    """

    reason: str | None = None


class Control:
    """What one start of a run is asked for.

    Args:
        start: names the start; what was asked of another one is not obeyed.
    """

    def __init__(self, run: Run, start: str, switch: StopSwitch) -> None:
        self._path = run.folder / "control.json"
        self._start = start
        self._switch = switch
        self._threads: int | None = None

    def stop_reason(self) -> str | None:
        """Why to stop; None as long as nobody asks for it."""
        return self._switch.reason or ("stopped by the user" if self._asked().get("stop") else None)

    def is_stopped(self) -> bool:
        """Whether a stop is asked for."""
        return self.stop_reason() is not None

    def wants_pause(self) -> bool:
        """Whether a pause is asked for."""
        return bool(self._asked().get("pause"))

    def new_threads(self) -> int | None:
        """Threads that are asked for now and were not before: a wish is fulfilled once, as far as it can be."""
        threads = self._asked().get("threads")
        if not isinstance(threads, int) or threads == self._threads:
            return None
        self._threads = threads
        return threads

    def _asked(self) -> dict[str, Any]:
        try:
            control = read_json(self._path)
        except (OSError, ValueError):
            return {}
        return control if control.get("start") == self._start else {}
