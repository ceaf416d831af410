"""The norm of queries and keys against torch's own."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from ddpm.diffusion.rms_norm import EPS, rms_norm


def vectors(pixels_last: bool, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    """Two heads of vectors of many lengths, their channels side by side or far apart in memory; and a gain."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(3, 2, 5, 8, generator=random, dtype=torch.float64)
    x *= 10 ** torch.linspace(-4, 3, 5, dtype=torch.float64)[:, None]
    if pixels_last:
        x = x.mT.contiguous().mT
    return x.to(dtype).requires_grad_(), torch.randn(2, 1, 8, generator=random, dtype=torch.float64).requires_grad_()


def torchs_own(x: torch.Tensor, gain: torch.Tensor | None) -> torch.Tensor:
    out = F.rms_norm(x, x.shape[-1:], eps=EPS)
    return out if gain is None else out * gain


@pytest.mark.parametrize("with_gain", [True, False])
@pytest.mark.parametrize("pixels_last", [True, False])
def test_results_and_gradients_are_torchs(pixels_last: bool, with_gain: bool) -> None:
    x, gain = vectors(pixels_last)
    inputs = (x, gain) if with_gain else (x,)
    out, expected = rms_norm(*inputs), torchs_own(x, gain if with_gain else None)
    torch.testing.assert_close(out, expected)
    assert out.stride() == x.stride()
    # As products give it: in another layout than x.
    towards = torch.randn(3, 2, 5, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    got, wanted = (torch.autograd.grad(y, inputs, towards) for y in (out, expected))
    torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-9)


def test_gradients_are_those_of_small_changes() -> None:
    x = torch.randn(2, 2, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2), requires_grad=True)
    assert torch.autograd.gradcheck(rms_norm, (x, vectors(False)[1][..., :4].detach().requires_grad_()))
    assert torch.autograd.gradcheck(rms_norm, (x,))


@pytest.mark.parametrize("pixels_last", [True, False])
def test_bfloat16_is_rounded_once(pixels_last: bool) -> None:
    x, gain = vectors(pixels_last, torch.bfloat16)
    gain = gain.detach().float().requires_grad_()
    exact, exact_gain = x.detach().double().requires_grad_(), gain.detach().double().requires_grad_()
    out, expected = rms_norm(x, gain), torchs_own(exact, exact_gain)
    assert out.dtype == torch.bfloat16
    torch.testing.assert_close(out.double(), expected, rtol=2**-8, atol=0)
    towards = torch.randn(3, 2, 5, 8, generator=torch.Generator().manual_seed(1)).bfloat16()
    got = torch.autograd.grad(out, (x, gain), towards)
    wanted = torch.autograd.grad(expected, (exact, exact_gain), towards.double())
    assert [gradient.dtype for gradient in got] == [torch.bfloat16, torch.float32]
    for vector, exact_vector in zip(got[0].flatten(0, 2), wanted[0].flatten(0, 2), strict=True):
        torch.testing.assert_close(vector.double(), exact_vector, rtol=2**-8, atol=2**-20 * exact_vector.abs().max())
    torch.testing.assert_close(got[1].double(), wanted[1], rtol=1e-4, atol=1e-4)


def test_a_vector_of_zeros_stays_and_has_a_gradient() -> None:
    x = torch.zeros(1, 1, 1, 4, requires_grad=True)
    out = rms_norm(x)
    assert not out.any()
    (gradient,) = torch.autograd.grad(out, x, torch.ones_like(out))
    torch.testing.assert_close(gradient, torch.full_like(x, EPS**-0.5))
