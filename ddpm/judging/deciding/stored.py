"""Where a model decides, measured once and kept in ``decisions/`` of our home.

A file's name depends on the weights, on what the kinds were learnt from and on how it was measured; what is damaged or
missing is measured again.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.base.files import read_json, replace_json
from ddpm.base.home import home
from ddpm.base.json_values import checked, is_count, is_number, is_share, is_text, list_of, or_none
from ddpm.judging.copying.comparison_set import ComparisonSet
from ddpm.judging.deciding.curves import EACH, NAMES, SPRITES, STOPS, Curve, Decisions, measure_decisions
from ddpm.runs.checkpoint import Checkpoint

VERSION = 1
"""Of what is measured: figures of different versions cannot be compared."""

_LARGEST = 1 << 20
_MOST_STORED = 64


def load_or_measure(
    checkpoint: Checkpoint,
    comparison_set: ComparisonSet | None = None,
    sprites: int = SPRITES,
    seed: int = 0,
    watch: Callable[[float], None] = lambda done: None,
) -> Decisions:
    """:func:`ddpm.judging.deciding.curves.measure_decisions`, or what it found before; the same errors."""
    found = load_decisions(checkpoint, comparison_set, sprites, seed)
    if found is not None:
        return found
    found = measure_decisions(checkpoint, comparison_set, sprites, seed=seed, watch=watch)
    path = _path(checkpoint, comparison_set, sprites, seed)
    # If the disk is full, it is measured again next time.
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in sorted(path.parent.glob("*.json"), key=os.path.getmtime)[: -_MOST_STORED + 1]:
            old.unlink(missing_ok=True)
        replace_json(path, found.to_dict(), durable=False)
    return found


def load_decisions(
    checkpoint: Checkpoint, comparison_set: ComparisonSet | None = None, sprites: int = SPRITES, seed: int = 0
) -> Decisions | None:
    """What was measured before; None if nothing was, or it is damaged."""
    try:
        return _decisions(read_json(_path(checkpoint, comparison_set, sprites, seed), _LARGEST))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _path(checkpoint: Checkpoint, comparison_set: ComparisonSet | None, sprites: int, seed: int) -> Path:
    key = blake2b(f"{VERSION} {sprites} {EACH} {STOPS} {seed}".encode(), digest_size=16)
    key.update(checkpoint.digest().encode())
    if comparison_set is not None:
        key.update(comparison_set.sprites.fingerprint.encode())
        for rows in (comparison_set.seen, comparison_set.unseen):
            key.update(np.ascontiguousarray(rows).data)
    return home() / "decisions" / f"{key.hexdigest()}.json"


def _decisions(stored: dict[str, Any]) -> Decisions:
    """The inverse of :meth:`Decisions.to_dict`; ValueError, KeyError or TypeError for anything else."""
    t = np.array(checked(stored["t"], list_of(is_count)), np.int64)
    absent = {name: checked(words, is_text) for name, words in stored["absent"].items() if name in NAMES}
    return Decisions(
        t=t,
        sprites=checked(stored["sprites"], is_count),
        each=checked(stored["each"], is_count),
        seed=checked(stored["seed"], is_count),
        curves={name: _curve(stored["curves"][name], len(t)) for name in NAMES if name not in absent},
        absent=absent,
        blank=checked(stored["blank"], is_count),
        accuracy=checked(stored["accuracy"], or_none(is_share)),
    )


def _curve(stored: dict[str, Any], count: int) -> Curve:
    share, low, high = (
        np.array(checked(stored[name], list_of(is_share)), np.float64) for name in ("share", "low", "high")
    )
    if not len(share) == len(low) == len(high) == count:
        raise ValueError("a curve has another length than its timesteps")
    halves = [checked(stored[name], or_none(is_number)) for name in ("half", "half_low", "half_high")]
    half, half_low, half_high = (math.nan if value is None else float(value) for value in halves)
    return Curve(share, low, high, half, half_low, half_high)
