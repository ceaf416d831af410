"""Autoguidance: by the formula, as long as it is to act, and nowhere else."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from ddpm import NoiseSchedule, UNet, sample
from ddpm.diffusion.guidance.guide import Guide
from ddpm.diffusion.guidance.predictor import network_calls
from ddpm.diffusion.instant.exact import exact_timesteps, exact_x0
from ddpm.diffusion.parallel import ParallelModel
from ddpm.diffusion.plays.morphing import invert
from ddpm.diffusion.sampling import timesteps


class Lines:
    """A smooth model, which remembers its calls; ``slope`` tells two of them apart."""

    prediction_type = "v"

    def __init__(self, slope: float, guide: Guide | None = None) -> None:
        self.slope = slope
        self.guide = guide
        self.guidance_max_log_snr = math.inf
        self.calls: list[tuple[int, Any]] = []

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        self.calls.append((int(t[0]), labels))
        kind = torch.zeros(len(x_t)) if labels is None else 1.0 + labels
        return self.slope * torch.tanh(x_t) + 0.1 * kind[:, None, None, None]


class Mixed(Lines):
    """What a model led away from another one answers, written out."""

    def __init__(self, slope: float, earlier: float, scale: float) -> None:
        super().__init__(earlier + scale * (slope - earlier))


def last(model: Any, schedule: NoiseSchedule, **options: Any) -> torch.Tensor:
    *_, step = sample(model, schedule, n=3, **options)
    return step.x0


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "dpm++", "fast"])
@pytest.mark.parametrize("strictness", [1.0, 3.0])
def test_it_is_the_formula(sampler: Any, strictness: float) -> None:
    schedule = NoiseSchedule(50, "cosine")
    options = {"sampler": sampler, "steps": 10, "labels": [0, 1, 2], "guidance_scale": strictness}
    guided = last(Lines(0.5, Guide(Lines(0.3), 2.0)), schedule, **options)
    torch.testing.assert_close(guided, last(Mixed(0.5, 0.3, 2.0), schedule, **options))
    assert not torch.allclose(guided, last(Lines(0.5), schedule, **options))


def test_it_acts_up_to_its_bound_and_is_told_the_kinds() -> None:
    schedule = NoiseSchedule(100, "cosine")
    earlier = Lines(0.3)
    model = Lines(0.5, Guide(earlier, 1.5, max_log_snr=-1.0))
    last(model, schedule, sampler="ddim", steps=20, labels=[2, 0, -1])
    acts = [t for t, _ in model.calls if schedule.log_snr()[t] <= -1]
    assert 0 < len(acts) < 20
    assert [t for t, _ in earlier.calls] == acts
    assert all(labels.tolist() == [2, 0, -1] for _, labels in earlier.calls)


def test_a_guide_that_never_acts_changes_no_bit() -> None:
    schedule = NoiseSchedule(50, "cosine")
    never = Lines(0.5, Guide(Lines(0.3), 2.0, max_log_snr=-math.inf))
    assert torch.equal(last(never, schedule), last(Lines(0.5), schedule))


def test_the_network_itself_answers_as_before_and_in_threads_the_same() -> None:
    schedule = NoiseSchedule(50, "cosine")
    torch.manual_seed(0)
    networks = [UNet(channels=(8, 16), prediction_type="v").eval().requires_grad_(False) for _ in range(2)]
    for network in networks:
        torch.nn.init.normal_(network.head[-1].weight, std=0.1)
    model, earlier = networks
    x_t, t = torch.randn(2, 3, 16, 16), torch.tensor([30, 30])
    alone, plain = model(x_t, t), last(model, schedule, sampler="fast", steps=4)
    model.guide = Guide(earlier, 2.0)
    assert torch.equal(model(x_t, t), alone)
    assert "guide" not in "".join(model.state_dict())
    guided = last(model, schedule, sampler="fast", steps=4)
    assert not torch.allclose(guided, plain)
    torch.testing.assert_close(last(ParallelModel(model), schedule, sampler="fast", steps=4), guided)
    assert ParallelModel(earlier).guide is None


def test_a_guide_goes_where_its_network_goes() -> None:
    model, earlier = (UNet(channels=(8, 8)) for _ in range(2))
    model.guide = Guide(earlier, 2.0)
    model.to(torch.float64)
    assert {value.dtype for value in earlier.parameters()} == {torch.float64}
    model.to("meta")
    assert {value.device.type for value in earlier.parameters()} == {"meta"}


def test_calls_are_those_that_are_made() -> None:
    schedule = NoiseSchedule(100, "cosine")
    ways = timesteps(schedule, "fast", 12)
    for highest in (-math.inf, -1.0, math.inf):
        for strictness in (1.0, 3.0):
            earlier = Lines(0.3)
            model = Lines(0.5, Guide(earlier, 1.5, highest))
            model.guidance_max_log_snr = 2.0
            last(model, schedule, sampler="fast", steps=12, labels=[0, 1, 2], guidance_scale=strictness)
            assert network_calls(model, schedule, ways, strictness != 1) == len(model.calls) + len(earlier.calls)


def test_a_sprite_goes_back_to_the_noise_from_which_it_comes_with_its_guide() -> None:
    schedule = NoiseSchedule(100, "cosine")
    x0 = torch.rand(2, 3, 16, 16) * 2 - 1
    guided = invert(Lines(0.5, Guide(Lines(0.3), 2.0)), schedule, x0, 60)
    torch.testing.assert_close(guided, invert(Mixed(0.5, 0.3, 2.0), schedule, x0, 60))
    assert not torch.allclose(guided, invert(Lines(0.5), schedule, x0, 60))


def test_a_teacher_goes_its_way_with_its_guide() -> None:
    schedule = NoiseSchedule(100, "cosine")
    level, way = next(iter(exact_timesteps(schedule).items()))
    assert way[0] == level
    x_t = torch.randn(2, 3, 16, 16)
    guided = exact_x0(Lines(0.5, Guide(Lines(0.3), 2.0)), schedule, x_t, way)
    torch.testing.assert_close(guided, exact_x0(Mixed(0.5, 0.3, 2.0), schedule, x_t, way))
    assert not torch.allclose(guided, exact_x0(Lines(0.5), schedule, x_t, way))
