"""Limits of good drawing: confetti is found without a background, and few odd sprites take no power away."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ddpm.judging.copying.guards.drawn import DrawingLimits, shuffled_pixels
from tests.ddpm.judging.families.drawing import drawn, tile
from tests.ddpm.judging.families.table import confetti


@lru_cache(maxsize=1)
def tiles() -> np.ndarray:
    return drawn(tile, 240, 16, seed=11)


def stars(count: int) -> np.ndarray:
    """Single light pixels here and there in the dark: in no order by nature."""
    random = np.random.default_rng(5)
    return np.where(random.random((count, 16, 16, 1)) < 0.06, np.uint8([250, 240, 200]), np.uint8([20, 20, 50]))


def test_confetti_of_tiles_is_badly_drawn_and_unseen_tiles_are_not() -> None:
    limits = DrawingLimits.of(tiles()[:160])
    shuffled = confetti(tiles()[:80], np.random.default_rng(0))
    assert limits.judge(shuffled)[1].mean() >= 0.98
    assert all("no order, like shuffled pixels" in faults for faults in limits.faults(shuffled[:8]))
    assert limits.shuffled >= 0.98
    assert limits.unknown[1:] == []
    unseen = limits.faults(tiles()[160:])
    assert sum("no order, like shuffled pixels" in faults for faults in unseen) <= 0.05 * len(unseen)


def test_a_few_starry_skies_set_no_limit_for_all() -> None:
    limits = DrawingLimits.of(np.concatenate([tiles()[:160], stars(4)]))
    assert limits.judge(confetti(tiles()[:80], np.random.default_rng(0)))[1].mean() >= 0.85


def test_where_all_are_in_no_order_it_is_told() -> None:
    limits = DrawingLimits.of(stars(60))
    assert limits.judge(stars(200)[60:])[1].mean() <= 0.1
    assert limits.shuffled < 0.5
    assert "hard to tell" in limits.unknown[-1]


def test_limits_are_stored_whole() -> None:
    limits = DrawingLimits.of(tiles()[:40])
    assert DrawingLimits.restored(limits.values()) == limits


def test_as_poor_as_another_one() -> None:
    limits = DrawingLimits.of(tiles()[:160])
    shuffled = shuffled_pixels(tiles()[:6])
    assert limits.as_poor(shuffled, shuffled).all()
    assert not limits.as_poor(shuffled, tiles()[:6]).any()
    assert len(limits.as_poor(shuffled[:0], shuffled[:0])) == 0
    # Every image is shuffled in its own way, and at each call alike.
    assert np.array_equal(shuffled, shuffled_pixels(tiles()[:6]))
    same = shuffled_pixels(np.repeat(tiles()[:1], 2, axis=0))
    assert not np.array_equal(same[0], same[1])
