"""What blind readers said of a checkpoint's drawings: how many of a sheet they would bet on naming.

They are people's answers, not a measure that could be computed again. So ``readers.json`` in the run's folder names the
weights (their SHA-256 in the step's manifest, and that of a guide) whose drawings were read, and counts only as long
as these are the weights of the run's chosen step, or of its latest where none was chosen: a model that is trained, or
shipped, anew has none until it is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddpm.base.files import read_json, replace_json
from ddpm.base.json_values import Check, has_fields, is_whole, list_of
from ddpm.judging.choosing import read_choice
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.run import Run
from ddpm.runs.step_files import drawing_digest

READERS = "readers.json"

SHOWN = 64
"""Sprites on a sheet."""

_MOST = 10_000
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Readers:
    """The answers of some readers, in the same order.

    Attributes:
        named: of the model's drawings, for how many each would bet on a name.
        real: the same of real sprites of its set that it never saw; empty if they were shown none.
        shown: on each sheet.
    """

    named: tuple[int, ...]
    real: tuple[int, ...]
    shown: int

    @property
    def share(self) -> float:
        """Of the drawings, the mean share that was named, 0..1."""
        return sum(self.named) / (len(self.named) * self.shown)

    @property
    def real_share(self) -> float | None:
        """The same of real sprites; None if they were shown none."""
        return sum(self.real) / (len(self.real) * self.shown) if self.real else None

    @property
    def who(self) -> str:
        """Such as "three blind readers"."""
        n = len(self.named)
        return f"{_NUMBERS[n] if n < len(_NUMBERS) else n} blind reader{'s' if n != 1 else ''}"

    @property
    def sentence(self) -> str:
        """The shares in words."""
        real = "" if self.real_share is None else f"; real sprites {self.real_share:.0%}"
        return f"Named by {self.who}: {self.share:.0%} of {self.shown:,}{real}."


def from_answers(answers: Path, sheet: str, real_sheet: str | None, shown: int = SHOWN) -> Readers:
    """Readers' answers of one sheet, and of the sheet of real sprites.

    Args:
        answers: a JSON file, ``{"reader 1": {"A": 41, "B": 12}, "reader 2": {...}}``: of each sheet, how many of its
            sprites a reader would bet on naming. Who did not read the sheet is left out.
        shown: sprites on a sheet.

    Raises:
        OSError, ValueError: if it cannot be read, nobody has read the sheet, or a count is none.
    """
    found = read_json(answers)
    if not all(isinstance(counts, dict) for counts in found.values()):
        raise ValueError(f"{answers}: expected, for each reader, how many of each sheet were named")
    read = [counts for counts in found.values() if sheet in counts and (real_sheet is None or real_sheet in counts)]
    if not read:
        both = sheet if real_sheet is None else f"{sheet} and {real_sheet}"
        raise ValueError(f"{answers}: nobody has read {both}")
    named = tuple(counts[sheet] for counts in read)
    real = () if real_sheet is None else tuple(counts[real_sheet] for counts in read)
    if wrong := [count for count in (*named, *real) if not is_whole(count, 0, shown)]:
        raise ValueError(f"{answers}: a sheet has {shown:,} sprites, so {wrong[0]!r} of them cannot be named")
    return Readers(named, real, shown)


def write_readers(run: Run, readers: Readers) -> None:
    """Keep what readers said of the chosen, else the latest step of a run. Raises RunError if there is none."""
    weights = _weights(run)
    if weights is None:
        raise RunError(f"{run.folder} holds no whole checkpoint whose drawings could have been read.")
    told = {"weights": weights, "named": list(readers.named), "real": list(readers.real), "shown": readers.shown}
    replace_json(run.folder / READERS, told)


def read_readers(run: Run) -> Readers | None:
    """What readers said of that step; None if nobody did, it is damaged, or it was of other weights."""
    stored = _stored(run)
    if stored is None or stored["weights"] != _weights(run):
        return None
    return Readers(tuple(stored["named"]), tuple(stored["real"]), stored["shown"])


def are_of_others(run: Run) -> bool:
    """Whether there are answers, but of other weights than those of that step."""
    stored = _stored(run)
    return stored is not None and stored["weights"] != _weights(run)


def is_damaged(run: Run) -> bool:
    """Whether there is a file that cannot be read."""
    return (run.folder / READERS).exists() and _stored(run) is None


def _is_hash(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")


_FIELDS: dict[str, Check] = {
    "weights": _is_hash,
    "named": list_of(lambda count: is_whole(count, 0, _MOST)),
    "real": list_of(lambda count: is_whole(count, 0, _MOST)),
    "shown": lambda shown: is_whole(shown, 1, _MOST),
}


def _stored(run: Run) -> dict[str, Any] | None:
    try:
        found = read_json(run.folder / READERS)
    except (OSError, ValueError):
        return None
    whole = has_fields(found, _FIELDS) and found["named"] and max(*found["named"], *found["real"], 0) <= found["shown"]
    return found if whole else None


def _weights(run: Run) -> str | None:
    """The digest of the step that the run's card describes; None if there is none."""
    choice = read_choice(run.folder)
    step = run.latest() if choice is None or choice["chosen"] not in run.steps() else int(choice["chosen"])
    if step is None:
        return None
    try:
        found = drawing_digest(run.step_path(step))
    except (CheckpointError, KeyError):
        return None
    return found if _is_hash(found) else None
