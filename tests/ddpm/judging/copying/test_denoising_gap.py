"""Who denoises its own sprites better than others?"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ddpm import NoiseSchedule
from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.judging.copying.denoising_gap import measure_denoising_gap

SCHEDULE = NoiseSchedule(1000, "linear")


def images(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, 16, 16, 3), dtype=np.uint8)


class SaysNothing:
    """Predicts no noise, whatever it sees; as a "v" network, or as an "eps" one."""

    def __init__(self, prediction_type: str) -> None:
        self.prediction_type = prediction_type

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        return torch.zeros_like(x_t)


def test_a_perfect_memoriser_gives_itself_away() -> None:
    train, heldout = images(40, 1), images(30, 2)
    gap = measure_denoising_gap(PerfectMemoriser(train, SCHEDULE), SCHEDULE, train, heldout)
    assert gap is not None
    assert gap.auc == 1.0
    assert (gap.train_size, gap.heldout_size) == (40, 30)
    assert all(own < other for own, other in zip(gap.train, gap.heldout, strict=True))
    assert list(gap.log_snr) == sorted(gap.log_snr, reverse=True)


@pytest.mark.parametrize("prediction_type", ["eps", "v"])
def test_who_knows_nothing_cannot_tell_them_apart(prediction_type: str) -> None:
    """The noise is the same on both sides, so only the sprites could make a difference."""
    gap = measure_denoising_gap(SaysNothing(prediction_type), SCHEDULE, images(200, 1), images(150, 2))
    assert gap is not None
    assert gap.auc_low <= 0.5 <= gap.auc_high
    if prediction_type == "eps":
        # The error is then the noise itself, one value for all sprites of a level.
        assert gap.train == pytest.approx(gap.heldout)
        assert np.mean(gap.train) == pytest.approx(1, abs=0.05)


def test_without_one_side_there_is_no_gap() -> None:
    model = SaysNothing("eps")
    assert measure_denoising_gap(model, SCHEDULE, images(3, 1), images(0, 2)) is None
    assert measure_denoising_gap(model, SCHEDULE, images(0, 1), images(3, 2)) is None


def test_no_more_than_512_are_asked_and_always_the_same() -> None:
    train, heldout = images(700, 1), images(10, 2)
    first, second = (measure_denoising_gap(SaysNothing("v"), SCHEDULE, train, heldout) for _ in range(2))
    assert first == second
    assert first is not None
    assert first.train_size == 512
