"""What the pages read from disk, kept in memory as long as the files stay the same."""

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
from ddpm.base.json_values import is_count, is_whole
from ddpm.judging.choosing import VERDICT
from ddpm.judging.verdict import Verdict, read_verdict
from ddpm.pixels.conversion import LARGEST
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint, step_folder
from ddpm.runs.errors import CheckpointError
from ddpm.runs.listing import list_runs
from ddpm.runs.records import ACTIVE
from ddpm.runs.run import Run
from ddpm.runs.step_files import MANIFEST, STATE, drawing_digest
from ddpm.runs.training_lock import active_training
from ddpm.sprites import SpriteDataset, SpriteError, kaggle, load_sprites
from ddpm.sprites.readers.reading import split_source

ROOT = Path(__file__).resolve().parents[3]
# First the run whose training sprites need no download.
_SHIPPED_ORDER = ("builtin", "pixel-art")
# The share of its training sprites that must be here; with fewer, nothing can be said about copies.
_ENOUGH = 0.9
PATHS: dict[str | type[Any], Callable[[Any], bytes]] = {str: lambda text: text.encode("utf-8", "surrogatepass")}
"""Hash function for Streamlit's caches; its own fails on a path with bytes that are not UTF-8."""
_NO_HASHES = (
    "The list of what this model learnt from (trained_on.npy) is damaged: here it is held against the usual nine "
    "tenths of the set, which may not be right."
)


def user_checkpoints() -> Path:
    """The folder of the user's runs: ``checkpoints`` where the app was started."""
    return Path.cwd() / "checkpoints"


def all_runs() -> list[Run]:
    """The user's runs, newest first, then the shipped ones."""
    runs = list_runs(user_checkpoints(), ROOT / "checkpoints")
    active = active_training()
    if active is not None and not active.run.exists() and active.run.folder.parent == user_checkpoints().resolve():
        # It has just begun, and its files are not written yet.
        runs.insert(0, Run(user_checkpoints() / active.run.name))
    places = {name: place for place, name in enumerate(_SHIPPED_ORDER, start=1)}
    return sorted(runs, key=lambda run: places.get(run.name, len(places) + 1) if run.is_shipped() else 0)


def drawing_runs() -> list[Run]:
    """Runs with a saved step."""
    return [run for run in all_runs() if run.latest() is not None]


def shipped_run() -> Run | None:
    """The first run that came with the app and can draw."""
    return next((run for run in drawing_runs() if run.is_shipped()), None)


def is_live(run: Run) -> bool:
    return run.state() in ACTIVE


def default_run(runs: list[Run]) -> Run:
    """The run that a page begins with: the first that is not training, else the first of all."""
    return next((run for run in runs if not is_live(run)), runs[0])


def find_run(runs: list[Run], folder: str | None) -> Run | None:
    """The run in a folder, if it is among them."""
    return next((run for run in runs if str(run.folder) == folder), None)


def remembered_run(runs: list[Run], key: str) -> Run | None:
    """The run whose folder is in this session under ``key``; its id finds it after a new name, too."""
    found = find_run(runs, st.session_state.get(key))
    run_id = st.session_state.get(f"{key}-id")
    if found is None and run_id:
        found = next((run for run in runs if run.id() == run_id), None)
    if found is not None:
        st.session_state[f"{key}-id"] = found.id()
    return found


def run_that_drew(info: Mapping[str, Any], runs: list[Run]) -> Run | None:
    """The run that drew a batch, under whatever name; None if it is no longer here.

    Old batches have no run id: there the mark of the weights, the folder and the name must do.
    """
    run_id, mark, folder = info.get("id"), info.get("mark"), info.get("run")
    # A copy has the same id and the same weights: the same folder comes first, then the same name.
    first = sorted(runs, key=lambda run: (str(run.folder) != folder, run.name != info.get("name")))
    alike = [run for run in first if run_id and run.id() == run_id]
    if not alike and mark:
        alike = [run for run in first if _mark_at(run, info) == mark]
    if not alike and not run_id:
        # Another mark means another run. Without a mark, the step may have been removed to save space.
        alike = [run for run in first if str(run.folder) == folder and not (mark and _mark_at(run, info))]
    if not alike and not run_id and not mark:
        alike = [run for run in first if run.name == info.get("name")]
    return alike[0] if alike else None


def _mark_at(run: Run, info: Mapping[str, Any]) -> str:
    step: Any = info.get("step")
    return weights_mark(run.step_path(step), info.get("weights", "ema")) if is_count(step) else ""


def without_folders(text: str) -> str:
    """A message with the names of runs in place of their paths."""
    for folder in (user_checkpoints(), ROOT / "checkpoints"):
        text = text.replace(f"{folder}{os.sep}", "")
    return text


def run_label(run: Run) -> str:
    step = run.latest()
    origin = "came with the app" if run.is_shipped() else f"{step:,} steps" if step is not None else "nothing saved yet"
    return f"{run.name} ({origin})"


def sprite_shape(run: Run) -> tuple[int, int, int]:
    """(H, W, C) of the sprites of a run; old runs do not say, theirs are 16 by 16 and have no alpha."""
    data = run.config().get("data") or {}
    sizes = [data.get(name, usual) for name, usual in (("height", 16), ("width", 16), ("channels", 3))]
    height, width, channels = (size if is_whole(size, 1, LARGEST) else 16 for size in sizes)
    return height, width, channels


def verdict_of(run: Run) -> Verdict | None:
    """The verdict that a run keeps; None if it has none."""
    try:
        info = (run.folder / VERDICT).stat()
    except OSError:
        return None
    return _verdict(str(run.folder), (info.st_mtime_ns, info.st_size))


@st.cache_resource(max_entries=16, show_spinner=False, hash_funcs=PATHS)
def _verdict(folder: str, mark: tuple[int, int]) -> Verdict | None:
    return read_verdict(Path(folder))


def checkpoint(path: Path, weights: Literal["ema", "raw"] = "ema") -> Checkpoint:
    """:func:`load_checkpoint`, cached; raises CheckpointError as that does, without paths in its message."""
    try:
        return _checkpoint(manifest_mark(path), weights)
    except CheckpointError as error:
        raise CheckpointError(without_folders(str(error))) from error


def manifest_mark(path: Path) -> tuple[str, int]:
    """The folder of the step that a path means, and when it was written (ns); CheckpointError if there is none."""
    folder = step_folder(path)
    try:
        return str(folder), (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        return str(folder), 0


def weights_mark(path: Path, weights: Literal["ema", "raw"] = "ema") -> str:
    """Eight hex digits that change with the weights with which a checkpoint draws; empty if they are not known."""
    try:
        folder = step_folder(path)
        if weights == "ema":
            return drawing_digest(folder)[:8]
        return str(read_json(folder / MANIFEST, limit=1 << 20)["files"][STATE]["sha256"])[:8]
    except (CheckpointError, OSError, ValueError, KeyError, TypeError):
        return ""


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=PATHS)
def _checkpoint(mark: tuple[str, int], weights: Literal["ema", "raw"]) -> Checkpoint:
    return load_checkpoint(mark[0], weights)


def sprites(source: str) -> SpriteDataset:
    """:func:`load_sprites`, cached; raises SpriteError as that does."""
    try:
        info = os.stat(_path_of(source))
    except (OSError, ValueError):
        return _sprites(source, (0, 0, 0))
    if stat.S_ISDIR(info.st_mode):
        # Not cached here: a folder's date does not change with the files in it. The loader checks each file.
        return load_sprites(source)
    return _sprites(source, (info.st_mtime_ns, info.st_ctime_ns, info.st_size))


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=PATHS)
def _sprites(source: str, mark: tuple[int, int, int]) -> SpriteDataset:
    return load_sprites(source)


@dataclass(frozen=True)
class RunData:
    """The sprites that a run learnt from, or why they are not here.

    Attributes:
        problem: why they are not here; None if they are.
        note: how they differ from the set that the run was given; empty if they do not.
    """

    sprites: SpriteDataset | None
    problem: str | None
    note: str = ""


def run_data(run: Run) -> RunData:
    """Find the set that a run was given, or another one that holds at least 90% of what it learnt from."""
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
    """Whether the sprites of a run seem to be here; no file is read."""
    source = str((run.config().get("data") or {}).get("source", ""))
    if source == "kaggle":
        return kaggle.find() is not None
    return bool(source) and (source.startswith("builtin") or Path(_path_of(source)).exists())


def _path_of(source: str) -> str:
    """The path in a source, without how it is read."""
    return source if os.path.exists(source) else split_source(source)[0]
