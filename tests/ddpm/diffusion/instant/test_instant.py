"""Drawing in one to four calls: levels, refusals, and answers that are known in closed form."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ddpm import NoiseSchedule, UNet, sample
from ddpm.diffusion.instant.exact import exact_timesteps, exact_x0
from ddpm.diffusion.instant.levels import instant_timesteps, jump_timesteps, nearest_jump
from ddpm.diffusion.parallel import ParallelModel
from ddpm.diffusion.sampling import Sampler, default_steps, timesteps, usual_sampler
from ddpm.diffusion.variants.levels import variant_timesteps
from ddpm.diffusion.variants.redrawing import other_colours

MEAN, DEVIATION = 0.2, 0.1
# Under the cosine schedule a level is nearly t / T.
LEVELS = [999, 747, 495, 243]


@pytest.fixture
def schedule() -> NoiseSchedule:
    return NoiseSchedule(1000, "cosine")


class _Normal:
    """Pixels are independent and normal: all that a network could know of them has a closed form."""

    image_shape = (3, 16, 16)
    prediction_type = "v"

    def __init__(self, schedule: NoiseSchedule, deviation: float = DEVIATION) -> None:
        self._schedule, self._deviation = schedule, deviation
        self.seen: list[int] = []

    def scales(self, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        alpha_bar = self._schedule.alphas_cumprod[t].float()[:, None, None, None]
        spread = (alpha_bar * self._deviation**2 + 1 - alpha_bar).sqrt()
        return alpha_bar.sqrt(), (1 - alpha_bar).sqrt(), spread

    def answer(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """The x0 that it predicts."""
        raise NotImplementedError

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: Any = None) -> torch.Tensor:
        self.seen.append(int(t[0]))
        signal, noise, _ = self.scales(t)
        return (signal * x_t - self.answer(x_t, t)) / noise


class Denoiser(_Normal):
    """The ideal denoiser: the mean of all x0 from which x_t can come."""

    def answer(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        signal, _, spread = self.scales(t)
        return MEAN + signal * (self._deviation / spread) ** 2 * (x_t - signal * MEAN)


class Jumper(_Normal):
    """The ideal distilled model: where the probability-flow ODE leads, which keeps the rank of each pixel."""

    distilled = True

    def answer(self, x_t: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        signal, _, spread = self.scales(t)
        return MEAN + self._deviation / spread * (x_t - signal * MEAN)


# Levels


def test_levels_fall_from_noise_alone(schedule: NoiseSchedule) -> None:
    assert jump_timesteps(schedule) == LEVELS
    linear = NoiseSchedule(1000, "linear")
    angles = [float(torch.acos(linear.alphas_cumprod[t].sqrt())) / (torch.pi / 2) for t in jump_timesteps(linear)]
    assert angles == pytest.approx([1, 0.75, 0.5, 0.25], abs=0.01)


@pytest.mark.parametrize(("calls", "expected"), [(1, [0]), (2, [0, 2]), (3, [0, 2, 3]), (4, [0, 1, 2, 3])])
def test_fewer_calls_use_some_of_the_levels(schedule: NoiseSchedule, calls: int, expected: list[int]) -> None:
    assert timesteps(schedule, "instant", calls) == [LEVELS[number] for number in expected]


def test_a_start_is_a_level(schedule: NoiseSchedule) -> None:
    assert instant_timesteps(schedule, 4, start=495) == [495, 243]
    assert instant_timesteps(schedule, 2, start=747) == [747, 495]
    assert nearest_jump(schedule, 600) == 495
    with pytest.raises(ValueError, match="starts at one of 999, 747, 495, 243, got 500"):
        instant_timesteps(schedule, 4, start=500)


@pytest.mark.parametrize("calls", [0, 5])
def test_more_calls_are_refused(schedule: NoiseSchedule, calls: int) -> None:
    with pytest.raises(ValueError, match="makes 1 to 4 steps"):
        timesteps(schedule, "instant", calls)


def test_a_short_schedule_is_refused() -> None:
    assert len(jump_timesteps(NoiseSchedule(8, "cosine"))) == 4
    with pytest.raises(ValueError, match="too few"):
        jump_timesteps(NoiseSchedule(3, "cosine"))


# Which model can be drawn with in which way


def test_only_a_distilled_model_draws_instantly(schedule: NoiseSchedule) -> None:
    assert (usual_sampler(Denoiser(schedule)), usual_sampler(Jumper(schedule))) == ("fast", "instant")
    assert default_steps("instant", 1000) == 4
    with pytest.raises(ValueError, match="distilled models alone"):
        next(sample(Denoiser(schedule), schedule, 1, "instant"))


@pytest.mark.parametrize("sampler", ["fast", "ddpm", "ddim", "dpm++"])
def test_a_distilled_model_draws_in_no_other_way(schedule: NoiseSchedule, sampler: Sampler) -> None:
    with pytest.raises(ValueError, match=f"{'dpm' if sampler == 'dpm++' else sampler}.* cannot draw with it"):
        next(sample(Jumper(schedule), schedule, 1, sampler))


def test_a_network_says_that_it_is_distilled() -> None:
    network = UNet((8, 8), distilled=True)
    assert network.arguments["distilled"] is True
    assert UNet(**network.arguments).distilled
    assert ParallelModel(network).distilled
    assert not ParallelModel(UNet((8, 8))).distilled


# What is drawn


@pytest.mark.parametrize("calls", [1, 2, 3, 4])
def test_ideal_jumps_draw_the_data(schedule: NoiseSchedule, calls: int) -> None:
    model = Jumper(schedule)
    steps = list(sample(model, schedule, 24, "instant", calls, seed=3))
    assert [step.t for step in steps] == [*timesteps(schedule, "instant", calls), -1] == [*model.seen, -1]
    drawn = steps[-1].x0
    # 18,432 pixels: four standard errors.
    assert float(drawn.mean()) == pytest.approx(MEAN, abs=0.003)
    assert float(drawn.std()) == pytest.approx(DEVIATION, abs=0.003)
    assert torch.equal(steps[-1].x_t, drawn)
    assert torch.equal(steps[-2].x0, drawn)


def test_each_call_repairs_under_new_noise(schedule: NoiseSchedule) -> None:
    first, second, *_ = sample(Jumper(schedule), schedule, 8, "instant", 4, seed=3)
    alpha_bar = float(schedule.alphas_cumprod[second.t])
    noise = (second.x_t - alpha_bar**0.5 * first.x0) / (1 - alpha_bar) ** 0.5
    assert float(noise.std()) == pytest.approx(1, abs=0.05)
    assert abs(float((noise * first.x_t).mean())) < 0.05


def test_the_exact_way_is_that_of_the_ode(schedule: NoiseSchedule) -> None:
    random = torch.Generator().manual_seed(0)
    for level, way in exact_timesteps(schedule).items():
        ts, clean = torch.full((4,), level), torch.full((4, 3, 16, 16), MEAN)
        x_t = schedule.add_noise(clean, torch.randn(clean.shape, generator=random), ts)
        assert way[0] == level
        assert way == sorted(set(way), reverse=True)
        ideal = Jumper(schedule).answer(x_t, ts)
        error = (exact_x0(Denoiser(schedule), schedule, x_t, way) - ideal).std()
        assert float(error) < 0.08 * DEVIATION
        # A single call of the denoiser is off by nearly as much as the data deviate.
        assert float((Denoiser(schedule).answer(x_t, ts) - ideal).std()) > 0.7 * DEVIATION


def test_one_known_sprite_is_reached_from_everywhere(schedule: NoiseSchedule) -> None:
    for level, way in exact_timesteps(schedule).items():
        x_t = schedule.add_noise(torch.full((2, 3, 16, 16), -0.7), torch.randn(2, 3, 16, 16), torch.full((2,), level))
        reached = exact_x0(Denoiser(schedule, deviation=1e-4), schedule, x_t, way)
        assert float((reached - MEAN).abs().max()) < 1e-3


def test_variants_begin_at_a_level(schedule: NoiseSchedule) -> None:
    first, second = variant_timesteps(schedule, "shape", 0.8, "instant")
    assert (first, second) == ([747, 495, 243], [243])
    images = torch.randint(0, 256, (1, 16, 16, 3), dtype=torch.uint8).numpy()
    *_, last = other_colours(Jumper(schedule), schedule, images, 2)
    assert last.x0.shape == (2, 3, 16, 16)
