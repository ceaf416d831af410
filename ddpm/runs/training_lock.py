"""One training at a time per home folder, and which one is alive."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ddpm.base.files import replace_json
from ddpm.base.home import home
from ddpm.base.locks import Lock
from ddpm.runs.errors import RunError
from ddpm.runs.records import ACTIVE, read_or_empty
from ddpm.runs.run import Run

# Seconds; a check whether a run is alive holds its lock much shorter, a training much longer.
_LOCK_SECONDS = 2.0


@dataclass(frozen=True)
class ActiveTraining:
    """The training that holds this home's lock; ``start`` identifies the start of the run."""

    run: Run
    start: str


def training_lock() -> Lock:
    """The lock that allows one training at a time in this home; raises OSError if the home cannot be used."""
    return Lock(home() / "training.lock")


def announce_training(run: Run, start: str) -> None:
    """Write down whose training it is; the caller holds the training lock."""
    replace_json(home() / "training.json", {"folder": str(run.folder.resolve()), "start": start}, durable=False)


def active_training() -> ActiveTraining | None:
    """The live training of this home, if there is one."""
    try:
        note = read_or_empty(home() / "training.json")
    except OSError:
        return None
    if not isinstance(note.get("folder"), str) or not isinstance(note.get("start"), str):
        return None
    run = Run(Path(note["folder"]))
    if run.status().get("start") != note["start"] or run.state() not in ACTIVE:
        return None
    return ActiveTraining(run, note["start"])


@contextlib.contextmanager
def claim(run: Run, resume: bool) -> Iterator[None]:
    """Hold the locks of this home and of a run during its training; a folder without a run.json is removed on failure.

    Args:
        resume: whether the run may already exist.

    Raises:
        RunError: if another training is alive, or the name is taken.
        OSError: if the run folder or the home cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(training_lock().acquire(_LOCK_SECONDS))
        except TimeoutError:
            active = active_training()
            whose = f"the run {active.run.name!r}" if active else "another program"
            raise RunError(f"A training is already under way ({whose}). Stop it first, or wait for its end.") from None
        _check_free(run, resume)
        made = not run.folder.exists()
        run.folder.mkdir(parents=True, exist_ok=True)
        try:
            try:
                stack.enter_context(run.lock().acquire(_LOCK_SECONDS))
            except TimeoutError:
                raise RunError(f"The run {run.name!r} is training right now, started from another place.") from None
            # Again, because another run may have been renamed to this name meanwhile.
            _check_free(run, resume)
            yield
        except BaseException:
            if made and not run.exists():
                shutil.rmtree(run.folder, ignore_errors=True)
            raise


def _check_free(run: Run, resume: bool) -> None:
    # Not ``run.exists()``: a run whose run.json was lost still holds weights that must not be mixed with others.
    try:
        taken = any("lock" not in entry.name.split(".") for entry in run.folder.iterdir())
    except FileNotFoundError:
        return
    if taken and not resume:
        raise RunError(f"There is already a run called {run.folder.name!r}: choose another name, or resume it.")
