"""Making a run of a file that came from elsewhere: nothing of it is believed, and nothing changes until all is checked.

Its files are unpacked into a folder aside, read by the readers that any run is read by, and only then given their name.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ddpm.base.files import remedy, replace_json
from ddpm.base.folders import build_aside, put_in_place, sweep
from ddpm.base.text import display_name
from ddpm.jobs.model_card import run_card
from ddpm.jobs.run_plan import RUN_FORMAT
from ddpm.jobs.travel.contents import CARD, LATEST, RUN_JSON, STATUS_JSON, run_config, run_status, step_files
from ddpm.jobs.travel.run_archive import RunArchive
from ddpm.judging.choosing import CHOICE, read_choice
from ddpm.judging.verdict import damage
from ddpm.runs.checkpoint import load_checkpoint
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.runs.listing import next_place
from ddpm.runs.names import check_name
from ddpm.runs.run import Run
from ddpm.runs.step_files import GUIDE
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.picture_files import pngs

_MOST_PIXELS = 1_000_000
_LONGEST_NAME = 63
# Of a run that is here one can take another step; a file has no other.
_ADVICE = re.compile(r" Use an(other| earlier) step\.")


@dataclass(frozen=True)
class ImportedRun:
    """A run that was made of a file, and what else is to be said of it, in words."""

    run: Run
    told: tuple[str, ...]


def import_run(file: BinaryIO, where: str, checkpoints: Path, name: str | None = None) -> ImportedRun:
    """Make a run of an exported one; it keeps its id, so that links find it.

    Args:
        file: open on a plain file.
        where: what messages call it.
        checkpoints: the folder of runs; made if it is missing.
        name: of the run; None for the name that it had.

    Raises:
        RunError: if it is not an exported run, whole and harmless, the name is taken or invalid, or it cannot be
            written. Nothing has then changed.
    """
    archive = RunArchive(file, where)
    target = checkpoints / check_name(archive.name if name is None else name)
    _check_free(target)
    try:
        checkpoints.mkdir(parents=True, exist_ok=True)
        sweep(checkpoints)
        with build_aside(checkpoints) as building:
            _unpack(archive, building)
            _check(archive, building)
            told = _settle(archive, building, target)
            _check_free(target)
            put_in_place(building, target)
    except OSError as error:
        _check_free(target)
        raise RunError(
            f"{display_name(where)} could not be imported: {error.strerror or error}. {remedy(error)}, and import it "
            "again."
        ) from error
    return ImportedRun(Run(target), told)


def free_name(checkpoints: Path, name: str) -> str:
    """The name itself, or with the first number that makes it one that no run has."""
    found, number = name, 2
    while os.path.lexists(checkpoints / found):
        ending = f"-{number}"
        found, number = name[: _LONGEST_NAME - len(ending)] + ending, number + 1
    return found


def _check_free(target: Path) -> None:
    if os.path.lexists(target):
        raise RunError(
            f"There is already a run called {target.name!r}, which was not changed. Import this one under another "
            f"name, such as {free_name(target.parent, target.name)!r}."
        )


def _unpack(archive: RunArchive, building: Path) -> None:
    # Those two say where it lies, which is here.
    for name in set(archive.names) - {LATEST, CARD}:
        path = building / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(archive.read(name))
    Run(building).set_latest(archive.step)


def _check(archive: RunArchive, building: Path) -> None:
    """Read all that was unpacked as it will be read later. Raises RunError if any of it is damaged."""
    run = Run(building)
    config = run.config()
    version = config.get("format_version")
    if isinstance(version, int) and version > RUN_FORMAT:
        raise RunError(f"{archive.name} was exported by a newer version of this program: update the program here.")
    if damaged := damage(run):
        raise archive.refusal(f"in it, {', '.join(damaged)} cannot be read")
    if missing := [name for name in ("format_version", "id", "data", "recipe", "schedule") if name not in config]:
        raise archive.refusal(f"its run.json does not say its {missing[0]}")
    choice = read_choice(building)
    if choice is not None and choice["chosen"] != archive.step:
        raise archive.refusal(f"its {CHOICE} chose another step")
    try:
        loaded = load_checkpoint(run.step_path(archive.step))
        if loaded.config["step"] != archive.step:
            raise archive.refusal("its weights are those of another step")
        if loaded.model.guide is None and any(name.endswith(f"/{GUIDE}") for name in archive.names):
            raise archive.refusal(f"it holds a {GUIDE}, of which the rest of it does not know")
        for step, path in run.previews():
            pngs.decode_png(path.read_bytes(), f"the preview of step {step:,}", _MOST_PIXELS)
    except (CheckpointError, SpriteError) as error:
        words = _ADVICE.sub("", str(error)).replace(f"{building}{os.sep}", "")
        raise archive.refusal(words.rstrip(".")) from error


def _settle(archive: RunArchive, building: Path, target: Path) -> tuple[str, ...]:
    """Write what depends on this computer; returns what is to be said."""
    run, told = Run(building), []
    config = run_config(run.config(), run.id())
    replace_json(building / RUN_JSON, {**config, "name": target.name, "sequence": next_place(target), "imported": True})
    replace_json(building / STATUS_JSON, run_status(run.status(), archive.step))
    # A file that another program made may still name a folder.
    for name, data in step_files(run.step_path(archive.step)).items():
        (run.step_path(archive.step) / name).write_bytes(data)
    try:
        card = run_card(Run(building)).replace(building.name, target.name)
        (building / CARD).write_text(card, encoding="utf-8")
    except (RunError, KeyError):
        told.append("It has no model card: its run.json is of an earlier version.")
    source = str(config["data"].get("source", ""))
    if source != "kaggle" and not source.startswith("builtin"):
        told.append(f"Its sprites did not come with it: to look for copies of them, put {source} beside checkpoints.")
    return tuple(told)
