"""Rates with intervals and floors, and tests of two samples.

Sources: Wilson 1927 (score interval); Newcombe 1998, Statistics in Medicine 17, method 10 (difference of two rates);
Mann & Whitney 1947 with tie correction; Hanley & McNeil 1982 (interval of an AUC).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from ddpm.base.json_values import jsonable

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Proportion:
    """A count out of n as a rate, beside the rate to be expected without copying.

    Attributes:
        count, n: how many out of how many; if n is 0, all rates are NaN.
        rate: count / n.
        low, high: 95% interval of the rate (Wilson).
        floor: the rate of real sprites that the model never saw; None if unknown.
        excess: (rate - floor) / (1 - floor), the share of samples that the floor does not explain; None without floor.
        excess_low, excess_high: its 95% interval, which includes the uncertainty of the floor.
    """

    count: int
    n: int
    rate: float
    low: float
    high: float
    floor: float | None = None
    excess: float | None = None
    excess_low: float | None = None
    excess_high: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """JSON values; None for what is unknown."""
        return {name: jsonable(getattr(self, name)) for name in self.__dataclass_fields__}


def proportion(count: int, n: int, floor: Proportion | float | None = None) -> Proportion:
    """A rate with its interval, and its excess over a floor that was measured, is known exactly (0..1), or is unknown.

    Raises ValueError if count is not in 0..n.
    """
    low, high = wilson(count, n)
    rate = count / n if n else math.nan
    if floor is None or (isinstance(floor, Proportion) and floor.n == 0) or n == 0:
        return Proportion(count, n, rate, low, high)
    if isinstance(floor, Proportion):
        base = floor.rate
        difference_low, difference_high = newcombe(count, n, floor.count, floor.n)
    else:
        base = floor
        difference_low, difference_high = low - base, high - base
    room = 1 - base
    if room <= 0:
        # Nothing can exceed a floor of 100%.
        return Proportion(count, n, rate, low, high, base)
    excess, excess_low = (rate - base) / room, difference_low / room
    return Proportion(count, n, rate, low, high, base, excess, excess_low, min(1.0, difference_high / room))


def wilson(count: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Score interval of a rate; (NaN, NaN) for n = 0. Raises ValueError if count is not in 0..n."""
    if not 0 <= count <= n:
        raise ValueError(f"count must lie in 0..{n}, got {count}")
    if n == 0:
        return math.nan, math.nan
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    rate = count / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # Rounding must not put the rate outside its interval.
    return min(max(0.0, centre - half), rate), max(min(1.0, centre + half), rate)


def median_interval(values: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """(median, low, high) of the population that float (n,) come from; its interval lies between two of the values.

    However they are distributed: how many lie below the true median is binomial (Conover 1999, sec. 3.2). Fewer than
    six values have no interval of 95%: NaN then, and a median of NaN for none.
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    if not n:
        return math.nan, math.nan, math.nan
    below, tail = -1, 0.0
    while (tail := tail + math.comb(n, below + 1) / 2**n) <= (1 - confidence) / 2:
        below += 1
    if below < 0:
        return float(np.median(ordered)), math.nan, math.nan
    return float(np.median(ordered)), float(ordered[below]), float(ordered[n - 1 - below])


def percent(value: float) -> str:
    """A share with as many digits as it needs: 0%, 0.02%, 1.5%, 43%, 99.6%."""
    value *= 100
    if 99 < value < 99.995:
        return f"{value:.{1 if value < 99.95 else 2}f}%"
    for limit, digits in ((0.0005, 0), (0.095, 3), (0.95, 2), (9.95, 1)):
        if value < limit:
            text = f"{value:.{digits}f}"
            return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"
    return f"{value:.0f}%"


def chance_of_more(count: int, n: int, below: int, calibration: int) -> float:
    """The probability of at least ``count`` of n values up to the ``below``-th smallest of so many calibration values.

    All are drawn from one distribution. The share below that limit is not known, but has the distribution
    Beta(below, calibration + 1 - below): the count is beta-binomial (Vovk 2012, on conformal prediction, prop. 2a).

    Raises ValueError if ``below`` is not in 1..calibration.
    """
    if not 1 <= below <= calibration:
        raise ValueError(f"below must lie in 1..{calibration}, got {below}")

    def beta(a: float, b: float) -> float:
        return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)

    above = calibration + 1 - below
    usual = beta(below, above)
    logs = (
        -beta(k + 1, n - k + 1) - math.log(n + 1) + beta(k + below, n - k + above) - usual for k in range(count, n + 1)
    )
    return min(1.0, sum(map(math.exp, logs)))


def newcombe(count_a: int, n_a: int, count_b: int, n_b: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Interval of rate a minus rate b of two independent groups (hybrid score, method 10)."""
    low_a, high_a = wilson(count_a, n_a, confidence)
    low_b, high_b = wilson(count_b, n_b, confidence)
    a, b = count_a / n_a, count_b / n_b
    return (
        a - b - math.sqrt((a - low_a) ** 2 + (high_b - b) ** 2),
        a - b + math.sqrt((high_a - a) ** 2 + (b - low_b) ** 2),
    )


def mann_whitney_z(a: np.ndarray, b: np.ndarray) -> float:
    """Standardised Mann-Whitney U: below 0 if the values of ``a`` tend to be smaller than those of ``b``.

    Equal values get their mean rank, and the variance is nm/12 * [(N+1) - sum(t^3 - t) / (N (N-1))]. For distances to
    the training set it is the data-copying statistic of Meehan et al. 2020 (arXiv 2004.05675). NaN if either is empty
    or all values are equal.
    """
    n, m = len(a), len(b)
    if not n or not m:
        return math.nan
    _, where, ties = np.unique(np.concatenate([a, b]), return_inverse=True, return_counts=True)
    total = n + m
    mean_ranks = np.cumsum(ties) - (ties - 1) / 2
    u = mean_ranks[where.reshape(-1)[:n]].sum() - n * (n + 1) / 2
    cubes = float((ties.astype(np.float64) ** 3 - ties).sum())
    variance = n * m / 12 * ((total + 1) - cubes / (total * (total - 1)))
    return float((u - n * m / 2) / math.sqrt(variance)) if variance > 0 else math.nan


def auc(lower: np.ndarray, higher: np.ndarray) -> tuple[float, float, float]:
    """How often a value of ``lower`` is below one of ``higher`` (equal ones count half), and its 95% interval.

    Returns:
        (auc, low, high); 0.5 means no difference. NaN if either is empty.
    """
    n, m = len(lower), len(higher)
    if not n or not m:
        return math.nan, math.nan, math.nan
    ordered = np.sort(lower)
    below = np.searchsorted(ordered, higher, side="left") + np.searchsorted(ordered, higher, side="right")
    area = float(below.mean() / (2 * n))
    q1, q2 = area / (2 - area), 2 * area * area / (1 + area)
    variance = (area * (1 - area) + (m - 1) * (q1 - area**2) + (n - 1) * (q2 - area**2)) / (n * m)
    half = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2) * math.sqrt(max(0.0, variance))
    return area, max(0.0, area - half), min(1.0, area + half)
