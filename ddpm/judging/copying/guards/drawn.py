"""Is anything drawn on a sample, and is it drawn as well as the training sprites are?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ddpm.base.seeds import seed_for
from ddpm.judging.copying.guards.spatial_order import autocorrelation
from ddpm.pixels.traits import traits

# A drawing has areas; in uniform noise hardly any pixel has a neighbour of the same colour.
_NOISE_ORPHANS = 0.9
_TAIL = 0.995
_TOO_MUCH = ("orphans", "merged_colours", "haze")
_TOO_LITTLE = ("foreground", "contrast", "order")
_FAULTS = {
    "orphans": "stray pixels",
    "merged_colours": "too many colours",
    "haze": "haze",
    "foreground": "hardly anything drawn",
    "contrast": "too faint",
    "order": "no order, like shuffled pixels",
}
# A few dithered sprites must not set the limit for all others.
_COUNTED, _MANY, _ODD = ("orphans", "merged_colours"), 0.95, 2.0
# What is clearly more in order than shuffled pixels is no confetti, even where all training sprites have more order.
_CLEARLY = 1.25
# No pixel of such a picture is visibly off all others: it is empty if the training sprites are no such pictures.
_FAINT = 0.03
# A limit on haze that lets so much of the picture be haze limits nothing.
_NO_LIMIT = 0.5
_SHUFFLED = 256
_ENOUGH = 0.5


@dataclass(frozen=True)
class DrawingLimits:
    """What the training sprites hold to, all but 0.5% of them (of few, all but one).

    Attributes:
        limits: the most, or the least, of traits of :class:`ddpm.pixels.traits.Traits`, NaN for one that no training
            sprite has; and the least "order", see :mod:`ddpm.judging.copying.guards.spatial_order`.
        shuffled: the share of training sprites with their pixels shuffled that is found to be badly drawn: if it is
            small, the sprites themselves are too much like confetti to tell.
    """

    limits: Mapping[str, float]
    shuffled: float

    NAMES = (*_TOO_MUCH, *_TOO_LITTLE, "shuffled")

    @classmethod
    def of(cls, images: np.ndarray) -> DrawingLimits:
        """The limits of sprites, uint8 (N, H, W, C), N at least 1."""
        usual = _measured(images)
        limits = {name: _limit(usual[name]) for name in _TOO_MUCH}
        for name in _COUNTED:
            limits[name] = min(limits[name], _ODD * float(np.quantile(usual[name], _MANY)))
        limits |= {name: -_limit(-usual[name]) for name in _TOO_LITTLE}
        chosen = images[np.sort(np.random.default_rng(seed_for("confetti")).permutation(len(images))[:_SHUFFLED])]
        confetti = shuffled_pixels(chosen)
        least = max(limits["order"], float(np.quantile(usual["order"], 1 - _MANY)) / _ODD)
        limits["order"] = min(least, _CLEARLY * float(np.quantile(autocorrelation(confetti), _TAIL)))
        return cls(limits, float(cls(limits, math.nan).judge(confetti)[1].mean()))

    @classmethod
    def restored(cls, values: np.ndarray) -> DrawingLimits:
        """The inverse of :meth:`values`; raises ValueError for another number of values."""
        *limits, shuffled = values.tolist()
        return cls(dict(zip(cls.NAMES[:-1], limits, strict=True)), shuffled)

    def values(self) -> np.ndarray:
        """float64, in the order of ``NAMES``, to be stored."""
        return np.array([*(self.limits[name] for name in self.NAMES[:-1]), self.shuffled])

    def judge(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which samples, uint8 (N, H, W, C), show nothing or only noise, and which are badly drawn; bool (N,) both."""
        if len(samples) == 0:
            return np.empty(0, bool), np.empty(0, bool)
        measured = _measured(samples)
        low = np.any(list(self._broken(measured).values()), axis=0)
        degenerate = self._shows_nothing(measured, samples.shape[1] * samples.shape[2])
        return degenerate, low | degenerate

    def faults(self, samples: np.ndarray) -> list[tuple[str, ...]]:
        """What is worse in each sample, uint8 (N, H, W, C), than in the training sprites, in words; () for nothing."""
        if len(samples) == 0:
            return []
        broken = self._broken(_measured(samples))
        return [tuple(words for name, words in _FAULTS.items() if broken[name][i]) for i in range(len(samples))]

    def as_poor(self, samples: np.ndarray, others: np.ndarray) -> np.ndarray:
        """bool (N,): whether each sample, uint8 (N, H, W, C), breaks no limit that its other one does not break."""
        if len(samples) == 0:
            return np.empty(0, bool)
        own, other = (self._broken(_measured(images)) for images in (samples, others))
        return np.all([~own[name] | other[name] for name in own], axis=0)

    def _broken(self, measured: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """bool (N,) for each limit."""
        # Comparisons with NaN are False: a trait that no training sprite has sets no limit.
        too_much = {name: measured[name] > self.limits[name] for name in _TOO_MUCH}
        return too_much | {name: measured[name] < self.limits[name] for name in _TOO_LITTLE}

    def _shows_nothing(self, measured: Mapping[str, np.ndarray], pixels: int) -> np.ndarray:
        faint = measured["contrast"] < min(_FAINT, self.limits["contrast"])
        noise = measured["orphans"] >= _NOISE_ORPHANS * pixels
        return np.asarray((measured["foreground"] == 0) | faint | noise)

    @property
    def unknown(self) -> list[str]:
        """What these sprites cannot tell, in sentences."""
        found = []
        haze = self.limits["haze"]
        if math.isnan(haze):
            found.append("Haze is not judged: the training sprites have no background on which it would show.")
        elif haze >= _NO_LIMIT:
            found.append(f"Haze tells nothing here: training sprites have up to {haze:.0%} of it themselves.")
        if self.shuffled < _ENOUGH:
            found.append(
                f"Poor drawing is hard to tell here: of training sprites with their pixels shuffled only "
                f"{self.shuffled:.0%} would be noticed, so speckled are some of them."
            )
        return found


def shuffled_pixels(images: np.ndarray) -> np.ndarray:
    """Confetti: the pixels of each image, uint8 (N, H, W, C), each in an order of its own; the same at every call."""
    flat = images.reshape(len(images), -1, images.shape[-1])
    orders = np.tile(np.arange(flat.shape[1]), (len(images), 1))
    orders = np.random.default_rng(seed_for("shuffled pixels")).permuted(orders, axis=1)
    return np.take_along_axis(flat, orders[..., None], axis=1).reshape(images.shape)


def _measured(images: np.ndarray) -> dict[str, np.ndarray]:
    """float64 (N,) for each trait that has a limit; N at least 1."""
    found = traits(images)
    named = {name: getattr(found, name) for name in (*_TOO_MUCH, *_TOO_LITTLE) if name != "order"}
    return named | {"order": autocorrelation(images)}


def _limit(values: np.ndarray) -> float:
    """What all but 0.5% of the values stay at or below, NaN not counted; of few values, all but the largest."""
    known = np.sort(values[np.isfinite(values)])
    if not len(known):
        return math.nan
    place = _TAIL * (len(known) - 1)
    # One odd sprite among few must not set the limit for all.
    place = min(place, max(0, len(known) - 2))
    low = int(place)
    high = min(low + 1, len(known) - 1)
    return float(known[low] + (place - low) * (known[high] - known[low]))
