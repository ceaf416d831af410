"""What a running training is asked to do, by files in its run folder or by signals, and whom it informs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ddpm.base.files import read_json
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from ddpm.training.distributed import ALONE, Team


class StoppedEarly(RunError):
    """A stop was requested before the training began; there is nothing to save."""


@dataclass(frozen=True)
class Context:
    """The surroundings of a training.

    Attributes:
        say: receives a message before slow work.
        stopped: whether a stop was requested.
        team: the processes that share the training.
    """

    say: Callable[[str], None] = lambda text: None
    stopped: Callable[[], bool] = lambda: False
    team: Team = ALONE

    def check(self) -> None:
        """Raises StoppedEarly if a stop was requested."""
        if self.stopped():
            raise StoppedEarly("Stopped before the training began.")


QUIET = Context()


@dataclass
class StopSwitch:
    """A request to stop from a signal handler or the end of stdin; ``reason`` is None as long as there is none."""

    reason: str | None = None


class Control:
    """Requests to one start of a run; those to other starts are ignored."""

    def __init__(self, run: Run, start: str, switch: StopSwitch) -> None:
        self._path = run.folder / "control.json"
        self._start = start
        self._switch = switch
        self._threads: int | None = None

    def stop_reason(self) -> str | None:
        """Why to stop; None if no stop is requested."""
        return self._switch.reason or ("stopped by the user" if self._asked().get("stop") else None)

    def is_stopped(self) -> bool:
        return self.stop_reason() is not None

    def wants_pause(self) -> bool:
        return bool(self._asked().get("pause"))

    def new_threads(self) -> int | None:
        """The requested number of threads, if it has changed since the last call."""
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
