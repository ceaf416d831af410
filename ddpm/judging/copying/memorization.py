"""Created or copied? Rates with intervals and floors, and one label for each sample.

Rates are counted independently of the labels, so no label can hide a copy. The *floor* of a rate is that of real
sprites that the model never saw; only what is above it says something about the model.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ddpm.base.json_values import jsonable
from ddpm.base.text import counted
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.copying.collage import is_collage
from ddpm.judging.copying.denoising_gap import DenoisingGap, measure_denoising_gap
from ddpm.judging.copying.evidence import VARIES_ALIKE, Evidence
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.copying.palettes import SAME_PALETTE
from ddpm.judging.statistics import Proportion, mann_whitney_z, proportion
from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.neighbors import rms_grey_levels

NOWHERE = 0.1
"""A palette is nowhere in the data if no training sprite has the colours of more than this share of the foreground."""
RATIO_RULE = 1 / 3

RATES = ("exact copy", "near copy", "shape known", "palette novel", "palette nowhere", "collage", "low quality")
LABELS = (
    "degenerate",
    "exact copy",
    "near copy",
    "moved copy",
    "low quality",
    "recolour",
    "collage",
    "palette only",
    "novel",
)
"""Each sample gets the first label that fits."""


@dataclass(frozen=True)
class MemorizationSummary:
    """What can be said of N samples without the sprites themselves.

    Attributes:
        rates: for each of ``RATES``, how many samples it is true for.
        claim: "shape known", and, among the samples of known shape, "palette novel" and "palette nowhere".
        heldout_rates: ``rates``, counted on the held-out sprites; empty if they were not stored.
        labels, heldout_labels: one of ``LABELS`` for each sample, and for each held-out sprite.
        effective_rate: the false-positive rate, at least 1 / (training sprites + 1), the smallest that they allow.
        train_size, heldout_size: distinct sprites that the samples were compared with.
        limit_words: how near a near copy is, in grey levels, and what that would find, in a sentence; empty if unknown.
        unknown: what these sprites cannot tell, and what was left out, in sentences.
        membership: how well the model's error tells training from held-out sprites: the AUC with its interval, 0.5 for
            not at all; None if it was not measured.
    """

    rates: dict[str, Proportion]
    heldout_rates: dict[str, Proportion]
    claim: dict[str, Proportion]
    labels: tuple[str, ...]
    heldout_labels: tuple[str, ...]
    effective_rate: float
    train_size: int
    heldout_size: int
    limit_words: str
    unknown: tuple[str, ...]
    membership: tuple[float, float, float] | None

    @property
    def sentence(self) -> str:
        """The finding: the report in one sentence."""
        n, near, exact = len(self.labels), self.rates["near copy"].count, self.rates["exact copy"].count
        expected = self.effective_rate * n
        usual = f"{expected:,.0f}" if expected >= 0.95 else "fewer than one"
        words = "is a near copy" if near == 1 else "are near copies"
        if exact > near:
            # Sprites without foreground never count as near copies; as exact copies they must be reported.
            near, words = exact, "is an exact copy" if exact == 1 else "are exact copies"
        return f"{near:,} of {n:,} {words}; as many real sprites that the model never saw would give {usual}."


@dataclass(frozen=True)
class MemorizationReport(MemorizationSummary):
    """All that was measured of how far N samples are copies.

    Attributes:
        near_distance: squared distance up to which a sample is a near copy; -1 if none is small enough.
        detection: the share of copies with noise that would be near copies, by the noise's standard deviation.
        nearest_ratio: samples whose nearest sprite is less than a third as far as the second nearest (Yoon et al.
            2023; Gu et al. 2023, arXiv 2310.02664).
        extraction: samples nearer than half the mean distance of the 50 nearest (Carlini et al. 2023, arXiv
            2301.13188).
        c_t: data-copying statistic, Mann-Whitney Z of sample-to-train against held-out-to-train distances (Meehan et
            al. 2020); far below 0 means copying. None without held-out sprites.
        denoising_gap: None without a model or held-out sprites.
    """

    false_positive_rate: float
    near_distance: int
    detection: dict[int, float]
    nearest_ratio: Proportion
    extraction: Proportion
    c_t: float | None
    denoising_gap: DenoisingGap | None
    evidence: Evidence

    def most_copied(self) -> tuple[np.ndarray, np.ndarray]:
        """The training sprites that were copied, the most often copied first, then by row.

        Returns:
            ``(rows, counts)``, both int64: rows as in :class:`Evidence`, and how many near or exact copies each has.
        """
        flags = _flags(self.evidence, self.near_distance)
        rows, counts = np.unique(self.evidence.row[flags["near copy"] | flags["exact copy"]], return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return rows[order], counts[order]

    def to_dict(self) -> dict[str, Any]:
        """JSON values; the same whether or not the data were repeated."""
        facts = self.evidence
        return {
            "sentence": self.sentence,
            "samples": len(facts),
            "training_sprites": self.train_size,
            "heldout_sprites": self.heldout_size,
            "false_positive_rate": self.false_positive_rate,
            "effective_rate": self.effective_rate,
            "near_distance": self.near_distance,
            "detection": {str(sd): share for sd, share in self.detection.items()},
            "limit_words": self.limit_words,
            "unknown": list(self.unknown),
            "rates": {name: rate.to_dict() for name, rate in self.rates.items()},
            "heldout_rates": {name: rate.to_dict() for name, rate in self.heldout_rates.items()},
            "claim": {name: rate.to_dict() for name, rate in self.claim.items()},
            "nearest_ratio": self.nearest_ratio.to_dict(),
            "extraction": self.extraction.to_dict(),
            "c_t": self.c_t,
            "gap": None if self.denoising_gap is None else self.denoising_gap.to_dict(),
            "labels": {label: self.labels.count(label) for label in LABELS},
            "heldout_labels": {label: self.heldout_labels.count(label) for label in LABELS},
            "each": [
                {
                    "label": label,
                    "squared_distance": int(facts.squared_distance[i]),
                    "p": float(facts.p[i]),
                    "shape_similarity": float(facts.shape_similarity[i]),
                    "palette_distance": jsonable(float(facts.palette_distance[i])),
                    "nowhere": jsonable(float(facts.nowhere[i])),
                    "c1": jsonable(float(facts.cover.c1[i])),
                    "c2": jsonable(float(facts.cover.c2[i])),
                }
                for i, label in enumerate(self.labels)
            ],
        }


def memorization_report(
    samples: np.ndarray,
    train: np.ndarray,
    heldout: np.ndarray,
    false_positive_rate: float = 0.01,
    model: Callable[..., torch.Tensor] | None = None,
    schedule: NoiseSchedule | None = None,
) -> MemorizationReport:
    """Compare samples with the sprites that a model learnt from.

    Args:
        samples: uint8 (N, H, W, C), N at least 1.
        train: uint8 (R, H, W, C), what the model learnt from; repeats change nothing.
        heldout: uint8 (M, H, W, C), real sprites that it never saw; without them floors are unknown.
        false_positive_rate: share of unseen sprites that may be called near copies, above 0 and below 1.
        model: any callable ``(x_t, t, labels=None)``, for the denoising gap; needs ``schedule``.

    Raises:
        TypeError: if the images are not uint8.
        ValueError: for other shapes or different ones, no samples, fewer than two distinct training sprites, a rate
            outside 0..1, or a model without its schedule.
    """
    samples, train, heldout = require_sprites(samples=samples, train=train, heldout=heldout)
    if len(samples) == 0:
        raise ValueError("there are no samples to judge")
    if (model is None) != (schedule is None):
        raise ValueError("a model is judged together with its schedule: pass both, or neither")
    index = TrainingIndex(train, heldout)
    denoising_gap = None
    if model is not None and schedule is not None:
        denoising_gap = measure_denoising_gap(model, schedule, index.train, index.heldout)
    return judge(index.measure(samples), index, false_positive_rate, denoising_gap)


def judge(
    evidence: Evidence,
    index: TrainingIndex,
    false_positive_rate: float = 0.01,
    denoising_gap: DenoisingGap | None = None,
) -> MemorizationReport:
    """Decide what the facts mean at a false-positive rate; quick. Raises ValueError for a rate outside 0..1."""
    if not 0 < false_positive_rate < 1:
        raise ValueError(f"false_positive_rate must lie between 0 and 1, got {false_positive_rate}")
    effective = max(false_positive_rate, 1 / (len(index.distances) + 1))
    unseen = index.heldout_evidence
    near_distance = _near_distance(index.distances, effective, index.train[0].size)
    detection = index.detection(near_distance)
    found, usual = _flags(evidence, near_distance), _flags(unseen, near_distance)
    heldout_rates = {name: proportion(int(usual[name].sum()), len(unseen)) for name in RATES}
    floors: dict[str, Proportion | float] = {**heldout_rates, "exact copy": 0.0, "near copy": effective}
    rates = {name: proportion(int(found[name].sum()), len(evidence), floors[name]) for name in RATES}
    known, usually_known = found["shape known"], usual["shape known"]
    claim = {"shape known": _compared(known, usually_known)}
    for name in ("palette novel", "palette nowhere"):
        claim[f"{name}, of those"] = _compared(found[name][known], usual[name][usually_known])
    return MemorizationReport(
        rates=rates,
        heldout_rates=heldout_rates,
        claim=claim,
        labels=_labels(evidence, found),
        heldout_labels=_labels(unseen, usual),
        false_positive_rate=false_positive_rate,
        effective_rate=effective,
        near_distance=near_distance,
        detection=detection,
        limit_words=_limit_words(near_distance, effective, detection, index),
        unknown=_unknown(index, false_positive_rate, effective),
        membership=membership_of(denoising_gap),
        nearest_ratio=_compared(evidence.ratio < RATIO_RULE, unseen.ratio < RATIO_RULE),
        extraction=_compared(evidence.extraction < 1, unseen.extraction < 1),
        c_t=jsonable(mann_whitney_z(evidence.squared_distance, unseen.squared_distance)),
        denoising_gap=denoising_gap,
        evidence=evidence,
        train_size=len(index.train),
        heldout_size=len(unseen),
    )


def membership_of(gap: DenoisingGap | None) -> tuple[float, float, float] | None:
    """The AUC of a denoising gap with its interval; None where there is none, or the model draws no numbers."""
    if gap is None or not math.isfinite(gap.auc):
        return None
    return gap.auc, gap.auc_low, gap.auc_high


def _flags(facts: Evidence, near_distance: int) -> dict[str, np.ndarray]:
    """bool (N,) for each of ``RATES``; what shows nothing can only be an exact copy and of low quality."""
    # Comparisons with NaN are False, as is right: a sample without a palette has no novel one.
    with np.errstate(invalid="ignore"):
        near = (facts.squared_distance <= near_distance) & (facts.likeness >= VARIES_ALIKE)
        # Faint or speckled as it may be, what is known shows what a training sprite shows.
        sound = near | facts.shape_known | ~facts.degenerate
        return {
            "exact copy": facts.squared_distance == 0,
            "near copy": near,
            "shape known": facts.shape_known,
            "palette novel": sound & (facts.palette_distance > SAME_PALETTE),
            "palette nowhere": sound & (facts.nowhere > NOWHERE),
            "collage": sound & is_collage(facts.cover),
            "low quality": facts.low_quality,
        }


def _labels(facts: Evidence, flags: dict[str, np.ndarray]) -> tuple[str, ...]:
    with np.errstate(invalid="ignore"):
        same_palette = facts.palette_distance <= SAME_PALETTE
        unmoved_palette = facts.shape_palette_distance <= SAME_PALETTE
    fits = {
        "degenerate": facts.degenerate & ~flags["near copy"] & ~flags["shape known"],
        "exact copy": flags["exact copy"],
        "near copy": flags["near copy"],
        "moved copy": flags["shape known"] & unmoved_palette,
        "low quality": flags["low quality"] & ~facts.poor_as_known,
        "recolour": flags["shape known"],
        "collage": flags["collage"],
        "palette only": same_palette,
        "novel": np.ones(len(facts), bool),
    }
    first = np.argmax(np.stack([fits[name] for name in LABELS]), axis=0)
    return tuple(LABELS[i] for i in first.tolist())


def _compared(found: np.ndarray, usual: np.ndarray) -> Proportion:
    return proportion(int(found.sum()), len(found), proportion(int(usual.sum()), len(usual)))


def _near_distance(distances: np.ndarray, effective_rate: float, values: int) -> int:
    """The largest distance d whose p-value, (1 + #{distances <= d}) / (n + 1), is at most the rate.

    Where any distance will do it is the largest that sprites of so many values can have.
    """
    allowed = math.floor(effective_rate * (len(distances) + 1) + 1e-9) - 1
    if allowed >= len(distances):
        return values * 255**2
    return int(distances[max(0, allowed)]) - 1


def _limit_words(near_distance: int, effective: float, detection: dict[int, float], index: TrainingIndex) -> str:
    if effective >= 1:
        return "The training sprites are all alike, so nobody can say which distance is unusually small."
    if near_distance < 0:
        return "No distance is unusually small here: only exact copies can be told."
    levels = float(rms_grey_levels(near_distance, index.train[0].size))
    words = f"A near copy lies within {levels:.1f} grey levels of a training sprite, of 255 (root mean square)"
    if not detection:
        return f"{words}."
    found = ", ".join(f"{share:.0%} with sd {sd}" for sd, share in detection.items())
    return f"{words}. Of copies with noise this finds {found}."


def _unknown(index: TrainingIndex, false_positive_rate: float, effective: float) -> tuple[str, ...]:
    words = []
    if effective > false_positive_rate:
        words.append(
            f"With {len(index.distances):,} training sprites to tell what is usual, the false-positive rate cannot go "
            f"below {effective:.2%}; {false_positive_rate:.2%} was asked for."
        )
    if index.training_twins:
        words.append(
            f"{index.training_twins:,} training sprites have near twins, such as frames of an animation: each group "
            "counts as one in telling what is usual."
        )
    if index.heldout_twins:
        words.append(
            f"{counted(index.heldout_twins, 'held-out sprite')} left out: near twins of training sprites, of which the "
            "model saw as good as the same, or of one another."
        )
    if index.of_one_colour:
        words.append(
            f"{counted(index.of_one_colour, 'training sprite')} of a single colour: in another colour there is nothing "
            "by which to recognise such a sprite."
        )
    return (*words, *index.limits.unknown)
