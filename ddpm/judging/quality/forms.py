"""Would somebody who knows such sprites take these for drawings of something? Measured with a network that sees forms.

Random features (:mod:`ddpm.judging.quality.features`) see textures and colours: soft monsters without a face score like
real sprites. Here the same protocol is applied to the embedding of :mod:`ddpm.judging.quality.form_network`, and each
sample is asked for itself whether it is *believable*: whether the network believes in it more than in all but 5% of the
real sprites with which it is compared.

How much such a share says depends on the set: the network was taught on sprites of 16x16 pixels. So it is tried on the
set itself: halves of its real sprites, wrongly joined, should not pass. Where most of them do, as at 32x32 pixels, the
share is not told; the Fréchet ratio still is, which kept its order at 8x8 and 32x32 in all that was tried.

None of this sees copying: a copy is as believable as what it copies.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ddpm.judging.quality.distributions import Gaussian, PrecisionRecall, precision_recall
from ddpm.judging.quality.form_network import VERSION, FormNetwork, form_network
from ddpm.judging.quality.splits import distinct_in_order, halves
from ddpm.judging.quality.spoiling import halves_joined
from ddpm.judging.statistics import Proportion, proportion
from ddpm.pixels.duplicates import distinct_images, duplicate_groups
from ddpm.pixels.transparency import WHITE, Colour, contrasting_colour

UNBELIEVED = 0.05
"""Share of the real sprites that lie below the threshold of believability."""

BLIND = 0.75
"""With a larger share of wrongly joined halves above the threshold, believability is not told."""

NEIGHBOURS = 5
_LEAST = 20  # real sprites: a threshold that only one in twenty misses cannot be told from fewer
_FEW_SPLITS = 4
_POOL = 2048  # two halves of 512 each need no more, and the network takes a millisecond a sprite
_JOINED = 512


@dataclass(frozen=True)
class FormReport:
    """What the network of forms says; None where there are too few sprites.

    Attributes:
        version: of the network; reports of different versions cannot be compared.
        frechet_ratio, frechet_ratio_sd: as in ``QualityReport``, on the embedding. From twice as many samples as a
            split holds, the deviation over the splits is the standard error (a jackknife that leaves out half).
        precision, recall: of distinct samples (Kynkäänniemi et al. 2019) on the embedding.
        believable: share of the samples above the threshold; None where the network is blind, too.
        believable_error: its standard error.
        threshold: believability, in logits, that 5% of the real sprites do not reach.
        joined: share of sprites above it that are halves of two different real ones: what the threshold cannot see.
        blind: whether more than :data:`BLIND` of those are: believability says nothing of such sprites.
        real: precision, recall and believable of real sprites.
        believable_unseen: the share above it of the real sprites that the model never saw; None if there are none.
    """

    version: int
    frechet_ratio: float | None
    frechet_ratio_sd: float | None
    precision: float | None
    recall: float | None
    believable: float | None
    believable_error: float | None
    threshold: float | None
    joined: float | None
    blind: bool
    real: dict[str, float | None]
    believable_unseen: float | None = None


@dataclass(frozen=True)
class Believed:
    """How far the network of forms believes in single samples.

    Attributes:
        each: float64 (N,), see :meth:`FormBaseline.believability`.
        share: of believable samples, beside that of unseen real sprites as its floor; None where it cannot be told.
        unseen: believable ones among real sprites that the model never saw.
        why_not: why it cannot be told, in a sentence; empty if it can.
    """

    each: np.ndarray
    share: Proportion | None
    unseen: Proportion
    why_not: str


class FormBaseline:
    """Real sprites as the network of forms sees them.

    Args:
        images: uint8 (R, H, W, C), distinct, in a random order; of more than 2,048 the first are used.
        groups: int64 (R,), equal for duplicates, such as mirror images.
    """

    def __init__(self, images: np.ndarray, groups: np.ndarray, network: FormNetwork | None = None) -> None:
        self._images = images[:_POOL]
        self._groups = np.unique(groups[:_POOL], return_inverse=True)[1]
        self._network = network or form_network()
        self._background = background_for(self._images)
        self._normals: dict[int, list[tuple[Gaussian, float]]] = {}

    @cached_property
    def _seen(self) -> tuple[np.ndarray, np.ndarray]:
        embedding, believed = self._network.see(self._images, self._background)
        return embedding.astype(np.float64), believed

    @property
    def threshold(self) -> float | None:
        """Believability in logits that 5% of the real sprites do not reach; None with fewer than 20 of them."""
        believed = self._seen[1]
        return float(np.sort(believed)[math.ceil(UNBELIEVED * len(believed)) - 1]) if len(believed) >= _LEAST else None

    @cached_property
    def joined(self) -> float | None:
        """Share of wrongly joined halves of the real sprites that reach the threshold; None without a threshold."""
        threshold = self.threshold
        if threshold is None:
            return None
        wrong = halves_joined(self._images[:_JOINED], np.random.default_rng(0))
        return float((self._network.see(wrong, self._background)[1] >= threshold).mean())

    @classmethod
    def of(cls, real: np.ndarray) -> FormBaseline:
        """The baseline that ``QualityBaseline`` has, without all else that it measures; real: uint8 (R, H, W, C)."""
        images = np.asarray(real[distinct_in_order(real)[:_POOL]])
        return cls(images, duplicate_groups(images))

    @cached_property
    def why_not(self) -> str:
        """Why no share of believable sprites can be told; empty if it can."""
        if self.threshold is None:
            return f"There are fewer than {_LEAST} real sprites to tell what is believable."
        if self.joined is not None and self.joined > BLIND:
            return (
                f"The network was taught on sprites of another size: of these it also believes in {self.joined:.0%} "
                "whose halves are joined wrongly, so its belief says nothing."
            )
        return ""

    def believe(self, samples: np.ndarray, unseen: np.ndarray) -> Believed:
        """Look at each sample; both uint8 (N, H, W, C), ``unseen`` the real sprites that the model never saw."""
        each, floor = self.believability(samples), self.believable(unseen)
        count = int((each >= UNBELIEVED).sum())
        return Believed(each, None if self.why_not else proportion(count, len(each), floor), floor, self.why_not)

    def believable(self, sprites: np.ndarray) -> Proportion:
        """The believable ones of sprites, uint8 (N, H, W, C); N may be 0."""
        return proportion(int((self.believability(sprites) >= UNBELIEVED).sum()), len(sprites))

    def believability(self, samples: np.ndarray) -> np.ndarray:
        """Share of the real sprites in which the network believes no more than in each sample, float64 (N,), 0..1.

        Uniform for real sprites; a sample is believable from :data:`UNBELIEVED` on.
        """
        ordered = np.sort(self._seen[1])
        believed = self._network.see(samples, self._background)[1]
        return np.searchsorted(ordered, believed, side="right") / len(ordered)

    def report(self, samples: np.ndarray, drawn: list[np.ndarray]) -> FormReport:
        """All measures.

        Args:
            samples: uint8 (N, H, W, C).
            drawn: for each split, the rows of the samples that take part, int64 (n,).
        """
        points, believed = self._network.see(samples, self._background)
        points = points.astype(np.float64)
        ratio, sd = self._frechet(points, drawn)
        own, real = self._neighbours(samples, points, drawn)
        threshold, joined, share, error = self.threshold, self.joined, None, None
        blind = joined is not None and joined > BLIND
        if threshold is not None and not blind:
            share = float((believed >= threshold).mean())
            error = math.sqrt(share * (1 - share) / len(believed))
        return FormReport(
            version=VERSION,
            frechet_ratio=ratio,
            frechet_ratio_sd=sd,
            precision=None if own is None else own.precision,
            recall=None if own is None else own.recall,
            believable=share,
            believable_error=error,
            threshold=threshold,
            joined=joined,
            blind=blind,
            real={
                "precision": None if real is None else real.precision,
                "recall": None if real is None else real.recall,
                "believable": None if threshold is None else float((self._seen[1] >= threshold).mean()),
            },
        )

    def _frechet(self, points: np.ndarray, drawn: list[np.ndarray]) -> tuple[float | None, float | None]:
        n = len(drawn[0])
        if n < 2:
            return None, None
        if n not in self._normals:
            self._normals[n] = []
            for one, other in self._splits(n, len(drawn)):
                normal = Gaussian.of(self._seen[0][one])
                self._normals[n].append((normal, normal.frechet_distance(Gaussian.of(self._seen[0][other]))))
        between = np.array([apart for _, apart in self._normals[n]])
        if between.min() <= 0:
            return None, None
        sampled = [Gaussian.of(points[rows]) for rows in (drawn[:1] if n == len(points) else drawn)]
        sampled = sampled * (len(drawn) // len(sampled))
        found = np.array([real.frechet_distance(own) for (real, _), own in zip(self._normals[n], sampled, strict=True)])
        return float(found.mean() / between.mean()), float((found / between).std())

    def _splits(self, n: int, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
        return [halves(self._groups, n, number) for number in range(count)]

    def _neighbours(
        self, samples: np.ndarray, points: np.ndarray, drawn: list[np.ndarray]
    ) -> tuple[PrecisionRecall | None, PrecisionRecall | None]:
        """Precision and recall of distinct samples, and of as many real sprites; None where too few are distinct."""
        sampled, actual = [], []
        for chosen, (one, other) in list(zip(drawn, self._splits(len(drawn[0]), len(drawn)), strict=True))[
            :_FEW_SPLITS
        ]:
            distinct = chosen[distinct_images(samples[chosen])[0]]
            m = min(len(distinct), *(len(np.unique(self._groups[half])) for half in (one, other)))
            if m <= NEIGHBOURS or 2 * len(distinct) < len(chosen):
                return None, None
            half = self._seen[0][one[:m]]
            sampled.append(precision_recall(half, points[distinct[:m]], NEIGHBOURS))
            actual.append(precision_recall(half, self._seen[0][other[:m]], NEIGHBOURS))
        return _mean(sampled), _mean(actual)


def background_for(real: np.ndarray) -> Colour:
    """On which the network sees transparent sprites: the colour that hides the fewest contours of the real ones."""
    return contrasting_colour(real) if real.shape[-1] == 4 else WHITE


def _mean(results: list[PrecisionRecall]) -> PrecisionRecall:
    names = ("precision", "recall", "density", "coverage")
    return PrecisionRecall(**{name: float(np.mean([getattr(result, name) for result in results])) for name in names})
