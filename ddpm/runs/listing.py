"""All runs in a folder, and their order."""

from __future__ import annotations

import time
from pathlib import Path

from ddpm.runs.run import Run


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
                # Not the resolved path: a run that is a link is renamed and deleted as a link.
                found.setdefault(folder.resolve(), (Run(folder).place(), folder))
            except OSError:
                continue
    return [Run(folder) for _, folder in sorted(found.values(), reverse=True)]


def next_place(folder: Path) -> int:
    """The number for a new run: above those of all runs beside it, even if the clock was set back."""
    newest = max((run.place() for run in list_runs(folder.parent)), default=0.0)
    return max(time.time_ns() // 1_000_000, int(newest) + 1)
