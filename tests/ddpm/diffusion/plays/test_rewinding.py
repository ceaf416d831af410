"""Rewind: back to exactly the level that was asked for, and forward with noise that does not depend on it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from ddpm import NoiseSchedule, UNet, to_float
from ddpm.diffusion.noise import draw_noise, variant_noise
from ddpm.diffusion.plays.rewinding import level_used, rewind
from tests.ddpm.helpers import simple_sprites


@pytest.mark.parametrize("kind", ["linear", "cosine"])
@pytest.mark.parametrize("total", [10, 1000])
def test_a_strength_leads_back_to_its_timestep(kind: Any, total: int) -> None:
    schedule = NoiseSchedule(total, kind)
    strengths = [schedule.strength_at(t) for t in range(total)]
    assert all(0 <= one < other <= 1 for one, other in pairwise(strengths))
    assert [schedule.timestep_at(strength) for strength in strengths] == list(range(total))
    for wrong in (-1, total):
        with pytest.raises(ValueError, match="t must lie in"):
            schedule.strength_at(wrong)


@pytest.mark.parametrize("t", [0, 3, 57, 99])
def test_it_begins_with_the_noisy_sprites(t: int) -> None:
    schedule, images = NoiseSchedule(100, "cosine"), simple_sprites(2)
    model = UNet(channels=(8, 8), time_embedding_dim=8).eval()
    moments = list(rewind(model, schedule, images, t, count=3, seed=5))
    assert [moments[0].t, moments[-1].t] == [t, -1]
    eps = draw_noise([variant_noise(5, i, j, (3, 16, 16)) for i in range(2) for j in range(3)])
    x0 = to_float(images).repeat_interleave(3, dim=0)
    # The same noise at every level: from one position of a slider to the next the level alone differs.
    assert torch.equal(moments[0].x_t, schedule.add_noise(x0, eps, torch.full((6,), t)))
    assert moments[-1].x0.shape == (6, 3, 16, 16)


def test_what_cannot_be_is_told() -> None:
    schedule, model = NoiseSchedule(100, "cosine"), UNet(channels=(8, 8), time_embedding_dim=8)
    for t in (-1, 100):
        with pytest.raises(ValueError, match="t must lie in"):
            next(rewind(model, schedule, simple_sprites(1), t))
    with pytest.raises(ValueError, match="the model draws sprites of 16 x 16"):
        next(rewind(model, schedule, np.zeros((1, 8, 8, 3), np.uint8), 5))


def test_a_distilled_model_takes_the_nearest_level_that_it_knows() -> None:
    schedule = NoiseSchedule(100, "cosine")
    model = UNet(channels=(8, 8), time_embedding_dim=8, distilled=True).eval()
    assert level_used(UNet(channels=(8, 8), time_embedding_dim=8), schedule, 60) == 60
    level = level_used(model, schedule, 60)
    assert level == schedule.timestep_at(0.5)
    assert next(rewind(model, schedule, simple_sprites(1), 60)).t == level
