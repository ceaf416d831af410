"""The network."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from ddpm import UNet
from ddpm.diffusion.unet import SelfAttention, sinusoidal_embedding
from ddpm.training.recipes import RECIPES

SMALL: dict[str, Any] = {"channels": (8, 16, 16, 24), "time_embedding_dim": 8}


def awake(model: UNet, seed: int = 0) -> UNet:
    """A fresh network predicts 0 whatever it is given; this one does not."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


def inputs(n: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    return torch.randn(n, 3, 16, 16, generator=random), torch.randint(1000, (n,), generator=random)


def test_the_default_is_the_network_of_the_report() -> None:
    model = UNet()
    assert model.channels == (32, 64, 128, 256)
    assert model.time_embedding_dim == 32
    assert model.num_classes is None
    assert model.prediction_type == "eps"
    x_t, t = inputs()
    assert model(x_t, t).shape == (4, 3, 16, 16)
    assert 3e6 < sum(p.numel() for p in model.parameters()) < 5e6


def test_a_fresh_network_predicts_nothing() -> None:
    assert not UNet(**SMALL)(*inputs()).any()


@pytest.mark.parametrize("num_classes", [None, 3])
def test_every_parameter_learns(num_classes: int | None) -> None:
    torch.manual_seed(0)
    model = UNet(**SMALL, num_classes=num_classes)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x_t, t = inputs(8)
    labels = None if num_classes is None else torch.tensor([0, 1, 2, -1, 0, 1, 2, -1])
    target = torch.randn(8, 3, 16, 16)
    reached = dict.fromkeys((name for name, _ in model.named_parameters()), False)
    # Layers that start at zero pass nothing on until they have moved themselves.
    for _ in range(5):
        optimizer.zero_grad()
        (model(x_t, t, labels) - target).square().mean().backward()
        for name, parameter in model.named_parameters():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name
            reached[name] |= bool(parameter.grad.any())
        optimizer.step()
    assert [name for name, learnt in reached.items() if not learnt] == []


def test_the_arguments_build_it_again() -> None:
    model = UNet(**SMALL, num_classes=3, prediction_type="v", dropout=0.25)
    arguments = json.loads(json.dumps(model.arguments))
    again = UNet(**arguments)
    assert again.arguments == model.arguments
    again.load_state_dict(model.state_dict())
    assert again.channels == (8, 16, 16, 24)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_recipes_share_one_network(recipe: Any) -> None:
    assert recipe.channels == (32, 64, 128, 256)
    assert recipe.time_embedding_dim == 32


def test_labels() -> None:
    model = awake(UNet(**SMALL, num_classes=3))
    x_t, t = inputs()
    anything = model(x_t, t)
    torch.testing.assert_close(model(x_t, t, torch.full((4,), -1)), anything, rtol=0, atol=0)
    mixed = model(x_t, t, torch.tensor([0, -1, 2, -1]))
    torch.testing.assert_close(mixed[[1, 3]], anything[[1, 3]])
    assert not torch.allclose(mixed[0], anything[0])
    assert not torch.allclose(mixed[2], anything[2])
    assert not torch.allclose(model(x_t, t, torch.zeros(4, dtype=torch.int64))[2], mixed[2])
    assert model.class_embedding is not None
    assert model.class_embedding.num_embeddings == 4


@pytest.mark.parametrize("label", [-2, 3, 100])
def test_unknown_labels_are_refused(label: int) -> None:
    x_t, t = inputs(2)
    with pytest.raises(ValueError, match=r"0\.\.2"):
        UNet(**SMALL, num_classes=3)(x_t, t, torch.tensor([0, label]))


def test_a_network_without_classes() -> None:
    model = awake(UNet(**SMALL))
    x_t, t = inputs(2)
    torch.testing.assert_close(model(x_t, t, torch.tensor([-1, -1])), model(x_t, t))
    with pytest.raises(ValueError, match="without classes"):
        model(x_t, t, torch.tensor([-1, 0]))


def test_the_step_matters() -> None:
    model = awake(UNet(**SMALL))
    x_t, _ = inputs(2)
    assert not torch.allclose(model(x_t, torch.tensor([3, 3])), model(x_t, torch.tensor([3, 4])))


def test_sprites_of_a_batch_do_not_see_each_other() -> None:
    model = awake(UNet(**SMALL))
    x_t, t = inputs(4)
    together = model(x_t, t)
    for i in range(4):
        torch.testing.assert_close(model(x_t[i : i + 1], t[i : i + 1]), together[i : i + 1], rtol=1e-4, atol=1e-4)

    def gradient(rows: list[int]) -> torch.Tensor:
        model.zero_grad()
        model(x_t[rows], t[rows]).square().sum().backward()
        return torch.cat([p.grad.flatten() for p in model.parameters() if p.grad is not None])

    whole = gradient([0, 1, 2, 3])
    parts = gradient([2, 0]) + gradient([1]) + gradient([3])
    torch.testing.assert_close(parts, whole, rtol=1e-3, atol=1e-4 * float(whole.abs().max()))


def test_dropout_only_in_training() -> None:
    torch.manual_seed(0)
    model = awake(UNet(**SMALL, dropout=0.5))
    x_t, t = inputs(2)
    assert torch.equal(model(x_t, t), model(x_t, t))
    model.train()
    assert not torch.equal(model(x_t, t), model(x_t, t))


def test_other_precisions() -> None:
    x_t, t = inputs(2)
    model = awake(UNet(**SMALL))
    assert model(x_t, t).dtype == torch.float32
    with torch.autocast("cpu", torch.bfloat16):
        assert model(x_t, t).dtype == torch.bfloat16


def test_other_sizes() -> None:
    assert awake(UNet(**SMALL))(torch.randn(1, 3, 32, 24), torch.tensor([5])).shape == (1, 3, 32, 24)
    assert awake(UNet(channels=(8,)))(*inputs(1)).shape == (1, 3, 16, 16)


def test_the_embedding_is_that_of_the_paper() -> None:
    found = sinusoidal_embedding(torch.tensor([0, 1, 7]), 8)
    frequencies = 10_000.0 ** (-torch.arange(4) / 3)
    angles = torch.tensor([0.0, 1.0, 7.0])[:, None] * frequencies
    torch.testing.assert_close(found, torch.cat([angles.sin(), angles.cos()], dim=1))
    assert found.dtype == torch.float32


@pytest.mark.parametrize(
    "wrong",
    [
        {"channels": ()},
        {"channels": (4,)},
        {"channels": (12,)},
        {"channels": (0,)},
        {"time_embedding_dim": 2},
        {"time_embedding_dim": 5},
        {"num_classes": 0},
        {"num_classes": -1},
        {"prediction_type": "x0"},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"dropout": float("nan")},
    ],
)
def test_wrong_arguments(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        UNet(**wrong)


AROUND: dict[str, Any] = {**SMALL, "num_classes": 3, "attention": (1,)}


@pytest.mark.parametrize("size", [(16, 16), (8, 8), (24, 16)], ids=str)
def test_a_seamless_network_does_not_know_where_the_border_is(size: tuple[int, int]) -> None:
    """Moved around by multiples of what its strides join, the input moves the prediction and changes nothing else."""
    random = torch.Generator().manual_seed(2)
    x_t, t = torch.randn(2, 3, *size, generator=random), torch.tensor([5, 700])
    labels = torch.tensor([1, -1])
    for seamless in (True, False):
        model = awake(UNet(**AROUND, image_shape=(3, *size), seamless=seamless))
        assert model.unit == 8
        here = model(x_t, t, labels).detach()
        for shift in ((8, 0), (0, 8), (8, 8)):
            there = model(x_t.roll(shift, (2, 3)), t, labels).detach().roll((-shift[0], -shift[1]), (2, 3))
            apart = float((there - here).abs().max() / here.abs().max())
            if seamless or all(moved % side == 0 for moved, side in zip(shift, size, strict=True)):
                assert apart < 1e-4, shift
            else:
                assert apart > 1e-2, shift
    # Only the padding differs: half a stride further it is another picture for both.
    model = awake(UNet(**AROUND, image_shape=(3, *size), seamless=True))
    moved = model(x_t.roll(4, 2), t, labels).roll(-4, 2)
    assert size[0] == 8 or not torch.allclose(moved, model(x_t, t, labels), rtol=1e-2, atol=1e-2)


def test_seamless_is_stored_and_changes_no_weight() -> None:
    plain, around = UNet(**SMALL), UNet(**SMALL, seamless=True)
    assert (plain.seamless, around.seamless) == (False, True)
    assert UNet(**json.loads(json.dumps(around.arguments))).seamless
    # As earlier versions stored it.
    before = {name: value for name, value in plain.arguments.items() if name != "seamless"}
    assert UNet(**before).arguments == plain.arguments
    around.load_state_dict(plain.state_dict())


def test_a_seamless_network_takes_no_side_that_it_would_have_to_pad() -> None:
    for size in ((20, 16), (16, 12)):
        UNet(**SMALL, image_shape=(3, *size))
        with pytest.raises(ValueError, match="multiples of 8"):
            UNet(**SMALL, image_shape=(3, *size), seamless=True)
        with pytest.raises(ValueError, match="multiples of 8"):
            UNet(**SMALL, seamless=True)(torch.zeros(1, 3, *size), torch.zeros(1, dtype=torch.int64))


def test_attention_is_stored() -> None:
    attending = UNet(**SMALL, attention=(0, 1))
    again = UNet(**json.loads(json.dumps(attending.arguments)))
    again.load_state_dict(attending.state_dict())
    assert set(again.attenders) == {"0", "1"}


def test_attention_carries_a_pixel_further_than_convolutions_do() -> None:
    """One resolution, two blocks and two ends: convolutions alone see six pixels far."""
    x_t, t = torch.zeros(1, 3, 16, 16), torch.zeros(1, dtype=torch.int64)
    changed = x_t.clone()
    changed[..., 0, 0] = 3.0
    for attention, seen in ((), False), ((0,), True):
        model = awake(UNet(channels=(8,), time_embedding_dim=8, attention=attention))
        for module in model.modules():
            if isinstance(module, torch.nn.GroupNorm):
                # A norm carries every pixel everywhere by itself.
                module.forward = lambda x: x  # type: ignore[method-assign]
        moved = bool((model(changed, t) - model(x_t, t))[..., -1, -1].any())
        assert moved is seen


def test_attention_is_the_same_with_and_without_gradients() -> None:
    model = awake(UNet(**SMALL, attention=(0, 2)))
    x_t, t = inputs()
    with torch.no_grad():
        fused = model(x_t, t)
    torch.testing.assert_close(model(x_t, t), fused, rtol=1e-4, atol=1e-5)


def test_attention_is_blind_to_the_length_of_queries_and_keys() -> None:
    """Else they grow in a long training until bfloat16 cannot tell one pixel from another."""
    model = awake(UNet(**SMALL, attention=(0,)))
    x_t, t = inputs()
    attention = model.attenders["0"]
    assert isinstance(attention, SelfAttention)
    assert attention.keys.bias is None
    with torch.no_grad():
        before = model(x_t, t)
        for part in (attention.queries, attention.keys):
            for weights in part.parameters():
                weights.mul_(100)
        torch.testing.assert_close(model(x_t, t), before)
        # Not blind to where they point.
        attention.gain[..., ::2] = -3
        assert not torch.allclose(model(x_t, t), before)


def test_attention_at_a_resolution_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="attention"):
        UNet(**SMALL, attention=(4,))
