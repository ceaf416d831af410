"""Distilling as a generator of steps, like :mod:`ddpm.training.loop`, from which it can be told only by its lessons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from ddpm.base.hardware import CPU, Precision, autocast
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet
from ddpm.training.distilling.lessons import Lessons, Pairs
from ddpm.training.learning_rate import learning_rate_at
from ddpm.training.loop import (
    MOST_SKIPPED_IN_A_ROW,
    TrainingState,
    TrainingStep,
    finish_step,
    new_state,
    too_many_skipped,
)
from ddpm.training.recipes import Recipe
from ddpm.training.timetable import Timetable

_WARMUP_STEPS = 50
_EMA_DECAY = 0.998
# Root mean square of v below which an error counts as a square.
_SMALL = 0.01


def recipe_to_distil(recipe: Recipe, teacher: UNet) -> Recipe:
    """The recipe of a teacher's training, changed for the short training of a network that begins with its weights.

    Raises:
        ValueError: if that network cannot be distilled.
    """
    if teacher.distilled:
        raise ValueError("it is a distilled model already: distil the one from which it was made")
    if teacher.prediction_type != "v":
        raise ValueError(
            "it predicts the noise, which says nothing of a sprite where there is noise alone: only a model of the "
            "recipe Fast, which predicts v, can be distilled"
        )
    return replace(
        recipe,
        learning_rate=recipe.learning_rate / 2,
        warmup_steps=_WARMUP_STEPS,
        cosine_decay=True,
        clip_norm=1.0,
        ema_decay=_EMA_DECAY,
        dropout=0.0,
        even_log_snr=0.0,
    )


def new_student(recipe: Recipe, teacher: UNet, device: torch.device = CPU) -> TrainingState:
    """A network with the teacher's weights, to be distilled by :func:`distil`."""
    state = new_state(
        recipe,
        teacher.num_classes,
        0,
        device,
        image_shape=teacher.image_shape,
        binary_alpha=teacher.binary_alpha,
    )
    for model in (state.model, state.ema.model):
        model.load_state_dict(teacher.state_dict())
        model.distilled = True
    return state


def distil(
    state: TrainingState,
    teacher: UNet,
    schedule: NoiseSchedule,
    recipe: Recipe,
    length: int | Timetable,
    *,
    frequencies: list[float] | None = None,
    seed: int = 0,
    precision: Precision = "float32",
) -> Iterator[TrainingStep]:
    """Distil from ``state.step`` to the end, changing ``state`` and yielding after each step.

    The loss of a pair is the root mean square error of v: its gradient is as large for a jump that is easily learnt as
    for the first one, whose error stays ten times as large (pseudo-Huber, Song & Dhariwal 2023, arXiv 2310.14189).

    Args:
        recipe: of :func:`recipe_to_distil`.
        length: as for :func:`ddpm.training.loop.train`.
        frequencies: how often each kind is drawn; None where the teacher knows none.

    Raises:
        TrainingError: after 20 steps in a row whose loss or gradient was not finite.
    """
    kinds = None if teacher.num_classes is None else frequencies or [1.0] * teacher.num_classes
    lessons = Lessons(teacher, schedule, kinds, recipe.label_dropout, recipe.batch_size, seed, precision)
    timetable = length if isinstance(length, Timetable) else Timetable.of_steps(length)
    skipped_in_a_row = 0
    while state.step < timetable.end:
        result = _step(state, lessons.at(state.step), schedule, recipe, timetable, precision)
        skipped_in_a_row = skipped_in_a_row + 1 if result.skipped else 0
        if skipped_in_a_row == MOST_SKIPPED_IN_A_ROW:
            raise too_many_skipped(result.step)
        yield result


def jump_errors(model: UNet, schedule: NoiseSchedule, pairs: Pairs, precision: Precision) -> torch.Tensor:
    """Mean squared error of v of each pair, float32 (B,)."""
    device = next(model.parameters()).device
    x_t, x0 = pairs.x_t.to(device), pairs.x0.to(device)
    labels = None if pairs.labels is None else pairs.labels.to(device)
    alpha_bar = schedule.alphas_cumprod[pairs.t].reshape(-1, 1, 1, 1)
    signal, noise = alpha_bar.sqrt().to(x0), (1 - alpha_bar).sqrt().to(x0)
    with autocast(precision, device):
        predicted = model(x_t, pairs.t.to(device), labels)
    return (predicted.float() - (signal * x_t - x0) / noise).square().mean(dim=(1, 2, 3))


def _step(
    state: TrainingState,
    pairs: Pairs,
    schedule: NoiseSchedule,
    recipe: Recipe,
    timetable: Timetable,
    precision: Precision,
) -> TrainingStep:
    step = state.step
    rate = learning_rate_at(recipe, step, timetable.total_steps(step))
    # The caller's gradient mode must be unchanged at each yield.
    with torch.enable_grad():
        state.model.train()
        state.model.set_dropout(0.0)
        squares = jump_errors(state.model, schedule, pairs, precision)
        own_losses = (squares + _SMALL**2).sqrt() - _SMALL
        state.optimizer.zero_grad()
        own_losses.mean().backward()
        return finish_step(state, recipe, own_losses.detach().cpu(), pairs.t, rate, timetable.steps_alike(step))
