"""Does the yardstick put in order what is known to be in order? Real sprites, trainings of all lengths, spoilt ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.jobs.job import run_training
from ddpm.jobs.recorder import Progress
from ddpm.jobs.request import TrainingRequest
from ddpm.judging.quality.forms import UNBELIEVED, FormBaseline
from ddpm.judging.quality.measures import SIZE, QualityBaseline
from ddpm.judging.quality.spoiling import blurred, halves_joined
from ddpm.runs.checkpoint import load_checkpoint
from ddpm.runs.run import Run
from ddpm.runs.samples import cached_samples
from ddpm.sprites import SpriteDataset, load_sprites

FAST_STEPS, ORIGINAL_STEPS = 1100, 1500
"""Three minutes of ``fast`` on a quick core, and eight of ``original`` on a slow one."""

BLUR = 0.8
"""Standard deviation of the blurred sprites, in sixteenths of the side."""

_SAMPLES = 1024


def bench_forms(
    source: str,
    long: Path | None,
    folder: Path,
    watch: Callable[[Progress], None] = lambda progress: None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Measure what should be in order, the best first.

    Args:
        long: a run of the same sprites that was trained for long; None leaves that row out.
        folder: a folder called ``checkpoints``, where the short trainings are, or will be made.

    Returns:
        JSON values: for each contender the two Frechet ratios with their standard errors, the believable share with
        its own, precision and recall; ``in_order``: whether the learned ratios ascend, None if fewer than two
        can be compared; and ``seen``: whether the
        network prefers sprites that it learnt from.
    """
    sprites = load_sprites(source)
    train, heldout = sprites.split()
    both = np.asarray(sprites.images[np.sort(np.concatenate([train, heldout]))])
    quality = QualityBaseline(both)
    rows: dict[str, Any] = {}
    for name, samples in _contenders(sprites, both, long, folder, watch, say):
        say(f"{name} ...")
        found = quality.report(samples)
        forms = found.forms
        rows[name] = {
            "samples": len(samples),
            "a_side": found.n,
            "random_ratio": found.frechet_ratio,
            "random_ratio_sd": found.frechet_ratio_sd,
            "form_ratio": forms.frechet_ratio,
            "form_ratio_sd": forms.frechet_ratio_sd,
            "believable": forms.believable,
            "believable_error": forms.believable_error,
            "precision": forms.precision,
            "recall": forms.recall,
        }
    ratios = [row["form_ratio"] for row in rows.values() if row["a_side"] == SIZE]
    return {
        **rows,
        "in_order": all(one < other for one, other in pairwise(ratios)) if len(ratios) > 1 else None,
        "seen": _seen_and_unseen(sprites, train, heldout, quality.forms),
    }


def _contenders(
    sprites: SpriteDataset,
    real: np.ndarray,
    long: Path | None,
    folder: Path,
    watch: Callable[[Progress], None],
    say: Callable[[str], None],
) -> Iterator[tuple[str, np.ndarray]]:
    _, heldout = sprites.split()
    yield "real, held out", np.asarray(sprites.images[heldout])[:_SAMPLES]
    if long is not None:
        yield "long training", cached_samples(load_checkpoint(long), _SAMPLES, "fast", say)
    for name, preset, steps in (("fast", "fast", FAST_STEPS), ("original", "original", ORIGINAL_STEPS)):
        run = Run(folder / f"{preset}-{steps}-steps")
        if run.state() != "finished":
            request = TrainingRequest(
                run.folder, data=sprites.source, preset=preset, steps=steps, resume=True, check_sprites=0
            )
            run_training(request, watch)
        yield f"{name}, {steps:,} steps", cached_samples(load_checkpoint(run.folder), _SAMPLES, "fast", say)
    random = np.random.default_rng(0)
    some = real[random.permutation(len(real))[:_SAMPLES]]
    yield "halves joined", halves_joined(some, random)
    yield "blurred", blurred(some, random, (BLUR, BLUR))


def _seen_and_unseen(
    sprites: SpriteDataset, train: np.ndarray, heldout: np.ndarray, forms: FormBaseline
) -> dict[str, float]:
    """Mean believability (real sprites: one half) and believable share of sprites learnt from, and of others."""
    seen = forms.believability(
        np.asarray(sprites.images[train[np.random.default_rng(1).permutation(len(train))[:_SAMPLES]]])
    )
    unseen = forms.believability(np.asarray(sprites.images[heldout]))
    return {
        "seen_mean": float(seen.mean()),
        "unseen_mean": float(unseen.mean()),
        "seen_believable": float((seen >= UNBELIEVED).mean()),
        "unseen_believable": float((unseen >= UNBELIEVED).mean()),
        "unseen": len(unseen),
    }


def table(result: dict[str, Any]) -> str:
    """What :func:`bench_forms` returned, for a terminal."""
    lines = [f"{'':>24}  {'forms: ratio':>16}  {'random: ratio':>16}  {'believable':>16}  precision  recall"]
    for name, row in result.items():
        if isinstance(row, dict) and "form_ratio" in row:
            cells = [
                _pm(row["form_ratio"], row["form_ratio_sd"], ".2f"),
                _pm(row["random_ratio"], row["random_ratio_sd"], ".2f"),
                _pm(row["believable"], row["believable_error"], ".1%"),
            ]
            shares = [f"{'-' if value is None else f'{value:.3f}':>9}" for value in (row["precision"], row["recall"])]
            note = "" if row["a_side"] == SIZE else f"  (only {row['a_side']} a side: not to be compared)"
            lines.append("  ".join([f"{name:>24}", *(f"{cell:>16}" for cell in cells), *shares]) + note)
    seen = result["seen"]
    in_order = {True: "yes", False: "no", None: "not known"}[result["in_order"]]
    lines.append(f"In order, the best first: {in_order}.")
    lines.append(
        f"Believable of sprites that the network learnt from: {seen['seen_believable']:.1%}, "
        f"of {seen['unseen']:,} others: {seen['unseen_believable']:.1%}."
    )
    return "\n".join(lines)


def _pm(value: float | None, error: float | None, form: str) -> str:
    return "-" if value is None or error is None else f"{value:{form}} ± {error:{form}}"
