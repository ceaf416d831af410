"""The error on held-out sprites."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from ddpm.training.heldout import heldout_loss
from ddpm.training.loop import new_state
from tests.ddpm.helpers import tiny_schedule, trained_state
from tests.ddpm.training.test_loop import PLAIN, rows_of


@pytest.mark.parametrize("prediction_type", ["eps", "v"])
def test_heldout_loss_is_the_error_of_the_noise(prediction_type: Any) -> None:
    asked = replace(PLAIN, prediction_type=prediction_type)
    state, schedule, sprites = new_state(asked, None, 0), tiny_schedule(asked), rows_of(8)
    loss = heldout_loss(state.model, sprites, np.arange(8), schedule, evaluations=1000)
    alpha_bar = schedule.alphas_cumprod
    spread = float(np.square(sprites.batch(np.arange(8)).numpy()).mean())
    # A network that says 0: as eps that is off by eps; as v it means eps = noise * x_t.
    expected = (
        1.0
        if prediction_type == "eps"
        else float((alpha_bar * alpha_bar + alpha_bar * (1 - alpha_bar) * spread).mean())
    )
    assert loss == pytest.approx(expected, rel=0.03)


def test_heldout_loss_is_repeatable_and_disturbs_nothing() -> None:
    state = trained_state(3, num_classes=3)
    state.model.train()
    torch.manual_seed(1)
    before = torch.get_rng_state()
    values = {heldout_loss(state.model, rows_of(12), np.arange(12), tiny_schedule(), evaluations=70) for _ in range(2)}
    assert len(values) == 1
    assert torch.equal(torch.get_rng_state(), before)
    assert state.model.training
    assert torch.is_grad_enabled()
