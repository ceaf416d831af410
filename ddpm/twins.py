"""Repeats and mirror images: what must not be counted as a find.

The unit of every split, floor and reference is the distinct sprite together with its mirror image: a sprite that is in
the data 50 times is its own nearest neighbour 49 times, and then no ratio of distances means anything.
"""

from __future__ import annotations

import numpy as np

from ddpm.sprites.index import find_first_rows, row_hashes


def distinct_images(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The first row of each distinct image, ascending, and how often it occurs.

    Args:
        images: uint8 (N, 16, 16, 3).

    Returns:
        int64 (D,) twice.
    """
    firsts = find_first_rows(row_hashes(images))
    rows = np.flatnonzero(firsts == np.arange(len(firsts)))
    return rows, np.bincount(firsts, minlength=len(firsts))[rows].astype(np.int64)


def twin_groups(images: np.ndarray) -> np.ndarray:
    """int64 (N,): one number for an image, its repeats and its horizontal mirror images, the row of one of them.

    Args:
        images: uint8 (N, 16, 16, 3).
    """
    own, mirrored = row_hashes(images), row_hashes(images[:, :, ::-1])
    swap = (mirrored[:, 0] < own[:, 0]) | ((mirrored[:, 0] == own[:, 0]) & (mirrored[:, 1] < own[:, 1]))
    return find_first_rows(np.where(swap[:, None], mirrored, own))
