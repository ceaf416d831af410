"""Training as a generator of steps: its caller can draw, pause and stop between them.

One step is algorithm 1 of Ho et al. 2020: take sprites, add noise to each for a random timestep t, and change the
weights so that the mean squared error of the predicted noise (or velocity) falls.

All that is random in step s is drawn from a generator seeded with (seed, s). So the weights, their average, the
optimizer's state and the timetable are enough to resume a training exactly.
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
from ddpm.diffusion.noise import Shape
from ddpm.diffusion.sampling import DEFAULT_SHAPE
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.training.distributed import ALONE, Team
from ddpm.training.ema import EMA
from ddpm.training.epochs import EpochOrder
from ddpm.training.learning_rate import learning_rate_at
from ddpm.training.optimizer import Optimizer
from ddpm.training.recipes import Recipe
from ddpm.training.timetable import Timetable

# After so many steps in a row without a finite loss, later steps will not be better.
MOST_SKIPPED_IN_A_ROW = 20


class TrainingError(RuntimeError):
    """The training cannot go on; the message says why, and what to do."""


def too_many_skipped(step: int) -> TrainingError:
    """The error after :data:`MOST_SKIPPED_IN_A_ROW` skipped steps, of which ``step`` is the last."""
    return TrainingError(
        f"The loss was not a finite number for {MOST_SKIPPED_IN_A_ROW} steps in a row, up to step {step}. "
        "The last saved step is good: resume from it, or start again with a smaller learning rate."
    )


class Batches(Protocol):
    """What training needs from a data set."""

    labels: np.ndarray | None

    def batch(self, rows: np.ndarray) -> torch.Tensor:
        """float32 (B, C, H, W) in [-1, 1] for int64 row numbers (B,)."""


@dataclass
class TrainingState:
    """All that is needed to resume a training after ``step`` steps."""

    model: UNet
    ema: EMA[UNet]
    optimizer: Optimizer
    step: int = 0


@dataclass(frozen=True)
class TrainingStep:
    """What one step measured.

    Attributes:
        step: steps made so far, this one included.
        loss: mean over the batch; NaN or Inf if the step was skipped.
        losses: float32 (B,), one per sprite.
        t: int64 (B,), the timesteps.
        grad_norm: norm of the gradient before clipping.
        skipped: the loss or the gradient was not finite, so the weights were not changed.
    """

    step: int
    loss: float
    losses: torch.Tensor = field(repr=False)
    t: torch.Tensor = field(repr=False)
    grad_norm: float
    learning_rate: float
    skipped: bool


def new_state(
    recipe: Recipe,
    num_classes: int | None,
    seed: int,
    device: torch.device = CPU,
    *,
    image_shape: Shape = DEFAULT_SHAPE,
    binary_alpha: bool = False,
) -> TrainingState:
    """New weights; a function of (recipe, num_classes, seed, image_shape) alone.

    Args:
        num_classes: kinds in the data; ignored by a recipe without classes.
        device: where the weights are kept and the steps are computed.
        image_shape, binary_alpha: of the sprites, as for :class:`ddpm.diffusion.unet.UNet`.
    """
    with seeded("weights", seed):
        model = UNet(
            channels=recipe.channels,
            time_embedding_dim=recipe.time_embedding_dim,
            num_classes=num_classes if recipe.classes else None,
            prediction_type=recipe.prediction_type,
            dropout=recipe.dropout,
            attention=recipe.attention,
            image_shape=image_shape,
            binary_alpha=binary_alpha,
            seamless=recipe.seamless,
        ).to(device)
    optimizer = Optimizer(model, recipe.optimizer, recipe.weight_decay)
    return TrainingState(model, EMA(model, recipe.ema_decay), optimizer)


def train(
    state: TrainingState,
    sprites: Batches,
    rows: np.ndarray,
    schedule: NoiseSchedule,
    recipe: Recipe,
    length: int | Timetable,
    *,
    seed: int = 0,
    precision: Precision = "float32",
    team: Team = ALONE,
) -> Iterator[TrainingStep]:
    """Train from ``state.step`` to the end, changing ``state`` and yielding after each step.

    Args:
        rows: int64 (R,), the rows of ``sprites`` to train on; each is seen once per epoch.
        length: in steps, which also decides how the learning rate falls; or a timetable, to which the caller may add
            between steps. If it goes by the clock, the caller ends it.
        precision: of the forward pass.
        team: the processes that share each batch; all of them must make the same steps.

    Raises:
        ValueError: if there are no rows.
        TeamError: if another process of the team has ended.
        TrainingError: after 20 steps in a row whose loss or gradient was not finite; ``state`` then has the weights of
            the last good step.
    """
    if len(rows) == 0:
        raise ValueError("there are no sprites to train on")
    timetable = length if isinstance(length, Timetable) else Timetable.of_steps(length)
    trainer = _Trainer(
        state,
        team.network(state.model),
        sprites,
        EpochOrder(rows, recipe.batch_size, seed),
        schedule,
        schedule.timestep_probabilities(recipe.even_log_snr) if recipe.even_log_snr else None,
        recipe,
        timetable,
        seed,
        precision,
        team,
    )
    skipped_in_a_row = 0
    while state.step < timetable.end:
        with team.step():
            result = trainer.step()
        skipped_in_a_row = skipped_in_a_row + 1 if result.skipped else 0
        if skipped_in_a_row == MOST_SKIPPED_IN_A_ROW:
            raise too_many_skipped(result.step)
        yield result


@dataclass(frozen=True)
class _Trainer:
    """Makes the steps; ``network`` is the state's model as this process of the team calls it."""

    state: TrainingState
    network: nn.Module
    sprites: Batches
    order: EpochOrder
    schedule: NoiseSchedule
    timestep_probabilities: torch.Tensor | None
    recipe: Recipe
    timetable: Timetable
    seed: int
    precision: Precision
    team: Team

    def step(self) -> TrainingStep:
        state, recipe, step = self.state, self.recipe, self.state.step
        device = next(state.model.parameters()).device
        rows, timesteps, noise, kinds = self._draw(step)
        count = len(rows)
        share = self.team.share(count)
        x0, eps, t = self.sprites.batch(rows[share]).to(device), noise[share].to(device), timesteps[share]
        labels = None if kinds is None else kinds[share].to(device)
        target = eps if recipe.prediction_type == "eps" else self.schedule.velocity(x0, eps, t)

        rate = learning_rate_at(recipe, step, self.timetable.total_steps(step))
        dropout = recipe.dropout_at(step, self.timetable.settled_total_steps(step, recipe.dropout_start))
        # The caller's gradient mode and random numbers must be unchanged at each yield.
        with torch.enable_grad(), seeded("dropout", self.seed, step, self.team.rank):
            state.model.train()
            state.model.set_dropout(dropout)
            with autocast(self.precision, device):
                prediction = self.network(self.schedule.add_noise(x0, eps, t), t.to(device), labels)
            own_losses = F.mse_loss(prediction.float(), target, reduction="none").mean(dim=(1, 2, 3))
            state.optimizer.zero_grad()
            self.team.scaled_loss(own_losses.sum(), count).backward()
            losses = self.team.gather(own_losses.detach(), count)
            return finish_step(state, recipe, losses, timesteps, rate, self.timetable.steps_alike(step))

    def _draw(self, step: int) -> tuple[np.ndarray, torch.Tensor, torch.Tensor, torch.Tensor | None]:
        """Rows, timesteps, noise, and labels (-1 where hidden) of the whole batch, the same in every process."""
        random = generator_for("step", self.seed, step)
        rows = self.order.batch(step)
        if self.timestep_probabilities is None:
            t = torch.randint(self.schedule.num_timesteps, (len(rows),), generator=random)
        else:
            t = torch.multinomial(self.timestep_probabilities, len(rows), replacement=True, generator=random)
        eps = torch.randn((len(rows), *self.state.model.image_shape), generator=random)
        labels = class_labels(self.state.model, self.sprites, rows)
        if labels is not None:
            hidden = torch.rand(len(rows), generator=random) < self.recipe.label_dropout
            labels = torch.where(hidden, -1, labels)
        return rows, t, eps, labels


def finish_step(
    state: TrainingState, recipe: Recipe, losses: torch.Tensor, t: torch.Tensor, rate: float, steps_alike: float
) -> TrainingStep:
    """Change the weights by their gradients and the average by the weights, unless something is not finite.

    Args:
        losses, t: as in :class:`TrainingStep`.
        rate: the learning rate.
        steps_alike: steps that the average counts as made before; see :meth:`ddpm.training.ema.EMA.update`.
    """
    loss = float(losses.mean())
    # Checked before the weights change: one step with NaN would make all of them NaN.
    limit = recipe.clip_norm if recipe.clip_norm is not None else math.inf
    grad_norm = float(torch.nn.utils.clip_grad_norm_(state.model.parameters(), limit))
    skipped = not (math.isfinite(loss) and math.isfinite(grad_norm))
    if not skipped:
        state.optimizer.step(rate)
        state.ema.update(state.model, steps_alike)
    state.step += 1
    return TrainingStep(state.step, loss, losses, t, grad_norm, rate, skipped)


def class_labels(model: UNet, sprites: Batches, rows: np.ndarray) -> torch.Tensor | None:
    """int64 (B,), the kinds of these rows; None where the network or the data have none."""
    if model.num_classes is None or sprites.labels is None:
        return None
    return torch.from_numpy(np.asarray(sprites.labels[rows], dtype=np.int64))
