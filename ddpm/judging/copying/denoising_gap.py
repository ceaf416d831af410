"""Does the model denoise its training sprites better than sprites that it never saw?

A network that memorised training sprites is better on those than on held-out ones, and the size of its error tells
which sprites it learnt from (membership inference by loss, Carlini et al. 2023, arXiv 2301.13188; Matsumoto et al.
2023, arXiv 2302.03262).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ddpm.base.json_values import jsonable
from ddpm.base.seeds import generator_for
from ddpm.diffusion.schedule import NoiseSchedule, PredictionType
from ddpm.judging.statistics import auc
from ddpm.pixels.conversion import require_sprites, to_float

_LEVELS = 8
_DRAWS = 2
_SPRITES = 512
_BATCH = 128


@dataclass(frozen=True)
class DenoisingGap:
    """Mean squared error of the predicted noise on training and held-out sprites, by noise level.

    Attributes:
        log_snr: natural logarithm of the signal-to-noise ratio of each level, falling.
        train, heldout: mean error of eps at each level.
        train_size, heldout_size: sprites that were measured.
        auc: how often a training sprite has the smaller error; 0.5 means no difference.
        auc_low, auc_high: its 95% interval.
    """

    log_snr: tuple[float, ...]
    train: tuple[float, ...]
    heldout: tuple[float, ...]
    train_size: int
    heldout_size: int
    auc: float
    auc_low: float
    auc_high: float

    def to_dict(self) -> dict[str, Any]:
        """JSON values; None for what is not a finite number."""
        return {name: jsonable(getattr(self, name)) for name in self.__dataclass_fields__}


def measure_denoising_gap(
    model: Callable[..., torch.Tensor], schedule: NoiseSchedule, train: np.ndarray, heldout: np.ndarray
) -> DenoisingGap | None:
    """Measure up to 512 sprites of each side, chosen with a fixed seed, with the same noise; None if a side is empty,
    or for a distilled model, which has forgotten what noise is at most levels.

    Args:
        model: any callable ``(x_t, t, labels=None)``; called without labels.
        train, heldout: uint8 (N, H, W, C), distinct sprites.

    Raises:
        ValueError: if the two differ in size.
    """
    train, heldout = require_sprites(train=train, heldout=heldout)
    if len(train) == 0 or len(heldout) == 0 or getattr(model, "distilled", False):
        return None
    sides = [_chosen(images) for images in (train, heldout)]
    levels = schedule.timesteps_at(np.linspace(6.0, -4.0, _LEVELS))
    errors = [_errors(model, schedule, images, levels) for images in sides]
    # Standardised, since the errors of different levels differ in size and spread.
    both = np.log(np.concatenate(errors) + 1e-12)
    scores = ((both - both.mean(axis=0)) / (both.std(axis=0) + 1e-12)).mean(axis=1)
    area, low, high = auc(scores[: len(sides[0])], scores[len(sides[0]) :])
    train_errors, heldout_errors = (tuple(side.mean(axis=0).tolist()) for side in errors)
    return DenoisingGap(
        log_snr=tuple(schedule.log_snr()[levels].tolist()),
        train=train_errors,
        heldout=heldout_errors,
        train_size=len(sides[0]),
        heldout_size=len(sides[1]),
        auc=area,
        auc_low=low,
        auc_high=high,
    )


def _chosen(images: np.ndarray) -> np.ndarray:
    if len(images) <= _SPRITES:
        return images
    return images[torch.randperm(len(images), generator=generator_for("gap sprites"))[:_SPRITES].sort().values.numpy()]


@torch.no_grad()
def _errors(
    model: Callable[..., torch.Tensor], schedule: NoiseSchedule, images: np.ndarray, levels: torch.Tensor
) -> np.ndarray:
    """float64 (N, levels): the error of each sprite at each level, averaged over draws of the noise."""
    prediction_type: PredictionType = getattr(model, "prediction_type", "eps")
    x0 = to_float(images)
    errors = np.zeros((len(images), len(levels)))
    random = generator_for("gap noise")
    for column, level in enumerate(levels.tolist()):
        for _ in range(_DRAWS):
            noise = torch.randn(1, *x0.shape[1:], generator=random)
            for start in range(0, len(x0), _BATCH):
                part = x0[start : start + _BATCH]
                t = torch.full((len(part),), level)
                eps = noise.expand_as(part)
                x_t = schedule.add_noise(part, eps, t)
                predicted = schedule.split_prediction(model(x_t, t), x_t, t, prediction_type)[1]
                mistakes = (predicted - eps).square().mean(dim=(1, 2, 3)).to(torch.float64)
                errors[start : start + _BATCH, column] += mistakes.numpy() / _DRAWS
    return errors
