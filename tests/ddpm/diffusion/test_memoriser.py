"""The closed-form denoiser of a training set."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ddpm import NoiseSchedule, nearest, sample, to_float, to_uint8
from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.sampling import Sampler

SCHEDULE = NoiseSchedule(1000, "cosine")


def images(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(0, 256, (n, 16, 16, 3), dtype=np.uint8)


def test_it_is_the_mean_of_the_sprites_weighted_by_likelihood() -> None:
    """The definition, written again with distances and loops."""
    known = images(5)
    x0 = to_float(known).double()
    x_t = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    t = torch.tensor([10, 700, 990])
    found = PerfectMemoriser(known, SCHEDULE)(x_t, t)
    for i in range(3):
        a = SCHEDULE.alphas_cumprod[t[i]]
        logs = torch.stack([-(x_t[i] - a.sqrt() * one).square().sum() / (2 * (1 - a)) for one in x0])
        weights = torch.exp(logs - logs.max())
        mean = (weights[:, None, None, None] * x0).sum(0) / weights.sum()
        eps = (x_t[i] - a.sqrt() * mean) / (1 - a).sqrt()
        torch.testing.assert_close(found[i].double(), eps, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("sampler", "steps"), [("fast", None), ("ddpm", 100), ("ddim", 20)])
def test_sampling_from_it_lands_on_training_sprites(sampler: Sampler, steps: int | None) -> None:
    known = images(30)
    *_, last = sample(PerfectMemoriser(known, SCHEDULE), SCHEDULE, 24, sampler, steps)
    found, distances = nearest(to_uint8(last.x0), known, 1)
    # One grey level in a value or two: the last step of a sampler may stop just short.
    assert int(distances.max()) <= 4
    assert len(np.unique(found)) > 5


def test_asked_for_a_kind_it_remembers_only_that_kind() -> None:
    known, labels = images(12), np.arange(12) % 3
    model = PerfectMemoriser(known, SCHEDULE, labels)
    assert model.num_classes == 3
    asked = torch.tensor([0, 1, 2, 2, -1, 0])
    *_, last = sample(model, SCHEDULE, 6, "fast", labels=asked)
    found, distances = nearest(to_uint8(last.x0), known, 1)
    kept = asked.numpy() >= 0
    assert np.array_equal(labels[found[kept, 0]], asked.numpy()[kept])
    assert int(distances.max()) <= 4


def test_with_little_noise_the_nearest_sprite_is_all_that_counts() -> None:
    known = images(4)
    eps = torch.randn(4, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    t = torch.zeros(4, dtype=torch.int64)
    x_t = SCHEDULE.add_noise(to_float(known), eps, t)
    torch.testing.assert_close(PerfectMemoriser(known, SCHEDULE)(x_t, t), eps, rtol=1e-4, atol=1e-4)


def test_labels_that_do_not_fit() -> None:
    for labels in ([0, 1], [0, 1, -1]):
        with pytest.raises(ValueError, match="labels"):
            PerfectMemoriser(images(3), SCHEDULE, np.array(labels))
    model = PerfectMemoriser(images(3), SCHEDULE, np.array([0, 2, 2]))
    with pytest.raises(ValueError, match="kind"):
        model(torch.zeros(1, 3, 16, 16), torch.tensor([5]), torch.tensor([1]))


def test_nothing_to_remember() -> None:
    with pytest.raises(ValueError, match="sprites"):
        PerfectMemoriser(images(1)[:0], SCHEDULE)
    assert PerfectMemoriser(images(2), SCHEDULE)(
        torch.empty(0, 3, 16, 16), torch.empty(0, dtype=torch.int64)
    ).shape == (
        0,
        3,
        16,
        16,
    )
