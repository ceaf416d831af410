"""HELD"""

from __future__ import annotations

import numpy as np
import torch

from ddpm.base.hardware import Precision, autocast
from ddpm.base.seeds import generator_for
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.training.loop import (
    Batches,
)


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
    worked out from its output. Spread evenly over t, values of one schedule can be compared, and with the training's
    own error; on a grid of log-SNR those of all schedules can.

    Args:
        rows: int64 (R,), held-out rows.
        evaluations: how many pairs (sprite, t) are looked at.
        log_snr: float (L,), the noise levels to ask at, in turn; evenly over all t if None.

    Raises:
        ValueError: if there are no rows.
    """
    if len(rows) == 0:
        raise ValueError("there are no held-out sprites")
    random = generator_for("held-out")
    chosen = rows[torch.randint(len(rows), (evaluations,), generator=random).numpy()]
    turn = torch.arange(evaluations)
    if log_snr is None:
        steps = (turn * schedule.num_timesteps) // evaluations
    else:
        steps = schedule.timesteps_at(log_snr)[turn % len(log_snr)]
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    total = 0.0
    try:
        for start in range(0, evaluations, 64):
            part, t = chosen[start : start + 64], steps[start : start + 64]
            x0 = sprites.batch(part).to(device)
            eps = torch.randn(x0.shape, generator=random).to(device)
            labels = None
            if model.num_classes is not None and sprites.labels is not None:
                labels = torch.from_numpy(np.asarray(sprites.labels[part], dtype=np.int64)).to(device)
            x_t = schedule.add_noise(x0, eps, t)
            with autocast(precision, device):
                prediction = model(x_t, t.to(device), labels)
            predicted = schedule.split_prediction(prediction.float(), x_t, t, model.prediction_type)[1]
            total += float((predicted - eps).square().mean(dim=(1, 2, 3)).sum())
    finally:
        model.train(was_training)
    return total / evaluations
