"""Kinds as tags: a tag covers a run of sprites, so sprites of one kind must stand together to have one tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Run:
    """Sprites of one kind in a row: the first and the last of them, counted from 0."""

    kind: str
    first: int
    last: int


def kinds_together(kinds: Sequence[str]) -> np.ndarray:
    """int64 (N,): an order in which each kind is one run.

    Kinds come as they first appeared, and sprites of one kind as they were: kinds that are together already stay.
    """
    ranks = {kind: rank for rank, kind in enumerate(dict.fromkeys(kinds))}
    return np.argsort([ranks[kind] for kind in kinds], kind="stable").astype(np.int64)


def runs(kinds: Sequence[str]) -> list[Run]:
    """The runs of equal kinds, in order; sprites whose kind is "" are in none."""
    found: list[Run] = []
    first = 0
    for number in range(1, len(kinds) + 1):
        if number == len(kinds) or kinds[number] != kinds[first]:
            found += [Run(kinds[first], first, number - 1)] if kinds[first] else []
            first = number
    return found
