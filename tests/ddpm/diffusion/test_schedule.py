"""The table of noise levels, and the algebra on it."""

from __future__ import annotations

import math

import pytest
import torch
from diffusers import DDPMScheduler

from ddpm import NoiseSchedule
from ddpm.diffusion.schedule import ScheduleKind

KINDS: list[ScheduleKind] = ["linear", "cosine"]
DIFFUSERS = {"linear": "linear", "cosine": "squaredcos_cap_v2"}


def noised(schedule: NoiseSchedule, dtype: torch.dtype) -> tuple[torch.Tensor, ...]:
    """x0, eps and t, every t once."""
    random = torch.Generator().manual_seed(0)
    shape = (schedule.num_timesteps, 3, 4, 4)
    x0 = torch.rand(shape, generator=random, dtype=dtype) * 2 - 1
    return x0, torch.randn(shape, generator=random, dtype=dtype), torch.arange(schedule.num_timesteps)


def test_the_linear_table_is_that_of_the_paper() -> None:
    schedule = NoiseSchedule()
    assert schedule.kind == "linear"
    assert schedule.betas.dtype == schedule.alphas_cumprod.dtype == torch.float64
    assert schedule.betas.shape == schedule.alphas_cumprod.shape == (1000,)
    assert schedule.betas[0] == 1e-4
    assert schedule.betas[999] == 0.02
    assert float(schedule.alphas_cumprod[999]) == pytest.approx(4.0358e-5, rel=1e-5)


@pytest.mark.parametrize("total", [10, 1000])
@pytest.mark.parametrize("kind", KINDS)
def test_the_tables_equal_diffusers(kind: ScheduleKind, total: int) -> None:
    oracle = DDPMScheduler(num_train_timesteps=total, beta_schedule=DIFFUSERS[kind])
    schedule = NoiseSchedule(total, kind)
    torch.testing.assert_close(schedule.betas.float(), oracle.betas, rtol=1e-5, atol=1e-9)
    torch.testing.assert_close(schedule.alphas_cumprod.float(), oracle.alphas_cumprod, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_noise_only_grows(kind: ScheduleKind) -> None:
    schedule = NoiseSchedule(1000, kind)
    assert bool((schedule.alphas_cumprod.diff() < 0).all())
    assert bool((schedule.log_snr().diff() < 0).all())
    assert bool((schedule.betas > 0).all())
    assert float(schedule.betas.max()) <= 0.999
    alpha_bar = float(schedule.alphas_cumprod[500])
    assert float(schedule.log_snr()[500]) == pytest.approx(math.log(alpha_bar / (1 - alpha_bar)))


@pytest.mark.parametrize("kind", KINDS)
def test_add_noise_equals_diffusers(kind: ScheduleKind) -> None:
    schedule = NoiseSchedule(1000, kind)
    oracle = DDPMScheduler(beta_schedule=DIFFUSERS[kind])
    x0, eps, t = noised(schedule, torch.float32)
    # 1 - alphas_cumprod of a float32 table has four digits left at t = 0.
    torch.testing.assert_close(schedule.add_noise(x0, eps, t), oracle.add_noise(x0, eps, t), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(schedule.velocity(x0, eps, t), oracle.get_velocity(x0, eps, t), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_predict_x0_undoes_add_noise(kind: ScheduleKind) -> None:
    schedule = NoiseSchedule(1000, kind)
    x0, eps, t = noised(schedule, torch.float64)
    torch.testing.assert_close(schedule.predict_x0(schedule.add_noise(x0, eps, t), eps, t), x0, rtol=0, atol=1e-10)
    x0, eps, t = noised(NoiseSchedule(), torch.float32)
    x_t = NoiseSchedule().add_noise(x0, eps, t)
    assert x_t.dtype == torch.float32
    # At t = 999 what is left of x0 is 1/157 of it, in float32.
    torch.testing.assert_close(NoiseSchedule().predict_x0(x_t, eps, t), x0, rtol=0, atol=2e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_both_predictions_mean_the_same(kind: ScheduleKind) -> None:
    schedule = NoiseSchedule(1000, kind)
    x0, eps, t = noised(schedule, torch.float64)
    x_t = schedule.add_noise(x0, eps, t)
    for prediction, meaning in ((eps, "eps"), (schedule.velocity(x0, eps, t), "v")):
        found_x0, found_eps = schedule.split_prediction(prediction, x_t, t, meaning)  # type: ignore[arg-type]
        torch.testing.assert_close(found_x0, x0, rtol=0, atol=1e-10)
        torch.testing.assert_close(found_eps, eps, rtol=0, atol=1e-10)


def test_each_sprite_has_its_own_t() -> None:
    schedule = NoiseSchedule()
    x0, eps = torch.ones(2, 3, 16, 16), torch.zeros(2, 3, 16, 16)
    x_t = schedule.add_noise(x0, eps, torch.tensor([0, 999]))
    assert float(x_t[0].min()) == float(x_t[0].max()) == pytest.approx(math.sqrt(0.9999))
    assert float(x_t[1].min()) == float(x_t[1].max()) == pytest.approx(math.sqrt(4.0358e-5), rel=1e-4)


def test_what_is_not_a_schedule() -> None:
    with pytest.raises(ValueError, match="linear, cosine"):
        NoiseSchedule(1000, "sigmoid")  # type: ignore[arg-type]
    for total in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            NoiseSchedule(total)


@pytest.mark.parametrize("t", [-1, 1000])
def test_t_outside_the_table_is_refused(t: int) -> None:
    x, where = torch.zeros(1, 3, 16, 16), torch.tensor([t])
    schedule = NoiseSchedule()
    for function in (schedule.add_noise, schedule.predict_x0, schedule.velocity):
        with pytest.raises(ValueError, match=r"0\.\.999"):
            function(x, x, where)
    with pytest.raises(ValueError, match="choose eps or v"):
        schedule.split_prediction(x, x, torch.tensor([0]), "x0")  # type: ignore[arg-type]


def test_one_step_is_a_schedule() -> None:
    for kind in KINDS:
        assert 0 < float(NoiseSchedule(1, kind).alphas_cumprod[0]) < 1


@pytest.mark.parametrize("kind", ["linear", "cosine"])
def test_timestep_probabilities_lie_between_even_in_t_and_even_in_log_snr(kind: ScheduleKind) -> None:
    schedule = NoiseSchedule(1000, kind)
    torch.testing.assert_close(schedule.timestep_probabilities(0.0), torch.full((1000,), 1e-3, dtype=torch.float64))
    even = schedule.timestep_probabilities(1.0)
    assert float(even.sum()) == pytest.approx(1)
    log_snr = schedule.log_snr()
    for low, high in [(-6, -1), (-1, 4), (4, 8)]:
        inside = (log_snr >= low) & (log_snr < high)
        assert float(even[inside].sum()) == pytest.approx((high - low) / 15, abs=0.02)
    expected = 0.7 * schedule.timestep_probabilities(0.0) + 0.3 * even
    torch.testing.assert_close(schedule.timestep_probabilities(0.3), expected)


def test_a_schedule_of_one_step_has_one_probability() -> None:
    assert NoiseSchedule(1).timestep_probabilities(0.3).tolist() == [1.0]
