"""What recipes learn in the same time: trained one after another, then measured in the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ddpm.diffusion.sampling import Sampler
from ddpm.diffusion.schedule import LOG_SNR_GRID
from ddpm.jobs.job import run_training
from ddpm.jobs.recorder import Progress
from ddpm.jobs.request import TrainingRequest
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.quality.measures import QualityBaseline
from ddpm.runs.baseline import keep_baseline_curve
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint
from ddpm.runs.run import Run
from ddpm.runs.samples import draw_samples
from ddpm.sprites import load_sprites
from ddpm.training.heldout import heldout_loss

_SAMPLES = 512
_NEAR = 0.05


def bench_learning(
    source: str,
    minutes: float,
    folder: Path,
    recipes: tuple[str, ...] = ("original", "fast"),
    samplers: tuple[Sampler, ...] = ("fast",),
    watch: Callable[[Progress], None] = lambda progress: None,
    last_minutes: float | None = None,
) -> dict[str, Any]:
    """Train each recipe for the same time, and measure what it draws.

    The trainings are ordinary runs in ``folder``: an interrupted one is resumed, a finished one is not repeated.

    Args:
        minutes: by the clock, for each recipe.
        folder: a folder called ``checkpoints``.
        last_minutes: another time for the last recipe.

    Returns:
        JSON values by recipe, and ``ratio``: the first recipe's Frechet ratio over the last one's, by sampler.
    """
    sprites = load_sprites(source)
    train, heldout = sprites.split()
    index = TrainingIndex(sprites.images[train], sprites.images[heldout])
    quality = QualityBaseline(np.asarray(sprites.images[np.sort(np.concatenate([train, heldout]))]))
    result: dict[str, Any] = {
        "sprites": len(sprites),
        "near_copies_of_unseen": index.near_share(index.heldout, _NEAR).to_dict(),
    }
    for recipe in recipes:
        own_minutes = last_minutes if last_minutes and recipe == recipes[-1] else minutes
        run = _trained(folder, source, recipe, own_minutes, watch)
        checkpoint = load_checkpoint(run.folder)
        result[recipe] = {
            "minutes": own_minutes,
            "steps": checkpoint.config["step"],
            "seconds": run.metrics()[-1].get("seconds"),
            "last_learning_rate": run.metrics()[-1].get("learning_rate"),
            "heldout": heldout_loss(
                checkpoint.model, sprites, heldout, checkpoint.schedule, evaluations=2048, log_snr=LOG_SNR_GRID
            ),
            **{sampler: _judged(checkpoint, sampler, index, quality) for sampler in samplers},
        }
    first, last = (result[recipe] for recipe in (recipes[0], recipes[-1]))
    result["ratio"] = {name: first[name]["frechet_ratio"] / last[name]["frechet_ratio"] for name in samplers}
    return result


def bench_baseline(
    source: str, minutes: float, folder: Path, watch: Callable[[Progress], None] = lambda progress: None
) -> dict[str, Any]:
    """Train the recipe "original", as in :func:`bench_learning`, and store its curve, which the Train page shows.

    Returns the curve as JSON values.
    """
    return asdict(keep_baseline_curve(_trained(folder, source, "original", minutes, watch)))


def _trained(folder: Path, source: str, recipe: str, minutes: float, watch: Callable[[Progress], None]) -> Run:
    run = Run(folder / f"{recipe}-{minutes:g}")
    request = TrainingRequest(run.folder, data=source, preset=recipe, minutes=minutes, resume=True, check_sprites=0)
    if run.state() != "finished":
        run_training(request, watch)
    return run


def _judged(checkpoint: Checkpoint, sampler: Sampler, index: TrainingIndex, quality: QualityBaseline) -> dict[str, Any]:
    samples = draw_samples(checkpoint, _SAMPLES, sampler)
    return {**quality.quick(samples), "near_copies": index.near_share(samples, _NEAR).to_dict()}
