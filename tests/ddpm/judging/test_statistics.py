"""Rates, intervals and tests, held against scipy and scikit-learn wherever they have them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from ddpm.judging.conformal import conformal_p
from ddpm.judging.statistics import (
    auc,
    chance_of_more,
    mann_whitney_z,
    median_interval,
    newcombe,
    proportion,
    wilson,
)


@pytest.mark.parametrize(("count", "n"), [(0, 64), (1, 64), (32, 64), (64, 64), (3, 7), (512, 100_000)])
def test_wilson_is_scipys(count: int, n: int) -> None:
    expected = stats.binomtest(count, n).proportion_ci(method="wilson")
    assert wilson(count, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_none_of_64_is_up_to_5_7_percent() -> None:
    assert wilson(0, 64) == (0.0, pytest.approx(0.0567, abs=1e-4))


def test_the_ends_of_an_interval_hold_the_rate() -> None:
    for n in range(1, 40):
        for count in range(n + 1):
            low, high = wilson(count, n)
            assert 0 <= low <= count / n <= high <= 1


def test_impossible_counts() -> None:
    assert all(math.isnan(end) for end in wilson(0, 0))
    for count, n in ((3, 2), (-1, 5)):
        with pytest.raises(ValueError, match="count"):
            wilson(count, n)


def test_newcombe_of_the_published_examples() -> None:
    """Newcombe 1998, table II, method 10."""
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert newcombe(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=1e-4)
    assert newcombe(0, 10, 0, 20) == pytest.approx((-0.1611, 0.2775), abs=1e-4)


def test_excess_over_a_floor() -> None:
    plain = proportion(3, 4)
    assert (plain.count, plain.n, plain.rate, plain.floor, plain.excess) == (3, 4, 0.75, None, None)
    exact = proportion(60, 100, 0.2)
    assert exact.excess == pytest.approx(0.5)
    assert exact.excess_low == pytest.approx((exact.low - 0.2) / 0.8)
    measured = proportion(60, 100, proportion(20, 100))
    assert measured.floor == 0.2
    assert measured.excess == pytest.approx(0.5)
    assert measured.excess_low is not None
    assert exact.excess_low is not None
    # A floor that was measured is uncertain itself.
    assert measured.excess_low < exact.excess_low
    assert proportion(5, 5, 1.0).excess is None
    assert proportion(0, 0, 0.1).to_dict()["rate"] is None
    assert proportion(2, 5, proportion(0, 0)).floor is None


def test_conformal_p_by_counting() -> None:
    reference = np.array([1, 2, 2, 5])
    assert conformal_p(np.array([0, 1, 2, 4, 5, 9]), reference).tolist() == [0.2, 0.4, 0.8, 0.8, 1.0, 1.0]
    assert conformal_p(np.array([7.0]), np.empty(0)).tolist() == [1.0]


@pytest.mark.parametrize("ties", [False, True])
def test_mann_whitney_is_scipys(ties: bool) -> None:
    random = np.random.default_rng(1)
    a, b = random.normal(0, 1, 80), random.normal(0.4, 1, 57)
    if ties:
        a, b = a.round(), b.round()
    expected = stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic")
    z = mann_whitney_z(a, b)
    assert z < 0
    assert 2 * stats.norm.cdf(-abs(z)) == pytest.approx(expected.pvalue, rel=1e-9)
    assert mann_whitney_z(b, a) == pytest.approx(-z)


def test_mann_whitney_without_an_answer() -> None:
    assert math.isnan(mann_whitney_z(np.ones(3), np.ones(4)))
    assert math.isnan(mann_whitney_z(np.empty(0), np.ones(4)))


def test_auc_is_scikit_learns() -> None:
    random = np.random.default_rng(2)
    lower, higher = random.normal(0, 1, 60).round(1), random.normal(0.5, 1, 90).round(1)
    area, low, high = auc(lower, higher)
    truth = np.r_[np.zeros(60), np.ones(90)]
    assert area == pytest.approx(roc_auc_score(truth, np.r_[lower, higher]))
    assert low < area < high
    assert auc(np.zeros(3), np.ones(3)) == (1.0, 1.0, 1.0)
    assert all(math.isnan(value) for value in auc(np.empty(0), np.ones(2)))


def test_the_chance_of_more_is_beta_binomial() -> None:
    for count, n, below, calibration in ((2, 6, 1, 40), (0, 5, 3, 9), (9, 64, 13, 1359), (64, 64, 1, 64)):
        expected = stats.betabinom.sf(count - 1, n, below, calibration + 1 - below)
        assert chance_of_more(count, n, below, calibration) == pytest.approx(expected, rel=1e-4)
    with pytest.raises(ValueError, match="below"):
        chance_of_more(1, 5, 0, 9)


def test_the_interval_of_a_median_is_scipys() -> None:
    random = np.random.default_rng(0)
    for n in (6, 7, 16, 31, 32, 200):
        values = random.exponential(size=n)
        middle, low, high = median_interval(values)
        expected = stats.quantile_test(values, p=0.5).confidence_interval(0.95)
        assert middle == np.median(values)
        assert (low, high) == (expected.low, expected.high)


def test_few_values_have_a_median_without_an_interval() -> None:
    assert all(math.isnan(value) for value in median_interval(np.array([])))
    middle, low, high = median_interval(np.array([3.0, 1.0, 2.0, 9.0, 4.0]))
    assert middle == 3
    assert math.isnan(low)
    assert math.isnan(high)
