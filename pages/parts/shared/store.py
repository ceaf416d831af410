"""What the pages read from disk, read once."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st

from ddpm.base.files import read_json
from ddpm.base.json_values import is_count
from ddpm.judging.choosing import VERDICT
from ddpm.judging.verdict import Verdict, read_verdict
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint, step_folder
from ddpm.runs.errors import CheckpointError
from ddpm.runs.listing import list_runs
from ddpm.runs.records import ACTIVE
from ddpm.runs.run import Run
from ddpm.runs.step_files import MANIFEST, MODEL, STATE
from ddpm.runs.training_lock import active_training
from ddpm.sprites import SpriteDataset, SpriteError, kaggle, load_sprites

ROOT = Path(__file__).resolve().parents[3]
# What everybody has the sprites of comes first.
_SHIPPED_ORDER = ("builtin", "pixel-art")
# Of a set that lacks more of what a model learnt from nothing can be said about copies.
_ENOUGH = 0.9
# A path may hold what is no character.
PATHS: dict[str | type[Any], Callable[[Any], bytes]] = {str: lambda text: text.encode("utf-8", "surrogatepass")}
"""How Streamlit's caches tell arguments apart that are paths."""
_NO_HASHES = (
    "The list of what this model learnt from (trained_on.npy) is damaged: here it is held against the usual nine "
    "tenths of the set, which may not be right."
)


def user_checkpoints() -> Path:
    """Where the user's runs are: ``checkpoints`` in the folder that the app was started in."""
    return Path.cwd() / "checkpoints"


def all_runs() -> list[Run]:
    """The user's runs, newest first, then the shipped ones."""
    runs = list_runs(user_checkpoints(), ROOT / "checkpoints")
    active = active_training()
    if active is not None and not active.run.exists() and active.run.folder.parent == user_checkpoints().resolve():
        # It has just begun, and nothing of it is written down yet.
        runs.insert(0, Run(user_checkpoints() / active.run.name))
    places = {name: place for place, name in enumerate(_SHIPPED_ORDER, start=1)}
    return sorted(runs, key=lambda run: places.get(run.name, len(places) + 1) if run.is_shipped() else 0)


def drawing_runs() -> list[Run]:
    """Runs that have something to draw with."""
    return [run for run in all_runs() if run.latest() is not None]


def shipped_run() -> Run | None:
    """The run that came with the app and shows it best."""
    return next((run for run in all_runs() if run.is_shipped() and run.latest() is not None), None)


def is_live(run: Run) -> bool:
    """Whether the run is training right now."""
    return run.state() in ACTIVE


def default_run(runs: list[Run]) -> Run:
    """The run that a page begins with: the newest that is not training, else the shipped one."""
    return next((run for run in runs if not is_live(run)), runs[0])


def find_run(runs: list[Run], folder: str | None) -> Run | None:
    """The run in a folder, if it is among them."""
    return next((run for run in runs if str(run.folder) == folder), None)


def remembered_run(runs: list[Run], key: str) -> Run | None:
    """The run whose folder this visitor's session holds under ``key``, also if it has been renamed since."""
    found = find_run(runs, st.session_state.get(key))
    run_id = st.session_state.get(f"{key}-id")
    if found is None and run_id:
        found = next((run for run in runs if run.id() == run_id), None)
    if found is not None:
        st.session_state[f"{key}-id"] = found.id()
    return found


def run_that_drew(info: Mapping[str, Any], runs: list[Run]) -> Run | None:
    """The run that drew a batch, whatever it is called by now; None if it is no longer here.

    Args:
        info: of the batch. Before runs had ids, it told of a run by its folder, its name and the mark of its weights.
    """
    run_id, mark, folder = info.get("id"), info.get("mark"), info.get("run")
    # A copy has the same id, and the same weights: the folder that drew comes first, then its name.
    first = sorted(runs, key=lambda run: (str(run.folder) != folder, run.name != info.get("name")))
    alike = [run for run in first if run_id and run.id() == run_id]
    if not alike and mark:
        alike = [run for run in first if _mark_at(run, info) == mark]
    if not alike and not run_id:
        # Of another mark it is another run; a step that was thinned out has none any more.
        alike = [run for run in first if str(run.folder) == folder and not (mark and _mark_at(run, info))]
    if not alike and not run_id and not mark:
        alike = [run for run in first if run.name == info.get("name")]
    return alike[0] if alike else None


def _mark_at(run: Run, info: Mapping[str, Any]) -> str:
    step: Any = info.get("step")
    return weights_mark(run.step_path(step), info.get("weights", "ema")) if is_count(step) else ""


def without_folders(text: str) -> str:
    """A message for a page: runs in it by their names, not by their paths."""
    for folder in (user_checkpoints(), ROOT / "checkpoints"):
        text = text.replace(f"{folder}{os.sep}", "")
    return text


def run_label(run: Run) -> str:
    """A run's name for a menu."""
    step = run.latest()
    origin = "came with the app" if run.is_shipped() else f"{step:,} steps" if step is not None else "nothing saved yet"
    return f"{run.name} ({origin})"


def verdict_of(run: Run) -> Verdict | None:
    """What was found about a run when its best step was chosen; None where that was never done."""
    path = run.folder / VERDICT
    try:
        info = path.stat()
    except OSError:
        return None
    return _verdict(str(run.folder), (info.st_mtime_ns, info.st_size))


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=PATHS)
def _verdict(folder: str, mark: tuple[int, int]) -> Verdict | None:
    return read_verdict(Path(folder))


def checkpoint(path: Path, weights: Literal["ema", "raw"] = "ema") -> Checkpoint:
    """A network, kept in memory as long as its files stay the same.

    Raises:
        CheckpointError: as ``load_checkpoint``.
    """
    try:
        return _checkpoint(manifest_mark(path), weights)
    except CheckpointError as error:
        raise CheckpointError(without_folders(str(error))) from error


def manifest_mark(path: Path) -> tuple[str, int]:
    """Which step a path means, and which making of it: another one at the same place has another mark.

    Raises:
        CheckpointError: if there is no step.
    """
    folder = step_folder(path)
    try:
        return str(folder), (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        return str(folder), 0


def weights_mark(path: Path, weights: Literal["ema", "raw"] = "ema") -> str:
    """Eight hex digits that tell the weights of a checkpoint from others; nothing where they cannot be told."""
    try:
        files = read_json(step_folder(path) / MANIFEST, limit=1 << 20)["files"]
        return str(files[MODEL if weights == "ema" else STATE]["sha256"])[:8]
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=PATHS)
def _checkpoint(mark: tuple[str, int], weights: Literal["ema", "raw"]) -> Checkpoint:
    return load_checkpoint(mark[0], weights)


def sprites(source: str) -> SpriteDataset:
    """A set of sprites, kept in memory as long as its file stays the same.

    Raises:
        SpriteError: as ``load_sprites``.
    """
    try:
        info = os.stat(source)
    except (OSError, ValueError):
        return _sprites(source, (0, 0, 0))
    if stat.S_ISDIR(info.st_mode):
        # A folder's own date does not change with the files in it; the loader looks at each of them.
        return load_sprites(source)
    return _sprites(source, (info.st_mtime_ns, info.st_ctime_ns, info.st_size))


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=PATHS)
def _sprites(source: str, mark: tuple[int, int, int]) -> SpriteDataset:
    return load_sprites(source)


@dataclass(frozen=True)
class RunData:
    """The sprites that a run learnt from, or why they are not here.

    Attributes:
        problem: why they are not; None where they are.
        note: what has to be known about those that are; empty where they are the very set that the run was given.
    """

    sprites: SpriteDataset | None
    problem: str | None
    note: str = ""


def run_data(run: Run) -> RunData:
    """Find the sprites of a run again: the set that it was given, or a larger one that holds what it learnt from."""
    data = run.config().get("data") or {}
    source = str(data.get("source", ""))
    try:
        found = sprites(source)
    except SpriteError as error:
        return RunData(None, str(error))
    learnt = run.trained_on()
    if found.fingerprint == data.get("fingerprint"):
        damaged = learnt is None and run.has_hashes()
        return RunData(found, None, _NO_HASHES if damaged else "")
    if learnt is None or not len(learnt):
        return RunData(
            None, f"{source} now holds other sprites than those that this model learnt from. Put those back."
        )
    learnt = np.unique(learnt)
    here = int(np.isin(learnt, found.split_hashes()).sum())
    words = f"{found.name} holds {here:,} of the {len(learnt):,} sprites that this model learnt from"
    if here < _ENOUGH * len(learnt):
        return RunData(None, f"{words}: too few to find its copies. Put the others back.")
    return RunData(found, None, "" if here == len(learnt) else f"{words}: copies of the others go unseen.")


def may_have_data(run: Run) -> bool:
    """Whether the sprites of a run seem to be here; they are not read for this."""
    source = str((run.config().get("data") or {}).get("source", ""))
    if source == "kaggle":
        return kaggle.find() is not None
    return bool(source) and (source.startswith("builtin") or Path(source).exists())
