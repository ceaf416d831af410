"""The averaged weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ddpm import EMA


def constant(value: float) -> nn.Linear:
    model = nn.Linear(2, 1)
    for parameter in model.parameters():
        nn.init.constant_(parameter, value)
    return model


def test_it_starts_as_a_copy() -> None:
    model = constant(3.0)
    ema = EMA(model)
    assert ema.model is not model
    assert not ema.model.training
    assert not any(parameter.requires_grad for parameter in ema.model.parameters())
    nn.init.zeros_(model.weight)
    assert (ema.model.weight == 3).all()


def test_it_follows_the_formula() -> None:
    model = constant(0.0)
    ema = EMA(model, decay=0.5)
    average = 0.0
    for step in range(40):
        nn.init.constant_(model.weight, step + 1.0)
        ema.update(model, step)
        decay = min(0.5, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * (step + 1.0)
        assert ema.model.weight[0, 0].item() == pytest.approx(average, rel=1e-5)


def test_a_short_run_is_not_averaged_with_its_first_steps() -> None:
    model = constant(0.0)
    ema = EMA(model, decay=0.9995)
    nn.init.ones_(model.weight)
    for step in range(100):
        ema.update(model, step)
    assert float(ema.model.weight.min()) > 0.999


def test_the_model_itself_is_left_alone() -> None:
    model = constant(2.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    ema = EMA(constant(0.0))
    ema.update(model, 5)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_whole_numbers_are_copied() -> None:
    model = nn.BatchNorm1d(2)
    ema = EMA(model)
    model(torch.randn(4, 2))
    ema.update(model, 0)
    assert int(ema.model.num_batches_tracked) == 1  # type: ignore[arg-type]
