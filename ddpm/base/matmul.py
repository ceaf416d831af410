"""Matrix products, fast on any CPU."""

from __future__ import annotations

import platform

import torch

from ddpm.base.hardware import CPU

# torch.mm uses another library, which uses only half of the register width of some processors.
_BY_ONEDNN = platform.machine() in ("x86_64", "AMD64") and hasattr(torch.ops.mkldnn, "_linear_pointwise")


def matmul(a: torch.Tensor, b: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """``a @ b + bias``, without gradients; in float32 up to twice as fast as torch's own if oneDNN is available.

    Args:
        a: floating (M, K).
        b: (K, N), of the same type.
        bias: (N,), of the same type. All three may have any memory layout.

    Returns:
        (M, N); equal to torch's own up to rounding.
    """
    with torch.no_grad():
        # oneDNN rejects K = 0.
        if _BY_ONEDNN and a.dtype == torch.float32 and a.device == CPU and a.shape[1]:
            bias = None if bias is None else bias.contiguous()
            return torch.ops.mkldnn._linear_pointwise(a, b.T, bias, "none", [], "")
        return a @ b if bias is None else torch.addmm(bias, a, b)
