"""How good a set of samples is, in numbers that need no downloaded network.

Two families. Traits (haze, merged colours, orphans ...) are means over sprites and can be read alone, beside the real
mean. Distances between sets (Fréchet, kernel, patches, precision and recall, variety) read
:mod:`ddpm.judging.quality.features`, and are always set against what two disjoint halves of the real sprites give,
since they depend on the number of sprites and on the draw.

None of them sees copying; most reward it. Show them with :mod:`ddpm.judging.copying.memorization` and the held-out
loss.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from ddpm.base.json_values import jsonable
from ddpm.judging.quality.classifier import Classifier, train_classifier
from ddpm.judging.quality.distributions import (
    Gaussian,
    PrecisionRecall,
    kernel_distance,
    patch_projections,
    precision_recall,
    projected_distance,
    vendi_score,
)
from ddpm.judging.quality.features import SEEDS, FeatureNetwork
from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.duplicates import distinct_images, duplicate_groups, row_hashes
from ddpm.pixels.traits import Traits, traits

SIZE = 512
"""Sprites a side in each comparison; scores of other sizes cannot be compared with these."""

SPLITS = 20
NEIGHBOURS = 5

# Of the measures that cost most, so many of the splits are enough: they differ by a percent or two.
_FEW_SPLITS = 4
_QUICK_TRAITS = ("haze", "merged_colours", "orphans")
_POOL = 4096


@dataclass(frozen=True)
class ClassAgreement:
    """How often a sample asked for by its kind is taken for that kind.

    Attributes:
        count: samples that are.
        n: samples asked for by kind.
        rate: count / n.
        real: the same for held-out real sprites, the classifier's accuracy; None if none was held out.
    """

    count: int
    n: int
    rate: float
    real: float | None


@dataclass(frozen=True)
class QualityReport:
    """What :func:`quality_report` found; None where there are too few sprites to say.

    Attributes:
        frechet_ratio: Fréchet distance of the samples to real sprites over that of real sprites to other real ones, the
            largest of three feature networks; 1 is as good as real, and a perfect copier scores that, too.
        frechet_ratio_sd: standard deviation of that ratio over the 20 splits.
        frechet_ratios: the ratio of each network.
        n: sprites a side in each split.
        comparable: whether n is 512; ratios of another n mean something only among themselves.
        kid: kernel distance, unbiased; about 0 for real sprites.
        kid_sd, kid_real_sd: standard deviations over the splits.
        patch_wasserstein: distance of 7x7 patches, over that of real sprites to other real ones.
        distinct: how many of all samples differ from one another.
        precision, recall, density, coverage: see ``PrecisionRecall``, of distinct samples and of real sprites without
            their mirror images; None where less than half of the samples are distinct.
        vendi: variety of n samples, in sprites.
        colours, foreground, outline, orphans, symmetry, haze, merged_colours: means of ``ddpm.pixels.traits.Traits``
            over all samples; None where no sample has the trait.
        standard_errors: of those means; None for fewer than two samples that have the trait.
        real: for each measure except the two ratios, the value of real sprites, on sets of the same size.
        class_agreement: None without labels.
    """

    frechet_ratio: float | None
    frechet_ratio_sd: float | None
    frechet_ratios: tuple[float | None, ...]
    n: int
    comparable: bool
    distinct: int
    kid: float | None
    kid_sd: float | None
    kid_real_sd: float | None
    patch_wasserstein: float | None
    precision: float | None
    recall: float | None
    density: float | None
    coverage: float | None
    vendi: float | None
    colours: float | None
    foreground: float | None
    outline: float | None
    orphans: float | None
    symmetry: float | None
    haze: float | None
    merged_colours: float | None
    standard_errors: dict[str, float | None]
    real: dict[str, float | None]
    class_agreement: ClassAgreement | None

    @property
    def kid_real(self) -> float | None:
        """Kernel distance of real sprites to other real ones, mean over the splits."""
        return self.real["kid"]

    @property
    def vendi_real(self) -> float | None:
        """Variety of n real sprites, mean over the splits."""
        return self.real["vendi"]

    def to_dict(self) -> dict[str, Any]:
        """JSON values; None for what is not a finite number."""
        result: dict[str, Any] = jsonable(asdict(self))
        return result


def quality_report(
    samples: np.ndarray,
    real: np.ndarray,
    labels: np.ndarray | None = None,
    real_labels: np.ndarray | None = None,
    classifier: Classifier | None = None,
) -> QualityReport:
    """Compare samples with real sprites; for several sets of samples :class:`QualityReference` is cheaper.

    The order of samples and real sprites does not matter, nor do repeats of real ones.

    Args:
        samples: uint8 (N, 16, 16, 3), N at least 1; 512 or more for scores that can be compared.
        real: uint8 (R, 16, 16, 3), R at least 1; 1,024 distinct ones or more for scores that can be compared.
        labels: int64 (N,), the kinds that were asked for, -1 for none; then either ``classifier`` or ``real_labels``.
        real_labels: int64 (R,), to train a classifier on.
        classifier: one that is already there.

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
    return QualityReference(real).report(samples, labels, classifier)


def classifier_of(real: np.ndarray, labels: np.ndarray) -> Classifier:
    """The classifier that class agreement is measured with; the order of the sprites and their repeats do not matter.

    Args:
        real: uint8 (R, 16, 16, 3).
        labels: int64 (R,), from 0 on.
    """
    # In an order of its own, so that the classifier does not depend on that of the rows.
    rows = _distinct_in_order(real)
    return train_classifier(real[rows], labels[rows], int(labels.max()) + 1)


class QualityReference:
    """Real sprites, ready to compare samples with.

    Args:
        real: uint8 (R, 16, 16, 3), R at least 1; of more than 4,096 distinct ones a fixed random 4,096 are used.

    Raises:
        ValueError: if there are none.
    """

    def __init__(self, real: np.ndarray) -> None:
        (real,) = require_sprites(real=real)
        rows = _distinct_in_order(real)[:_POOL]
        if len(rows) == 0:
            raise ValueError("there are no real sprites to compare with")
        self._images = np.asarray(real[rows])
        self._groups = np.unique(duplicate_groups(self._images), return_inverse=True)[1]
        self._networks = [FeatureNetwork(seed) for seed in SEEDS]
        self._features = [network(self._images).astype(np.float64) for network in self._networks]
        self._centre = self._features[0].mean(axis=0)
        self._traits = traits(self._images)
        self._halves: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}
        self._normals: dict[tuple[int, int], list[tuple[Gaussian, float]]] = {}
        self._real_kernel: dict[int, list[float]] = {}

    def real(self) -> dict[str, float | None]:
        """What :meth:`quick` should come to: the values of real sprites."""
        means = _means(self._traits)
        return {"frechet_ratio": 1.0, **{name: means[name] for name in _QUICK_TRAITS}}

    def quick(self, samples: np.ndarray) -> dict[str, float | None]:
        """What a training that checks itself wants to know: frechet_ratio, haze, merged_colours, orphans.

        The same numbers as in :meth:`report`.

        Args:
            samples: uint8 (N, 16, 16, 3), N at least 1.

        Raises:
            ValueError: if there are no samples.
        """
        (samples,) = require_sprites(samples=samples)
        samples = samples[_in_order(samples)]
        drawn = _draws(len(samples), self._size(samples))
        means = _means(traits(samples))
        ratio = self._frechet(self._points(samples), drawn)[0]
        return {"frechet_ratio": ratio, **{name: means[name] for name in _QUICK_TRAITS}}

    def report(
        self, samples: np.ndarray, labels: np.ndarray | None = None, classifier: Classifier | None = None
    ) -> QualityReport:
        """All measures.

        Args:
            samples: uint8 (N, 16, 16, 3), N at least 1.
            labels: int64 (N,), the kinds that were asked for, -1 for none.
            classifier: needed with labels.

        Raises:
            ValueError: if there are no samples, another number of labels than of samples, or labels without a
                classifier.
        """
        agreement = _class_agreement(samples, labels, classifier)
        (samples,) = require_sprites(samples=samples)
        samples = samples[_in_order(samples)]
        n = self._size(samples)
        drawn = _draws(len(samples), n)
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
        )

    def _size(self, samples: np.ndarray) -> int:
        if len(samples) == 0:
            raise ValueError("there are no samples to measure")
        # Two halves that part no twins may have to leave one sprite out.
        twins = len(np.unique(self._groups)) < len(self._groups)
        return min(SIZE, len(samples), (len(self._groups) - twins) // 2)

    def _points(self, samples: np.ndarray) -> list[np.ndarray]:
        return [network(samples).astype(np.float64) for network in self._networks]

    def _split(self, n: int) -> list[tuple[np.ndarray, np.ndarray]]:
        if n not in self._halves:
            self._halves[n] = [_halves(self._groups, n, number) for number in range(SPLITS)]
        return self._halves[n]

    def _frechet(
        self, points: list[np.ndarray], drawn: list[np.ndarray]
    ) -> tuple[float | None, float | None, tuple[float | None, ...]]:
        """The ratio of the network that gives the largest, its standard deviation, and the ratios of all."""
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
        halves = self._split(n)
        if n not in self._real_kernel:
            self._real_kernel[n] = [kernel_distance(reals[one], reals[other]) for one, other in halves]
        found = [kernel_distance(points[rows], reals[one]) for rows, (one, _) in zip(drawn, halves, strict=True)]
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
        for chosen, (one, other) in _few(drawn, self._split(len(drawn[0]))):
            half = patch_projections(self._images[one])
            distances.append(projected_distance(patch_projections(samples[chosen]), half))
            real_distances.append(projected_distance(patch_projections(self._images[other]), half))
        return float(np.mean(distances) / np.mean(real_distances)) if min(real_distances) > 0 else None

    def _neighbours(
        self, samples: np.ndarray, points: np.ndarray, drawn: list[np.ndarray]
    ) -> tuple[dict[str, float | None], dict[str, float | None]]:
        """Precision and recall, density and coverage of distinct samples, and of as many real sprites."""
        sampled, actual = [], []
        for chosen, (one, other) in _few(drawn, self._split(len(drawn[0]))):
            distinct = chosen[distinct_images(samples[chosen])[0]]
            # These come first in each half: a twin would be its twin's nearest neighbour.
            singles = [len(np.unique(self._groups[half])) for half in (one, other)]
            m = min(len(distinct), *singles)
            # With few kinds of samples everything real is near, and a collapsed model would seem to cover it all.
            if m <= NEIGHBOURS or 2 * len(distinct) < len(chosen):
                nothing: dict[str, float | None] = {field.name: None for field in fields(PrecisionRecall)}
                return nothing, nothing
            half = self._features[0][one[:m]]
            sampled.append(precision_recall(half, points[distinct[:m]], NEIGHBOURS))
            actual.append(precision_recall(half, self._features[0][other[:m]], NEIGHBOURS))
        return _mean_neighbours(sampled), _mean_neighbours(actual)


def _distinct_in_order(images: np.ndarray) -> np.ndarray:
    """int64 (D,): the first rows of the distinct images, in a random order that their pixels alone decide."""
    rows = distinct_images(images)[0]
    return rows[_in_order(images[rows])]


def _in_order(images: np.ndarray) -> np.ndarray:
    """int64 (N,): a random order that pixels alone decide, so that no measure depends on how the rows came."""
    hashes = row_hashes(images)
    return np.lexsort((hashes[:, 1], hashes[:, 0]))


def _halves(groups: np.ndarray, n: int, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Two disjoint draws of n, int64 (n,) each, that part no twins: one sprite of each group first, then its twin.

    Where nearly all sprites have their mirror image beside them, halves that are full of pairs would hold half as many
    different sprites as the samples do, and any samples would look good against them.
    """
    random = np.random.default_rng(number)
    mixed = random.random(len(groups)).argsort()
    # Whether a sprite comes first or second within its group, in mixed order.
    firsts = np.zeros(len(groups), np.int64)
    firsts[mixed[np.unique(groups[mixed], return_index=True)[1]]] = 1
    order = mixed[np.argsort(-firsts[mixed], kind="stable")]
    sizes = np.bincount(groups)
    shuffled = random.random(len(sizes)).argsort()
    # Cut where both sides come closest to holding as many sprites.
    held = np.cumsum(sizes[shuffled])
    cut = int(np.abs(2 * held - held[-1]).argmin()) + 1
    side = np.zeros(len(sizes), bool)
    side[shuffled[:cut]] = True
    left = side[groups[order]]
    return order[left][:n], order[~left][:n]


def _draws(count: int, n: int) -> list[np.ndarray]:
    """For each split, which n of the samples, int64 (n,)."""
    return [np.sort(np.random.default_rng(number).random(count).argsort()[:n]) for number in range(SPLITS)]


def _few(
    drawn: list[np.ndarray], halves: list[tuple[np.ndarray, np.ndarray]]
) -> list[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]]:
    return list(zip(drawn, halves, strict=True))[:_FEW_SPLITS]


def _mean_neighbours(results: list[PrecisionRecall]) -> dict[str, float | None]:
    return {
        field.name: float(np.mean([getattr(result, field.name) for result in results]))
        for field in fields(PrecisionRecall)
    }


def _means(measured: Traits) -> dict[str, float | None]:
    return {name: float(values.mean()) if len(values) else None for name, values in _known(measured).items()}


def _standard_errors(measured: Traits) -> dict[str, float | None]:
    return {
        name: float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None
        for name, values in _known(measured).items()
    }


def _known(measured: Traits) -> dict[str, np.ndarray]:
    """The values of each trait that are there."""
    return {
        field.name: values[np.isfinite(values)]
        for field in fields(Traits)
        for values in [getattr(measured, field.name)]
    }


def _class_agreement(
    samples: np.ndarray, labels: np.ndarray | None, classifier: Classifier | None
) -> ClassAgreement | None:
    if labels is None:
        return None
    if classifier is None:
        raise ValueError("labels need a classifier")
    if len(labels) != len(samples):
        raise ValueError(f"expected one label for each sample, got {len(labels)} for {len(samples)}")
    asked = np.flatnonzero(labels >= 0)
    if len(asked) == 0:
        return None
    count = int((classifier.predict(samples[asked]) == labels[asked]).sum())
    real = classifier.accuracy if math.isfinite(classifier.accuracy) else None
    return ClassAgreement(count, len(asked), count / len(asked), real)
