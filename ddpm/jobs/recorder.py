"""What a training writes into its run folder, and tells a watcher: status, measurements, previews, steps, card."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ddpm.base.files import remedy, replace_bytes, replace_json
from ddpm.jobs.model_card import run_card
from ddpm.pixels.sheets import png, sheet
from ddpm.runs.checkpoint import save_checkpoint
from ddpm.runs.errors import RunError
from ddpm.runs.names import step_name
from ddpm.runs.run import Run
from ddpm.training.loop import TrainingError, TrainingState

_PREVIEW_COLUMNS = 9
_HEARTBEAT_SECONDS = 1.0


@dataclass(frozen=True)
class Progress:
    """What a watcher is told after each step, and whenever something changes."""

    state: str
    step: int
    total_steps: int
    loss: float | None
    images_per_second: float | None
    seconds_left: float | None
    message: str | None


Watcher = Callable[[Progress], None]


class Recorder:
    """The pen of one start of a run; a full disk costs what it writes here, but never the training.

    Only a step that cannot be saved is an error: there what was learnt is at stake.

    Args:
        start: names the start in all that is written.
        watch: is told what changes.
    """

    def __init__(self, run: Run, start: str, watch: Watcher) -> None:
        self._run = run
        self._start = start
        self._watch = watch
        self._before = run.status()
        self._status: dict[str, Any] = {
            "state": "starting",
            "step": run.latest() or 0,
            "total_steps": self._before.get("total_steps", 0),
            "seconds": self._before.get("seconds", 0.0),
            "start": start,
            "pid": os.getpid(),
            "log": os.environ.get("DDPM_LOG"),
            "started": time.time(),
        }
        self._written = 0.0
        self._unwritten: list[bytes] = []

    # Status

    def note(self, **values: Any) -> None:
        """What the status says from the next time on that it is written."""
        self._status.update(values)

    def set_state(self, state: str, **values: Any) -> Progress:
        """Say what the training does from now on."""
        self.note(state=state, **values)
        self._write_status()
        return self.tell()

    def say(self, message: str) -> None:
        """Say in words what takes long, or went wrong."""
        self.note(message=message)
        self._write_status()
        self.tell(message)

    def report(self, **values: Any) -> None:
        """Say how far the training is, after each step."""
        self.note(**values)
        self.beat()
        self.tell()

    def beat(self) -> None:
        """Show that the training is alive, if that was not done just now."""
        if time.monotonic() - self._written > _HEARTBEAT_SECONDS:
            self._write_status()

    def step_back(self, **values: Any) -> None:
        """Leave the status as it was before this start, which came to nothing."""
        self._status = {**self._status, **self._before, "start": self._start, **values}
        self._write_status()

    def tell(self, message: str | None = None) -> Progress:
        """Tell the watcher, and nobody else."""
        status = self._status
        progress = Progress(
            state=status["state"],
            step=status["step"],
            total_steps=status["total_steps"],
            loss=status.get("loss"),
            images_per_second=status.get("images_per_second"),
            seconds_left=status.get("seconds_left"),
            message=message,
        )
        self._watch(progress)
        return progress

    def _write_status(self) -> None:
        self._status["heartbeat"] = time.time()
        self._written = time.monotonic()
        with contextlib.suppress(OSError):
            replace_json(self._run.folder / "status.json", self._status, durable=False)

    # Measurements

    def append(self, record: dict[str, Any]) -> None:
        """Add a line of measurements."""
        line = json.dumps({"step": record["step"], "start": self._start, **record}, allow_nan=False)
        self._unwritten.append(line.encode() + b"\n")
        try:
            with open(self._run.folder / "metrics.jsonl", "ab") as file:
                file.write(b"".join(self._unwritten))
        except OSError as error:
            # They are tried again with the next: a full disk costs a stretch of a curve.
            self.say(f"Measurements could not be written: {error.strerror}")
            return
        if len(self._unwritten) > 1:
            self.note(message=None)
        self._unwritten.clear()

    def end_last_line(self) -> None:
        """A kill may have left half a line: the next one must not be glued to it."""
        with contextlib.suppress(OSError), open(self._run.folder / "metrics.jsonl", "rb+") as file:
            if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                file.write(b"\n")

    # Pictures, steps, card

    def add_preview(self, step: int, sprites: np.ndarray) -> None:
        """Add a picture to the film strip.

        Args:
            sprites: uint8 (N, H, W, 3).
        """
        folder = self._run.folder / "previews"
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
            picture = png(sheet(sprites, _PREVIEW_COLUMNS, gap=1))
            replace_bytes(folder / f"{step_name(step)}.png", picture, durable=False)

    def save(self, state: TrainingState, config: dict[str, Any]) -> None:
        """Save a step, and thin the others out.

        Args:
            config: what the step folder tells of its run.

        Raises:
            TrainingError: if it cannot be saved; the message says what to do.
        """
        try:
            save_checkpoint(self._run.folder / "steps", state, config)
            self._run.set_latest(state.step)
        except (OSError, RuntimeError, MemoryError) as error:
            raise TrainingError(
                f"Step {state.step:,} could not be saved: {error}. {remedy(error)}, then resume: "
                "earlier steps are safe."
            ) from error
        self._run.prune()

    def write_card(self) -> None:
        """Write the model card."""
        # A name that is no text, or a run.json that somebody changed meanwhile: they cost the card alone.
        with contextlib.suppress(OSError, RunError, UnicodeError):
            replace_bytes(self._run.folder / "README.md", run_card(self._run).encode())


def explain(error: BaseException) -> str:
    """What went wrong, for people."""
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return "There is not enough memory for this training. Close other programs, then resume."
    if isinstance(error, OSError):
        return f"A file could not be read or written: {error}. {remedy(error)}, then resume."
    return str(error) or type(error).__name__
