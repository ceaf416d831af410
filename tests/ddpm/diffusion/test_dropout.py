"""Which values are blanked, and by how much the rest grows."""

from __future__ import annotations

import pytest
import torch

from ddpm.diffusion.dropout import Dropout


@pytest.mark.parametrize("p", [0.001, 0.1, 0.5, 0.9])
def test_the_share_and_the_scale(p: float) -> None:
    torch.manual_seed(0)
    out = Dropout(p)(torch.ones(1000, 1001))
    share = (out == 0).float().mean().item()
    # Five standard deviations of a million coins.
    assert abs(share - p) < 5 * (p * (1 - p) / out.numel()) ** 0.5 + 2**-16
    assert out[out > 0].unique().tolist() == pytest.approx([1 / (1 - p)], rel=1e-3)


def test_neighbouring_coins_know_nothing_of_each_other() -> None:
    torch.manual_seed(0)
    coins = (Dropout(0.5)(torch.ones(1_000_000)) > 0).float() - 0.5
    for distance in (1, 2, 3, 4, 5, 8):
        correlation = 4 * (coins[distance:] * coins[:-distance]).mean().item()
        assert abs(correlation) < 5e-3


def test_gradients_follow_the_same_coins() -> None:
    torch.manual_seed(0)
    x = torch.ones(3, 5, 7, requires_grad=True)
    out = Dropout(0.4)(x)
    (gradient,) = torch.autograd.grad(out.sum(), x)
    assert torch.equal(gradient, out)
    assert set(out.unique().tolist()) == {0.0, out.max().item()}


def test_the_seed_decides() -> None:
    drawn = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        drawn.append(Dropout(0.5)(torch.ones(101)))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[1], drawn[2])


def test_without_effect() -> None:
    x = torch.randn(4, 4)
    assert torch.equal(Dropout(0.5).eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x)
    assert Dropout(0.5)(torch.empty(0, 3)).shape == (0, 3)
    assert Dropout(0.9999999)(x).isfinite().all()


def test_the_precision_stays() -> None:
    assert Dropout(0.5)(torch.ones(9, dtype=torch.bfloat16)).dtype == torch.bfloat16
