"""The quick convolutions against torch's own."""

from __future__ import annotations

import math
from unittest import mock

import pytest
import torch
from torch import nn

from ddpm.diffusion import convolution
from ddpm.diffusion.convolution import Convolution, PaddingMode

FORMATS = (torch.contiguous_format, torch.channels_last)
KERNELS = {
    "one pixel": {"kernel_size": 1},
    "one pixel, moved in": {"kernel_size": 1, "padding": 1},
    "no bias": {"kernel_size": 1, "bias": False},
    "three": {"kernel_size": 3, "padding": 1},
    "three, no bias": {"kernel_size": 3, "padding": 1, "bias": False},
    "three, every second": {"kernel_size": 3, "padding": 1, "stride": 2},
    "three, around": {"kernel_size": 3, "padding": 1, "padding_mode": "circular"},
    "three, every second, around": {"kernel_size": 3, "padding": 1, "stride": 2, "padding_mode": "circular"},
    "not square, around": {"kernel_size": (3, 1), "padding": (1, 0), "padding_mode": "circular", "bias": False},
    "not square": {"kernel_size": (3, 1), "padding": (1, 0), "stride": (1, 2)},
}


@pytest.mark.parametrize("least", [1, math.inf], ids=("narrow registers", "wide registers"))
@pytest.mark.parametrize("memory_format", FORMATS, ids=("contiguous", "channels last"))
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 4), (2, 2), (3, 4), (4, 4), (8, 8)])
@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_results_and_gradients_are_torchs(
    kernel, height: int, width: int, memory_format: torch.memory_format, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(convolution._PIXELS, torch.float32, least)
    torch.manual_seed(0)
    mine, oracle = Convolution(5, 7, **kernel), nn.Conv2d(5, 7, **kernel)
    oracle.load_state_dict(mine.state_dict())
    x = torch.randn(3, 5, height, width).contiguous(memory_format=memory_format).requires_grad_()
    expected = oracle(x)
    wanted = torch.autograd.grad(expected.square().sum(), [x, *oracle.parameters()])
    out = mine(x)
    got = torch.autograd.grad(out.square().sum(), [x, *mine.parameters()])
    torch.testing.assert_close(out, expected)
    torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)
    if height > 1:  # else both formats lie the same way
        assert out.is_contiguous(memory_format=memory_format)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_small_maps_and_single_pixels_do_without_the_librarys_convolution(precision: torch.dtype) -> None:
    with (
        mock.patch("torch.nn.functional.conv2d", side_effect=AssertionError),
        mock.patch.dict(convolution._PIXELS, {precision: 64}),
        torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16),
    ):
        for mode in ("zeros", "circular"):
            assert Convolution(5, 7, 3, padding=1, padding_mode=mode)(torch.randn(2, 5, 2, 2)).dtype == precision
        for kernel, size in ((3, 2), (1, 8)):
            out = Convolution(5, 7, kernel, padding=kernel // 2)(torch.randn(2, 5, size, size))
            assert out.dtype == precision
        for kernel, size in ((3, 4), (1, 4)):
            with pytest.raises(AssertionError):
                Convolution(5, 7, kernel, padding=kernel // 2)(torch.randn(2, 5, size, size))


def test_it_starts_as_torchs_does() -> None:
    weights = []
    for kind in (Convolution, nn.Conv2d):
        torch.manual_seed(1)
        weights.append(kind(3, 4, 3).weight)
    assert torch.equal(*weights)


@pytest.mark.parametrize("padding_mode", ["zeros", "circular"])
@pytest.mark.parametrize(("kernel", "size"), [(3, 2), (1, 8)])
def test_bfloat16(kernel: int, size: int, padding_mode: PaddingMode) -> None:
    torch.manual_seed(0)
    mine = Convolution(8, 8, kernel, padding=kernel // 2, padding_mode=padding_mode)
    x = torch.randn(2, 8, size, size, requires_grad=True)
    results = []
    for precision in (torch.float32, torch.bfloat16):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            out = mine(x)
        gradients = torch.autograd.grad(out.float().square().mean(), [x, *mine.parameters()])
        assert {gradient.dtype for gradient in gradients} == {torch.float32}
        results.append([out.float(), *gradients])
    torch.testing.assert_close(results[1], results[0], rtol=0.05, atol=0.05)
