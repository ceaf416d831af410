"""What of a run travels: the weights of one step, and what is known about them; nothing of this computer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from ddpm.judging.choosing import CHOICE, VERDICT
from ddpm.judging.readers import READERS
from ddpm.runs.names import is_step_name, step_name
from ddpm.runs.records import TIMETABLE
from ddpm.runs.step_files import (
    CONFIG,
    FORMAT_VERSION,
    GUIDE,
    MANIFEST,
    MODEL,
    drawing_files,
    parse_config,
    read_checked,
)
from ddpm.sprites.readers.reading import split_source

RUN_JSON, METRICS, STATUS_JSON, HASHES, LATEST, CARD = (
    *("run.json", "metrics.jsonl", "status.json", "trained_on.npy", "latest", "README.md"),
)
LARGEST = 512 << 20
"""The most bytes of a file, packed as well as unpacked."""
MOST_PREVIEWS = 200

LIMITS = {
    RUN_JSON: 1 << 20,
    STATUS_JSON: 1 << 20,
    METRICS: 64 << 20,
    TIMETABLE: 64 << 20,
    HASHES: 256 << 20,
    CHOICE: 16 << 20,
    VERDICT: 16 << 20,
    READERS: 1 << 20,
    LATEST: 64,
    CARD: 1 << 20,
}
"""The files of a run, beside those of its step and its previews, and the most bytes of each."""
_STEP_LIMITS = {MODEL: LARGEST, GUIDE: LARGEST, CONFIG: 16 << 20, MANIFEST: 1 << 20}
MOST_FILES = len(LIMITS) + len(_STEP_LIMITS) + MOST_PREVIEWS
_PREVIEW_LIMIT = 1 << 20
_STEP = re.compile(r"steps/([0-9]{6,18})/([a-z]+\.[a-z]+)")
_PREVIEW = re.compile(r"previews/([0-9]{6,18})\.png")
_TOLD = ("total_steps", "seconds", "threads", "loss")
_FOLDERS = re.compile(r"^[A-Za-z]:|[\\/]+")


def limit_of(name: str) -> int | None:
    """The most bytes of a file, by its path in the run folder; None if no such file travels."""
    if found := _STEP.fullmatch(name):
        return _STEP_LIMITS.get(found[2]) if _is_plain(found[1]) else None
    if found := _PREVIEW.fullmatch(name):
        return _PREVIEW_LIMIT if _is_plain(found[1]) else None
    return LIMITS.get(name)


def step_in(name: str) -> int | None:
    """The step to whose folder a path belongs; None if it lies elsewhere."""
    found = _STEP.fullmatch(name)
    return None if found is None else int(found[1])


def step_files(folder: Path) -> dict[str, bytes]:
    """The files of a step folder that draw, by name, with a manifest of them alone.

    Raises:
        CheckpointError: if one of them is damaged.
    """
    files = read_checked(folder, drawing_files(folder))
    config = parse_config(folder, files[CONFIG])
    if isinstance(config.get("data"), dict):
        config["data"] = _without_folders(config["data"])
    files[CONFIG] = json.dumps(config, indent=2, allow_nan=False).encode()
    listed = {name: {"size": len(data), "sha256": sha256(data).hexdigest()} for name, data in files.items()}
    manifest = {"format_version": FORMAT_VERSION, "files": listed}
    return {**files, MANIFEST: json.dumps(manifest, indent=2).encode()}


def run_config(config: Mapping[str, Any], run_id: str) -> dict[str, Any]:
    """``run.json`` as it travels: with the id, so that links find the run; no folders, no place in a list of runs."""
    kept = {key: value for key, value in config.items() if key not in ("sequence", "shipped", "note", "early")}
    return {**kept, "id": run_id, "data": _without_folders(config["data"])}


def run_status(status: Mapping[str, Any], step: int) -> dict[str, Any]:
    """``status.json`` as it travels: that of a finished run, without the messages, logs and errors of its training."""
    told = {key: status[key] for key in _TOLD if key in status}
    return {"state": "finished", "step": step, "start": "travelled", **told}


def portable_source(source: str) -> str:
    """A source of sprites without the folder in which it lies; ``builtin`` and ``kaggle`` stay as they are.

    A folder is private where the run comes from, and where it arrives it would lead to whatever lies there.
    """
    path, _ = split_source(source)
    parts = [part for part in _FOLDERS.split(path) if part.strip(". ")]
    return (parts[-1] if parts else "sprites") + source[len(path) :]


def _without_folders(data: Mapping[str, Any]) -> dict[str, Any]:
    return {**data, "source": portable_source(str(data["source"]))} if "source" in data else dict(data)


def _is_plain(number: str) -> bool:
    """Whether a number is spelled as we spell it: two spellings would be the same step."""
    return is_step_name(number) and step_name(int(number)) == number
