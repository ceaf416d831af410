"""Samples to measure: kinds by their frequency, the sampler's own number of steps."""

from __future__ import annotations

from collections import deque

import numpy as np
import torch

from ddpm.checkpoint import Checkpoint
from ddpm.images import to_uint8
from ddpm.sampling import Sampler, draw_labels, sample


def frequent_labels(loaded: Checkpoint, n: int) -> torch.Tensor | None:
    """int64 (n,): kinds by their frequency in what was learnt; None for a network that knows no kinds."""
    if loaded.model.num_classes is None:
        return None
    return draw_labels(loaded.config["class_frequencies"], n)


def drawn(loaded: Checkpoint, n: int, sampler: Sampler) -> np.ndarray:
    """uint8 (n, 16, 16, 3), the same at every call."""
    moments = sample(loaded.model, loaded.schedule, n, sampler, labels=frequent_labels(loaded, n))
    # Only the last is kept: a thousand moments of a thousand sprites would fill the memory.
    (last,) = deque(moments, maxlen=1)
    return to_uint8(last.x0)
