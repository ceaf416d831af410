"""Repeats and mirror images."""

from __future__ import annotations

import numpy as np

from ddpm.pixels.duplicates import distinct_images, duplicate_groups
from tests.ddpm.sprite_files import noise_sprites


def test_the_first_of_each_and_how_often() -> None:
    one, two, three = noise_sprites(3)
    rows, counts = distinct_images(np.stack([two, one, two, three, two, one]))
    assert rows.tolist() == [0, 1, 3]
    assert counts.tolist() == [3, 2, 1]
    assert [len(part) for part in distinct_images(noise_sprites(0))] == [0, 0]


def test_mirror_images_share_a_group() -> None:
    one, two = noise_sprites(2)
    symmetric = one.copy()
    symmetric[:, 8:] = symmetric[:, :8][:, ::-1]
    groups = duplicate_groups(np.stack([one, two, one[:, ::-1], symmetric, two, symmetric[:, ::-1], one[::-1]]))
    assert groups.tolist() == [0, 1, 0, 3, 1, 3, 6]
