"""All that can be said about samples: is it good, and is it new? One object, as text, JSON or HTML."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ddpm.judging.copying.comparison_set import ComparisonSet, check_seen
from ddpm.judging.copying.denoising_gap import DenoisingGap, measure_denoising_gap
from ddpm.judging.copying.evidence import Evidence
from ddpm.judging.copying.index.stored_index import load_or_build
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.copying.memorization import LABELS, MemorizationReport, judge
from ddpm.judging.exam import Exam, take_exam
from ddpm.judging.headline import Headline, headline
from ddpm.judging.quality.classifier import Classifier
from ddpm.judging.quality.forms import FormReport
from ddpm.judging.quality.measures import QualityBaseline, classifier_of
from ddpm.judging.quality.report import QualityReport
from ddpm.judging.statistics import Proportion, percent
from ddpm.pixels.conversion import require_sprites
from ddpm.runs.checkpoint import Checkpoint


@dataclass(frozen=True)
class Report:
    """All that was measured, and what it was measured on.

    Attributes:
        samples: uint8 (N, H, W, C).
        source: uint8 (R, H, W, C), the training images to which the rows of the evidence refer.
        data, fingerprint: of the data set; its name, and a hash of its content.
        drawn_by: what drew the samples, in words; empty if unknown.
        index: what they were compared with.
        quality, exam: None if they were not measured, or there is no exam.
    """

    samples: np.ndarray
    source: np.ndarray
    data: str
    fingerprint: str
    drawn_by: str
    index: TrainingIndex
    memorization: MemorizationReport
    quality: QualityReport | None
    exam: Exam | None

    @cached_property
    def headline(self) -> Headline:
        """The finding in words, as the page shows it."""
        return headline(self.memorization)

    def to_dict(self) -> dict[str, Any]:
        """JSON values; the sentence comes first."""
        found = self.headline
        return {
            "sentence": found.sentence,
            "headline": {"mood": found.mood, "answer": found.answer, "caveat": found.caveat, "privacy": found.privacy},
            "data": self.data,
            "fingerprint": self.fingerprint,
            "drawn_by": self.drawn_by or None,
            "memorization": self.memorization.to_dict(),
            "quality": None if self.quality is None else self.quality.to_dict(),
            "exam": None if self.exam is None else self.exam.to_dict(),
        }

    def to_text(self) -> str:
        """The headline, what limits it, then the tables, for a terminal."""
        found = self.headline
        lines = [found.sentence, *([found.caveat] if found.caveat else []), found.privacy]
        if self.exam:
            lines.append(self.exam.sentence)
        lines += [self.memorization.limit_words, *self.memorization.unknown]
        if self.quality is not None:
            lines += self.quality.absent.values()
        lines = [part for line in lines for part in textwrap.wrap(line, _LINE)]
        for title, head, rows in tables(self):
            lines += ["", title, *_aligned([head, *rows])]
        return "\n".join(lines)


# In the order in which they are shown; names of attributes of a QualityReport.
_MEASURES = (
    "precision",
    "recall",
    "density",
    "coverage",
    "vendi",
    "haze",
    "colours",
    "merged_colours",
    "orphans",
    "outline",
    "foreground",
    "symmetry",
)

DISTILLED = (
    "Whether it knows its training sprites from others by the noise that it removes is not measured: a distilled model "
    "no longer predicts the noise. Ask the model that it was distilled from."
)
_LINE = 120
_MOST_UNSEEN = 1024

Table = tuple[str, list[str], list[list[str]]]


def make_report(
    samples: np.ndarray,
    comparison_set: ComparisonSet,
    checkpoint: Checkpoint | None = None,
    labels: np.ndarray | None = None,
    false_positive_rate: float = 0.01,
    drawn_by: str = "",
    index: TrainingIndex | None = None,
    evidence: Evidence | None = None,
    denoising_gap: DenoisingGap | None = None,
    with_quality: bool = True,
    grader: Grader | None = None,
) -> Report:
    """Judge samples by a data set; index, evidence, denoising gap and grader are computed if they are not given.

    Args:
        samples: uint8 (N, H, W, C), N at least 1, of the size of the data's sprites.
        checkpoint: the model that drew them; without it there is no denoising gap unless one is given.
        labels: int64 (N,), the requested kinds, -1 for any kind, for the class agreement.
        drawn_by: what drew them, in words.
        index: from :func:`ddpm.judging.copying.index.stored_index.load_or_build`.
        evidence: from ``index.measure(samples)``.
        with_quality: False leaves out quality and exam, which take seconds.

    Raises:
        ValueError: if there is nothing to compare with, for samples of another size, or for a rate outside 0..1.
    """
    sprites = comparison_set.sprites
    check_seen(comparison_set)
    _, samples = require_sprites(data=sprites.images, samples=samples)
    index = load_or_build(comparison_set) if index is None else index
    if denoising_gap is None and checkpoint is not None:
        denoising_gap = measure_denoising_gap(checkpoint.model, checkpoint.schedule, index.train, index.heldout)
    evidence = index.measure(samples) if evidence is None else evidence
    memorization = judge(evidence, index, false_positive_rate, denoising_gap)
    if checkpoint is not None and checkpoint.model.distilled:
        memorization = replace(memorization, unknown=(*memorization.unknown, DISTILLED))
    quality, exam = None, None
    if with_quality:
        quality = (grader or Grader(comparison_set)).grade(samples, labels)
        exam = take_exam(samples, sprites, comparison_set.seen, memorization.near_distance)
    return Report(
        samples=samples,
        source=sprites.images[comparison_set.seen],
        data=sprites.name,
        fingerprint=sprites.fingerprint,
        drawn_by=drawn_by,
        index=index,
        memorization=memorization,
        quality=quality,
        exam=exam,
    )


class Grader:
    """Measures the quality of several sets of samples; what depends on the real sprites alone is computed once."""

    def __init__(self, comparison_set: ComparisonSet) -> None:
        self._sprites = comparison_set.sprites
        self._unseen = comparison_set.unseen
        self._real = np.sort(np.concatenate([comparison_set.seen, comparison_set.unseen]))

    @cached_property
    def _measures(self) -> QualityBaseline:
        return QualityBaseline(self._sprites.images[self._real])

    @cached_property
    def _classifier(self) -> Classifier | None:
        if self._sprites.labels is None:
            return None
        return classifier_of(self._sprites.images[self._real], np.asarray(self._sprites.labels)[self._real])

    @cached_property
    def _believable_unseen(self) -> float | None:
        unseen = self._measures.forms.believable(np.asarray(self._sprites.images[self._unseen[:_MOST_UNSEEN]]))
        return unseen.rate if unseen.n else None

    def grade(self, samples: np.ndarray, labels: np.ndarray | None) -> QualityReport:
        """Measure samples, uint8 (N, H, W, C), N at least 1; labels as in :func:`make_report`."""
        asked = None if labels is None or (labels < 0).all() or self._classifier is None else labels
        found = self._measures.report(samples, asked, None if asked is None else self._classifier)
        return replace(found, forms=replace(found.forms, believable_unseen=self._believable_unseen))


def tables(report: Report) -> list[Table]:
    """Each table as a title, a head and rows of text."""
    found = report.memorization
    rate_head = ["", "samples", "rate", "95% interval", "unseen real sprites", "excess"]
    result: list[Table] = [
        (
            f"Created or copied? (near copies by chance: {percent(found.effective_rate)}, the false-positive rate)",
            rate_head,
            [
                *(_rate_row(name, rate, found.heldout_rates[name]) for name, rate in found.rates.items()),
                _rate_row("nearest below 1/3 of the second", found.nearest_ratio),
                _rate_row("nearer than half the 50 nearest", found.extraction),
            ],
        ),
        ("Known shapes in new colours?", rate_head, [_rate_row(name, rate) for name, rate in found.claim.items()]),
        (
            "Each sample has one label, the first that fits",
            ["", "samples", "unseen real sprites"],
            [
                [label, share(found.labels, label), share(found.heldout_labels, label)]
                for label in LABELS
                if label in found.labels or label in found.heldout_labels
            ],
        ),
        ("Does the model remember?", ["", ""], _memory_rows(found)),
    ]
    if report.exam is not None:
        result.append(("The exam: pairs of shape and palette that were withheld", ["", ""], _exam_rows(report.exam)))
    if report.quality is not None:
        result.append(("Quality", ["", "samples", "real sprites"], _quality_rows(report.quality)))
    return result


def share(labels: tuple[str, ...], label: str) -> str:
    """Share of a label in percent; a dash if there are no labels."""
    return f"{labels.count(label) / len(labels):.1%}" if labels else "-"


def _rate_row(name: str, rate: Proportion, unseen: Proportion | None = None) -> list[str]:
    """``unseen``: what unseen sprites show, where that is not what the excess is counted from."""
    if rate.n == 0:
        return [name, "0 of 0", "-", "-", "-", "-"]
    excess = "-"
    if rate.excess is not None and rate.excess_low is not None and rate.excess_high is not None:
        excess = f"{rate.excess:.1%} ({max(0.0, rate.excess_low):.1%} to {rate.excess_high:.1%})"
        excess = "none" if rate.excess <= 0 else excess
    floor = rate.floor if unseen is None else unseen.rate if unseen.n else None
    shown = "-" if floor is None else f"{floor:.1%}"
    interval = f"{rate.low:.1%} to {rate.high:.1%}"
    return [name, f"{rate.count:,} of {rate.n:,}", f"{rate.rate:.1%}", interval, shown, excess]


def _memory_rows(found: MemorizationReport) -> list[list[str]]:
    rows = [
        ["held against", f"{found.train_size:,} training sprites, {found.heldout_size:,} held-out ones"],
        ["data-copying test C_T (below -3: copies)", "-" if found.c_t is None else f"{found.c_t:.2f}"],
    ]
    if found.denoising_gap is not None:
        gap = found.denoising_gap
        interval = f"{gap.auc:.3f} ({gap.auc_low:.3f} to {gap.auc_high:.3f})"
        rows.append(["can tell training from held-out sprites (AUC, 0.5: no)", interval])
        rows.append(["noise error, training sprites", f"{np.mean(gap.train):.4f}"])
        rows.append(["noise error, held-out sprites", f"{np.mean(gap.heldout):.4f}"])
    return rows


def _exam_rows(exam: Exam) -> list[list[str]]:
    observed = exam.observed
    rows = [["samples that show a pair of the set", f"{observed.n:,}"]]
    if observed.n:
        rows.append(["of those, withheld pairs", f"{observed.rate:.1%} ({observed.low:.1%} to {observed.high:.1%})"])
    if exam.expected is not None:
        rows.append(["to expect from free recombination", f"{exam.expected:.1%}"])
    rows.append(["near copies of training sprites", f"{exam.near_training:,} (of {exam.training_sprites:,} sprites)"])
    rows.append(["near copies of withheld sprites", f"{exam.near_exam:,} (of {exam.exam_sprites:,} sprites)"])
    if exam.copy_ratio is not None:
        high = "?" if exam.copy_ratio_high is None else f"{exam.copy_ratio_high:.2f}"
        interval = f"{exam.copy_ratio:.2f} ({exam.copy_ratio_low:.2f} to {high})"
        rows.append(["ratio, per sprite (1: no difference)", interval])
    return rows


def _quality_rows(quality: QualityReport) -> list[list[str]]:
    size = f"{quality.n:,} sprites a side" + ("" if quality.comparable else ", not comparable: 512 are needed")
    rows = [
        *_form_rows(quality.forms, size),
        [
            f"distance in texture (Fréchet ratio; {size})",
            _measured(quality.frechet_ratio, quality.frechet_ratio_sd),
            "1",
        ],
        ["patch Wasserstein ratio", _number(quality.patch_wasserstein), "1"],
        ["KID", _measured(quality.kid, quality.kid_sd), _measured(quality.real["kid"], quality.kid_real_sd)],
    ]
    for name in _MEASURES:
        value, real = getattr(quality, name), quality.real.get(name)
        words = _measured(value, quality.standard_errors.get(name))
        rows.append([name.replace("_", " "), words, _number(real)])
    agreement = quality.class_agreement
    if agreement is not None:
        words = f"{agreement.rate:.1%} ({agreement.count:,} of {agreement.n:,})"
        real_words = "-" if agreement.real is None else f"{agreement.real:.1%}"
        rows.append(["shows the kind that was asked for", words, real_words])
    return rows


def _form_rows(forms: FormReport, size: str) -> list[list[str]]:
    share = "-" if forms.believable is None else f"{forms.believable:.1%} ± {forms.believable_error:.1%}"
    rows = [
        [f"distance in form (Fréchet ratio; {size})", _measured(forms.frechet_ratio, forms.frechet_ratio_sd), "1"],
        ["believable", "cannot be told" if forms.blind else share, _percent(forms.real["believable"])],
    ]
    if forms.believable_unseen is not None and not forms.blind:
        rows.append(["believable, of real sprites it never saw", "", _percent(forms.believable_unseen)])
    if forms.joined is not None:
        rows.append(["believable, of real sprites' halves joined wrongly", "", _percent(forms.joined)])
    return [
        *rows,
        ["precision of forms", _number(forms.precision), _number(forms.real["precision"])],
        ["recall of forms", _number(forms.recall), _number(forms.real["recall"])],
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def _measured(value: float | None, error: float | None) -> str:
    return _number(value) if error is None else f"{_number(value)} ± {_number(error)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _aligned(rows: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        first, *others = (f"{cell:{'<' if i == 0 else '>'}{widths[i]}}" for i, cell in enumerate(row))
        lines.append("  ".join(["", first, *others]).rstrip())
    return [line for line in lines if line]
