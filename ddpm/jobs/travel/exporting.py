"""Making one file of a run."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.base.files import read_bytes
from ddpm.base.text import counted, megabytes
from ddpm.jobs.model_card import run_card
from ddpm.jobs.travel.contents import (
    CARD,
    HASHES,
    LARGEST,
    LATEST,
    LIMITS,
    METRICS,
    MOST_PREVIEWS,
    RUN_JSON,
    STATUS_JSON,
    portable_source,
    run_config,
    run_status,
    step_files,
)
from ddpm.judging.choosing import CHOICE, VERDICT, read_choice
from ddpm.judging.readers import READERS, read_readers
from ddpm.judging.verdict import damage
from ddpm.runs.errors import RunError
from ddpm.runs.names import check_name, step_name
from ddpm.runs.records import TIMETABLE
from ddpm.runs.run import Run


@dataclass(frozen=True)
class ExportedRun:
    """A run as one file.

    Attributes:
        name: for the file, without ".zip".
        data: the bytes of the zip; the same run gives the same bytes.
        step: whose weights it holds.
        told: what was left out, in words.
    """

    name: str
    data: bytes
    step: int
    told: tuple[str, ...]


def export_run(folder: Path) -> ExportedRun:
    """Pack the chosen step of a run, else its latest, and what is known about it.

    Raises:
        RunError: if there is no run, or it has saved nothing, or is too large.
        CheckpointError: if the step is damaged.
        OSError: if a file cannot be read.
    """
    run = Run(folder)
    damaged = {text.split(" ")[0] for text in damage(run)}
    if not run.exists():
        raise RunError(f"There is no run at {run.folder}: give the folder of a run, such as checkpoints/mine.")
    if RUN_JSON in damaged or not {"data", "recipe", "schedule"} <= run.config().keys():
        raise RunError(f"The run.json of {run.name} is damaged or of an earlier version: it cannot be exported.")
    step, is_chosen = _step(run)
    files: dict[str, bytes] = {
        RUN_JSON: _json(run_config(run.config(), run.id())),
        STATUS_JSON: _json(run_status(run.status(), step)),
        LATEST: f"{step_name(step)}\n".encode(),
        METRICS: _lines(record for record in run.metrics() if record["step"] <= step),
    }
    files |= {f"steps/{step_name(step)}/{file}": data for file, data in step_files(run.step_path(step)).items()}
    optional = [HASHES, TIMETABLE, *((CHOICE, VERDICT) if is_chosen else ())]
    optional += [READERS] if read_readers(run) is not None else []
    for file in optional:
        if (run.folder / file).is_file() and file not in damaged:
            files[file] = read_bytes(run.folder / file, LIMITS[file])
    files[CARD] = _card(run)
    film = [(at, data) for at, data in run.film() if at <= step]
    kept = _some(film)
    files |= {f"previews/{step_name(at)}.png": data for at, data in kept}
    if sum(map(len, files.values())) > LARGEST:
        raise RunError(f"{run.name} has more than {megabytes(LARGEST)}: too much for one file. Copy its folder.")
    name = _safe_name(run)
    return ExportedRun(name, _zipped(name, files), step, _left_out(run, step, damaged, len(film) - len(kept)))


def _step(run: Run) -> tuple[int, bool]:
    """The step that travels, and whether it was chosen."""
    choice = read_choice(run.folder)
    if choice is not None and choice["chosen"] in run.steps():
        return int(choice["chosen"]), True
    latest = run.latest()
    if latest is None:
        raise RunError(f"{run.name} has not saved anything yet: there is nothing to export.")
    return latest, False


def _some(film: list[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
    """A film; of a long one some pictures, evenly."""
    places = np.unique(np.linspace(0, len(film) - 1, min(MOST_PREVIEWS, len(film))).round().astype(int))
    return [film[place] for place in places]


def _left_out(run: Run, step: int, damaged: set[str], previews: int) -> tuple[str, ...]:
    others = len(run.steps()) - 1
    source = str(run.config()["data"].get("source", ""))
    found = {
        f"what only a training needs to go on after step {step:,}": True,
        counted(others, "other saved step"): others,
        counted(previews, "preview"): previews,
        "the folder of its sprites (their name travels, they do not)": portable_source(source) != source,
        f"what is damaged ({', '.join(sorted(damaged))})": damaged,
    }
    return tuple(words for words, is_true in found.items() if is_true)


def _safe_name(run: Run) -> str:
    try:
        return check_name(run.folder.resolve().name)
    except RunError:
        return "run"


def _card(run: Run) -> bytes:
    try:
        return run_card(run).encode()
    except (RunError, KeyError):
        return f"# {run.name}\n\nNo model card: its run.json is of an earlier version.\n".encode()


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()


def _lines(records: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records).encode()


def _zipped(name: str, files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(files):
            # No date, so that the same run gives the same file.
            info = zipfile.ZipInfo(f"{name}/{path}")
            info.external_attr = 0o100644 << 16
            is_dense = path.endswith((".safetensors", ".png"))
            info.compress_type = zipfile.ZIP_STORED if is_dense else zipfile.ZIP_DEFLATED
            archive.writestr(info, files[path])
    return packed.getvalue()
