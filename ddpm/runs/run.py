"""A run folder: the whole interface between a training, the pages and the command line.

NAME/
  run.json         what was asked and decided, written once
  trained_on.npy   uint64, sorted: the split hashes of the sprites that it learnt from
  metrics.jsonl    append-only; the last line of a step wins
  status.json      what the training is doing; replaced whole (both: see ddpm.runs.records)
  control.json     what it is asked to do: stop, pause, threads; replaced whole
  pinned.json      steps that the user keeps
  previews/        000500.png ... the film strip
  steps/           000500/ ... see ddpm.runs.checkpoint
  latest           the name of the newest step
  README.md        the model card
  choice.json      how the saved steps compare, and which was chosen; written by ``choose``
  verdict.json     how the chosen step was judged; written by ``choose``
  lock             held by a live training, and by nothing else
  change.lock      held for an instant by whoever changes control.json or pinned.json
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
from ddpm.base.text import showable
from ddpm.runs.errors import RunError
from ddpm.runs.names import check_name, is_step_name, step_name
from ddpm.runs.records import ACTIVE, STATUS, RunState, left_out, read_config, read_metrics, read_or_empty
from ddpm.runs.step_files import MANIFEST
from ddpm.sprites.readers import npy, pngs

_LARGEST_HASHES, _LARGEST_PICTURE, _MOST_PIXELS = 256 << 20, 1 << 20, 1_000_000
# Whoever changes a file holds its lock for milliseconds.
_PATIENCE = 10.0


class Run:
    """A view of a run folder; it reads anew at every call, since the training writes in another process.

    Args:
        folder: the run folder; it need not exist.

    Attributes:
        name: what people call it, fit to be shown.
        key: tells its folder from all others, fit to be part of a name on a page.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.name = showable(self.folder.name)
        path = str(self.folder)
        self.key = path if showable(path) == path else os.fsencode(path).hex()

    # What it is

    def exists(self) -> bool:
        """Whether a training was ever set up here."""
        return (self.folder / "run.json").is_file()

    def config(self) -> dict[str, Any]:
        """``run.json``, without what is not of its kind; nothing where it is missing or damaged."""
        return read_config(self.folder / "run.json")

    def id(self) -> str:
        """Sixteen hex digits by which albums and links know it, whatever its folder is called; a copy has the same.

        Runs from before there were ids get theirs from ``run.json``, which never changes. Empty if that cannot be read.
        """
        if known := self.config().get("id"):
            return str(known)
        try:
            return blake2b(read_bytes(self.folder / "run.json", 16 << 20), digest_size=8).hexdigest()
        except (OSError, ValueError):
            return ""

    def place(self) -> float:
        """Where it stands among other runs: the larger, the newer. By its number, or the date of an older run."""
        known = self.config().get("sequence")
        return float(known) if known is not None else (self.folder / "run.json").stat().st_mtime * 1000

    def status(self) -> dict[str, Any]:
        """``status.json``, without what is not of its kind; nothing where it is missing or damaged."""
        return valid_fields(read_or_empty(self.folder / "status.json"), STATUS)

    def state(self) -> RunState:
        """What the run is doing. Only a held lock counts as alive: a status survives a kill, a lock does not."""
        written = self.status().get("state")
        state: RunState = next((known for known in get_args(RunState) if known == written), "unknown")
        return "interrupted" if state in ACTIVE and not self.is_held() else state

    def is_held(self) -> bool:
        """Whether a live training holds this run."""
        return is_held(self.folder / "lock")

    def lock(self) -> Lock:
        """The lock that a training holds while it lives."""
        return Lock(self.folder / "lock")

    def steps(self) -> list[int]:
        """Steps that are saved, rising."""
        return _numbers(self.folder / "steps", "")

    def latest(self) -> int | None:
        """The newest saved step."""
        try:
            name = read_bytes(self.folder / "latest", 64).decode("ascii", "replace").strip()
        except (OSError, ValueError):
            return None
        return int(name) if is_step_name(name) and self.step_path(int(name)).is_dir() else None

    def step_path(self, step: int) -> Path:
        """The folder of a saved step."""
        return self.folder / "steps" / step_name(step)

    def previews(self) -> list[tuple[int, Path]]:
        """The film strip: (step, PNG file), rising."""
        folder = self.folder / "previews"
        return [(step, folder / f"{step_name(step)}.png") for step in _numbers(folder, ".png")]

    def film(self) -> list[tuple[int, bytes]]:
        """The film strip itself: (step, bytes of a PNG), rising; files that are no such pictures are left out."""
        frames = []
        for step, path in self.previews():
            # One that a user deletes meanwhile is left out, too.
            with contextlib.suppress(OSError, ValueError):
                data = read_bytes(path, _LARGEST_PICTURE)
                width, height = pngs.size_of(data, path.name)
                if width * height <= _MOST_PIXELS:
                    frames.append((step, data))
        return frames

    def metrics(self) -> list[dict[str, Any]]:
        """Measurements, one for each step, rising; a damaged or half-written line is left out."""
        try:
            return read_metrics(self.folder / "metrics.jsonl")[0]
        except (OSError, ValueError):
            return []

    def trained_on(self) -> np.ndarray | None:
        """uint64, sorted: split hashes of the sprites that the run learnt from; None where they are not known."""
        try:
            return self._hashes()
        except (OSError, ValueError):
            return None

    def has_hashes(self) -> bool:
        """Whether there is a file for :meth:`trained_on`; if that gives nothing all the same, it is damaged."""
        return (self.folder / "trained_on.npy").exists()

    def _hashes(self) -> np.ndarray:
        hashes = npy.load(self.folder / "trained_on.npy", _LARGEST_HASHES)
        if hashes.ndim != 1 or hashes.dtype != np.uint64:
            raise ValueError("trained_on.npy holds something other than hashes")
        return hashes

    def pinned(self) -> list[int]:
        """Steps that are never thinned out."""
        steps = read_or_empty(self.folder / "pinned.json").get("steps", [])
        return list(filter(is_count, steps)) if isinstance(steps, list) else []

    def damage(self) -> list[str]:
        """What in the folder is not what a training writes there, in words; it is read as if it were not there.

        Saved steps are not looked at: whoever loads one is told.
        """
        found = []
        for name, look in (
            ("run.json", lambda: left_out(self.folder / "run.json", self.config())),
            ("status.json", lambda: left_out(self.folder / "status.json", self.status())),
            ("metrics.jsonl", lambda: _counted(read_metrics(self.folder / "metrics.jsonl")[1], "line")),
            ("trained_on.npy", lambda: self._hashes() is None and ""),
            ("previews", lambda: _counted(len(self.previews()) - len(self.film()), "file")),
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
        """Among the saved steps the one with the lowest held-out loss."""
        saved = set(self.steps())
        measured = [record for record in self.metrics() if "heldout" in record and record["step"] in saved]
        losses = [(r["heldout"], r["step"]) for r in measured]
        return min(losses)[1] if losses else None

    def is_shipped(self) -> bool:
        """Whether it came with the program: it is neither renamed nor deleted."""
        return bool(self.config().get("shipped"))

    # What it is asked to do

    def pending(self) -> dict[str, Any]:
        """What the live training was asked for: stop, pause, threads; nothing if nobody asked."""
        control = valid_fields(read_or_empty(self.folder / "control.json"), {"threads": is_count})
        return control if control.get("start") == self.status().get("start") else {}

    def request(self, *, stop: bool | None = None, pause: bool | None = None, threads: int | None = None) -> None:
        """Ask the live training for something; what is not named stays as asked before.

        The request names the start that it means, so that one which comes too late is not obeyed by the next.

        Raises:
            RunError: if it cannot be written.
        """
        asked = {"stop": stop, "pause": pause, "threads": threads}
        try:
            with self._changing():
                start = self.status().get("start")
                control = read_or_empty(self.folder / "control.json")
                if control.get("start") != start:
                    control = {"start": start}
                control.update({key: value for key, value in asked.items() if value is not None})
                replace_json(self.folder / "control.json", control, durable=False)
        except OSError as error:
            raise RunError(f"The request to {self.name} could not be written: {error.strerror or error}") from error

    def pin(self, step: int, keep: bool = True) -> None:
        """Keep a saved step for good, or no longer.

        Raises:
            OSError: if it cannot be written.
        """
        with self._changing():
            pinned = set(self.pinned()) - {step} | ({step} if keep else set())
            replace_json(self.folder / "pinned.json", {"steps": sorted(pinned)})

    def _changing(self) -> Lock:
        """Two that read, change and replace a file at the same time would lose what one of them wrote."""
        return Lock(self.folder / "change.lock").acquire(_PATIENCE)

    def rename(self, name: str) -> Run:
        """Give the run another name.

        Raises:
            RunError: if the name is taken or unfit, or the run is alive or shipped.
        """
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
        """Remove the run with all that it saved; of a folder that is a link the link alone.

        Raises:
            RunError: if it is alive or shipped, or cannot be removed.
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

    # What the training writes

    def prune(self, keep_last: int = 3) -> None:
        """Thin the saved steps out: the newest three, the best by held-out loss and the pinned ones stay."""
        # What somebody pins at this moment is either seen, or is no longer there to be pinned.
        with contextlib.suppress(OSError), self._changing():
            saved = self.steps()
            keep = {*saved[-keep_last:], *self.pinned(), self.latest(), self.best_step()}
            for step in saved:
                if step not in keep:
                    with contextlib.suppress(OSError):
                        discard(self.step_path(step))

    def sweep(self) -> None:
        """Remove what a killed training left half-built. Only whoever holds the lock may."""
        for folder in (self.folder, self.folder / "steps", self.folder / "previews"):
            sweep(folder, older_than=0)
            # Half-written files, and what earlier versions called half-built folders.
            for leftover in folder.glob(".*.tmp"):
                with contextlib.suppress(OSError):
                    remove_folder(leftover) if leftover.is_dir() else leftover.unlink()

    def set_latest(self, step: int) -> None:
        """Point ``latest`` at a saved step."""
        replace_bytes(self.folder / "latest", f"{step_name(step)}\n".encode())


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' if count > 1 else ''}" if count else ""


def _numbers(folder: Path, suffix: str) -> list[int]:
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
    stems = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    steps = sorted(int(stem) for stem in stems if is_step_name(stem))
    if suffix:
        return steps
    whole = [folder / step_name(step) for step in steps]
    return [step for step, path in zip(steps, whole, strict=True) if (path / MANIFEST).is_file()]
