"""Reading the JSON files of a run folder without fields of a wrong type or range."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ddpm.base.files import read_bytes, read_json
from ddpm.base.json_values import (
    Check,
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
from ddpm.training.timetable import Stretch

RunState = Literal["starting", "running", "paused", "stopped", "finished", "failed", "interrupted", "unknown"]
TIMETABLE = "timetable.jsonl"
ACTIVE: tuple[RunState, ...] = ("starting", "running", "paused")
_ID = re.compile(r"[0-9a-f]{16}")
_LARGEST_JSON, _LARGEST_METRICS = 1 << 20, 64 << 20
_MOST_LINES = 200_000


def _is_string(value: Any) -> bool:
    """A message; it may quote a file name with surrogates."""
    return isinstance(value, str)


def _is_check(value: Any) -> bool:
    """A self-check: an object of numbers, or of such objects."""
    return is_object(value) and all(
        number is None or is_amount(number) or _is_check(number) for number in value.values()
    )


STATUS: dict[str, Check] = {
    "state": is_text,
    "step": is_count,
    "total_steps": is_count,
    "minutes": or_none(is_amount),
    "share": or_none(is_share),
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
_RECIPE: dict[str, Check] = {"title": is_text, "summary": is_text, "classes": lambda value: isinstance(value, bool)}
_DATA: dict[str, Check] = {
    "source": is_name,
    "name": is_name,
    "fingerprint": is_text,
    "label_names": or_none(list_of(is_name)),
    "class_frequencies": or_none(list_of(is_share)),
    "num_classes": or_none(is_count),
}
_CONFIG: dict[str, Check] = {
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
    "early": list_of(is_count),
    "distilled": lambda value: has_fields(value, {"run": is_name, "id": is_text, "step": is_count, "weights": is_text}),
}
_METRICS: dict[str, Check] = {
    **dict.fromkeys(("loss", "noise_error", "heldout", "heldout_raw", "seconds", "images_per_second"), is_amount),
    **dict.fromkeys(("final_heldout", "final_heldout_even", "final_heldout_raw"), is_amount),
    "distances": lambda value: list_of(is_amount)(value) and 0 < len(value) <= 16,
    "quartiles": lambda value: list_of(or_none(is_amount))(value) and len(value) == 4,
    "check": lambda value: _is_check(value) and is_amount(value.get("seconds")) and is_object(value.get("real") or {}),
}


def read_or_empty(path: Path) -> dict[str, Any]:
    """A JSON object; empty if the file is missing or damaged."""
    try:
        return read_json(path, _LARGEST_JSON)
    except (OSError, ValueError):
        return {}


def read_config(path: Path) -> dict[str, Any]:
    """``run.json``; empty if it is missing or damaged."""
    config = valid_fields(read_or_empty(path), _CONFIG)
    for part, checks in (("data", _DATA), ("recipe", _RECIPE)):
        if part in config:
            config[part] = valid_fields(config[part], checks)
    return config


def read_metrics(path: Path) -> tuple[list[dict[str, Any]], int]:
    """``metrics.jsonl``: one record per step, in rising order, and the number of damaged lines.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is larger than any training writes.
    """
    *lines, half = _lines(path)
    records: dict[int, dict[str, Any]] = {}
    damaged = sum(not _add_record(line, records) for line in lines)
    # A last line without its end is still being written, or was when the program was killed: not counted as damage.
    _add_record(half, records)
    return [records[step] for step in sorted(records)], damaged


def read_timetable(path: Path) -> tuple[list[Stretch], int]:
    """``timetable.jsonl``: the stretches as they were written, and the number of damaged lines.

    Raises:
        OSError: if it cannot be read.
        ValueError: if it is larger than any training writes.
    """
    # Nothing went by a last line without its end.
    *lines, _ = _lines(path)
    found, damaged = [], 0
    for line in filter(bytes.strip, lines):
        try:
            found.append(Stretch.from_dict(parse_json(line, "a line")))
        except ValueError:
            damaged += 1
    return found, damaged


def _lines(path: Path) -> list[bytes]:
    data = read_bytes(path, _LARGEST_METRICS)
    if data.count(b"\n") > _MOST_LINES:
        raise ValueError(f"{path.name} has more than {_MOST_LINES:,} lines")
    return data.split(b"\n")


def left_out(path: Path, kept: Mapping[str, Any]) -> str:
    """The names of the fields of a file that differ in ``kept``. Raises OSError or ValueError if it is unreadable."""
    stored = read_json(path, _LARGEST_JSON)
    return ", ".join(ascii(key)[1:-1] for key, value in stored.items() if kept.get(key) != value)


def _add_record(line: bytes, records: dict[int, dict[str, Any]]) -> bool:
    """Add a line of the metrics to ``records``, by step; returns whether all of it was valid."""
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
