"""A training checks itself: how large is its error on unseen sprites, does it draw well, does it copy?

The error is measured with every saved step. Sometimes samples are drawn too, and compared with the training sprites;
that may take 3% of the training's time, plus one check at its end.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import torch

from ddpm.base import hardware
from ddpm.diffusion.labels import draw_labels
from ddpm.diffusion.sampling import sample, usual_sampler
from ddpm.diffusion.schedule import LOG_SNR_GRID, NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.jobs.control import Control
from ddpm.jobs.recorder import Recorder
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.quality.measures import QualityBaseline
from ddpm.pixels.conversion import to_uint8
from ddpm.pixels.neighbors import nearest
from ddpm.sprites import SpriteDataset
from ddpm.training.heldout import heldout_loss
from ddpm.training.loop import TrainingState

# Twelve at each level of the grid: under 1% of the time between two saved steps.
HELDOUT_EVALUATIONS = 192
FINAL_EVALUATIONS = 2048
SPRITES = 512
_FINAL_SHARE = 0.05
SHARE = 0.03
RATES = (0.01, 0.05)
_MOST_SPRITES = 100_000
# Seconds that the first check is assumed to take.
_FIRST_COST = 12.0


def heldout_errors(
    state: TrainingState,
    sprites: SpriteDataset,
    rows: np.ndarray,
    schedule: NoiseSchedule,
    precision: hardware.Precision,
    final: bool = False,
    most: int | None = None,
) -> dict[str, float]:
    """Errors on held-out sprites: of the averaged weights on the grid of log-SNR, of the raw ones evenly over t.

    The first can be compared between recipes, the second with the training's own loss. Errors that are not finite are
    left out.

    Args:
        rows: int64, the held-out rows; nothing is measured if there are none.
        final: measure with many more draws, for the final result.
        most: of these draws; None for all.
    """
    asked = {"heldout": (state.ema.model, LOG_SNR_GRID), "heldout_raw": (state.model, None)}
    evaluations = HELDOUT_EVALUATIONS
    if final:
        asked = {f"final_{name}": what for name, what in {**asked, "heldout_even": (state.ema.model, None)}.items()}
        evaluations = FINAL_EVALUATIONS if most is None else min(most, FINAL_EVALUATIONS)
    if len(rows) == 0:
        return {}
    errors = {
        name: heldout_loss(
            model, sprites, rows, schedule, evaluations=evaluations, precision=precision, log_snr=log_snr
        )
        for name, (model, log_snr) in asked.items()
    }
    return {name: error for name, error in errors.items() if math.isfinite(error)}


def fitting_evaluations(minutes: float | None, images_per_second: float | None) -> int | None:
    """How many draws of the final errors fit into a twentieth of a training's time; None if all do.

    At least those of a saved step, so that on a full machine a training is not followed by one as long as itself.

    Args:
        minutes: by the clock; None for a training in steps, of which nobody has said how long it may take.
        images_per_second: that a training step learns from. It takes three times as long as a pass forward, and there
            are three errors.
    """
    if minutes is None or images_per_second is None:
        return None
    turn = len(LOG_SNR_GRID)
    fitting = max(HELDOUT_EVALUATIONS, turn * int(_FINAL_SHARE * 60 * minutes * images_per_second / turn))
    return fitting if fitting < FINAL_EVALUATIONS else None


class SelfCheck:
    """The checks of one training's samples.

    Args:
        rows: int64, the training rows; repeats are dropped.
        heldout: int64, the held-out rows.
        frequencies: of the kinds, if the network knows kinds.
        spent: seconds that earlier starts of this run have spent on checks.
        sprites_drawn: samples per check; 0 turns the checks off.
    """

    def __init__(
        self,
        sprites: SpriteDataset,
        rows: np.ndarray,
        heldout: np.ndarray,
        schedule: NoiseSchedule,
        frequencies: list[float] | None,
        spent: float = 0.0,
        sprites_drawn: int = SPRITES,
    ) -> None:
        self._sprites, self._heldout = sprites, heldout
        self._distinct = np.unique(sprites.first_rows()[rows])
        self._schedule = schedule
        self._labels = None if frequencies is None else draw_labels(frequencies, max(1, sprites_drawn))
        self._spent = spent
        self._drawn = sprites_drawn
        self._cost = _FIRST_COST

    @property
    def possible(self) -> bool:
        """Whether there are enough sprites to compare samples with, and few enough for memory."""
        return self._drawn > 0 and 4 <= len(self._distinct) <= _MOST_SPRITES

    def fits(self, seconds: float) -> bool:
        """Whether there is time for another check after ``seconds`` of training."""
        return self._spent + self._cost <= SHARE * seconds

    def run(self, model: UNet, interrupted: Callable[[], bool]) -> dict[str, Any] | None:
        """Draw samples and measure them.

        Args:
            interrupted: called between two steps of the sampler; the check ends if it returns True.

        Returns:
            JSON values: ``samples``, ``exact_copies``, ``near_copies`` (share by false-positive rate),
            ``frechet_ratio``, ``haze``, ``merged_colours``, ``orphans``, values of real sprites under ``real``, and the
            ``seconds`` that it took. None if it was interrupted, or the samples are not finite.
        """
        began = time.perf_counter()
        *_, last = (None,)
        for moment in sample(model, self._schedule, self._drawn, usual_sampler(model), labels=self._labels):
            if interrupted():
                return None
            last = moment
        if last is None or not bool(torch.isfinite(last.x0).all()):
            return None
        samples = to_uint8(last.x0)
        index, quality = self._references
        distances = nearest(samples, index.train, 1)[1][:, 0]
        result: dict[str, Any] = {
            "samples": len(samples),
            "exact_copies": int((distances == 0).sum()),
            "near_copies": {f"{rate:g}": index.near_share(samples, rate).rate for rate in RATES},
            **quality.quick(samples),
            "real": quality.real(),
        }
        if len(index.heldout):
            result["real"]["near_copies"] = {f"{rate:g}": index.near_share(index.heldout, rate).rate for rate in RATES}
        self._cost = time.perf_counter() - began
        self._spent += self._cost
        return {**result, "seconds": round(self._cost, 2)}

    @cached_property
    def _references(self) -> tuple[TrainingIndex, QualityBaseline]:
        train, heldout = self._sprites.images[self._distinct], self._sprites.images[self._heldout]
        return TrainingIndex(train, heldout), QualityBaseline(np.concatenate([train, heldout]))


def question_itself(
    check: SelfCheck, model: UNet, recorder: Recorder, control: Control, record: dict[str, Any]
) -> None:
    """Run the self-check, and write its result as another line of this step, which replaces the first when read.

    Args:
        record: the first line.
    """

    def interrupted() -> bool:
        recorder.beat()
        return control.is_stopped()

    recorder.say("It questions itself: does it draw well, and does it copy?")
    found = check.run(model, interrupted)
    recorder.note(message=None)
    if found is not None:
        recorder.append({**record, "check": found})
    elif control.is_stopped():
        recorder.say("It was stopped while it questioned itself: that was left out.")
