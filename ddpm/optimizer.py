"""How gradients become steps: AdamW for all weights, or Muon for the convolution kernels and AdamW for the rest.

Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks") replaces the averaged gradient of
a matrix by the nearest orthogonal one, so that every direction in it moves as far as every other. Scaled as in Liu et
al. 2025 (arXiv 2502.16982, eq. 4), it takes the learning rate and the weight decay of AdamW.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import nn

OptimizerKind = Literal["adamw", "muon"]

MUON_WIDEST = 128
"""Kernels with more outputs stay with AdamW: to orthogonalise them takes as long as the rest of a training step, and
taught nothing more (the table of recipes in the README)."""

_MOMENTUM = 0.95
_ADAMW_KEYS = ("exp_avg", "exp_avg_sq")
# The quintic of Jordan et al.: five rounds bring all singular values above 1% of the largest near 1.
_QUINTIC = (3.4445, -4.7750, 2.0315)
_ROUNDS = 5


class Optimizer:
    """Moves a network's weights; what it remembers can be stored under the weights' names.

    Args:
        model: whose parameters are moved.
        kind: "adamw", or "muon" for AdamW with Muon for the kernels of all convolutions between the first and the last
            that have at most :data:`MUON_WIDEST` outputs.
        weight_decay: decoupled, of both.

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
        """Forget all gradients."""
        for parameter in self._parameters.values():
            parameter.grad = None

    @torch.no_grad()
    def step(self, learning_rate: float) -> None:
        """Move the weights once along their gradients."""
        for group in self._adamw.param_groups:
            group["lr"] = learning_rate
        self._adamw.step()
        for names in _by_shape(self._kernels):
            self._muon_step(names, learning_rate)

    def _muon_step(self, names: list[str], learning_rate: float) -> None:
        kernels = [self._kernels[name] for name in names]
        gradients = [kernel.grad for kernel in kernels if kernel.grad is not None]
        momenta = [self._momenta[name] for name in names]
        torch._foreach_lerp_(momenta, gradients, 1 - _MOMENTUM)
        # Nesterov's look ahead.
        wanted = torch.stack([g.lerp(m, _MOMENTUM).flatten(1) for g, m in zip(gradients, momenta, strict=True)])
        moves = orthogonal(wanted)
        scale = 0.2 * max(moves.shape[1:]) ** 0.5
        for kernel, move in zip(kernels, moves, strict=True):
            kernel.mul_(1 - learning_rate * self._weight_decay)
            kernel.add_(move.view_as(kernel), alpha=-learning_rate * scale)

    def tensors(self, *, blank: bool = False) -> dict[str, torch.Tensor]:
        """What it remembers: ``optimizer.step``, and for each weight ``exp_avg.NAME`` and ``exp_avg_sq.NAME`` or
        ``momentum.NAME``.

        Args:
            blank: as at the start, with zeros for all.
        """
        tensors = {"optimizer.step": torch.tensor(0.0)}
        for name, parameter in self._parameters.items():
            if name in self._kernels:
                momentum = self._momenta[name]
                tensors[f"momentum.{name}"] = torch.zeros_like(momentum) if blank else momentum
                continue
            # AdamW makes its state at its first step.
            moments = {} if blank else self._adamw.state.get(parameter, {})
            for key in _ADAMW_KEYS:
                tensors[f"{key}.{name}"] = moments.get(key, torch.zeros_like(parameter)).detach()
            tensors["optimizer.step"] = torch.as_tensor(moments.get("step", tensors["optimizer.step"])).clone()
        return tensors

    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        """Remember what :meth:`tensors` told; other names are passed over."""
        for name, parameter in self._parameters.items():
            if name in self._kernels:
                self._momenta[name].copy_(tensors[f"momentum.{name}"])
                continue
            moments = {key: tensors[f"{key}.{name}"].to(parameter.device).clone() for key in _ADAMW_KEYS}
            self._adamw.state[parameter] = {"step": tensors["optimizer.step"].clone(), **moments}


@torch.no_grad()
def orthogonal(matrices: torch.Tensor) -> torch.Tensor:
    """The nearest (semi-)orthogonal matrices, roughly: singular values come out between 0.7 and 1.2.

    A polynomial of X X^T times X, which brings singular values near 1 (Newton-Schulz). It is worked out on X X^T alone,
    which is smaller than X, and multiplied with X once, at the end.

    Args:
        matrices: float32 (B, M, N).

    Returns:
        float32 (B, M, N). Singular values below 1% of the largest come out smaller; a matrix of zeros stays one.
    """
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    gram = x @ x.mT
    one = torch.eye(gram.shape[1], device=x.device)
    a, b, c = _QUINTIC
    whole = one
    for turn in range(_ROUNDS):
        part = a * one + b * gram + c * (gram @ gram)
        whole = part @ whole if turn else part
        if turn < _ROUNDS - 1:
            gram = part @ gram @ part
    x = whole @ x
    return x.mT if tall else x


def _kernels(parameters: dict[str, nn.Parameter]) -> dict[str, nn.Parameter]:
    convolutions = {name: value for name, value in parameters.items() if value.ndim == 4}
    # Jordan et al.: what reads the input and what writes the output is better left to AdamW.
    ends = {name for name, value in convolutions.items() if 3 in value.shape[:2]}
    return {n: value for n, value in convolutions.items() if n not in ends and len(value) <= MUON_WIDEST}


def _by_shape(kernels: dict[str, nn.Parameter]) -> list[list[str]]:
    """Names whose kernels are equally large as matrices: together they are one product instead of many."""
    groups: dict[tuple[int, int], list[str]] = {}
    for name, kernel in kernels.items():
        groups.setdefault((len(kernel), kernel[0].numel()), []).append(name)
    return list(groups.values())
