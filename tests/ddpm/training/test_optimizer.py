"""How gradients become steps."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from ddpm import UNet
from ddpm.training.optimizer import MUON_WIDEST, Optimizer, orthogonal


def small_network() -> UNet:
    torch.manual_seed(0)
    return UNet(channels=(8, 16), time_embedding_dim=4)


def give_gradients(model: nn.Module, seed: int = 0) -> None:
    random = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=random)


@pytest.mark.parametrize("shape", [(2, 8, 72), (1, 64, 64), (3, 40, 8)])
def test_matrices_come_out_nearly_orthogonal(shape: tuple[int, ...]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    result = torch.stack(orthogonal(list(matrices)))
    left, values, right = torch.linalg.svd(matrices, full_matrices=False)
    sure = values > 0.05 * values[:, :1]
    # Compared with the polar factor: the singular vectors are kept, the values are near 1.
    kept = torch.diagonal(left.mT @ result @ right.mT, dim1=1, dim2=2)
    assert kept[sure].min() > 0.6
    assert kept[sure].max() < 1.3
    rest = left.mT @ result @ right.mT - torch.diag_embed(kept)
    assert rest.abs().max() < 1e-2


def test_the_length_of_a_gradient_does_not_matter_and_zero_stays_zero() -> None:
    matrix = torch.randn(8, 32, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(orthogonal([1e4 * matrix]), orthogonal([matrix]), rtol=1e-3, atol=1e-3)
    assert orthogonal([torch.zeros(4, 8)])[0].abs().max() == 0


def test_matrices_of_all_shapes_go_together() -> None:
    random = torch.Generator().manual_seed(2)
    matrices = [torch.randn(shape, generator=random) for shape in [(8, 20), (30, 8), (4, 4), (8, 8), (4, 50)]]
    for together, matrix in zip(orthogonal(matrices), matrices, strict=True):
        torch.testing.assert_close(together, orthogonal([matrix])[0], rtol=1e-3, atol=1e-4)


def test_adamw_is_torchs_own() -> None:
    model = small_network()
    twin = copy.deepcopy(model)
    ours = Optimizer(model, "adamw", 0.01)
    theirs = torch.optim.AdamW(twin.parameters(), lr=3e-4, weight_decay=0.01)
    for seed in range(3):
        give_gradients(model, seed)
        give_gradients(twin, seed)
        ours.step(3e-4)
        theirs.step()
    for one, other in zip(model.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-7)


def test_muon_moves_inner_kernels_as_torchs_own_does() -> None:
    model = small_network()
    before = copy.deepcopy(model)
    optimizer = Optimizer(model, "muon", 0.01)
    give_gradients(model)
    name = "encoder.1.conv1.weight"
    matrix = nn.Parameter(before.get_parameter(name).detach().flatten(1).clone())
    matrix.grad = model.get_parameter(name).grad.flatten(1).clone()  # type: ignore[union-attr]
    theirs = torch.optim.Muon([matrix], lr=1e-2, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw")
    optimizer.step(1e-2)
    theirs.step()
    # Theirs rounds to bfloat16 on the way.
    moved, expected = model.get_parameter(name).detach().flatten(1), matrix.detach()
    start = before.get_parameter(name).detach().flatten(1)
    assert (moved - expected).norm() < 0.05 * (expected - start).norm()


def test_muon_leaves_the_ends_biases_and_wide_kernels_to_adamw() -> None:
    names = Optimizer(UNet(), "muon", 0.0).tensors().keys()
    muon = {name.removeprefix("momentum.") for name in names if name.startswith("momentum.")}
    adamw = {name.removeprefix("exp_avg.") for name in names if name.startswith("exp_avg.")}
    parameters = dict(UNet().named_parameters())
    assert muon | adamw == parameters.keys()
    assert not muon & adamw
    assert {"stem.weight", "head.2.weight", "time_mlp.0.weight", "encoder.0.conv1.bias"} <= adamw
    assert all(parameters[name].ndim == 4 and len(parameters[name]) <= MUON_WIDEST for name in muon)
    assert {"encoder.0.conv1.weight", "decoder.1.conv2.weight", "upsamplers.0.0.weight"} <= muon
    assert "encoder.3.conv2.weight" in adamw


@pytest.mark.parametrize("kind", ["adamw", "muon"])
def test_it_goes_on_from_what_it_remembers(kind: str) -> None:
    model = small_network()
    optimizer = Optimizer(model, kind, 0.01)  # type: ignore[arg-type]
    give_gradients(model, 1)
    optimizer.step(1e-3)
    twin = copy.deepcopy(model)
    other = Optimizer(twin, kind, 0.01)  # type: ignore[arg-type]
    blank = other.tensors(blank=True)
    assert blank.keys() == optimizer.tensors().keys()
    assert all(value.abs().max() == 0 for value in blank.values())
    other.restore({name: value.clone() for name, value in optimizer.tensors().items()})
    for each, network in ((optimizer, model), (other, twin)):
        give_gradients(network, 2)
        each.step(1e-3)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), twin.parameters(), strict=True))


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="sgd"):
        Optimizer(small_network(), "sgd", 0.0)  # type: ignore[arg-type]
