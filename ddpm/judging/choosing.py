"""Which saved step of a run to keep: all are measured in the same way, and a rule chooses.

The longer a model trains, the sharper it draws and the more it copies, so the last step may not be the best. Of those
that do not copy and keep within the limits of quality, the one whose drawings are nearest in form to real sprites is
chosen: textures no longer tell good from better where forms still do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ddpm.base.files import read_json, replace_json
from ddpm.base.json_values import (
    Check,
    has_fields,
    is_amount,
    is_count,
    is_number,
    is_object,
    is_share,
    is_text,
    list_of,
    or_none,
)
from ddpm.base.text import counted
from ddpm.diffusion.sampling import Sampler, usual_calls, usual_sampler
from ddpm.diffusion.schedule import LOG_SNR_GRID
from ddpm.judging.copying.comparison_set import ComparisonSet, what_was_seen
from ddpm.judging.copying.index.stored_index import load_or_build
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.report import Grader, Report, make_report
from ddpm.runs.checkpoint import guide_of, load_checkpoint
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from ddpm.runs.samples import cached_samples, labels_by_frequency
from ddpm.runs.step_files import is_guide
from ddpm.sprites import load_sprites
from ddpm.training.heldout import heldout_loss

CHOICE, VERDICT = "choice.json", "verdict.json"

SAMPLES = 1024
NEAR = 0.05
"""False-positive rate at which near copies are counted here: at 1% a thousand samples would show less."""
_MOST_AUC, _LEAST_C_T, _MOST_COPY_RATIO = 0.6, -3.0, 1.5
_EVALUATIONS = 2048

_REAL: dict[str, Check] = {
    "haze": or_none(is_amount),
    "merged_colours": is_amount,
    "orphans": is_amount,
    "outline": or_none(is_number),
}
"""Full-bleed tiles have neither haze nor outlines."""
_RATE = {"count": is_count, "n": is_count, "floor": or_none(is_share)}
_BOUNDS = {"rate": is_share, "low": is_share, "high": is_share}


def _is_rate(value: Any) -> bool:
    """A stored proportion; it has bounds unless n is 0."""
    return has_fields(value, _RATE) and (value["n"] == 0 or has_fields(value, _BOUNDS))


_ROW: dict[str, Check] = {
    "step": is_count,
    "sampler": is_text,
    "samples": is_count,
    "heldout": or_none(is_amount),
    **dict.fromkeys(("frechet_ratio", "frechet_ratio_sd"), is_number),
    "outline": or_none(is_number),
    "haze": or_none(is_amount),
    **dict.fromkeys(("merged_colours", "orphans"), is_amount),
    "exact_copies": is_count,
    **{name: or_none(is_share) for name in ("class_agreement", "class_agreement_unseen", "auc", "exam_expected")},
    **dict.fromkeys(("near_copies", "near_copies_low", "near_copies_high"), is_share),
    **dict.fromkeys(("near_copies_unseen", "near_copies_unseen_high"), is_share),
    "c_t": or_none(is_number),
    "copy_ratio": or_none(is_amount),
    "exam": or_none(_is_rate),
    "claim": lambda value: is_object(value) and all(map(_is_rate, value.values())),
    "real": lambda value: has_fields(value, _REAL),
}
"""A row of the table; earlier versions did not store the number of network calls, nor :data:`FORMS`. A step that has a
guide also says which."""

FORMS = ("form_ratio", "form_ratio_sd", "believable", "believable_error", "believable_unseen")
"""What the network of forms says."""


@dataclass(frozen=True)
class Bar:
    """A figure and its limit.

    Attributes:
        value: None where it could not be measured.
        limit: the most that is allowed, the least if ``at_least``.
        copying: whether it is about copying, not about quality.
    """

    title: str
    value: float | None
    limit: float
    copying: bool = False
    at_least: bool = False

    @property
    def held(self) -> bool:
        """Whether the figure is within its limit, or could not be measured."""
        if self.value is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    @property
    def strain(self) -> float:
        """The figure over its limit; 0 where it could not be measured."""
        return 0.0 if self.value is None else self.value / max(self.limit, 1e-9)


def measure_step(
    run: Run,
    step: int,
    comparison_set: ComparisonSet,
    n: int = SAMPLES,
    sampler: Sampler | None = None,
    index: TrainingIndex | None = None,
    grader: Grader | None = None,
) -> tuple[dict[str, Any], Report]:
    """Measure n samples of a saved step, of kinds by their frequency, without any clean-up.

    Args:
        sampler: None for the usual one of the model.
        index, grader: those of the comparison set, where several steps are measured.

    Returns:
        One row of the table, JSON values, and the whole report.

    Raises:
        CheckpointError: if the step cannot be loaded.
        ValueError: if the run has learnt from none of these sprites.
    """
    loaded = load_checkpoint(run.step_path(step))
    sampler = usual_sampler(loaded.model) if sampler is None else sampler
    samples, labels = cached_samples(loaded, n, sampler), labels_by_frequency(loaded, n)
    report = make_report(
        samples,
        comparison_set,
        loaded,
        None if labels is None else labels.numpy(),
        drawn_by=f"{run.name}, step {step:,}",
        index=index,
        grader=grader,
    )
    heldout, unseen = None, comparison_set.unseen
    if len(unseen) and not loaded.model.distilled:
        sprites, schedule = comparison_set.sprites, loaded.schedule
        heldout = heldout_loss(loaded.model, sprites, unseen, schedule, evaluations=_EVALUATIONS, log_snr=LOG_SNR_GRID)
    row = {
        "step": step,
        "sampler": sampler,
        "calls": usual_calls(loaded.model, loaded.schedule, sampler),
        **{key: value for key, value in loaded.config.items() if key == "guide"},
        **_row(report),
        "heldout": heldout,
    }
    return row, report


def bars(row: dict[str, Any]) -> list[Bar]:
    """The figures of a row of :func:`measure_step`, with their limits."""
    real = row["real"]
    found = [
        Bar("Fréchet ratio", row["frechet_ratio"], 1.5),
        Bar("haze", row["haze"], max(2 * (real["haze"] or 0.0), 0.02)),
        Bar("stray pixels", row["orphans"], 1.25 * real["orphans"]),
        Bar("merged colours", row["merged_colours"], 1.5 * real["merged_colours"]),
    ]
    if row["copy_ratio"] is not None:
        # Generated sprites: an ideal model draws known ones, too, but not more often than withheld ones.
        return [*found, Bar("near copies of known over withheld", row["copy_ratio"], _MOST_COPY_RATIO, True)]
    return [
        *found,
        Bar("exact copies", row["exact_copies"], 0, True),
        Bar("near copies at 5%", row["near_copies"], row["near_copies_unseen_high"], True),
        Bar("C_T", row["c_t"], _LEAST_C_T, True, at_least=True),
        Bar("membership AUC", row["auc"], _MOST_AUC, True),
    ]


def best_row(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The row with the fewest copying figures over their limits, then the fewest of quality, then the best forms.

    Where the forms of a row were not measured, the worst quality figure over its limit decides instead. Raises
    ValueError if there are no rows.
    """
    if not rows:
        raise ValueError("there is nothing to choose from")
    by_form = knows_forms(rows)

    def rank(row: dict[str, Any]) -> tuple[int, int, float, int]:
        judged = bars(row)
        copying, poor = (sum(not bar.held for bar in judged if bar.copying == side) for side in (True, False))
        worst = max((bar.strain for bar in judged if not bar.copying), default=0.0)
        return copying, poor, row["form_ratio"] if by_form else worst, -int(row["step"])

    return min(rows, key=rank)


def knows_forms(rows: list[dict[str, Any]]) -> bool:
    """Whether the forms of all rows were measured: earlier versions did not, and too few samples have none."""
    return all(row.get("form_ratio") is not None for row in rows)


def choose_step(
    run: Run,
    source: str | None = None,
    n: int = SAMPLES,
    all_steps_too: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Measure every saved step of a run but the early ones of a shipped run, and choose the best.

    In the run's folder ``choice.json`` holds the table, ``verdict.json`` the whole report of the chosen step. Rows that
    are there already are not measured again, unless their step has had another guide then, or none.

    Args:
        source: the sprites; None for those that the run names.
        n: samples of each step.
        all_steps_too: also draw from the chosen step with all 1,000 steps ("ddpm"); takes fifty times as long.
        say: called with what is being done, in words.

    Returns:
        The content of ``choice.json``: ``samples``, ``rows``, ``chosen`` and ``all_steps`` (a row or None).
    """
    if all_steps_too and "distilled" in run.config():
        raise ValueError(f"{run.name} was distilled, and cannot be drawn with all steps: leave out --ddpm")
    sprites = load_sprites(source or str(run.config()["data"]["source"]))
    comparison_set = what_was_seen(sprites, run.trained_on())
    index, grader = load_or_build(comparison_set), Grader(comparison_set)

    def measured(step: int, sampler: Sampler | None = None) -> tuple[dict[str, Any], Report]:
        return measure_step(run, step, comparison_set, n, sampler, index, grader)

    earlier = read_choice(run.folder)
    if earlier is None and (run.folder / CHOICE).exists():
        say(f"{run.folder / CHOICE} is damaged: all steps are measured anew.")
    rows = {row["step"]: row for row in earlier["rows"]} if earlier and earlier["samples"] == n else {}
    all_steps = earlier["all_steps"] if earlier and earlier["samples"] == n else None
    if all_steps is not None and not _is_as_measured(run, all_steps):
        all_steps = None
    reports: dict[int, Report] = {}
    steps = _candidates(run)
    if early := run.early():
        say(f"Left out, since they only show how it learnt: {counted(len(early), 'early step')}.")
    for step in steps:
        if step not in rows or not _is_as_measured(run, rows[step]):
            say(f"Step {step:,}: drawing {n:,} sprites, and measuring them ...")
            rows[step], reports[step] = measured(step)
            _write(run, n, rows, all_steps)
    chosen = int(best_row([rows[step] for step in steps])["step"])
    if chosen in reports or not (run.folder / VERDICT).is_file() or (earlier or {}).get("chosen") != chosen:
        report = reports[chosen] if chosen in reports else measured(chosen)[1]
        _write_verdict(run, report)
    if all_steps_too and (all_steps is None or all_steps["step"] != chosen):
        say(f"Step {chosen:,}: the same with all steps ...")
        all_steps = measured(chosen, "ddpm")[0]
    return _write(run, n, rows, all_steps)


def measure_again(
    run: Run, source: str | None = None, n: int = SAMPLES, say: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Measure the chosen step as this version does, and write its verdict and its row; all else stays.

    Arguments and result as for :func:`choose_step`. Raises RunError if no step was chosen, or the chosen one is gone.
    """
    found = read_choice(run.folder)
    if found is None:
        raise RunError(f"{run.folder}: no step was chosen, or {CHOICE} is damaged. Choose one first, without --again.")
    chosen = int(found["chosen"])
    if chosen not in run.steps():
        raise RunError(f"{run.folder}: the chosen step {chosen:,} is no longer there. Choose another, without --again.")
    sprites = load_sprites(source or str(run.config()["data"]["source"]))
    say(f"Step {chosen:,}: drawing {n:,} sprites, and measuring them ...")
    row, report = measure_step(run, chosen, what_was_seen(sprites, run.trained_on()), n)
    _write_verdict(run, report)
    found["rows"] = [row if old["step"] == chosen else old for old in found["rows"]]
    replace_json(run.folder / CHOICE, found)
    return found


def read_choice(folder: Path) -> dict[str, Any] | None:
    """What :func:`choose_step` wrote; None if there is nothing, or it is damaged."""
    try:
        found = read_json(folder / CHOICE)
    except (OSError, ValueError):
        return None
    is_choice = has_fields(found, _CHOICE) and found["chosen"] in [row["step"] for row in found["rows"]]
    return found if is_choice else None


def _is_row(value: Any) -> bool:
    return (
        has_fields(value, _ROW)
        and is_count(value.get("calls", 0))
        and ("guide" not in value or is_guide(value["guide"]))
        and all(or_none(is_amount)(value.get(name)) for name in FORMS)
    )


_CHOICE: dict[str, Check] = {
    "samples": is_count,
    "rows": list_of(_is_row),
    "chosen": is_count,
    "all_steps": or_none(_is_row),
}


def _is_as_measured(run: Run, row: dict[str, Any]) -> bool:
    """Whether a saved step still has the guide with which its row was measured."""
    return row.get("guide") == guide_of(run.step_path(int(row["step"])))


def _candidates(run: Run) -> list[int]:
    early = run.early()
    return [step for step in run.steps() if step not in early]


def _write(run: Run, n: int, rows: dict[int, Any], all_steps: dict[str, Any] | None) -> dict[str, Any]:
    # A table may hold steps that were deleted: a shipped run has one left.
    chosen = int(best_row([rows[step] for step in _candidates(run) if step in rows])["step"])
    found = {"samples": n, "rows": [rows[step] for step in sorted(rows)], "chosen": chosen, "all_steps": all_steps}
    replace_json(run.folder / CHOICE, found)
    return found


def _write_verdict(run: Run, report: Report) -> None:
    # A shipped run calls its data as others find them, not as they lie here.
    name = (run.config().get("data") or {}).get("name", report.data)
    replace_json(run.folder / VERDICT, {**report.to_dict(), "data": name})


def _row(report: Report) -> dict[str, Any]:
    found, quality, exam = report.memorization, report.quality, report.exam
    assert quality is not None
    near = report.index.near_share(report.samples, NEAR)
    unseen = report.index.near_share(report.index.heldout, NEAR)
    agreement = quality.class_agreement
    return {
        "samples": len(report.samples),
        **{name: getattr(quality, name) for name in ("frechet_ratio", "frechet_ratio_sd", "kid", *_REAL)},
        "form_ratio": quality.forms.frechet_ratio,
        "form_ratio_sd": quality.forms.frechet_ratio_sd,
        **{name: getattr(quality.forms, name) for name in FORMS[2:]},
        "class_agreement": None if agreement is None else agreement.rate,
        "class_agreement_unseen": None if agreement is None else agreement.real,
        "exact_copies": found.rates["exact copy"].count,
        "near_copies": near.rate,
        "near_copies_low": near.low,
        "near_copies_high": near.high,
        "near_copies_unseen": unseen.rate,
        "near_copies_unseen_high": unseen.high,
        "c_t": found.c_t,
        "auc": None if found.denoising_gap is None else found.denoising_gap.auc,
        "copy_ratio": None if exam is None else exam.copy_ratio,
        "exam": None if exam is None else exam.observed.to_dict(),
        "exam_expected": None if exam is None else exam.expected,
        "claim": {name: share.to_dict() for name, share in found.claim.items()},
        "real": {name: quality.real[name] for name in _REAL},
    }
