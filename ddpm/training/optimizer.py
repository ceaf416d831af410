"""How gradients change the weights: AdamW for all, or Muon for the convolution kernels and AdamW for the rest.

Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks") replaces the averaged gradient of
a matrix by the nearest orthogonal matrix, so that the change is equally large in all directions. Scaled as in Liu et
al. 2025 (arXiv 2502.16982, eq. 4), it works with the learning rate and weight decay of AdamW.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import nn

from ddpm.base.matmul import matmul

OptimizerKind = Literal["adamw", "muon"]

MUON_WIDEST = 128
"""Kernels with more outputs use AdamW: orthogonalising them takes as long as the rest of a training step, and gained
nothing (the first table of recipes.md)."""

_MOMENTUM = 0.95
_ADAMW_KEYS = ("exp_avg", "exp_avg_sq")
# The polynomial of Jordan et al.: five rounds bring all singular values above 1% of the largest near 1.
_QUINTIC = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5


class Optimizer:
    """Changes a network's weights; its state can be stored under their names.

    Args:
        kind: "adamw", or "muon" for AdamW with Muon for the kernels of all convolutions between the first and the last
            that have at most :data:`MUON_WIDEST` outputs.
        weight_decay: decoupled, for both.

    Raises:
        ValueError: for another kind.
    """

    def __init__(self, model: nn.Module, kind: OptimizerKind, weight_decay: float) -> None:
        if kind not in get_args(OptimizerKind):
            raise ValueError(f"unknown optimizer {kind!r}: choose {' or '.join(get_args(OptimizerKind))}")
        self._weight_decay = weight_decay
        self._parameters = dict(model.named_parameters())
        self._kernels = {} if kind == "adamw" else _kernels(self._parameters)
        others = [parameter for name, parameter in self._parameters.items() if name not in self._kernels]
        self._adamw = torch.optim.AdamW(others, weight_decay=weight_decay, fused=True)
        self._momenta = {name: torch.zeros_like(kernel.detach()) for name, kernel in self._kernels.items()}

    def zero_grad(self) -> None:
        """Remove all gradients."""
        for parameter in self._parameters.values():
            parameter.grad = None

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Change the weights once, by their gradients."""
        for group in self._adamw.param_groups:
            group["lr"] = learning_rate
        self._adamw.step()
        if not self._kernels:
            return
        kernels: list[torch.Tensor] = list(self._kernels.values())
        momenta = list(self._momenta.values())
        gradients = [kernel.grad for kernel in kernels if kernel.grad is not None]
        torch._foreach_lerp_(momenta, gradients, 1 - _MOMENTUM)
        # Nesterov momentum.
        updates = [gradient.flatten(1) for gradient in torch._foreach_lerp(gradients, momenta, _MOMENTUM)]
        torch._foreach_mul_(kernels, 1 - learning_rate * self._weight_decay)
        for kernel, update in zip(kernels, orthogonal(updates), strict=True):
            kernel.add_(update.view_as(kernel), alpha=-learning_rate * 0.2 * max(update.shape) ** 0.5)

    def tensors(self, *, blank: bool = False) -> dict[str, torch.Tensor]:
        """The state: ``optimizer.step``, and ``momentum.NAME`` or ``exp_avg.NAME`` and ``exp_avg_sq.NAME`` per weight.

        Args:
            blank: all zero, as at the start.
        """
        tensors = {"optimizer.step": torch.tensor(0.0)}
        for name, parameter in self._parameters.items():
            if name in self._kernels:
                momentum = self._momenta[name]
                tensors[f"momentum.{name}"] = torch.zeros_like(momentum) if blank else momentum
                continue
            # AdamW creates its state at its first step.
            moments = {} if blank else self._adamw.state.get(parameter, {})
            for key in _ADAMW_KEYS:
                tensors[f"{key}.{name}"] = moments.get(key, torch.zeros_like(parameter)).detach()
            tensors["optimizer.step"] = torch.as_tensor(moments.get("step", tensors["optimizer.step"])).clone()
        return tensors

    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        """Set the state to what :meth:`tensors` returned; other names are ignored."""
        for name, parameter in self._parameters.items():
            if name in self._kernels:
                self._momenta[name].copy_(tensors[f"momentum.{name}"])
                continue
            moments = {key: tensors[f"{key}.{name}"].to(parameter.device).clone() for key in _ADAMW_KEYS}
            self._adamw.state[parameter] = {"step": tensors["optimizer.step"].clone(), **moments}


@torch.no_grad()
def orthogonal(matrices: list[torch.Tensor]) -> list[torch.Tensor]:
    """Roughly the nearest (semi-)orthogonal matrices, float32 (M, N) each like ``matrices``.

    Their singular values lie between 0.7 and 1.2; those below 1% of the largest end up smaller, and a zero matrix stays
    zero. The result is a polynomial of X X^T times X (Newton-Schulz). X X^T is smaller than X and of the same size for
    many X, so that their polynomials are computed in one batch.
    """
    wide = [matrix.T if matrix.shape[0] > matrix.shape[1] else matrix for matrix in matrices]
    lengths = torch._foreach_add(torch._foreach_norm(wide), 1e-7)
    wide = list(torch._foreach_div(wide, lengths))
    results: list[torch.Tensor] = matrices[:]
    for side in {len(x) for x in wide}:
        members = [number for number, x in enumerate(wide) if len(x) == side]
        whole = _polynomial(torch.stack([matmul(wide[number], wide[number].T) for number in members]))
        for number, part in zip(members, whole, strict=True):
            result = matmul(part, wide[number])
            results[number] = result if result.shape == matrices[number].shape else result.T
    return results


def _polynomial(gram: torch.Tensor) -> torch.Tensor:
    """The polynomial of X X^T, (B, M, M), by which X is multiplied."""
    whole = part = _quintic(gram)
    for _ in range(_ROUNDS - 1):
        gram = part @ gram @ part
        part = _quintic(gram)
        whole = part @ whole
    return whole


def _quintic(gram: torch.Tensor) -> torch.Tensor:
    a, b, c = _QUINTIC
    part = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
    part.diagonal(dim1=1, dim2=2).add_(a)
    return part


def _kernels(parameters: dict[str, nn.Parameter]) -> dict[str, nn.Parameter]:
    convolutions = {name: value for name, value in parameters.items() if value.ndim == 4}
    # Jordan et al.: AdamW is better for the first and the last layer.
    ends = {name for name, value in convolutions.items() if 3 in value.shape[:2]}
    return {n: value for n, value in convolutions.items() if n not in ends and len(value) <= MUON_WIDEST}
