"""Samples and the training sprites nearest to them, in words and as data for the browser."""

from __future__ import annotations

from typing import Any

import numpy as np

from ddpm.judging.copying.evidence import Evidence
from ddpm.judging.copying.memorization import LABELS, MemorizationReport
from ddpm.judging.copying.palettes import SAME_PALETTE
from ddpm.judging.copying.shapes import SHAPE_KNOWN
from ddpm.judging.glossary import TERM_WORDS
from ddpm.pixels.neighbors import rms_grey_levels
from pages.parts.copied.comparing import Pairs, Subject
from pages.parts.copied.gallery import pack
from pages.parts.shared.charts import GREEN, ORANGE

COLOURS = {
    "degenerate": "#6b6878",
    "exact copy": "#c22f3d",
    "near copy": ORANGE,
    "moved copy": "#e08f3c",
    "recolour": "#c9a21c",
    "collage": "#c04a9b",
    "palette only": "#3d7fd6",
    "low quality": "#9a96a8",
    "novel": GREEN,
}
"""A colour for each label of a sample."""

DISTANCE_WORDS = f"Grey levels: {TERM_WORDS['grey levels'][0].lower()}{TERM_WORDS['grey levels'][1:]}"
"""What the distance of two sprites is measured in."""


def nearest_first(facts: Evidence) -> np.ndarray:
    """int64 (N,): the samples in order of their distance to the training sprites."""
    return np.argsort(facts.squared_distance, kind="stable")


def distance_words(squared_distance: int, values: int, digits: int = 1) -> str:
    """The distance of two sprites of so many values each."""
    if squared_distance == 0:
        return "the same"
    return f"{rms_grey_levels(squared_distance, values):.{digits}f} grey levels"


def transform_words(flip: bool, shift: np.ndarray) -> str:
    """How a training sprite was changed so that its shape fits; shift: int (2,), pixels down and to the right."""
    down, right = (int(value) for value in shift)
    words = ["mirrored"] if flip else []
    if down:
        words.append("1 px down" if down > 0 else "1 px up")
    if right:
        words.append("1 px right" if right > 0 else "1 px left")
    return ", ".join(words)


def shape_words(similarity: float, flip: bool, shift: np.ndarray) -> str:
    """The share of the outlines that agree, and :func:`transform_words`."""
    moved = transform_words(flip, shift)
    return f"{similarity:.0%}, {moved}" if moved else f"{similarity:.0%}"


def palette_words(facts: Evidence, i: int) -> str:
    """The distance of a sample's colours to the nearest palette of a training sprite."""
    if facts.palette_row[i] < 0:
        return "no drawing in it"
    distance = float(facts.palette_distance[i])
    return "same colours" if distance <= SAME_PALETTE else f"{distance:.2f} away"


def packed_pairs(pairs: Pairs) -> bytes:
    """The data of the gallery as long as only the nearest training sprites are known, the nearest sample first."""
    samples = pairs.chosen.images
    wanted, place = np.unique(pairs.rows, return_inverse=True)
    shown = [
        {
            "index": i,
            "label": "",
            "kind": pairs.kind(int(pairs.rows[i])),
            "asked": i == pairs.chosen.first,
            "pixels": [len(samples) + int(place[i]), distance_words(int(pairs.squared[i]), pairs.values)],
        }
        for i in np.argsort(pairs.squared, kind="stable").tolist()
    ]
    header = {"labels": [], "samples": shown, "distance": DISTANCE_WORDS, "measured": False}
    return pack(header, np.concatenate([samples, pairs.train[wanted]]))


def packed_matches(subject: Subject, report: MemorizationReport) -> bytes:
    """The data of the gallery and the scatter: evidence, labels and sprites, the nearest sample first."""
    facts, samples = subject.evidence, subject.chosen.images
    rows = np.concatenate([facts.row, facts.shape_row, facts.palette_row])
    wanted = np.unique(rows[rows >= 0])
    place = {int(row): len(samples) + i for i, row in enumerate(wanted)}
    unseen = subject.index.heldout_evidence
    points = np.stack([unseen.shape_similarity, unseen.palette_distance], axis=1)
    return pack(
        {
            "labels": [
                {"name": name, "count": report.labels.count(name), "colour": COLOURS[name]}
                for name in LABELS
                if name in report.labels
            ],
            "samples": [_sample(subject, report.labels[i], i, place) for i in nearest_first(facts).tolist()],
            "unseen": [[round(x, 3), round(y, 3)] for x, y in points[np.isfinite(points[:, 1])].tolist()],
            "shape_known": SHAPE_KNOWN,
            "same_palette": SAME_PALETTE,
            "distance": DISTANCE_WORDS,
            "measured": True,
        },
        np.concatenate([samples, subject.train[wanted]]),
    )


def _sample(subject: Subject, label: str, i: int, place: dict[int, int]) -> dict[str, Any]:
    facts = subject.evidence
    squared, palette_row = int(facts.squared_distance[i]), int(facts.palette_row[i])
    sound = palette_row >= 0
    shape = shape_words(facts.shape_similarity[i], facts.shape_flip[i], facts.shape_shift[i])
    return {
        "index": i,
        "label": label,
        "kind": subject.kind(int(facts.row[i])),
        "asked": i == subject.chosen.first,
        "pixels": [place[int(facts.row[i])], distance_words(squared, subject.values)],
        "shape": [place[int(facts.shape_row[i])], shape],
        "palette": [place[palette_row] if sound else -1, palette_words(facts, i)],
        "x": round(float(facts.shape_similarity[i]), 4) if sound else None,
        "y": round(float(facts.palette_distance[i]), 4) if sound else None,
    }
