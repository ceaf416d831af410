"""What is measured while a training runs."""

from __future__ import annotations

import json
import math

import pytest
import torch

from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.training.loop import TrainingStep
from ddpm.training.loss_window import NoiseErrorWindow


def step(number: int, t: list[int], losses: list[float], skipped: bool = False) -> TrainingStep:
    values = torch.tensor(losses)
    return TrainingStep(number, float(values.mean()), values, torch.tensor(t), 0.5, 1e-3, skipped)


def test_the_loss_by_quartile() -> None:
    window = NoiseErrorWindow(NoiseSchedule(), "eps")
    window.add(step(1, [0, 249, 250, 999], [1.0, 3.0, 5.0, 7.0]))
    window.add(step(2, [10, 750, 751, 752], [2.0, 1.0, 2.0, 3.0]))
    summary = window.summary()
    assert summary["step"] == 2
    assert summary["quartiles"] == [pytest.approx(2.0), pytest.approx(5.0), None, pytest.approx(13 / 4)]
    assert summary["loss"] == pytest.approx(24 / 8)
    assert "skipped" not in summary
    window.clear()
    window.add(step(3, [0], [0.25]))
    assert window.summary()["loss"] == 0.25


def test_the_error_of_the_noise_is_the_same_whatever_is_predicted() -> None:
    schedule = NoiseSchedule(kind="cosine")
    random = torch.Generator().manual_seed(0)
    x0, eps, wrong = (torch.randn(8, 3, 4, 4, generator=random) for _ in range(3))
    t = torch.tensor([0, 100, 300, 500, 700, 900, 950, 990])
    x_t, target = schedule.add_noise(x0, eps, t), schedule.velocity(x0, eps, t)
    predicted = target + 0.1 * wrong
    errors = (predicted - target).square().mean(dim=(1, 2, 3))
    window = NoiseErrorWindow(schedule, "v")
    window.add(step(1, t.tolist(), errors.tolist()))
    in_eps = schedule.split_prediction(predicted, x_t, t, "v")[1]
    summary = window.summary()
    assert summary["noise_error"] == pytest.approx(float((in_eps - eps).square().mean()), rel=1e-4)
    assert summary["loss"] == pytest.approx(float(errors.mean()))


def test_broken_steps_are_counted_only() -> None:
    window = NoiseErrorWindow(NoiseSchedule(), "eps")
    window.add(step(1, [5], [math.nan], skipped=True))
    assert window.summary()["loss"] is None
    window.add(step(2, [5], [2.0]))
    assert window.summary() | {"skipped": 1, "loss": 2.0} == window.summary()
    json.dumps(window.summary(), allow_nan=False)


def test_the_error_of_the_noise_is_even_over_t_whatever_is_looked_at_most() -> None:
    schedule = NoiseSchedule(kind="cosine")
    probabilities = schedule.timestep_probabilities(0.5)
    t = torch.multinomial(probabilities, 200_000, replacement=True, generator=torch.Generator().manual_seed(0))
    losses = (t / 1000).square().float()
    window = NoiseErrorWindow(schedule, "eps", even_log_snr=0.5)
    window.add(step(1, t.tolist(), losses.tolist()))
    # The integral of x^2 from 0 to 1, and over the first quarter.
    assert window.summary()["noise_error"] == pytest.approx(1 / 3, rel=0.01)
    assert window.summary()["quartiles"][0] == pytest.approx(1 / 48, rel=0.02)
    assert window.summary()["loss"] == pytest.approx(float(losses.mean()))
    assert float(losses.mean()) < 0.32
