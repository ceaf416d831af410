"""Repeats and mirror images."""

from __future__ import annotations

import numpy as np

from ddpm.pixels.duplicates import distinct_images, duplicate_groups


def images(n: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 16, 16, 3), dtype=np.uint8)


def test_the_first_of_each_and_how_often() -> None:
    one, two, three = images(3)
    rows, counts = distinct_images(np.stack([two, one, two, three, two, one]))
    assert rows.tolist() == [0, 1, 3]
    assert counts.tolist() == [3, 2, 1]
    assert [len(part) for part in distinct_images(images(0))] == [0, 0]


def test_twins_share_a_group() -> None:
    one, two = images(2)
    symmetric = one.copy()
    symmetric[:, 8:] = symmetric[:, :8][:, ::-1]
    groups = duplicate_groups(np.stack([one, two, one[:, ::-1], symmetric, two, symmetric[:, ::-1], one[::-1]]))
    assert groups.tolist() == [0, 1, 0, 3, 1, 3, 6]
