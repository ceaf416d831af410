"""The table of known answers on the six families: for each kind of sample the share that is called what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ddpm.judging.controls import coloured, has_room, hue_turned, moved
from ddpm.judging.copying.guards.detection import noisy
from ddpm.judging.copying.memorization import MemorizationReport
from ddpm.pixels.transparency import without_hidden_colours
from tests.ddpm.judging.families.sets import Family

COPIES = ("exact copy", "near copy", "moved copy")
POOR = ("degenerate", "low quality")
RATES = ("exact copy", "near copy", "shape known", "low quality")

Make = Callable[[Family, np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Row:
    """A kind of samples: how they are made from some training sprites, and which labels are right for them."""

    make: Make
    right: tuple[str, ...]


def confetti(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The pixels of each sprite, each in another place."""
    flat = images.reshape(len(images), -1, images.shape[-1])
    return np.stack([image[random.permutation(len(image))] for image in flat]).reshape(images.shape)


def pure_noise(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Every value at random; alpha is 0 or 255."""
    made = random.integers(0, 256, images.shape, dtype=np.uint8)
    if images.shape[-1] == 4:
        made[..., 3] = np.where(made[..., 3] >= 128, 255, 0)
        made = without_hidden_colours(made)
    return made


def _movable(images: np.ndarray) -> np.ndarray:
    """Those that lose nothing when moved; all of them where hardly one has room."""
    room = has_room(images)
    return images[room] if room.mean() > 0.2 else images


def _with_noise(sd: float) -> Make:
    return lambda given, chosen, random: noisy(chosen, random, sd)


ROWS: dict[str, Row] = {
    "copies": Row(lambda given, chosen, random: chosen, ("exact copy",)),
    "mirrored": Row(lambda given, chosen, random: chosen[:, :, ::-1].copy(), COPIES),
    "shifted by 1": Row(lambda given, chosen, random: moved(_movable(chosen), 0, 1), COPIES),
    "recoloured": Row(lambda given, chosen, random: hue_turned(chosen[coloured(chosen)], 180), ("recolour", *COPIES)),
    "noise sd 3": Row(_with_noise(3), ("near copy",)),
    "noise sd 6": Row(_with_noise(6), ("near copy",)),
    "noise sd 16": Row(_with_noise(16), (*COPIES, *POOR)),
    "noise sd 50": Row(_with_noise(50), (*COPIES, *POOR)),
    "unseen": Row(
        lambda given, chosen, random: given.index.heldout,
        ("low quality", "recolour", "collage", "palette only", "novel"),
    ),
    "unseen + noise sd 50": Row(lambda given, chosen, random: noisy(given.index.heldout, random, 50), POOR),
    "confetti": Row(lambda given, chosen, random: confetti(chosen, random), POOR),
    "pure noise": Row(lambda given, chosen, random: pure_noise(chosen, random), POOR),
}


@dataclass(frozen=True)
class Cell:
    """What was found of one kind of samples in one family."""

    right: float
    rates: dict[str, float]
    report: MemorizationReport


def cell(given: Family, name: str, n: int = 128) -> Cell:
    """Judge n samples (fewer if the family is smaller) of one of :data:`ROWS`."""
    random = np.random.default_rng(7)
    chosen = given.train[np.sort(random.permutation(len(given.train))[:n])]
    row = ROWS[name]
    report = given.judged(row.make(given, chosen, random))
    right = sum(label in row.right for label in report.labels) / len(report.labels)
    return Cell(right, {rate: report.rates[rate].rate for rate in RATES}, report)


def lines(given: Family, n: int = 128) -> list[str]:
    """The table of one family, for a terminal."""
    result = [
        f"{given.name}: {len(given.train)} training sprites, {len(given.index.heldout)} held out "
        f"({given.index.heldout_twins} near twins left out)"
    ]
    cells = {name: cell(given, name, n) for name in ROWS}
    result += ["  " + words for words in (cells["copies"].report.limit_words, *cells["copies"].report.unknown)]
    result.append("  " + f"{'':22}{'n':>5}{'right':>8}" + "".join(f"{rate:>13}" for rate in RATES) + "  labels")
    for name, found in cells.items():
        labels = found.report.labels
        counts = ", ".join(f"{label} {labels.count(label)}" for label in sorted(set(labels), key=labels.count)[::-1])
        rates = "".join(f"{rate:>13.1%}" for rate in found.rates.values())
        result.append(f"  {name:22}{len(labels):>5}{found.right:>8.1%}{rates}  {counts}")
    return result
