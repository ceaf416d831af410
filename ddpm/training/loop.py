"""Training as a generator of steps: whoever drives it can draw, pause and stop.

One step is algorithm 1 of Ho et al. 2020: take sprites, noise each to a random level t, and move the weights so that
the network's guess of the noise (or of the velocity) gets better: mean squared error.

All that is random in step s is drawn from a generator seeded with (seed, s). So a training that was stopped goes on
exactly as if it had not been, from the weights, their average and the optimizer's state alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ddpm.base.hardware import CPU, Precision, autocast
from ddpm.base.seeds import generator_for, seeded
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.pixels.conversion import SHAPE
from ddpm.training.ema import EMA
from ddpm.training.optimizer import Optimizer
from ddpm.training.recipes import Recipe
from ddpm.training.team import ALONE, Team

# So many steps in a row without a finite loss, and the run is broken for good.
_MOST_BROKEN_STEPS = 20


class TrainingError(RuntimeError):
    """The training cannot go on; the message says why, and what to do."""


class Batches(Protocol):
    """What training needs of a data set."""

    labels: np.ndarray | None

    def batch(self, rows: np.ndarray) -> torch.Tensor:
        """float32 (B, 3, 16, 16) in [-1, 1] for int64 row numbers (B,)."""


@dataclass
class TrainingState:
    """All that a training has to remember: ``step`` steps have been made."""

    model: UNet
    ema: EMA[UNet]
    optimizer: Optimizer
    step: int = 0


@dataclass(frozen=True)
class TrainingStep:
    """What one step showed.

    Attributes:
        step: steps made so far, this one included.
        loss: mean over the batch; NaN or Inf if the step was skipped.
        losses: float32 (B,), one a sprite.
        t: int64 (B,), the noise levels.
        grad_norm: norm of the gradient before clipping.
        learning_rate: of this step.
        skipped: the loss or the gradient was not finite, so the weights were left alone.
    """

    step: int
    loss: float
    losses: torch.Tensor = field(repr=False)
    t: torch.Tensor = field(repr=False)
    grad_norm: float
    learning_rate: float
    skipped: bool


def new_state(recipe: Recipe, num_classes: int | None, seed: int, device: torch.device = CPU) -> TrainingState:
    """Fresh weights; a function of (recipe, num_classes, seed) alone.

    Args:
        num_classes: kinds in the data; ignored by a recipe without classes.
        device: where they are kept, and the steps computed.
    """
    with seeded("weights", seed):
        model = UNet(
            channels=recipe.channels,
            time_embedding_dim=recipe.time_embedding_dim,
            num_classes=num_classes if recipe.classes else None,
            prediction_type=recipe.prediction_type,
            dropout=recipe.dropout,
            attention=recipe.attention,
        ).to(device)
    optimizer = Optimizer(model, recipe.optimizer, recipe.weight_decay)
    return TrainingState(model, EMA(model, recipe.ema_decay), optimizer)


def train(
    state: TrainingState,
    sprites: Batches,
    rows: np.ndarray,
    schedule: NoiseSchedule,
    recipe: Recipe,
    total_steps: int,
    *,
    seed: int = 0,
    precision: Precision = "float32",
    team: Team = ALONE,
) -> Iterator[TrainingStep]:
    """Train from ``state.step`` to ``total_steps``, changing ``state`` and yielding after each step.

    Args:
        sprites: where the pixels come from.
        rows: int64 (R,), the rows to train on; each is seen once an epoch.
        total_steps: also fixes how the learning rate falls.
        precision: of the forward pass.
        team: whose processes share each batch; all of them have to walk through their own generators in step.

    Raises:
        ValueError: if there are no rows.
        TeamError: if another process of the team has ended.
        TrainingError: after 20 steps in a row whose loss or gradient was not finite; ``state`` is then the last
            good one.
    """
    if len(rows) == 0:
        raise ValueError("there are no sprites to train on")
    order = EpochOrder(rows, recipe.batch_size, seed)
    chances = schedule.chances(recipe.even_log_snr) if recipe.even_log_snr else None
    network = team.network(state.model)
    broken = 0
    while state.step < total_steps:
        with team.step():
            result = _train_step(
                state, network, sprites, order, schedule, chances, recipe, total_steps, seed, precision, team
            )
        broken = broken + 1 if result.skipped else 0
        if broken == _MOST_BROKEN_STEPS:
            raise TrainingError(
                f"The loss was not a finite number for {broken} steps in a row, up to step {result.step}. "
                "The last saved step is good: resume from it, or start again with a smaller learning rate."
            )
        yield result


class EpochOrder:
    """Which rows step s sees: an endless walk over epochs, each a new shuffle of all rows.

    Args:
        rows: int64 (R,).
        batch_size: rows a step; more than R is fine, a step then spans epochs.
    """

    def __init__(self, rows: np.ndarray, batch_size: int, seed: int) -> None:
        self._rows = rows
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = -1
        self._shuffled = rows

    def batch(self, step: int) -> np.ndarray:
        """int64 (batch_size,): the rows of step ``step``, whatever was asked before."""
        start, stop = step * self._batch_size, (step + 1) * self._batch_size
        parts = []
        while start < stop:
            epoch, offset = divmod(start, len(self._rows))
            part = self._shuffle(epoch)[offset : offset + stop - start]
            parts.append(part)
            start += len(part)
        return np.concatenate(parts)

    def _shuffle(self, epoch: int) -> np.ndarray:
        if epoch != self._epoch:
            permutation = torch.randperm(len(self._rows), generator=generator_for("epoch", self._seed, epoch))
            self._shuffled = self._rows[permutation.numpy()]
            self._epoch = epoch
        return self._shuffled


def _train_step(
    state: TrainingState,
    network: nn.Module,
    sprites: Batches,
    order: EpochOrder,
    schedule: NoiseSchedule,
    chances: torch.Tensor | None,
    recipe: Recipe,
    total_steps: int,
    seed: int,
    precision: Precision,
    team: Team,
) -> TrainingStep:
    step, device = state.step, next(state.model.parameters()).device
    random = generator_for("step", seed, step)
    rows = order.batch(step)
    # Every process draws for the whole batch: the steps of a team are those of one process with the same batch.
    if chances is None:
        t = torch.randint(schedule.num_timesteps, (len(rows),), generator=random)
    else:
        t = torch.multinomial(chances, len(rows), replacement=True, generator=random)
    eps = torch.randn((len(rows), *SHAPE), generator=random)
    labels = None
    if state.model.num_classes is not None and sprites.labels is not None:
        labels = torch.from_numpy(np.asarray(sprites.labels[rows], dtype=np.int64))
        hidden = torch.rand(len(rows), generator=random) < recipe.label_dropout
        labels = torch.where(hidden, -1, labels)
    share = team.share(len(rows))
    x0, own_eps, own_t = sprites.batch(rows[share]).to(device), eps[share].to(device), t[share]
    own_labels = None if labels is None else labels[share].to(device)
    target = own_eps if recipe.prediction_type == "eps" else schedule.velocity(x0, own_eps, own_t)

    rate = recipe.learning_rate_at(step, total_steps)
    # The caller's own modes and random numbers are none of our business: both are as before when we yield.
    with torch.enable_grad(), seeded("dropout", seed, step, team.rank):
        state.model.train()
        state.model.set_dropout(recipe.dropout_at(step, total_steps))
        with autocast(precision, device):
            prediction = network(schedule.add_noise(x0, own_eps, own_t), own_t.to(device), own_labels)
        own_losses = F.mse_loss(prediction.float(), target, reduction="none").mean(dim=(1, 2, 3))
        state.optimizer.zero_grad()
        team.scaled(own_losses.sum(), len(rows)).backward()
        losses = team.gathered(own_losses.detach(), len(rows))
        loss = float(losses.mean())
        # Measured before the weights move: one step with NaN would poison them for good.
        limit = recipe.clip_norm if recipe.clip_norm is not None else math.inf
        grad_norm = float(torch.nn.utils.clip_grad_norm_(state.model.parameters(), limit))
        skipped = not (math.isfinite(loss) and math.isfinite(grad_norm))
        if not skipped:
            state.optimizer.step(rate)
            state.ema.update(state.model, step)
    state.step = step + 1
    return TrainingStep(state.step, loss, losses, t, grad_norm, rate, skipped)


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
