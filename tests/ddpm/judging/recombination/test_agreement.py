"""What explains a model's sprites, and how far it looks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ddpm import NoiseSchedule, PatchMachine, PerfectMemoriser
from ddpm.judging.recombination.agreement import (
    Explained,
    PatchAgreement,
    affordable,
    measure_agreement,
    r_squared,
    seconds_per_sprite,
)
from ddpm.judging.recombination.reach import measure_reach
from tests.ddpm.helpers import simple_sprites

SCHEDULE = NoiseSchedule(1000, "cosine")
IMAGES, LABELS = simple_sprites(24)[:, 2:14, 2:14], np.arange(24) % 3
N, STEPS = 8, 6
ASKED = torch.arange(N) % 3


class Network:
    """As good as trained: a patch machine that does not say so, and whose x0 is a little wrong."""

    prediction_type = "eps"
    image_shape = (3, 12, 12)

    def __init__(self, window: int, anywhere: bool = False, mistakes: float = 0.0) -> None:
        self._model = PatchMachine(IMAGES, SCHEDULE, window, anywhere, LABELS)
        self._mistakes = mistakes

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        signal_to_noise = SCHEDULE.log_snr()[t][:, None, None, None].exp()
        return self._model(x_t, t, labels) + self._mistakes * signal_to_noise.sqrt() * torch.sin(9 * x_t)


def test_a_patch_machine_is_explained_by_patches() -> None:
    found = measure_agreement(Network(5), SCHEDULE, IMAGES, LABELS, ASKED, N, window=5, steps=STEPS)
    assert found.local.median == pytest.approx(1, abs=1e-6)
    assert found.local.low == pytest.approx(1, abs=1e-6)
    assert found.memoriser.median < 0.9
    assert found.unrelated.median < found.memoriser.median
    assert found.anywhere is None
    assert (found.by_kind, found.training, found.blank, found.sprites) == (True, 24, 0, N)
    assert "explains 100%" in found.sentence
    assert found.seconds.keys() == {"network", "local", "memoriser"}
    again = measure_agreement(Network(5), SCHEDULE, IMAGES, LABELS, ASKED, N, window=5, steps=STEPS)
    assert again.to_dict() == found.to_dict()


def test_a_memoriser_is_explained_by_copying() -> None:
    model = PerfectMemoriser(IMAGES, SCHEDULE)
    found = measure_agreement(model, SCHEDULE, IMAGES, LABELS, None, N, True, 3, STEPS)
    assert found.memoriser.median == pytest.approx(1, abs=1e-6)
    assert found.local.median < 0.9
    assert found.anywhere is not None
    assert not found.by_kind
    assert [row[0] for row in found.rows()] == [
        "patches of training sprites, each in its place",
        "patches of training sprites, from anywhere",
        "whole training sprites (a perfect memoriser)",
        "an unrelated sprite, for comparison",
    ]


def test_of_a_blank_sprite_nothing_is_explained() -> None:
    def white(x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        alpha_bar = SCHEDULE.alphas_cumprod[t][:, None, None, None]
        return ((x_t - alpha_bar.sqrt()) / (1 - alpha_bar).sqrt()).float()

    white.image_shape = (3, 12, 12)  # type: ignore[attr-defined]
    found = measure_agreement(white, SCHEDULE, IMAGES, n=3, steps=STEPS)
    assert found.blank == 3
    assert "cannot be told" in found.sentence
    assert found.rows()[-1] == ["sprites of one colour, left out", "3"]
    assert found.to_dict()["local"] == {"median": None, "low": None, "high": None}


def test_what_takes_too_long_is_known_before() -> None:
    """In time with the training sprites that are compared, those of a kind alone where kinds are asked for."""
    all_kinds = seconds_per_sprite(IMAGES, None, None)
    assert seconds_per_sprite(np.repeat(IMAGES, 5, axis=0), LABELS, None) == pytest.approx(5 * all_kinds)
    assert seconds_per_sprite(IMAGES, LABELS, torch.tensor([0, 1, 2])) == pytest.approx(all_kinds / 3)
    assert seconds_per_sprite(IMAGES, LABELS, torch.tensor([0, -1])) == pytest.approx(all_kinds * 2 / 3)
    assert [affordable(each, 60) for each in (0.1, 6, 10, 10.1, 1000)] == [32, 10, 6, 0, 0]


def test_r_squared_is_the_squared_correlation() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(5, 40)), random.normal(size=(5, 40))
    b[0], b[1], a[2] = 3 - 2 * a[0], 7.0, 1.0
    found = r_squared(a, b)
    assert found[0] == pytest.approx(1)
    assert found[1] == 0
    assert np.isnan(found[2])
    for i in (3, 4):
        assert found[i] == pytest.approx(np.corrcoef(a[i], b[i])[0, 1] ** 2)


@pytest.mark.parametrize("anywhere", [False, True])
def test_the_window_that_a_network_looks_through_is_found(anywhere: bool) -> None:
    """Through mistakes, too, wherever the windows can be told apart."""
    found = measure_reach(
        Network(5, anywhere, 0.05), SCHEDULE, IMAGES, LABELS, ASKED, N, anywhere, (1, 3, 5, 7, 11, 23), STEPS
    )
    assert len(found.t) == len(found.best) == len(found.explained) == STEPS
    assert list(found.log_snr) == sorted(found.log_snr)
    told_apart = [i for i in range(STEPS) if np.diff(sorted(found.explained[i]))[-1] > 0.02]
    assert told_apart
    assert all(found.best[i] == 5 for i in told_apart)
    assert all(low <= best <= high for low, best, high in zip(found.low, found.best, found.high, strict=True))
    assert all(max(shares) > 0.95 for shares in found.explained)
    assert all(found.window_at(found.t[i]) == 5 for i in told_apart)
    assert all(found.window_at(t) % 2 and 1 <= found.window_at(t) <= 23 for t in range(0, 1000, 50))


def test_without_a_choice_all_windows_are_tried() -> None:
    found = measure_reach(Network(23), SCHEDULE, IMAGES, None, None, 2, steps=2)
    assert found.windows == tuple(range(1, 24, 2))
    assert np.isnan(found.low[0])
    assert found.to_dict()["low"][0] is None


def test_the_better_machine_is_named() -> None:
    def explained(median: float) -> Explained:
        return Explained(median, median - 0.02, median + 0.01, np.full(9, median))

    found = PatchAgreement(9, 20, 0, 100, False, explained(0.6), None, explained(0.2), explained(0.1), {})
    for anywhere, words in ((None, "60% (58% to 61%)"), (0.4, "60% (58% to 61%)"), (0.7, "70% (68% to 71%)")):
        sentence = replace(found, anywhere=None if anywhere is None else explained(anywhere)).sentence
        assert f"explains {words} of what it draws, copying whole sprites 20% (18% to 21%), an" in sentence
