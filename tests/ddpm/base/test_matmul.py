"""Our products against torch's own."""

from __future__ import annotations

import pytest
import torch

from ddpm.base.matmul import matmul


@pytest.mark.parametrize("ours", [True, False], ids=("oneDNN", "torch"))
@pytest.mark.parametrize("precision", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("bias", [True, False])
def test_all_layouts(ours: bool, precision: torch.dtype, bias: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not ours:
        monkeypatch.setattr("ddpm.base.matmul._BY_ONEDNN", False)
    torch.manual_seed(0)
    a, b, c = torch.randn(5, 9).to(precision), torch.randn(9, 7).to(precision), torch.randn(7).to(precision)
    expected = a @ b + c if bias else a @ b
    tolerance = 2e-2 if precision == torch.bfloat16 else 1e-5
    for left in (a, a.T.contiguous().T, torch.randn(5, 20).to(precision)[:, 3:12].copy_(a)):
        for right in (b, b.T.contiguous().T):
            for row in (c, c.repeat_interleave(2)[::2]) if bias else (None,):
                result = matmul(left, right, row)
                assert result.dtype == precision
                torch.testing.assert_close(result, expected, rtol=tolerance, atol=tolerance)


def test_no_gradients_come_out_of_it() -> None:
    assert not matmul(torch.ones(2, 3, requires_grad=True), torch.ones(3, 2)).requires_grad


@pytest.mark.parametrize(("rows", "inner", "columns"), [(0, 3, 2), (2, 0, 3), (2, 3, 0)])
def test_nothing_times_something(rows: int, inner: int, columns: int) -> None:
    result = matmul(torch.ones(rows, inner), torch.ones(inner, columns))
    assert torch.equal(result, torch.zeros(rows, columns))
