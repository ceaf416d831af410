"""A run folder: the whole interface between a training, the pages and the command line.

NAME/
  run.json         what was asked and decided, written once
  trained_on.npy   uint64, sorted: the split hashes of the sprites that it learnt from
  metrics.jsonl    append-only; the last line of a step wins
  status.json      what the training is doing; replaced whole
  control.json     what it is asked to do; replaced whole
  pinned.json      steps that the user keeps
  previews/        000500.png ... the film strip
  steps/           000500/ ... see ddpm.runs.checkpoint
  latest           the name of the newest step
  lock             held by a live training, and by nothing else
  change.lock      held for an instant by whoever changes control.json or pinned.json
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from ddpm.base.files import move, read_bytes, read_json, remove_folder, replace_bytes, replace_json
from ddpm.base.home import home
from ddpm.base.json_values import (
    has_fields,
    is_amount,
    is_count,
    is_name,
    is_object,
    is_share,
    is_text,
    list_of,
    or_none,
    parse_json,
    valid_fields,
)
from ddpm.base.locks import Lock, is_held
from ddpm.base.text import showable
from ddpm.runs.checkpoint import MANIFEST, step_name
from ddpm.sprites.readers import npy, pngs

RunState = Literal["starting", "running", "paused", "stopped", "finished", "failed", "interrupted", "unknown"]
ACTIVE: tuple[RunState, ...] = ("starting", "running", "paused")
_ID = re.compile(r"[0-9a-f]{16}")
_LARGEST_JSON, _LARGEST_METRICS, _LARGEST_HASHES, _LARGEST_PICTURE = 1 << 20, 64 << 20, 256 << 20, 1 << 20
_MOST_LINES, _MOST_PIXELS = 200_000, 1_000_000


def _is_string(value: Any) -> bool:
    """Words of ours, which may quote a name that is no text."""
    return isinstance(value, str)


_STATUS = {
    "state": is_text,
    "step": is_count,
    "total_steps": is_count,
    "threads": is_count,
    "loss": or_none(is_amount),
    "seconds": is_amount,
    "seconds_left": or_none(is_amount),
    "images_per_second": or_none(is_amount),
    "start": is_text,
    "message": or_none(_is_string),
    "log": or_none(is_name),
    "error": or_none(
        lambda value: has_fields(value, {"message": _is_string}) and _is_string(value.get("traceback", ""))
    ),
}
_RECIPE = {"title": is_text, "summary": is_text, "classes": lambda value: isinstance(value, bool)}
_CONFIG = {
    "preset": is_text,
    "recipe": is_object,
    "schedule": lambda value: (
        has_fields(value, {"num_timesteps": is_count, "kind": is_text}) and 0 < value["num_timesteps"] <= 100_000
    ),
    "data": is_object,
    "total_steps": is_count,
    "note": is_text,
    "id": lambda value: is_text(value) and bool(_ID.fullmatch(value)),
    "sequence": is_count,
}
_DATA = {
    "source": is_name,
    "name": is_name,
    "fingerprint": is_text,
    "label_names": or_none(list_of(is_name)),
    "class_frequencies": or_none(list_of(is_share)),
    "num_classes": or_none(is_count),
}
_METRICS: dict[str, Callable[[Any], bool]] = {
    "loss": is_amount,
    "noise_error": is_amount,
    "heldout": is_amount,
    "heldout_raw": is_amount,
    "final_heldout": is_amount,
    "final_heldout_even": is_amount,
    "final_heldout_raw": is_amount,
    "seconds": is_amount,
    "images_per_second": is_amount,
    "quartiles": lambda value: list_of(or_none(is_amount))(value) and len(value) == 4,
}
_METRICS["check"] = lambda value: (
    _is_check(value) and is_amount(value.get("seconds")) and is_object(value.get("real") or {})
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
# Whoever changes a file holds its lock for milliseconds.
_PATIENCE = 10.0


def _is_check(value: Any) -> bool:
    """Numbers under names, some of them one level down."""
    return is_object(value) and all(
        number is None or is_amount(number) or _is_check(number) for number in value.values()
    )


class RunError(ValueError):
    """Something cannot be done with a run; the message says why."""


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
        config = valid_fields(_read_or_empty(self.folder / "run.json"), _CONFIG)
        for part, checks in (("data", _DATA), ("recipe", _RECIPE)):
            if part in config:
                config[part] = valid_fields(config[part], checks)
        return config

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
        return valid_fields(_read_or_empty(self.folder / "status.json"), _STATUS)

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
        return int(name) if _is_number(name) and self.step_path(int(name)).is_dir() else None

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
        """Measurements, one a step, rising; a damaged or half-written line is left out."""
        try:
            return self._measured()[0]
        except (OSError, ValueError):
            return []

    def _measured(self) -> tuple[list[dict[str, Any]], int]:
        """All measurements, and how many lines are damaged.

        Raises:
            OSError: if they cannot be read.
            ValueError: if there are more than any training writes.
        """
        data = read_bytes(self.folder / "metrics.jsonl", _LARGEST_METRICS)
        if data.count(b"\n") > _MOST_LINES:
            raise ValueError(f"metrics.jsonl has more than {_MOST_LINES:,} lines")
        *lines, half = data.split(b"\n")
        records: dict[int, dict[str, Any]] = {}
        damaged = sum(not _take(line, records) for line in lines)
        # What is being written, or was when the power went, has no end yet: that is no damage.
        _take(half, records)
        return [records[step] for step in sorted(records)], damaged

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
        steps = _read_or_empty(self.folder / "pinned.json").get("steps", [])
        return list(filter(is_count, steps)) if isinstance(steps, list) else []

    def damage(self) -> list[str]:
        """What in the folder is not what a training writes there, in words; it is read as if it were not there.

        Saved steps are not looked at: whoever loads one is told.
        """
        found = []
        for name, look in (
            ("run.json", lambda: _lost(self.folder / "run.json", self.config())),
            ("status.json", lambda: _lost(self.folder / "status.json", self.status())),
            ("metrics.jsonl", lambda: _counted(self._measured()[1], "line")),
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
        control = valid_fields(_read_or_empty(self.folder / "control.json"), {"threads": is_count})
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
                control = _read_or_empty(self.folder / "control.json")
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
        # Out of sight in one step: nobody sees a run that is half there.
        grave = self.folder.with_name(f".deleted-{secrets.token_hex(8)}")
        try:
            move(self.folder, grave)
            remove_folder(grave)
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
        graves = []
        # What somebody pins at this moment is either seen, or is no longer there to be pinned.
        with contextlib.suppress(OSError), self._changing():
            saved = self.steps()
            keep = {*saved[-keep_last:], *self.pinned(), self.latest(), self.best_step()}
            for step in saved:
                if step not in keep:
                    folder = self.step_path(step)
                    # Out of sight in one step: a kill must not leave one that is half there.
                    grave = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
                    with contextlib.suppress(OSError):
                        move(folder, grave)
                        graves.append(grave)
        for grave in graves:
            with contextlib.suppress(OSError):
                remove_folder(grave)

    def sweep(self) -> None:
        """Remove what a killed training left half-built. Only whoever holds the lock may."""
        for folder in (self.folder, self.folder / "steps", self.folder / "previews"):
            for leftover in folder.glob(".*.tmp"):
                with contextlib.suppress(OSError):
                    remove_folder(leftover) if leftover.is_dir() else leftover.unlink()

    def set_latest(self, step: int) -> None:
        """Point ``latest`` at a saved step."""
        replace_bytes(self.folder / "latest", f"{step_name(step)}\n".encode())


@dataclass(frozen=True)
class ActiveTraining:
    """The training that holds this home's lock."""

    run: Run
    start: str


def training_lock() -> Lock:
    """The lock that allows one training at a time in this home.

    Raises:
        OSError: if the home cannot be used.
    """
    return Lock(home() / "training.lock")


def announce_training(run: Run, start: str) -> None:
    """Say whose the training lock is; for whoever holds it."""
    replace_json(home() / "training.json", {"folder": str(run.folder.resolve()), "start": start}, durable=False)


def active_training() -> ActiveTraining | None:
    """The training that is alive in this home, whichever program started it; None if there is none."""
    try:
        note = _read_or_empty(home() / "training.json")
    except OSError:
        return None
    if not isinstance(note.get("folder"), str) or not isinstance(note.get("start"), str):
        return None
    run = Run(Path(note["folder"]))
    if run.status().get("start") != note["start"] or run.state() not in ACTIVE:
        return None
    return ActiveTraining(run, note["start"])


def list_runs(*roots: Path) -> list[Run]:
    """All runs in some ``checkpoints`` folders, the newest first; the same folder counts once."""
    found: dict[Path, tuple[float, Path]] = {}
    for root in roots:
        try:
            folders = [entry for entry in root.iterdir() if not entry.name.startswith(".") and entry.is_dir()]
        except OSError:
            continue
        for folder in folders:
            try:
                # The folder as it was named: work that goes on in it must not follow a link elsewhere.
                found.setdefault(folder.resolve(), (Run(folder).place(), folder))
            except OSError:
                continue
    return [Run(folder) for _, folder in sorted(found.values(), reverse=True)]


def next_place(folder: Path) -> int:
    """The number of a run that is about to begin: above those of all runs beside it, whatever the clock says."""
    newest = max((run.place() for run in list_runs(folder.parent)), default=0.0)
    return max(time.time_ns() // 1_000_000, int(newest) + 1)


def check_name(name: str) -> str:
    """A run's name, if it can be a folder's name on every system.

    Raises:
        RunError: if it cannot.
    """
    if not _NAME.fullmatch(name) or name[-1] in " ." or _RESERVED.fullmatch(name):
        raise RunError(
            f"{name[:70]!r} cannot be the name of a run: use 1 to 63 letters, digits, spaces, dots, dashes or "
            "underscores, with a letter or digit first."
        )
    return name


def _read_or_empty(path: Path) -> dict[str, Any]:
    try:
        return read_json(path, _LARGEST_JSON)
    except (OSError, ValueError):
        return {}


def _take(line: bytes, records: dict[int, dict[str, Any]]) -> bool:
    """Add what a line of the metrics says to records by step; whether all of it was of its kind."""
    if not line.strip():
        return True
    try:
        record = parse_json(line, "a line")
    except ValueError:
        return False
    if not is_count(record.get("step")):
        return False
    records[record["step"]] = valid_fields(record, _METRICS)
    return records[record["step"]] == record


def _lost(path: Path, kept: dict[str, Any]) -> str:
    """The names of what a file holds and a reader leaves out."""
    stored = read_json(path, _LARGEST_JSON)
    return ", ".join(ascii(key)[1:-1] for key, value in stored.items() if kept.get(key) != value)


def _counted(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' if count > 1 else ''}" if count else ""


def _numbers(folder: Path, suffix: str) -> list[int]:
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return []
    stems = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    steps = sorted(int(stem) for stem in stems if _is_number(stem))
    if suffix:
        return steps
    whole = [folder / step_name(step) for step in steps]
    return [step for step, path in zip(steps, whole, strict=True) if (path / MANIFEST).is_file()]


def _is_number(text: str) -> bool:
    """Whether it is how a step is written: "²" is a digit to Python, and a number of 5,000 digits none."""
    return text.isascii() and text.isdigit() and len(text) <= 18
