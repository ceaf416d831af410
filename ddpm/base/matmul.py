"""Products of two matrices, quick on any CPU."""

from __future__ import annotations

import platform

import torch

from ddpm.base.hardware import CPU

# torch.mm uses another library, which leaves half of some processors' width unused.
_BY_ONEDNN = platform.machine() in ("x86_64", "AMD64") and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def matmul(a: torch.Tensor, b: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """``a @ b + bias``, without gradients; in float32 up to twice as quick as torch's own where oneDNN is at hand.

    Args:
        a: floating (M, K).
        b: (K, N), of the same type.
        bias: (N,), of the same type; all three in any layout.

    Returns:
        (M, N); the same as torch's own up to rounding.
    """
    with torch.no_grad():
        # It knows no sums of nothing.
        if _BY_ONEDNN and a.dtype == torch.float32 and a.device == CPU and a.shape[1]:
            bias = None if bias is None else bias.contiguous()
            return torch.ops.mkldnn._linear_pointwise(a, b.T, bias, "none", [], "")
        return a @ b if bias is None else torch.addmm(bias, a, b)
