"""The kind that each drawn sprite should show, as an integer label."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ddpm.base.seeds import generator_for


def draw_labels(frequencies: list[float], n: int, seed: int = 0) -> torch.Tensor:
    """Draw kinds for n sprites, int64 (n,), by their frequency in the training data.

    The kind of sprite i depends only on (seed, i). The frequencies need not add up to 1.
    """
    edges = np.cumsum(np.asarray(frequencies, dtype=np.float64))
    uniform = [float(torch.rand((), generator=generator_for("label", seed, i), dtype=torch.float64)) for i in range(n)]
    drawn = np.searchsorted(edges, np.asarray(uniform) * edges[-1], side="right")
    return torch.from_numpy(np.minimum(drawn, len(edges) - 1).astype(np.int64))


def checked_labels(labels: Any, n: int, num_classes: int | None) -> torch.Tensor | None:
    """The labels that a caller gave, as int64 (n,); None stays None.

    Args:
        num_classes: kinds that the model knows; None if unknown.

    Raises:
        ValueError: if they are not n class numbers, or -1 for anything.
    """
    if labels is None:
        return None
    try:
        labels = labels.clone() if isinstance(labels, torch.Tensor) else torch.from_numpy(np.array(labels))
    except (TypeError, ValueError) as error:
        raise ValueError(f"labels must be integers: {error}") from None
    if labels.dtype.is_floating_point or labels.dtype.is_complex or labels.dtype == torch.bool:
        raise ValueError(f"labels must be integers, got {labels.dtype}")
    labels = labels.to(torch.int64).cpu()
    if tuple(labels.shape) != (n,):
        raise ValueError(f"labels must have shape ({n},), got {tuple(labels.shape)}")
    if int(labels.min()) < -1:
        raise ValueError("labels must be class numbers, or -1 for anything")
    if num_classes is not None and int(labels.max()) >= num_classes:
        raise ValueError(f"labels must lie below {num_classes}, the number of classes that the model knows")
    return labels
