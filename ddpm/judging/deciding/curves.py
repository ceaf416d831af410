"""At which noise level is it decided what a sprite will be?

Sprites that the model drew go back to a noise level and forward again, with new noise (``ddpm.diffusion.plays``): what
all of them still have was decided above that level, what none of them has was not. Asked of three things, each by the
measure that the rest of the report uses: the kind (``ddpm.judging.quality.classifier``), the shape (J of edges at least
0.8, ``ddpm.judging.copying.shapes``) and the palette (at most 0.04 apart, ``ddpm.judging.copying.palettes``).

On the way forward the model is told no kind: otherwise it would keep the kind because it was told to.

Measured with the shipped built-in model, seeds 0 / 1 of 64 sprites, each four times (``python -m ddpm bench rewind``):

=======  ===========  ===========  ===========
t        kind         shape        palette
=======  ===========  ===========  ===========
55       1.00 / 1.00  .99 / .97    .88 / .94
117      .99 / 1.00   .77 / .89    .67 / .70
180      .98 / .99    .56 / .75    .45 / .46
243      .98 / .98    .34 / .48    .14 / .09
369      .98 / .96    .17 / .29    .02 / .00
495      .98 / .96    .14 / .21    .01 / .00
621      .91 / .93    .09 / .17    .00 / .00
747      .75 / .77    .04 / .08    .00 / .00
810      .56 / .59    .03 / .06    .00 / .00
873      .24 / .30    .01 / .03    .00 / .00
936      .05 / .08    .00 / .00    .00 / .00
half at  822 / 830    197 / 238    165 / 170
=======  ===========  ===========  ===========

Kind and palette differ nowhere by more than chance makes of such intervals; the shape does at 3 of 17 levels (.19 at
most, where chance makes up to .14): some kinds keep their shape far longer than others, and 64 sprites are few. So four
times as many are asked, each once.

The pixel-art model, 96 sprites each once, over the same seeds: half keep the kind at t = 921 / 914 (of five kinds there
are fewer to change to), the shape at 224 / 264, the palette at 180 / 195; no curve differs by more than chance makes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ddpm.base.json_values import jsonable
from ddpm.diffusion.parallel import ParallelModel, one_core
from ddpm.diffusion.plays.rewinding import rewind
from ddpm.diffusion.sampling import SamplingStep, sample, usual_sampler
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.copying.comparison_set import ComparisonSet
from ddpm.judging.copying.palettes import SAME_PALETTE, palette_embedding
from ddpm.judging.copying.shapes import SHAPE_KNOWN, ShapeIndex
from ddpm.judging.quality.classifier import Classifier
from ddpm.judging.quality.measures import classifier_of
from ddpm.judging.statistics import CONFIDENCE
from ddpm.pixels.conversion import to_uint8
from ddpm.runs.checkpoint import Checkpoint
from ddpm.runs.samples import labels_by_frequency

NAMES = ("kind", "shape", "palette")
SPRITES, EACH, STOPS = 256, 1, 17
"""Sprites, how often each goes forward again, and levels. Sprites differ more from one another than what becomes of one
does: so many sprites once each make narrower intervals than a quarter of them four times."""

_DRAWS = 2_000
_DISTILLED = (
    "A distilled model jumps from a few noise levels alone, so it has no curves: ask the model that it was distilled "
    "from."
)
_NO_SPRITES = (
    "The sprites that this model learnt from are not here, and from them alone it could be learnt what its kinds look "
    "like."
)
_NO_COLOURS = "None of its sprites has a colour beside that of its background."
_NO_KINDS = "The sprites that this model learnt from have no kinds."


@dataclass(frozen=True)
class Curve:
    """A share over the noise levels.

    Attributes:
        share: float64 (L,), of the redrawn sprites that keep it, 0..1.
        low, high: float64 (L,), its 95% interval: over which sprites were asked (bootstrap).
        half: timestep at which half of them keep it, between two levels where need be, and
        half_low, half_high: its 95% interval, open where it ends at the first or last level. All three are NaN where
            half keep it everywhere, or nowhere.
    """

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    half: float
    half_low: float
    half_high: float

    def to_dict(self) -> dict[str, Any]:
        """JSON values; None for what is not a finite number."""
        listed = {name: getattr(self, name).tolist() for name in ("share", "low", "high")}
        return listed | {name: jsonable(getattr(self, name)) for name in ("half", "half_low", "half_high")}


@dataclass(frozen=True)
class Decisions:
    """Where a model decides.

    Attributes:
        t: int64 (L,), the timesteps, rising, evenly spaced in strength (``NoiseSchedule.strength_at``).
        sprites, each: how many sprites, and how often each went forward again from every level.
        seed: of the sprites and of the noise.
        curves: by name, of :data:`NAMES`.
        absent: name -> why there is no such curve, in a sentence.
        blank: sprites without colours of their own, which have no palette to keep and count nowhere in its curve.
        accuracy: how often the classifier names the kind of real sprites that it did not learn from; None if unknown.
    """

    t: np.ndarray
    sprites: int
    each: int
    seed: int
    curves: Mapping[str, Curve] = field(repr=False)
    absent: Mapping[str, str]
    blank: int = 0
    accuracy: float | None = None

    @property
    def sentence(self) -> str:
        """The finding in words."""
        found = {name: curve for name, curve in self.curves.items() if np.isfinite(curve.half)}
        if not found:
            return "At no noise level do half of the redrawn sprites begin to lose what they were."
        order = sorted(found.items(), key=lambda one: -one[1].half)
        parts = [f"their {name} at t = {curve.half:.0f}{_interval(curve)}" for name, curve in order]
        joined = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
        return (
            f"Taken back to noise and drawn again, half keep {joined}: what is kept at a higher t is decided earlier."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "sentence": self.sentence,
            "t": self.t.tolist(),
            "sprites": self.sprites,
            "each": self.each,
            "seed": self.seed,
            "curves": {name: curve.to_dict() for name, curve in self.curves.items()},
            "absent": dict(self.absent),
            "blank": self.blank,
            "accuracy": self.accuracy,
        }


def measure_decisions(
    checkpoint: Checkpoint,
    comparison_set: ComparisonSet | None = None,
    sprites: int = SPRITES,
    each: int = EACH,
    stops: int = STOPS,
    seed: int = 0,
    watch: Callable[[float], None] = lambda done: None,
) -> Decisions:
    """Draw sprites, redraw each from every noise level, and count what is kept.

    Args:
        comparison_set: what the model learnt from, for the kinds; None if that is not here.
        sprites: how many, at least 2, drawn by the usual sampler, their kinds by frequency.
        each: how often each goes forward again from every level, at least 1.
        stops: how many levels, at least 2; see :func:`stop_timesteps`.
        watch: called with the share of the work that is done, 0..1.

    Raises:
        ValueError: for values outside these ranges, or a distilled model.
    """
    if sprites < 2 or each < 1 or stops < 2:
        raise ValueError(
            f"there must be 2 sprites or more, each drawn again once or more, at 2 levels or more, got {sprites}, "
            f"{each} and {stops}"
        )
    if usual_sampler(checkpoint.model) == "instant":
        raise ValueError(_DISTILLED)
    model, schedule = ParallelModel(checkpoint.model), checkpoint.schedule
    classifier, why_not = _kinds(comparison_set)
    labels = labels_by_frequency(checkpoint, sprites, seed)
    originals = _last(sample(model, schedule, sprites, usual_sampler(model), seed=seed, labels=labels))
    t = stop_timesteps(schedule, stops)
    kept = _Kept(originals, each, classifier)
    for done, level in enumerate(t.tolist()):
        watch(done / len(t))
        kept.add(_last(rewind(model, schedule, originals, level, each, seed=seed)))
    watch(1.0)
    random = np.random.default_rng(seed)
    curves = {name: _curve(t, shares, random) for name, shares in kept.shares().items()}
    whys = {"kind": why_not, "palette": _NO_COLOURS}
    return Decisions(
        t=t,
        sprites=sprites,
        each=each,
        seed=seed,
        curves=curves,
        absent={name: why for name, why in whys.items() if name not in curves},
        blank=kept.blank,
        accuracy=None if classifier is None or not np.isfinite(classifier.accuracy) else classifier.accuracy,
    )


def stop_timesteps(schedule: NoiseSchedule, stops: int = STOPS) -> np.ndarray:
    """int64 (L,): timesteps from 0 to T-1, rising, evenly spaced in strength; fewer where the schedule has no more."""
    return np.unique([schedule.timestep_at(strength) for strength in np.linspace(0, 1, stops)])


class _Kept:
    """What redrawn sprites keep of their originals, level after level."""

    def __init__(self, originals: np.ndarray, each: int, classifier: Classifier | None) -> None:
        self._each, self._classifier = each, classifier
        self._count = len(originals)
        self._shapes = [ShapeIndex.of(one[None]) for one in originals]
        self._palettes = palette_embedding(originals)
        self._coloured = np.isfinite(self._palettes[:, 0])
        self._kinds = None if classifier is None else classifier.predict(originals)
        self._found: dict[str, list[np.ndarray]] = {}

    @property
    def blank(self) -> int:
        return int((~self._coloured).sum())

    def add(self, redrawn: np.ndarray) -> None:
        """Look at one level: uint8 (N * each, H, W, C), those of one sprite side by side."""
        rows = redrawn.reshape(self._count, self._each, *redrawn.shape[1:])
        alike = [shape.nearest(own).similarity[:, 0] for shape, own in zip(self._shapes, rows, strict=True)]
        self._keep("shape", np.stack(alike) >= SHAPE_KNOWN)
        apart = palette_embedding(redrawn).reshape(self._count, self._each, -1) - self._palettes[:, None]
        # Without a foreground it is NaN, which is no palette kept.
        self._keep("palette", (np.linalg.norm(apart, axis=2) <= SAME_PALETTE)[self._coloured])
        if self._classifier is not None and self._kinds is not None:
            self._keep("kind", self._classifier.predict(redrawn).reshape(self._count, -1) == self._kinds[:, None])

    def _keep(self, name: str, kept: np.ndarray) -> None:
        self._found.setdefault(name, []).append(kept.mean(axis=1))

    def shares(self) -> dict[str, np.ndarray]:
        """float64 (N, L): of each sprite the share of those redrawn from each level that keep it; in order of NAMES."""
        stacked = {name: np.stack(self._found[name], axis=1) for name in NAMES if name in self._found}
        return {name: shares for name, shares in stacked.items() if len(shares)}


def _kinds(comparison_set: ComparisonSet | None) -> tuple[Classifier | None, str]:
    """What tells kinds, or why nothing does."""
    if comparison_set is None:
        return None, _NO_SPRITES
    sprites = comparison_set.sprites
    if sprites.labels is None:
        return None, _NO_KINDS
    rows = np.sort(np.concatenate([comparison_set.seen, comparison_set.unseen]))
    return classifier_of(np.asarray(sprites.images[rows]), np.asarray(sprites.labels)[rows]), ""


def _last(moments: Iterator[SamplingStep]) -> np.ndarray:
    (last,) = deque(one_core(moments), maxlen=1)
    return to_uint8(last.x0)


def _curve(t: np.ndarray, shares: np.ndarray, random: np.random.Generator) -> Curve:
    """The mean over sprites of float64 (N, L), and a bootstrap over them: those of one sprite are not independent."""
    share = shares.mean(axis=0)
    drawn = random.integers(len(shares), size=(_DRAWS, len(shares)))
    # Counted, not gathered: 2,000 times 256 sprites at 17 levels would be copied.
    weights = np.stack([np.bincount(rows, minlength=len(shares)) for rows in drawn]) / len(shares)
    means = weights @ shares
    tails = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    low, high = np.quantile(means, tails, axis=0)
    half = _half(t, share)
    halves = np.array([_half(t, mean) for mean in means])
    # A draw in which half keep it everywhere, or nowhere, leaves the interval open at that end.
    halves = np.where(np.isnan(halves), np.where(means[:, -1] < 0.5, t[0], t[-1]), halves)
    half_low, half_high = np.quantile(halves, tails) if np.isfinite(half) else (np.nan, np.nan)
    return Curve(share, np.minimum(low, share), np.maximum(high, share), half, float(half_low), float(half_high))


def _interval(curve: Curve) -> str:
    return f" ({curve.half_low:.0f} to {curve.half_high:.0f})" if np.isfinite(curve.half_low) else ""


def _half(t: np.ndarray, share: np.ndarray) -> float:
    """Where the share first falls below one half, on the line between two levels; NaN where it never, or always, is."""
    below = np.flatnonzero(share < 0.5)
    if not len(below) or below[0] == 0:
        return float("nan")
    after = int(below[0])
    above = share[after - 1] - 0.5
    return float(t[after - 1] + (t[after] - t[after - 1]) * above / (above + 0.5 - share[after]))
