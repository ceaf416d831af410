"""Is anything drawn on a sample, and is it drawn as well as the training sprites are?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ddpm.base.seeds import seed_for
from ddpm.pixels.traits import Traits, traits

# A drawing has areas; in uniform noise hardly any pixel has a neighbour of the same colour.
_NOISE_ORPHANS = 0.9
_TAIL = 0.995
_TOO_MUCH = ("orphans", "merged_colours", "haze")
_TOO_LITTLE = ("foreground", "contrast")
_FAULTS = {
    "orphans": "stray pixels",
    "merged_colours": "too many colours",
    "haze": "haze",
    "foreground": "hardly anything drawn",
    "contrast": "too faint",
}
# A few dithered sprites must not set the limit for all others.
_COUNTED, _MANY, _ODD = ("orphans", "merged_colours"), 0.95, 2.0
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
        limits: the most, or the least, of each trait of :class:`ddpm.pixels.traits.Traits`; NaN for a trait that no
            training sprite has.
        shuffled: the share of training sprites with their pixels shuffled that is found to be badly drawn: if it is
            small, the sprites themselves are too much like confetti to tell.
    """

    limits: Mapping[str, float]
    shuffled: float

    NAMES = (*_TOO_MUCH, *_TOO_LITTLE, "shuffled")

    @classmethod
    def of(cls, images: np.ndarray) -> DrawingLimits:
        """The limits of sprites, uint8 (N, H, W, C), N at least 1."""
        usual = traits(images)
        limits = {name: _limit(getattr(usual, name)) for name in _TOO_MUCH}
        for name in _COUNTED:
            limits[name] = min(limits[name], _ODD * float(np.quantile(getattr(usual, name), _MANY)))
        limits |= {name: -_limit(-getattr(usual, name)) for name in _TOO_LITTLE}
        found = cls(limits, math.nan)
        chosen = images[np.sort(np.random.default_rng(seed_for("confetti")).permutation(len(images))[:_SHUFFLED])]
        return cls(limits, float(found.judge(shuffled_pixels(chosen))[1].mean()))

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
        measured = traits(samples)
        low = np.any(list(self._broken(measured).values()), axis=0)
        degenerate = self._shows_nothing(measured, samples.shape[1] * samples.shape[2])
        return degenerate, low | degenerate

    def faults(self, samples: np.ndarray) -> list[tuple[str, ...]]:
        """What is worse in each sample, uint8 (N, H, W, C), than in the training sprites, in words; () for nothing."""
        if len(samples) == 0:
            return []
        broken = self._broken(traits(samples))
        return [tuple(words for name, words in _FAULTS.items() if broken[name][i]) for i in range(len(samples))]

    def _broken(self, measured: Traits) -> dict[str, np.ndarray]:
        """bool (N,) for each limit."""
        # Comparisons with NaN are False: a trait that no training sprite has sets no limit.
        too_much = {name: getattr(measured, name) > self.limits[name] for name in _TOO_MUCH}
        return too_much | {name: getattr(measured, name) < self.limits[name] for name in _TOO_LITTLE}

    def _shows_nothing(self, measured: Traits, pixels: int) -> np.ndarray:
        faint = measured.contrast < min(_FAINT, self.limits["contrast"])
        noise = measured.orphans >= _NOISE_ORPHANS * pixels
        return np.asarray((measured.foreground == 0) | faint | noise)

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
    """Confetti: the pixels of each image, uint8 (N, H, W, C), in another order, the same for all."""
    flat = images.reshape(len(images), -1, images.shape[-1])
    order = np.random.default_rng(seed_for("shuffled pixels")).permutation(flat.shape[1])
    return flat[:, order].reshape(images.shape)


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
