"""A network asked in parts gives what it gives in one, and leaves torch's threads as they were."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import nn

from ddpm import NoiseSchedule, UNet, sample
from ddpm.diffusion.parallel import ParallelModel, one_core


def network() -> UNet:
    torch.manual_seed(0)
    model = UNet(channels=(16, 16), num_classes=3).eval()
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.2)
    return model


@pytest.mark.parametrize("n", [1, 16, 17, 50])
@pytest.mark.parametrize("labelled", [True, False])
def test_parts_add_up_to_the_whole(n: int, labelled: bool) -> None:
    model = network()
    x_t, t = torch.randn(n, 3, 16, 16), torch.arange(n) * 3
    labels = torch.arange(n) % 4 - 1 if labelled else None
    found = ParallelModel(model)(x_t, t, labels=labels)
    torch.testing.assert_close(found, model(x_t, t, labels=labels).detach(), rtol=1e-4, atol=1e-5)
    assert not found.requires_grad


def test_it_is_sampled_from_like_the_network() -> None:
    model = network()
    parts = ParallelModel(model)
    assert (parts.num_classes, parts.prediction_type) == (3, model.prediction_type)
    assert parts.guidance_max_log_snr == model.guidance_max_log_snr
    options = {"n": 20, "sampler": "fast", "steps": 4, "labels": [1] * 20, "guidance_scale": 2.0}
    *_, whole = sample(model, NoiseSchedule(50), **options)  # type: ignore[arg-type]
    *_, apart = sample(parts, NoiseSchedule(50), **options)  # type: ignore[arg-type]
    torch.testing.assert_close(apart.x0, whole.x0, rtol=1e-3, atol=1e-3)
    with pytest.raises(ValueError, match="below 3"):
        next(sample(parts, NoiseSchedule(50), n=1, labels=[3]))


def test_what_goes_wrong_in_a_part_is_told() -> None:
    def broken(x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        raise RuntimeError("out of order")

    with pytest.raises(RuntimeError, match="out of order"):
        ParallelModel(broken)(torch.zeros(20, 3, 16, 16), torch.zeros(20, dtype=torch.int64))


def test_steps_are_worked_out_on_one_core_and_threads_are_left_as_they_were() -> None:
    torch.set_num_threads(2)
    inside: list[int] = []

    def steps() -> Iterator[int]:
        for number in range(3):
            inside.append(torch.get_num_threads())
            yield number
        raise KeyError

    model = ParallelModel(network())
    found = []

    def draw() -> None:
        for number in one_core(steps()):
            found.append((number, torch.get_num_threads()))
            model(torch.zeros(20, 3, 16, 16), torch.zeros(20, dtype=torch.int64))

    with pytest.raises(KeyError):
        draw()
    assert found == [(0, 2), (1, 2), (2, 2)]
    assert inside == [1, 1, 1]
    with ThreadPoolExecutor(1) as later:
        assert torch.get_num_threads() == later.submit(torch.get_num_threads).result() == 2
