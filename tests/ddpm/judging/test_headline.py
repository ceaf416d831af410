"""The sentence says what the labels beneath it say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ddpm.judging.copying.memorization import MemorizationReport, memorization_report
from ddpm.judging.headline import headline


@pytest.fixture(scope="module")
def report() -> MemorizationReport:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (60, 16, 16, 3), dtype=np.uint8)
    return memorization_report(images[:20], images[20:40], images[40:])


def labelled(report: MemorizationReport, **counts: int) -> MemorizationReport:
    labels = [label.replace("_", " ") for label, count in counts.items() for _ in range(count)]
    return replace(report, labels=labels, heldout_labels=["recolour"] * 4 + ["novel"] * 16)


def test_recolours_are_held_against_unseen_sprites(report: MemorizationReport) -> None:
    assert headline(labelled(report, recolour=60, novel=4)).answer == (
        "No copies, but 94% are recolours, known shapes in other colours; "
        "of real sprites that it never saw, only 20% are."
    )


def test_where_some_are_moved_copies_it_does_not_speak_of_none(report: MemorizationReport) -> None:
    found = headline(labelled(report, recolour=60, novel=3, moved_copy=1)).answer
    assert found.startswith("No more copies than is usual, but 94% are recolours")
