"""The quick convolutions against torch's own."""

from __future__ import annotations

from unittest import mock

import pytest
import torch
from torch import nn

from ddpm.convolution import Convolution

FORMATS = (torch.contiguous_format, torch.channels_last)
KERNELS = {
    "one pixel": {"kernel_size": 1},
    "one pixel, moved in": {"kernel_size": 1, "padding": 1},
    "no bias": {"kernel_size": 1, "bias": False},
    "three": {"kernel_size": 3, "padding": 1},
    "three, no bias": {"kernel_size": 3, "padding": 1, "bias": False},
    "three, every second": {"kernel_size": 3, "padding": 1, "stride": 2},
    "not square": {"kernel_size": (3, 1), "padding": (1, 0), "stride": (1, 2)},
}


@pytest.mark.parametrize("memory_format", FORMATS, ids=("contiguous", "channels last"))
@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 4), (2, 2), (3, 4), (4, 4), (8, 8)])
@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
def test_results_and_gradients_are_torchs(kernel, height: int, width: int, memory_format: torch.memory_format) -> None:
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


@pytest.mark.parametrize(
    ("kernel", "size"), [(KERNELS["three"], 2), (KERNELS["three, every second"], 4), (KERNELS["one pixel"], 8)]
)
def test_small_maps_and_single_pixels_do_without_the_librarys_convolution(kernel, size: int) -> None:
    x = torch.randn(2, 5, size, size)
    with mock.patch("torch.nn.functional.conv2d", side_effect=AssertionError):
        Convolution(5, 7, **kernel)(x)
        with pytest.raises(AssertionError):
            Convolution(5, 7, kernel_size=3, padding=1)(torch.randn(2, 5, 4, 4))


def test_it_starts_as_torchs_does() -> None:
    weights = []
    for kind in (Convolution, nn.Conv2d):
        torch.manual_seed(1)
        weights.append(kind(3, 4, 3).weight)
    assert torch.equal(*weights)


def test_bfloat16() -> None:
    torch.manual_seed(0)
    for kernel, size in ((KERNELS["three"], 2), (KERNELS["one pixel"], 4)):
        mine = Convolution(8, 8, **kernel)
        x = torch.randn(2, 8, size, size)
        with torch.autocast("cpu", torch.bfloat16):
            out = mine(x)
        assert out.dtype == torch.bfloat16
        torch.testing.assert_close(out.float(), mine(x), rtol=0.05, atol=0.05)
