"""The mean of many candidates, weighted by their likelihood, while they stream by."""

from __future__ import annotations

import torch


class PosteriorMean:
    """``softmax(logits) @ values`` over all candidates added so far, in one pass and in the memory of one block.

    The running maximum is that of Milakov & Gimelshein 2018 (arXiv 1805.02867), algorithm 3.

    Args:
        shape: (..., Q), of the queries.
        channels: C, length of a candidate's value.
    """

    def __init__(self, shape: tuple[int, ...], channels: int) -> None:
        self._highest = torch.full(shape, -torch.inf, dtype=torch.float64)
        self._total = torch.zeros(shape, dtype=torch.float64)
        self._weighted = torch.zeros(*shape, channels, dtype=torch.float64)

    def add(self, logits: torch.Tensor, values: torch.Tensor) -> None:
        """Add candidates.

        Args:
            logits: float64 (..., Q, B), logarithms of unnormalised likelihoods; overwritten.
            values: float64 (..., B, C).
        """
        highest = torch.maximum(self._highest, logits.amax(dim=-1))
        fade = (self._highest - highest).exp_()
        weights = logits.sub_(highest[..., None]).exp_()
        self._highest = highest
        self._total = self._total * fade + weights.sum(dim=-1)
        self._weighted = self._weighted * fade[..., None] + weights @ values

    def mean(self) -> torch.Tensor:
        """float64 (..., Q, C)."""
        return self._weighted / self._total[..., None]
