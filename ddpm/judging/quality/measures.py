"""How good a set of samples is, in numbers that need no downloaded network.

There are traits (haze, merged colours, orphans ...), means over sprites to be compared with the mean of real sprites;
and distances between sets (Fréchet, kernel, patches, precision and recall, variety) of
:mod:`ddpm.judging.quality.features`. These depend on the number of sprites and on the draw, so they are always compared
with those between two disjoint halves of the real sprites.

None detects copying; most reward it. Show them with :mod:`ddpm.judging.copying.memorization` and the held-out loss.
"""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np

from ddpm.judging.quality.classifier import Classifier, class_agreement, train_classifier
from ddpm.judging.quality.distributions import (
    Gaussian,
    PrecisionRecall,
    kernel_distance,
    patch_projections,
    patch_wasserstein,
    precision_recall,
    vendi_score,
)
from ddpm.judging.quality.features import SEEDS, FeatureNetwork, as_seen
from ddpm.judging.quality.forms import FormBaseline
from ddpm.judging.quality.report import QualityReport
from ddpm.judging.quality.splits import SPLITS, distinct_in_order, draws, halves, in_order
from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.duplicates import distinct_images, duplicate_groups
from ddpm.pixels.traits import Traits, traits

SIZE = 512
"""Sprites on each side of a comparison; scores at other sizes are not comparable."""

NEIGHBOURS = 5

# For the slowest measures so many splits are enough: they differ by one or two percent.
_FEW_SPLITS = 4
_QUICK_TRAITS = ("haze", "merged_colours", "orphans")
_POOL = 4096


def quality_report(
    samples: np.ndarray,
    real: np.ndarray,
    labels: np.ndarray | None = None,
    real_labels: np.ndarray | None = None,
    classifier: Classifier | None = None,
) -> QualityReport:
    """Compare samples with real sprites; for several sets of samples :class:`QualityBaseline` is faster.

    The order of samples and real sprites does not matter, nor do repeats of real ones.

    Args:
        samples: uint8 (N, H, W, C), N at least 1; 512 or more for comparable scores.
        real: uint8 (R, H, W, C), R at least 1; 1,024 distinct ones or more for comparable scores.
        labels: int64 (N,), the requested kinds, -1 for none; they need ``classifier``, or ``real_labels`` to train one.
        real_labels: int64 (R,).

    Raises:
        ValueError: if there are no samples or no real sprites, or labels without a classifier or real labels.
    """
    (real,) = require_sprites(real=real)
    if labels is not None and classifier is None:
        if real_labels is None:
            raise ValueError("labels need a classifier, or real_labels to train one on")
        if np.shape(real_labels) != (len(real),):
            raise ValueError(f"real_labels must have shape ({len(real)},), got {np.shape(real_labels)}")
        classifier = classifier_of(real, np.asarray(real_labels))
    return QualityBaseline(real).report(samples, labels, classifier)


def classifier_of(real: np.ndarray, labels: np.ndarray) -> Classifier:
    """The classifier for class agreement; the order of the sprites and their repeats do not matter.

    Args:
        real: uint8 (R, H, W, C).
        labels: int64 (R,), from 0 on.
    """
    rows = distinct_in_order(real)
    return train_classifier(real[rows], labels[rows], int(labels.max()) + 1)


class QualityBaseline:
    """Real sprites, prepared for comparison with samples.

    Args:
        real: uint8 (R, H, W, C); of more than 4,096 distinct ones a fixed random 4,096 are used.

    Attributes:
        forms: the same sprites as a network sees them that was taught to see forms.

    Raises:
        ValueError: if there are none.
    """

    def __init__(self, real: np.ndarray) -> None:
        (real,) = require_sprites(real=real)
        rows = distinct_in_order(real)[:_POOL]
        if len(rows) == 0:
            raise ValueError("there are no real sprites to compare with")
        self._images = np.asarray(real[rows])
        self._groups = np.unique(duplicate_groups(self._images), return_inverse=True)[1]
        self._networks = [FeatureNetwork(seed, real.shape[3]) for seed in SEEDS]
        self._features = [network(self._images).astype(np.float64) for network in self._networks]
        self._centre = self._features[0].mean(axis=0)
        self._traits = traits(self._images)
        self.forms = FormBaseline(self._images, self._groups)
        self._halves: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
        self._normals: dict[tuple[int, int], list[tuple[Gaussian, float]]] = {}
        self._real_kernel: dict[int, list[float]] = {}

    def real(self) -> dict[str, float | None]:
        """The values of real sprites for what :meth:`quick` measures."""
        means = _means(self._traits)
        return {"frechet_ratio": 1.0, **{name: means[name] for name in _QUICK_TRAITS}}

    def quick(self, samples: np.ndarray) -> dict[str, float | None]:
        """The measures of a training's self-check: frechet_ratio, haze, merged_colours, orphans, as in :meth:`report`.

        Args:
            samples: uint8 (N, H, W, C).

        Raises:
            ValueError: if there are no samples.
        """
        _, samples = require_sprites(real=self._images, samples=samples)
        samples = samples[in_order(samples)]
        drawn = draws(len(samples), self._size(samples))
        means = _means(traits(samples))
        ratio = self._frechet(self._points(samples), drawn)[0]
        return {"frechet_ratio": ratio, **{name: means[name] for name in _QUICK_TRAITS}}

    def report(
        self, samples: np.ndarray, labels: np.ndarray | None = None, classifier: Classifier | None = None
    ) -> QualityReport:
        """All measures.

        Args:
            samples: uint8 (N, H, W, C).
            labels: int64 (N,), the requested kinds, -1 for none; they need a classifier.

        Raises:
            ValueError: if there are no samples, not as many labels as samples, or labels without a classifier.
        """
        _, samples = require_sprites(real=self._images, samples=samples)
        agreement = class_agreement(samples, labels, classifier)
        samples = samples[in_order(samples)]
        n = self._size(samples)
        drawn = draws(len(samples), n)
        points = self._points(samples)
        ratio, ratio_sd, ratios = self._frechet(points, drawn)
        kid, kid_sd, real_kid, real_kid_sd = self._kernel(points[0], drawn)
        vendi, real_vendi = self._variety(points[0], drawn)
        neighbours, real_neighbours = self._neighbours(samples, points[0], drawn)
        measured = traits(samples)
        return QualityReport(
            frechet_ratio=ratio,
            frechet_ratio_sd=ratio_sd,
            frechet_ratios=ratios,
            n=n,
            comparable=n == SIZE,
            distinct=len(distinct_images(samples)[0]),
            kid=kid,
            kid_sd=kid_sd,
            kid_real_sd=real_kid_sd,
            patch_wasserstein=self._patches(samples, drawn),
            vendi=vendi,
            **neighbours,
            **_means(measured),
            standard_errors=_standard_errors(measured),
            real={"kid": real_kid, "vendi": real_vendi, **real_neighbours, **_means(self._traits)},
            class_agreement=agreement,
            absent=_absent(measured, self._traits),
            forms=self.forms.report(samples, drawn),
        )

    def _size(self, samples: np.ndarray) -> int:
        if len(samples) == 0:
            raise ValueError("there are no samples to measure")
        # Two halves that separate no duplicates may have to leave one sprite out.
        has_duplicates = len(np.unique(self._groups)) < len(self._groups)
        return min(SIZE, len(samples), (len(self._groups) - has_duplicates) // 2)

    def _points(self, samples: np.ndarray) -> list[np.ndarray]:
        return [network(samples).astype(np.float64) for network in self._networks]

    def _split(self, n: int) -> list[tuple[np.ndarray, np.ndarray]]:
        if n not in self._halves:
            self._halves[n] = [halves(self._groups, n, number) for number in range(SPLITS)]
        return self._halves[n]

    def _few_splits(self, drawn: list[np.ndarray]) -> list[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]:
        return list(zip(drawn, self._split(len(drawn[0])), strict=True))[:_FEW_SPLITS]

    def _frechet(
        self, points: list[np.ndarray], drawn: list[np.ndarray]
    ) -> tuple[float | None, float | None, tuple[float | None, ...]]:
        """The largest ratio of the networks, its standard deviation, and all ratios."""
        results = [self._frechet_of(number, points[number], drawn) for number in range(len(points))]
        known = [result for result in results if result is not None]
        if len(known) < len(results):
            return None, None, (None,) * len(results)
        return *max(known), tuple(ratio for ratio, _ in known)

    def _frechet_of(self, number: int, points: np.ndarray, drawn: list[np.ndarray]) -> tuple[float, float] | None:
        n = len(drawn[0])
        if n < 2:
            return None
        if (number, n) not in self._normals:
            self._normals[number, n] = []
            for one, other in self._split(n):
                normal = Gaussian.of(self._features[number][one])
                apart = normal.frechet_distance(Gaussian.of(self._features[number][other]))
                self._normals[number, n].append((normal, apart))
        reals = self._normals[number, n]
        apart_of_reals = np.array([apart for _, apart in reals])
        if apart_of_reals.min() <= 0:
            return None
        sampled = [Gaussian.of(points)] * SPLITS if n == len(points) else [Gaussian.of(points[rows]) for rows in drawn]
        distances = np.array([real.frechet_distance(own) for (real, _), own in zip(reals, sampled, strict=True)])
        return float(distances.mean() / apart_of_reals.mean()), float((distances / apart_of_reals).std())

    def _kernel(
        self, points: np.ndarray, drawn: list[np.ndarray]
    ) -> tuple[float | None, float | None, float | None, float | None]:
        """Kernel distance of the samples with its standard deviation over the splits, and that of real sprites."""
        n = len(drawn[0])
        if n < 2:
            return None, None, None, None
        reals = self._features[0]
        split = self._split(n)
        if n not in self._real_kernel:
            self._real_kernel[n] = [kernel_distance(reals[one], reals[other]) for one, other in split]
        found = [kernel_distance(points[rows], reals[one]) for rows, (one, _) in zip(drawn, split, strict=True)]
        expected = self._real_kernel[n]
        return float(np.mean(found)), float(np.std(found)), float(np.mean(expected)), float(np.std(expected))

    def _variety(self, points: np.ndarray, drawn: list[np.ndarray]) -> tuple[float | None, float | None]:
        n = len(drawn[0])
        if n == 0:
            return None, None
        reals = self._features[0]
        chosen = drawn[:1] if n == len(points) else drawn
        found = [vendi_score(points[rows] - self._centre) for rows in chosen]
        expected = [vendi_score(reals[one] - self._centre) for one, _ in self._split(n)]
        return float(np.mean(found)), float(np.mean(expected))

    def _patches(self, samples: np.ndarray, drawn: list[np.ndarray]) -> float | None:
        if len(drawn[0]) == 0:
            return None
        distances, real_distances = [], []
        for chosen, (one, other) in self._few_splits(drawn):
            half, other_half = (patch_projections(as_seen(self._images[rows])) for rows in (one, other))
            distances.append(patch_wasserstein(patch_projections(as_seen(samples[chosen])), half))
            real_distances.append(patch_wasserstein(other_half, half))
        return float(np.mean(distances) / np.mean(real_distances)) if min(real_distances) > 0 else None

    def _neighbours(
        self, samples: np.ndarray, points: np.ndarray, drawn: list[np.ndarray]
    ) -> tuple[dict[str, float | None], dict[str, float | None]]:
        """Precision, recall, density and coverage of distinct samples, and of as many real sprites."""
        sampled, actual = [], []
        for chosen, (one, other) in self._few_splits(drawn):
            distinct = chosen[distinct_images(samples[chosen])[0]]
            # No mirror images, which would be each other's nearest neighbours; they come last in each half.
            singles = [len(np.unique(self._groups[half])) for half in (one, other)]
            m = min(len(distinct), *singles)
            # With few different samples their radii are large, and a collapsed model would seem to cover everything.
            if m <= NEIGHBOURS or 2 * len(distinct) < len(chosen):
                nothing: dict[str, float | None] = {field.name: None for field in fields(PrecisionRecall)}
                return nothing, nothing
            half = self._features[0][one[:m]]
            sampled.append(precision_recall(half, points[distinct[:m]], NEIGHBOURS))
            actual.append(precision_recall(half, self._features[0][other[:m]], NEIGHBOURS))
        return _mean_neighbours(sampled), _mean_neighbours(actual)


def _mean_neighbours(results: list[PrecisionRecall]) -> dict[str, float | None]:
    return {
        field.name: float(np.mean([getattr(result, field.name) for result in results]))
        for field in fields(PrecisionRecall)
    }


def _means(measured: Traits) -> dict[str, float | None]:
    return {name: float(values.mean()) if len(values) else None for name, values in _present(measured).items()}


def _standard_errors(measured: Traits) -> dict[str, float | None]:
    return {
        name: float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None
        for name, values in _present(measured).items()
    }


def _absent(measured: Traits, real: Traits) -> dict[str, str]:
    """Why a trait that needs a background has no value, of the samples or of the real sprites."""
    found = {}
    for name, needs in _NEEDS.items():
        sides = {"the samples": getattr(measured, name), "the real sprites": getattr(real, name)}
        without = [side for side, values in sides.items() if not np.isfinite(values).any()]
        if without:
            found[name] = f"{name.capitalize()} is not measured of {' and '.join(without)}: {needs}"
    return found


_NEEDS = {
    "haze": "none has a background, transparent or of one colour.",
    "outline": "none has a drawing with an inside on a background that is not dark.",
}


def _present(measured: Traits) -> dict[str, np.ndarray]:
    """The values of each trait, without the missing ones."""
    return {
        field.name: values[np.isfinite(values)]
        for field in fields(Traits)
        for values in [getattr(measured, field.name)]
    }
