"""A training that questions itself: how large is its error on unseen sprites, does it draw well, does it copy?

The error is measured with every saved step. Now and then samples are drawn, too, and compared with the training
sprites. That may take 3% of the training's time; the last time, at the end, is always taken and does not count.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ddpm.base import hardware
from ddpm.diffusion.labels import draw_labels
from ddpm.diffusion.sampling import sample
from ddpm.diffusion.schedule import LOG_SNR_GRID, NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.judging.copying.training_index import TrainingIndex
from ddpm.judging.quality.measures import QualityBaseline
from ddpm.pixels.conversion import to_uint8
from ddpm.pixels.neighbors import nearest
from ddpm.sprites import SpriteDataset
from ddpm.training.heldout import heldout_loss
from ddpm.training.loop import TrainingState

# Twelve at each level of the grid: under 1% of the time between two savings.
HELDOUT_EVALUATIONS = 192
FINAL_EVALUATIONS = 2048
SPRITES = 512
SHARE = 0.03
RATES = (0.01, 0.05)
_MOST_SPRITES = 100_000
# What the first one is taken to cost, in seconds: nobody knows before.
_FIRST_COST = 12.0


def heldout_errors(
    state: TrainingState,
    sprites: SpriteDataset,
    rows: np.ndarray,
    schedule: NoiseSchedule,
    precision: hardware.Precision,
    final: bool = False,
) -> dict[str, float]:
    """Errors on held-out sprites: of the averaged weights on the grid of log-SNR, of the raw ones evenly over t.

    The first is how good the model is, whatever its recipe; the second belongs beside the training's own error. What is
    no number is left out.

    Args:
        rows: int64, the held-out rows; nothing is measured if there are none.
        final: with many more draws, for figures to quote instead of points of a curve.
    """
    asked = {"heldout": (state.ema.model, LOG_SNR_GRID), "heldout_raw": (state.model, None)}
    evaluations = HELDOUT_EVALUATIONS
    if final:
        asked = {f"final_{name}": what for name, what in {**asked, "heldout_even": (state.ema.model, None)}.items()}
        evaluations = FINAL_EVALUATIONS
    if len(rows) == 0:
        return {}
    errors = {
        name: heldout_loss(
            model, sprites, rows, schedule, evaluations=evaluations, precision=precision, log_snr=log_snr
        )
        for name, (model, log_snr) in asked.items()
    }
    return {name: error for name, error in errors.items() if math.isfinite(error)}


class SelfCheck:
    """Questions the model of one training.

    Args:
        rows: int64, the rows that it trains on; repeats are dropped.
        heldout: int64, the rows that it does not.
        frequencies: of the kinds, if the network knows kinds.
        spent: seconds that earlier starts of this run have spent on it.
        sprites_drawn: samples each time; 0 turns it off.
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
        self._references: tuple[TrainingIndex, QualityBaseline] | None = None

    @property
    def possible(self) -> bool:
        """Whether there is something to hold samples against, and not more than memory has room for."""
        return self._drawn > 0 and 4 <= len(self._distinct) <= _MOST_SPRITES

    def fits(self, seconds: float) -> bool:
        """Whether another one fits into its share of ``seconds`` of training."""
        return self._spent + self._cost <= SHARE * seconds

    def run(self, model: UNet, interrupted: Callable[[], bool]) -> dict[str, Any] | None:
        """Draw, measure, and forget the samples.

        Args:
            interrupted: asked between two steps of the sampler; whether to give up.

        Returns:
            JSON values: ``exact_copies``, ``near_copies`` (share by false-positive rate), the same of held-out sprites,
            ``frechet_ratio``, ``haze``, ``merged_colours``, ``orphans``, each real value under ``real``, ``samples``
            and the ``seconds`` that it took. None where it was interrupted, or the model draws no numbers.
        """
        began = time.perf_counter()
        *_, last = (None,)
        for moment in sample(model, self._schedule, self._drawn, "fast", labels=self._labels):
            if interrupted():
                return None
            last = moment
        if last is None or not bool(torch.isfinite(last.x0).all()):
            return None
        samples = to_uint8(last.x0)
        index, quality = self._prepared()
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

    def _prepared(self) -> tuple[TrainingIndex, QualityBaseline]:
        if self._references is None:
            train, heldout = self._sprites.images[self._distinct], self._sprites.images[self._heldout]
            self._references = TrainingIndex(train, heldout), QualityBaseline(np.concatenate([train, heldout]))
        return self._references
