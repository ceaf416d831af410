"""A run folder, through which a training, the pages and the command line communicate.

NAME/
  run.json         what was asked and decided, written once
  trained_on.npy   uint64, sorted: the split hashes of the sprites that it learnt from
  metrics.jsonl    append-only; the last line of a step wins
  timetable.jsonl  append-only; how much of its time was gone at which step, if it goes by the clock
  status.json      what the training is doing; replaced whole (both: see ddpm.runs.records)
  control.json     what it is asked to do: stop, pause, threads; replaced whole
  pinned.json      steps that the user keeps
  previews/        000500.png ..., the sheets drawn during the training
  steps/           000500/ ... see ddpm.runs.checkpoint
  latest           the name of the newest step
  README.md        the model card
  choice.json      how the saved steps compare, and which was chosen; written by ``choose``
  verdict.json     how the chosen step was judged; written by ``choose``
  readers.json     how many of its drawings blind readers could name; written by ``readers``
  lock             held while a training is alive
  change.lock      held while control.json or pinned.json is changed
"""

from __future__ import annotations

import contextlib
import os
from hashlib import blake2b
from pathlib import Path
from typing import Any, get_args

import numpy as np

from ddpm.base.files import move, read_bytes, remove_folder, replace_bytes, replace_json
from ddpm.base.folders import discard, sweep
from ddpm.base.json_values import is_count, valid_fields
from ddpm.base.locks import Lock, is_held
from ddpm.base.text import counted, showable
from ddpm.runs.errors import RunError
from ddpm.runs.names import check_name, is_step_name, step_name
from ddpm.runs.records import (
    ACTIVE,
    STATUS,
    TIMETABLE,
    RunState,
    left_out,
    read_config,
    read_metrics,
    read_or_empty,
    read_timetable,
)
from ddpm.runs.step_files import MANIFEST
from ddpm.sprites.readers.numpy_files import npy
from ddpm.sprites.readers.picture_files import pngs
from ddpm.training.timetable import Stretch

_LARGEST_HASHES, _LARGEST_PICTURE, _MOST_PIXELS = 256 << 20, 1 << 20, 1_000_000
# Seconds; a change takes milliseconds.
_LOCK_SECONDS = 10.0


class Run:
    """A view of a run folder, which need not exist; every call reads the files again.

    Attributes:
        name: the folder's name, safe to show.
        key: identifies the folder, safe to use in the name of a page element.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.name = showable(self.folder.name)
        path = str(self.folder)
        self.key = path if showable(path) == path else os.fsencode(path).hex()

    def exists(self) -> bool:
        """Whether a training was ever set up here."""
        return (self.folder / "run.json").is_file()

    def config(self) -> dict[str, Any]:
        """``run.json``, without invalid fields; empty if it is missing or damaged."""
        return read_config(self.folder / "run.json")

    def id(self) -> str:
        """Sixteen hex digits that identify it in albums and links, even after a rename; a copy has the same.

        Old runs without a stored id get the hash of ``run.json``, which never changes; empty if that is unreadable.
        """
        if known := self.config().get("id"):
            return str(known)
        try:
            return blake2b(read_bytes(self.folder / "run.json", 16 << 20), digest_size=8).hexdigest()
        except (OSError, ValueError):
            return ""

    def place(self) -> float:
        """A number that is larger for newer runs: the stored one, or for old runs the date of ``run.json``."""
        known = self.config().get("sequence")
        return float(known) if known is not None else (self.folder / "run.json").stat().st_mtime * 1000

    def status(self) -> dict[str, Any]:
        """``status.json``, without invalid fields; empty if it is missing or damaged."""
        return valid_fields(read_or_empty(self.folder / "status.json"), STATUS)

    def state(self) -> RunState:
        """What the run is doing. It is alive only if its lock is held: after a kill the status file is out of date."""
        written = self.status().get("state")
        state: RunState = next((known for known in get_args(RunState) if known == written), "unknown")
        return "interrupted" if state in ACTIVE and not self.is_held() else state

    def is_held(self) -> bool:
        """Whether a training of this run is alive."""
        return is_held(self.folder / "lock")

    def lock(self) -> Lock:
        return Lock(self.folder / "lock")

    def steps(self) -> list[int]:
        """Saved steps, in rising order."""
        return [step for step in _numbers(self.folder / "steps") if (self.step_path(step) / MANIFEST).is_file()]

    def early(self) -> list[int]:
        """Saved steps that a shipped run brings to show how it learnt; they are neither judged nor chosen."""
        known = self.config().get("early", [])
        return [step for step in self.steps() if step in known]

    def latest(self) -> int | None:
        """The newest saved step."""
        try:
            name = read_bytes(self.folder / "latest", 64).decode("ascii", "replace").strip()
        except (OSError, ValueError):
            return None
        return int(name) if is_step_name(name) and self.step_path(int(name)).is_dir() else None

    def step_path(self, step: int) -> Path:
        return self.folder / "steps" / step_name(step)

    def previews(self) -> list[tuple[int, Path]]:
        """(step, PNG file) of each preview, in rising order."""
        folder = self.folder / "previews"
        return [(step, folder / f"{step_name(step)}.png") for step in _numbers(folder, ".png")]

    def film(self) -> list[tuple[int, bytes]]:
        """(step, bytes of a PNG) of each preview, in rising order; damaged and too large files are left out."""
        frames = []
        for step, path in self.previews():
            with contextlib.suppress(OSError, ValueError):
                data = read_bytes(path, _LARGEST_PICTURE)
                width, height = pngs.size_of(data, path.name)
                if width * height <= _MOST_PIXELS:
                    frames.append((step, data))
        return frames

    def metrics(self) -> list[dict[str, Any]]:
        """Measurements, one record per step, in rising order; damaged or half-written lines are left out."""
        try:
            return read_metrics(self.folder / "metrics.jsonl")[0]
        except (OSError, ValueError):
            return []

    def stretches(self) -> list[Stretch]:
        """Of the training's timetable, as they were written; damaged and half-written lines are left out."""
        try:
            return read_timetable(self.folder / TIMETABLE)[0]
        except (OSError, ValueError):
            return []

    def trained_on(self) -> np.ndarray | None:
        """uint64, sorted: split hashes of the sprites that the run learnt from; None if unknown."""
        try:
            return self._hashes()
        except (OSError, ValueError):
            return None

    def has_hashes(self) -> bool:
        """Whether there is a file for :meth:`trained_on`; if that returns None, the file is damaged."""
        return (self.folder / "trained_on.npy").exists()

    def _hashes(self) -> np.ndarray:
        hashes = npy.load(self.folder / "trained_on.npy", _LARGEST_HASHES)
        if hashes.ndim != 1 or hashes.dtype != np.uint64:
            raise ValueError("trained_on.npy holds something other than hashes")
        return hashes

    def pinned(self) -> list[int]:
        """Steps that :meth:`prune` never removes."""
        steps = read_or_empty(self.folder / "pinned.json").get("steps", [])
        return list(filter(is_count, steps)) if isinstance(steps, list) else []

    def damage(self) -> list[str]:
        """The damaged files, in words; their invalid parts are treated as missing. Saved steps are not checked."""
        found = []
        for name, look in (
            ("run.json", lambda: left_out(self.folder / "run.json", self.config())),
            ("status.json", lambda: left_out(self.folder / "status.json", self.status())),
            ("metrics.jsonl", lambda: _counted_or_empty(read_metrics(self.folder / "metrics.jsonl")[1], "line")),
            (TIMETABLE, lambda: _counted_or_empty(read_timetable(self.folder / TIMETABLE)[1], "line")),
            ("trained_on.npy", lambda: self._hashes() is None and ""),
            ("previews", lambda: _counted_or_empty(len(self.previews()) - len(self.film()), "file")),
        ):
            try:
                if lost := look():
                    found.append(f"{name} ({lost})")
            except FileNotFoundError:
                continue
            except (OSError, ValueError):
                found.append(name)
        return found

    def best_step(self) -> int | None:
        """The saved step with the lowest held-out loss."""
        saved = set(self.steps())
        losses = [(r["heldout"], r["step"]) for r in self.metrics() if "heldout" in r and r["step"] in saved]
        return min(losses)[1] if losses else None

    def is_shipped(self) -> bool:
        """Whether it came with the program; it can then be neither renamed nor deleted."""
        return bool(self.config().get("shipped"))

    def pending(self) -> dict[str, Any]:
        """What the live training was asked to do: stop, pause, threads; empty if nothing."""
        control = valid_fields(read_or_empty(self.folder / "control.json"), {"threads": is_count})
        return control if control.get("start") == self.status().get("start") else {}

    def request(self, *, stop: bool | None = None, pause: bool | None = None, threads: int | None = None) -> None:
        """Ask the live training to do something; None keeps the earlier request. Raises RunError if writing fails.

        The request names the current start of the run, so that a later start does not obey it.
        """
        asked = {"stop": stop, "pause": pause, "threads": threads}
        try:
            with self._change_lock():
                start = self.status().get("start")
                control = read_or_empty(self.folder / "control.json")
                if control.get("start") != start:
                    control = {"start": start}
                control.update({key: value for key, value in asked.items() if value is not None})
                replace_json(self.folder / "control.json", control, durable=False)
        except OSError as error:
            raise RunError(f"The request to {self.name} could not be written: {error.strerror or error}") from error

    def pin(self, step: int, keep: bool = True) -> None:
        """Keep a saved step permanently, or no longer. Raises OSError if that cannot be written."""
        with self._change_lock():
            pinned = set(self.pinned()) - {step} | ({step} if keep else set())
            replace_json(self.folder / "pinned.json", {"steps": sorted(pinned)})

    def _change_lock(self) -> Lock:
        """Without this lock, two programs that change a file at once would lose one of the changes."""
        return Lock(self.folder / "change.lock").acquire(_LOCK_SECONDS)

    def rename(self, name: str) -> Run:
        """Rename the run. Raises RunError if the name is taken or invalid, or the run is alive or shipped."""
        target = self.folder.with_name(check_name(name))
        self._check_idle("renamed")
        if target.exists():
            raise RunError(f"There is already a run called {name!r}.")
        try:
            move(self.folder, target)
        except OSError as error:
            if target.exists():
                raise RunError(f"There is already a run called {name!r}.") from error
            raise RunError(f"{self.name} cannot be renamed: {error.strerror}") from error
        return Run(target)

    def delete(self) -> None:
        """Remove the run folder; if it is a link, only the link.

        Raises RunError if the run is alive or shipped, or cannot be removed.
        """
        self._check_idle("deleted")
        try:
            discard(self.folder)
        except OSError as error:
            raise RunError(f"{self.name} cannot be deleted: {error.strerror or error}") from error

    def _check_idle(self, what: str) -> None:
        if self.is_shipped():
            raise RunError(f"{self.name} came with the program and cannot be {what}.")
        if self.is_held():
            raise RunError(f"{self.name} is training right now and cannot be {what}. Stop it first.")

    def prune(self, keep_last: int = 3) -> None:
        """Remove saved steps, except the newest ``keep_last``, the best by held-out loss and the pinned ones."""
        # With the lock, so that no step is pinned between the check and its removal.
        with contextlib.suppress(OSError), self._change_lock():
            saved = self.steps()
            keep = {*saved[-keep_last:], *self.pinned(), self.latest(), self.best_step()}
            for step in saved:
                if step not in keep:
                    with contextlib.suppress(OSError):
                        discard(self.step_path(step))

    def sweep(self) -> None:
        """Remove what a killed training left half-built; the caller holds the lock."""
        for folder in (self.folder, self.folder / "steps", self.folder / "previews"):
            sweep(folder, older_than=0)
            # Half-written files, and half-built folders of earlier versions.
            for leftover in folder.glob(".*.tmp"):
                with contextlib.suppress(OSError):
                    remove_folder(leftover) if leftover.is_dir() else leftover.unlink()

    def set_latest(self, step: int) -> None:
        replace_bytes(self.folder / "latest", f"{step_name(step)}\n".encode())


def _counted_or_empty(count: int, thing: str) -> str:
    return counted(count, thing) if count else ""


def _numbers(folder: Path, suffix: str = "") -> list[int]:
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
    stems = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    return sorted(int(stem) for stem in stems if is_step_name(stem))
