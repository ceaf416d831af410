"""What a training writes into its run folder and reports to a watcher: status, measurements, previews, steps, card."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ddpm.base.files import remedy, replace_bytes, replace_json
from ddpm.diffusion.labels import draw_labels
from ddpm.diffusion.sampling import sample, usual_sampler
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.jobs.model_card import run_card
from ddpm.pixels.conversion import to_uint8
from ddpm.pixels.sheets import png, sheet
from ddpm.runs.checkpoint import save_checkpoint
from ddpm.runs.errors import RunError
from ddpm.runs.names import step_name
from ddpm.runs.records import TIMETABLE
from ddpm.runs.run import Run
from ddpm.training.loop import TrainingError, TrainingState
from ddpm.training.timetable import Stretch

_PREVIEW_SPRITES, _PREVIEW_COLUMNS = 36, 9
_HEARTBEAT_SECONDS = 1.0


@dataclass(frozen=True)
class Progress:
    """What a watcher receives after each step, and after each other change.

    Attributes:
        total_steps: a forecast as long as there are ``minutes``.
        share: of the training that is gone, 0..1.
        minutes: length of a training that goes by the clock and has not ended.
    """

    state: str
    step: int
    total_steps: int
    loss: float | None
    images_per_second: float | None
    seconds_left: float | None
    message: str | None
    share: float | None = None
    minutes: float | None = None


Watcher = Callable[[Progress], None]


class Recorder:
    """Writes the files of one start of a run; ``start`` is the id of that start in them.

    If the disk is full, status, measurements, previews and card may be lost; only a step that cannot be saved is an
    error, since training would be lost.
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
        self._unwritten: dict[str, list[bytes]] = {"metrics.jsonl": [], TIMETABLE: []}

    def note(self, **values: Any) -> None:
        """Change the status, without writing it yet."""
        self._status.update(values)

    def set_state(self, state: str, **values: Any) -> Progress:
        """Change the state, write the status and tell the watcher."""
        self.note(state=state, **values)
        self._write_status()
        return self.tell()

    def say(self, message: str) -> None:
        """Write a message into the status, and tell it to the watcher."""
        self.note(message=message)
        self._write_status()
        self.tell(message)

    def report(self, **values: Any) -> None:
        self.note(**values)
        self.beat()
        self.tell()

    def beat(self) -> None:
        """Write the status if it was last written more than a second ago."""
        if time.monotonic() - self._written > _HEARTBEAT_SECONDS:
            self._write_status()

    def step_back(self, **values: Any) -> None:
        """Restore the status from before this start, which had no effect."""
        self._status = {**self._status, **self._before, "start": self._start, **values}
        self._write_status()

    def tell(self, message: str | None = None) -> Progress:
        """Tell the watcher, without writing the status."""
        status = self._status
        progress = Progress(
            state=status["state"],
            step=status["step"],
            total_steps=status["total_steps"],
            loss=status.get("loss"),
            images_per_second=status.get("images_per_second"),
            seconds_left=status.get("seconds_left"),
            message=message,
            share=status.get("share"),
            minutes=status.get("minutes"),
        )
        self._watch(progress)
        return progress

    def _write_status(self) -> None:
        self._status["heartbeat"] = time.time()
        self._written = time.monotonic()
        with contextlib.suppress(OSError):
            replace_json(self._run.folder / "status.json", self._status, durable=False)

    def append(self, record: dict[str, Any]) -> None:
        """Write a line of measurements."""
        self._append("metrics.jsonl", record, "Measurements")

    def add_stretch(self, stretch: Stretch, *, durable: bool) -> None:
        """Write a stretch of the timetable.

        Args:
            durable: so that it survives a power cut, as the step does that is saved with it.
        """
        self._append(TIMETABLE, stretch.to_dict(), "The timetable", durable=durable)

    def _append(self, name: str, record: dict[str, Any], what: str, *, durable: bool = False) -> None:
        line = json.dumps({"step": record["step"], "start": self._start, **record}, allow_nan=False)
        lines = self._unwritten[name]
        lines.append(line.encode() + b"\n")
        try:
            with open(self._run.folder / name, "ab") as file:
                file.write(b"".join(lines))
                file.flush()
                if durable:
                    os.fsync(file.fileno())
        except OSError as error:
            # They are written again with the next line.
            self.say(f"{what} could not be written: {error.strerror}")
            return
        if len(lines) > 1:
            self.note(message=None)
        lines.clear()

    def end_last_lines(self) -> None:
        """A killed training may have left half a line; the next line must not continue it."""
        for name in self._unwritten:
            with contextlib.suppress(OSError), open(self._run.folder / name, "rb+") as file:
                if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
                    file.write(b"\n")

    def add_preview(self, state: TrainingState, schedule: NoiseSchedule, frequencies: list[float] | None) -> None:
        """Add a picture of what the averaged weights draw, always from the same noise; kinds by their frequency."""
        model = state.ema.model
        labels = None if frequencies is None else draw_labels(frequencies, _PREVIEW_SPRITES)
        *_, last = sample(model, schedule, _PREVIEW_SPRITES, usual_sampler(model), labels=labels)
        if not bool(torch.isfinite(last.x0).all()):
            return
        folder = self._run.folder / "previews"
        with contextlib.suppress(OSError):
            folder.mkdir(exist_ok=True)
            picture = png(sheet(to_uint8(last.x0), _PREVIEW_COLUMNS, gap=1))
            replace_bytes(folder / f"{step_name(state.step)}.png", picture, durable=False)

    def save(self, state: TrainingState, config: dict[str, Any]) -> None:
        """Save a step, with ``config`` in its folder, and remove old ones.

        Raises:
            TrainingError: if saving fails, or weights are not finite.
        """
        if not all(bool(torch.isfinite(weights).all()) for weights in state.model.state_dict().values()):
            raise TrainingError(
                "The weights are no longer finite numbers: the learning rate was too large. Earlier steps are good."
            )
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
        """Write the model card, if possible: a name with surrogates or a damaged run.json must not end the training."""
        with contextlib.suppress(OSError, RunError, UnicodeError):
            replace_bytes(self._run.folder / "README.md", run_card(self._run).encode())


def explain(error: BaseException) -> str:
    """An error in words, for people."""
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return "There is not enough memory for this training. Close other programs, then resume."
    if isinstance(error, OSError):
        return f"A file could not be read or written: {error}. {remedy(error)}, then resume."
    return str(error) or type(error).__name__
