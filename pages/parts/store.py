"""What the pages read from disk, read once."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import streamlit as st

from ddpm.checkpoint import MANIFEST, MODEL, STATE, Checkpoint, load_checkpoint, step_folder
from ddpm.files import read_json
from ddpm.run import ACTIVE, Run, list_runs
from ddpm.sprites import SpriteDataset, SpriteError, load_sprites

ROOT = Path(__file__).resolve().parents[2]
_SHIPPED_ORDER = ("pixel-art", "builtin")


def user_checkpoints() -> Path:
    """Where the user's runs are: ``checkpoints`` in the folder that the app was started in."""
    return Path.cwd() / "checkpoints"


def all_runs() -> list[Run]:
    """The user's runs and the shipped ones, newest first, the shipped ones last."""
    runs = list_runs(user_checkpoints(), ROOT / "checkpoints")
    return sorted(runs, key=lambda run: run.is_shipped())


def drawing_runs() -> list[Run]:
    """Runs that have something to draw with."""
    return [run for run in all_runs() if run.latest() is not None]


def shipped_run() -> Run | None:
    """The run that came with the app and shows it best."""
    shipped = {run.name: run for run in all_runs() if run.is_shipped() and run.latest() is not None}
    for name in _SHIPPED_ORDER:
        if name in shipped:
            return shipped[name]
    return next(iter(shipped.values()), None)


def is_live(run: Run) -> bool:
    """Whether the run is training right now."""
    return run.state() in ACTIVE


def default_run(runs: list[Run]) -> Run:
    """The run that a page begins with: the newest that is not training, else the shipped one."""
    return next((run for run in runs if not is_live(run)), runs[0])


def find_run(runs: list[Run], folder: str | None) -> Run | None:
    """The run in a folder, if it is among them."""
    return next((run for run in runs if str(run.folder) == folder), None)


def run_label(run: Run) -> str:
    """A run's name for a menu."""
    step = run.latest()
    origin = "came with the app" if run.is_shipped() else f"{step:,} steps" if step is not None else "nothing saved yet"
    return f"{run.name} ({origin})"


def checkpoint(path: Path, weights: Literal["ema", "raw"] = "ema") -> Checkpoint:
    """A network, kept in memory as long as its files stay the same.

    Raises:
        CheckpointError: as ``load_checkpoint``.
    """
    mark = manifest_mark(path)
    return _checkpoint(mark, weights)


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


@st.cache_resource(max_entries=4, show_spinner=False)
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


@st.cache_resource(max_entries=4, show_spinner=False)
def _sprites(source: str, mark: tuple[int, int, int]) -> SpriteDataset:
    return load_sprites(source)


@dataclass(frozen=True)
class RunData:
    """The sprites that a run learnt from, or why they are not here."""

    sprites: SpriteDataset | None
    problem: str | None


def run_data(config: dict) -> RunData:
    """Find the sprites of a run again.

    Args:
        config: a run's or a checkpoint's.
    """
    data = config.get("data") or {}
    source = str(data.get("source", ""))
    try:
        found = sprites(source)
    except SpriteError as error:
        return RunData(None, str(error))
    if found.fingerprint != data.get("fingerprint"):
        return RunData(None, f"{source} now holds other sprites than those that this model learnt from.")
    return RunData(found, None)
