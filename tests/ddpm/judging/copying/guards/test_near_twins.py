"""Near twins are joined, chains of them too, and the nearest other sprite is of another group."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.judging.copying.guards.near_twins import NEAR_TWIN, nearest_others, nearest_others_of_all, twin_distance
from ddpm.pixels.duplicates import distinct_images, duplicate_groups
from tests.ddpm.helpers import simple_sprites


def plain_groups(images: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """By all pairs: the groups, and the distance to the nearest of another one, -1 for none."""
    flat = images.reshape(len(images), -1).astype(np.int64)
    apart = np.square(flat[:, None] - flat).sum(axis=2)
    groups = np.arange(len(images))
    for _ in images:
        groups = np.array([groups[apart[i] <= limit].min() for i in range(len(images))])
    others = np.where(groups[:, None] != groups, apart, np.iinfo(np.int64).max).min(axis=1)
    return groups, np.where(others == np.iinfo(np.int64).max, -1, others)


def chain(image: np.ndarray, count: int) -> np.ndarray:
    """Each differs a little from the one before, the last much from the first."""
    steps = np.arange(count, dtype=np.int64)[:, None, None, None] * 5
    return np.clip(image.astype(np.int64) // 2 + steps, 0, 255).astype(np.uint8)


def test_groups_equal_those_of_all_pairs() -> None:
    images = np.concatenate([chain(simple_sprites(1)[0], 20), simple_sprites(20, seed=1)])
    images = images[np.random.default_rng(0).permutation(len(images))]
    limit = 6**2 * 768
    found, groups = nearest_others(images, np.arange(len(images)), limit, np.arange(len(images)))
    expected_groups, expected = plain_groups(images, limit)
    assert np.array_equal(found, expected)
    assert len(np.unique(groups)) == len(np.unique(expected_groups)) == 21
    assert found.min() > limit


def test_what_belongs_together_already_stays_together() -> None:
    images = simple_sprites(12)
    pairs = np.arange(12) // 2 * 2
    found, groups = nearest_others(images, pairs, 0, np.arange(12))
    assert np.array_equal(groups, pairs)
    apart = np.square(images[:, None].astype(np.int64) - images).sum(axis=(2, 3, 4))
    apart[pairs[:, None] == pairs] = np.iinfo(np.int64).max
    assert np.array_equal(found, apart.min(axis=1))


def test_all_of_one_group_have_no_other() -> None:
    images = chain(simple_sprites(1)[0], 8)
    found, groups = nearest_others(images, np.arange(8), 36 * 768, np.arange(8))
    assert len(np.unique(groups)) == 1
    assert (found == -1).all()


def test_faint_sprites_are_twins_only_if_near_beside_others() -> None:
    usual = simple_sprites(60)
    assert twin_distance(usual) == int(NEAR_TWIN**2 * 768)
    random = np.random.default_rng(0)
    faint = (120 + random.normal(0, 3, (60, 16, 16, 3))).round().astype(np.uint8)
    assert twin_distance(faint) < 2**2 * 768
    assert twin_distance(faint[:1]) == 0


@pytest.mark.parametrize("left_out", [0, 1, 60])
def test_half_the_work_gives_the_same(left_out: int) -> None:
    """With all mirror images among them, with one that has none and is near a pair, and with many that have none."""
    images = simple_sprites(120)
    images[:40, 0, :, 0] = np.arange(16) * 9  # no mirror image of itself
    both = np.concatenate([images, images[:, :, ::-1]])
    odd = both[:left_out, :, ::-1].copy()
    odd[:, 8, 3:5] ^= 40
    both = np.concatenate([both, odd])
    both = both[distinct_images(both)[0]]
    mirrors = duplicate_groups(both)
    limit = 5**2 * 768
    squared, groups = nearest_others_of_all(both, mirrors, limit)
    expected, expected_groups = nearest_others(both, mirrors, limit, np.arange(len(both)))
    assert np.array_equal(squared, expected)
    assert np.array_equal(groups, expected_groups)
    assert len(np.unique(groups)) < len(np.unique(mirrors)) or not left_out
