"""Patches: pixels of one value that touch over their sides."""

from __future__ import annotations

import numpy as np

_FIRST, _REST, _EVERY = slice(None, -1), slice(1, None), slice(None)
SIDES = (((..., _FIRST, _EVERY), (..., _REST, _EVERY)), ((..., _EVERY, _FIRST), (..., _EVERY, _REST)))
"""Two pairs of indices into (..., H, W): each pixel and that below it, each pixel and that at its right."""


def patches(values: np.ndarray) -> np.ndarray:
    """Number the patches of pictures.

    Args:
        values: (..., H, W), of any type that can be compared.

    Returns:
        int64 (..., H, W): one number a patch, the flat index of its first pixel; no two pictures share one.
    """
    labels = np.arange(values.size).reshape(values.shape)
    same = [(here, there, values[here] == values[there]) for here, there in SIDES]
    while True:
        before = labels.copy()
        for here, there, equal in same:
            # Each at a time: a pixel has up to four neighbours.
            labels[here] = np.where(equal, np.minimum(labels[here], labels[there]), labels[here])
            labels[there] = np.where(equal, np.minimum(labels[here], labels[there]), labels[there])
        # Along what was already found: long thin patches take few rounds.
        labels = labels.reshape(-1)[labels]
        if (labels == before).all():
            return labels
