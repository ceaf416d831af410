"""Time and quality of each sampler, from the same weights and the same noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ddpm.cli.bench.timing import in_turn
from ddpm.diffusion.guidance.guide import unguided
from ddpm.diffusion.sampling import Sampler, sample, usual_calls
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.quality.measures import QualityBaseline
from ddpm.judging.quality.report import QualityReport
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint
from ddpm.runs.samples import cached_samples, labels_by_frequency
from ddpm.sprites import load_sprites

_TIMED, _CALLS, _ROUNDS = 64, 20, 5
_SAMPLES = 1024
_NEAR = 0.05
_SAMPLERS: tuple[Sampler, ...] = ("fast", "dpm++", "ddim", "ddpm")


def bench_sampling(
    checkpoint: Path, source: str | None, say: Callable[[str], None] = lambda text: None
) -> dict[str, Any]:
    """Compare the time per network call of each sampler with the bare network, and the quality of its samples.

    Args:
        checkpoint: a run folder or a step of it.
        source: sprites to compare the samples with; None for those it was trained on.
        say: receives a message before slow work.

    Returns:
        JSON values: ``overhead`` by sampler (time per call over that of the bare network, minus 1), ``speedup`` (all
        steps of "ddpm" over "fast"), by sampler its quality, and ``difference``: "fast" minus "ddpm" in standard
        errors, positive if "fast" is worse.

    Raises CheckpointError or SpriteError if the checkpoint or the sprites cannot be used.
    """
    loaded = load_checkpoint(checkpoint)
    sprites = load_sprites(source or loaded.config["data"]["source"])
    train, heldout = sprites.split()
    seconds = _seconds_per_call(loaded)
    calls = {name: usual_calls(loaded.model, loaded.schedule, name) for name in _SAMPLERS}
    result: dict[str, Any] = {
        "overhead": {name: seconds[name] / seconds["network"] - 1 for name in _SAMPLERS},
        "milliseconds_a_call": 1000 * seconds["network"],
        "speedup": calls["ddpm"] * seconds["ddpm"] / (calls["fast"] * seconds["fast"]),
    }
    index = TrainingIndex(sprites.images[train], sprites.images[heldout])
    quality = QualityBaseline(np.asarray(sprites.images[np.sort(np.concatenate([train, heldout]))]))
    reports = {}
    for name in _SAMPLERS:
        samples = cached_samples(loaded, _SAMPLES, name, say)
        reports[name] = quality.report(samples)
        result[name] = _judged(reports[name], index, samples)
    result["difference"] = _difference(reports["fast"], reports["ddpm"])
    return result


def _seconds_per_call(loaded: Checkpoint) -> dict[str, float]:
    """Median time per network call: bare, and within each sampler."""
    # A guide would take calls that are no overhead of the sampler.
    model = unguided(loaded.model)
    labels = labels_by_frequency(loaded, _TIMED)
    noise = torch.randn(_TIMED, *loaded.model.image_shape, generator=torch.Generator().manual_seed(0))
    t = torch.full((_TIMED,), loaded.schedule.num_timesteps // 2)

    @torch.no_grad()
    def bare() -> None:
        for _ in range(_CALLS):
            model(noise, t, labels)

    def drawing(name: Sampler) -> Callable[[], None]:
        def draw() -> None:
            for _ in sample(model, loaded.schedule, _TIMED, name, _CALLS, labels=labels):
                pass

        return draw

    seconds = in_turn({"network": bare, **{name: drawing(name) for name in _SAMPLERS}}, _ROUNDS)
    return {name: value / _CALLS for name, value in seconds.items()}


def _judged(report: QualityReport, index: TrainingIndex, samples: np.ndarray) -> dict[str, Any]:
    names = ("frechet_ratio", "frechet_ratio_sd", "kid", "kid_sd", "haze", "merged_colours", "orphans")
    quality = {name: getattr(report, name) for name in names}
    return {**quality, "near_copies": index.near_share(samples, _NEAR).to_dict()}


def _difference(ours: QualityReport, theirs: QualityReport) -> dict[str, float | None]:
    pairs = {
        "frechet_ratio": (ours.frechet_ratio_sd, theirs.frechet_ratio_sd),
        "kid": (ours.kid_sd, theirs.kid_sd),
        "haze": (ours.standard_errors["haze"], theirs.standard_errors["haze"]),
    }
    result: dict[str, float | None] = {}
    for name, errors in pairs.items():
        one, other = getattr(ours, name), getattr(theirs, name)
        known = None not in (one, other, *errors)
        spread = sum(error**2 for error in errors if error is not None) ** 0.5
        result[name] = (one - other) / spread if known and spread else None
    return result
