"""The error on sprites that the training never sees."""

from __future__ import annotations

import numpy as np
import torch

from ddpm.base.hardware import Precision, autocast
from ddpm.base.seeds import generator_for
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.training.loop import Batches, class_labels


@torch.no_grad()
def heldout_loss(
    model: UNet,
    sprites: Batches,
    rows: np.ndarray,
    schedule: NoiseSchedule,
    *,
    evaluations: int = 512,
    precision: Precision = "float32",
    log_snr: np.ndarray | None = None,
) -> float:
    """Mean squared error of the predicted noise on sprites the training never saw.

    Noise and sprites are the same at every call, so two values of one run can be compared. A "v" network's noise is
    computed from its output.

    Args:
        rows: int64 (R,), held-out rows.
        evaluations: number of pairs (sprite, t).
        log_snr: float (L,), the noise levels, in turn, for comparison across schedules; None is evenly over all t, for
            comparison within one schedule and with the training's own error.

    Raises:
        ValueError: if there are no rows.
    """
    if len(rows) == 0:
        raise ValueError("there are no held-out sprites")
    random = generator_for("held-out")
    chosen = rows[torch.randint(len(rows), (evaluations,), generator=random).numpy()]
    number = torch.arange(evaluations)
    if log_snr is None:
        timesteps = (number * schedule.num_timesteps) // evaluations
    else:
        timesteps = schedule.timesteps_at(log_snr)[number % len(log_snr)]
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    total = 0.0
    try:
        for start in range(0, evaluations, 64):
            part, t = chosen[start : start + 64], timesteps[start : start + 64]
            x0 = sprites.batch(part).to(device)
            eps = torch.randn(x0.shape, generator=random).to(device)
            labels = class_labels(model, sprites, part)
            x_t = schedule.add_noise(x0, eps, t)
            with autocast(precision, device):
                prediction = model(x_t, t.to(device), None if labels is None else labels.to(device))
            predicted = schedule.split_prediction(prediction.float(), x_t, t, model.prediction_type)[1]
            total += float((predicted - eps).square().mean(dim=(1, 2, 3)).sum())
    finally:
        model.train(was_training)
    return total / evaluations
