"""The verdict of a run: the report on its samples that was written when its best step was chosen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddpm.base.files import read_json
from ddpm.base.json_values import (
    checked,
    has_fields,
    is_count,
    is_number,
    is_object,
    is_share,
    is_text,
    list_of,
    or_none,
)
from ddpm.judging.choosing import CHOICE, VERDICT, read_choice
from ddpm.judging.copying.memorization import LABELS, RATES, MemorizationSummary
from ddpm.judging.quality.form_network import VERSION
from ddpm.judging.readers import READERS, is_damaged
from ddpm.judging.statistics import Proportion
from ddpm.runs.run import Run

CLAIM = ("shape known", "palette novel, of those", "palette nowhere, of those")
QUALITY = ("haze", "orphans", "merged_colours", "outline")
"""Traits of a :class:`QualityReport` that are read back, with their value for real sprites."""

_MOST_SAMPLES = 1_000_000
_LARGEST = 1e9


@dataclass(frozen=True)
class FormVerdict:
    """What a stored report says of forms; each as in :class:`ddpm.judging.quality.forms.FormReport`."""

    frechet_ratio: float | None
    frechet_ratio_sd: float | None
    believable: float | None
    believable_error: float | None
    believable_unseen: float | None
    blind: bool


@dataclass(frozen=True)
class Verdict(MemorizationSummary):
    """The report that was written when a run's step was chosen, as far as it can be shown without the sprites.

    Attributes:
        drawn_by: what drew the samples, in words; empty if unknown.
        quality: (samples, real sprites) for each of :data:`QUALITY` that was measured.
        frechet_ratio, frechet_ratio_sd: of the samples; None if it was not measured.
        comparable: whether there were enough samples for ratios that can be compared.
        forms: None if it was not measured, as in earlier versions.
        agreement: (samples, unseen sprites): the share that shows the requested kind, 0..1; None without kinds.
        exam: the result of the exam in a sentence; None if there was none.
    """

    drawn_by: str
    quality: dict[str, tuple[float, float]]
    frechet_ratio: float | None
    frechet_ratio_sd: float | None
    comparable: bool
    forms: FormVerdict | None
    agreement: tuple[float, float | None] | None
    exam: str | None


def read_verdict(folder: Path) -> Verdict | None:
    """The verdict in a run's folder; None if there is none, or it is damaged."""
    try:
        return _verdict(read_json(folder / VERDICT))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def damage(run: Run) -> list[str]:
    """:meth:`ddpm.runs.run.Run.damage`, and which files of :func:`choose_step` and of readers cannot be read."""
    read = ((CHOICE, read_choice), (VERDICT, read_verdict))
    damaged = [name for name, look in read if (run.folder / name).exists() and look(run.folder) is None]
    return run.damage() + damaged + ([READERS] if is_damaged(run) else [])


def _verdict(stored: dict[str, Any]) -> Verdict:
    found, quality, exam = stored["memorization"], stored["quality"] or {}, stored["exam"]
    labels = _labels(found["labels"])
    if not labels:
        raise ValueError("there are no samples")
    real = quality.get("real") or {}
    is_agreement = or_none(lambda value: has_fields(value, {"rate": is_share, "real": or_none(is_share)}))
    agreement = checked(quality.get("class_agreement"), is_agreement)
    return Verdict(
        rates={name: _proportion(found["rates"][name]) for name in RATES},
        claim={name: _proportion(found["claim"][name]) for name in CLAIM},
        # Earlier versions did not store all of these.
        heldout_rates={name: _proportion(rate) for name, rate in _known(found.get("heldout_rates")).items()},
        labels=labels,
        heldout_labels=_labels(found["heldout_labels"]),
        effective_rate=checked(found["effective_rate"], is_share),
        train_size=checked(found["training_sprites"], is_count),
        heldout_size=checked(found["heldout_sprites"], is_count),
        limit_words=checked(found.get("limit_words", ""), is_text),
        unknown=tuple(checked(found.get("unknown", []), list_of(is_text))),
        membership=_membership(found.get("gap")),
        drawn_by=checked(stored["drawn_by"] or "", is_text),
        quality={
            name: (quality[name], real[name])
            for name in QUALITY
            if _is_amount(quality.get(name)) and _is_amount(real.get(name))
        },
        frechet_ratio=checked(quality.get("frechet_ratio"), or_none(_is_amount)),
        frechet_ratio_sd=checked(quality.get("frechet_ratio_sd"), or_none(_is_amount)),
        comparable=quality.get("comparable") is not False,
        forms=_forms(quality.get("forms")),
        agreement=None if agreement is None else (agreement["rate"], agreement["real"]),
        exam=None if exam is None else checked(exam["sentence"], is_text),
    )


def _proportion(stored: dict[str, Any]) -> Proportion:
    count, n = checked(stored["count"], is_count), checked(stored["n"], is_count)
    if count > n:
        raise ValueError("more than there are")
    rate, low, high = (checked(stored[name], is_share) if n else math.nan for name in ("rate", "low", "high"))
    floor = checked(stored["floor"], or_none(is_share))
    # Far below 0 for a rate below its floor.
    is_excess = or_none(lambda value: is_number(value, -_LARGEST, _LARGEST))
    excess = (checked(stored[name], is_excess) for name in ("excess", "excess_low", "excess_high"))
    return Proportion(count, n, rate, low, high, floor, *excess)


def _known(rates: Any) -> dict[str, Any]:
    return {} if rates is None else {name: rates[name] for name in RATES}


def _forms(stored: Any) -> FormVerdict | None:
    """None for another version of the network, with which nothing can be compared."""
    if stored is None or checked(stored, is_object).get("version") != VERSION:
        return None
    ratio, ratio_sd = (checked(stored[name], or_none(_is_amount)) for name in ("frechet_ratio", "frechet_ratio_sd"))
    share, error = (checked(stored[name], or_none(is_share)) for name in ("believable", "believable_error"))
    unseen = checked(stored.get("believable_unseen"), or_none(is_share))
    return FormVerdict(ratio, ratio_sd, share, error, unseen, stored.get("blind") is True)


def _membership(gap: Any) -> tuple[float, float, float] | None:
    names = ("auc", "auc_low", "auc_high")
    if gap is None or checked(gap, is_object).get("auc") is None:
        return None
    area, low, high = (checked(gap[name], is_share) for name in names)
    return area, low, high


def _labels(counts: dict[str, Any]) -> tuple[str, ...]:
    numbers = [checked(counts[name], is_count) for name in LABELS]
    if sum(numbers) > _MOST_SAMPLES:
        raise ValueError("more samples than anybody drew")
    return tuple(name for name, number in zip(LABELS, numbers, strict=True) for _ in range(number))


def _is_amount(value: Any) -> bool:
    return is_number(value, 0, _LARGEST)
