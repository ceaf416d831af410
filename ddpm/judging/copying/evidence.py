"""What is known about each sample: how near it comes to the training sprites, by pixels, shape, palette and patches.

Facts only; :mod:`ddpm.judging.copying.memorization` decides what they mean. All distances are to *distinct* training
sprites: repeats change nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from ddpm.base.seeds import seed_for
from ddpm.judging.copying.collage import CollageCover, CollageIndex
from ddpm.judging.copying.lookup import Found
from ddpm.judging.copying.neighbors import nearest
from ddpm.judging.copying.palettes import PaletteIndex, palette_embedding
from ddpm.judging.copying.shapes import SHAPE_KNOWN, ShapeIndex, shape_confirmed
from ddpm.judging.statistics import Proportion, conformal_p, proportion
from ddpm.pixels.duplicates import distinct_images, duplicate_groups
from ddpm.pixels.traits import traits

_EXTRACTION_NEIGHBOURS = 50
_SHAPE_NEIGHBOURS = 16
_HELDOUT_MOST = 512
# Pairs of training sprites that are looked at for the reference distances: 18,000 sprites are still held against all.
_REFERENCE_PAIRS = 400_000_000
_REFERENCE_LEAST = 1000
_QUALITY_MOST = 2000
# A drawing has areas; in uniform noise hardly a pixel has a neighbour of its own colour.
_NOISE_ORPHANS = 0.9
_QUALITY_TAIL = 0.995
_LIMITED = ("orphans", "merged_colours", "haze", "foreground")
_ASKED_BLOCK = 1024

Watch = Callable[[float, str], None]
"""Is told the share that is done, 0..1, and in plain words what is being done."""


@dataclass(frozen=True)
class Evidence:
    """Facts about N samples. Rows are indices into the training images as they were given, the first of repeats.

    Attributes:
        degenerate: bool (N,), no foreground, or noise all over.
        low_quality: bool (N,), more stray pixels, more colours or more haze than all but 0.5% of the training sprites,
            or less foreground; all degenerate ones, too.
        row: int64 (N,), the nearest training sprite by pixels.
        squared_distance: int64 (N,), over all 768 values.
        p: float64 (N,), conformal: how small that distance is among those of training sprites to their nearest other
            one.
        ratio: float64 (N,), nearest over second nearest distance, the mirror image of the nearest left out; NaN with
            fewer than two.
        extraction: float64 (N,), nearest distance over half the mean of the 50 nearest (Carlini et al. 2023).
        shape_row: int64 (N,), the training sprite of most similar shape.
        shape_similarity: float32 (N,), 0..1, Jaccard index of the edge maps.
        shape_flip: bool (N,), it had to be mirrored.
        shape_shift: int64 (N, 2), it had to be moved by (down, right).
        shape_confirmed: float64 (N,), information Jaccard of the two colour partitions; NaN for flat images.
        shape_palette_distance: float64 (N,), palette distance to the nearest palette among the training sprites of the
            same shape; NaN where the shape is not known.
        palette_row: int64 (N,), the training sprite of nearest palette, -1 without foreground.
        palette_distance: float32 (N,), in OKLab; NaN without foreground.
        nowhere: float64 (N,), share of foreground pixels whose colour no training sprite has; NaN without foreground.
        cover: how much of each can be pasted together from one or two training sprites.
    """

    degenerate: np.ndarray
    low_quality: np.ndarray
    row: np.ndarray
    squared_distance: np.ndarray
    p: np.ndarray
    ratio: np.ndarray
    extraction: np.ndarray
    shape_row: np.ndarray
    shape_similarity: np.ndarray
    shape_flip: np.ndarray
    shape_shift: np.ndarray
    shape_confirmed: np.ndarray
    shape_palette_distance: np.ndarray
    palette_row: np.ndarray
    palette_distance: np.ndarray
    nowhere: np.ndarray
    cover: CollageCover

    def __len__(self) -> int:
        return len(self.row)


class Yardstick:
    """Training and held-out sprites, and what has to be known of them before samples can be judged.

    What is expensive is computed when it is first asked for, and then kept.

    Args:
        train: uint8 (R, 16, 16, 3), at least two distinct sprites; repeats are dropped.
        heldout: uint8 (M, 16, 16, 3), sprites that the model never saw; may be empty. At most 512 of them, chosen
            with a fixed seed, are looked at.

    Attributes:
        train: uint8, the distinct training sprites.
        heldout: uint8, the distinct held-out sprites that are not among the training sprites, one of each pair of
            mirror images.

    Raises:
        ValueError: if there are fewer than two distinct training sprites.
    """

    def __init__(self, train: np.ndarray, heldout: np.ndarray) -> None:
        self._rows, _ = distinct_images(train)
        if len(self._rows) < 2:
            raise ValueError("at least two distinct training sprites are needed: nothing can be near or far otherwise")
        self.train = np.ascontiguousarray(train[self._rows])
        self._groups = duplicate_groups(self.train)
        rows, _ = distinct_images(heldout)
        if len(rows):
            # One of each pair of twins: two that always agree would make every interval too narrow.
            rows = rows[np.unique(duplicate_groups(heldout[rows]))]
            rows = rows[nearest(heldout[rows], self.train, 1)[1][:, 0] > 0]
        if len(rows) > _HELDOUT_MOST:
            random = np.random.default_rng(seed_for("held-out yardstick"))
            rows = rows[np.sort(random.choice(len(rows), _HELDOUT_MOST, replace=False))]
        self._heldout_rows = rows
        self.heldout = np.ascontiguousarray(heldout[rows])

    @classmethod
    def from_parts(cls, train: np.ndarray, heldout: np.ndarray, parts: dict[str, np.ndarray]) -> Yardstick:
        """The yardstick whose :meth:`parts` these are.

        Args:
            train, heldout: the very sprites that it was made of.

        Raises:
            KeyError, IndexError, TypeError, ValueError: if the parts are not those of such a yardstick.
        """
        yardstick = cls.__new__(cls)
        yardstick._rows, yardstick._groups = parts["rows"], parts["groups"]
        yardstick.train = np.ascontiguousarray(train[parts["rows"]])
        yardstick._heldout_rows = parts["heldout_rows"]
        yardstick.heldout = np.ascontiguousarray(heldout[parts["heldout_rows"]])
        yardstick.distances = parts["distances"]
        yardstick._limits = dict(zip(_LIMITED, parts["limits"].tolist(), strict=True))
        yardstick._packed_edges = parts["packed_edges"]
        yardstick._palettes = PaletteIndex(**_named(PaletteIndex, parts, "palette_"))
        yardstick._collages = CollageIndex(**_named(CollageIndex, parts, "collage_"))
        cover = CollageCover(**_named(CollageCover, parts, "heldout_cover_"))
        yardstick.heldout_evidence = Evidence(**_named(Evidence, parts, "heldout_", but="cover"), cover=cover)
        if len(yardstick.heldout_evidence) != len(yardstick.heldout):
            raise ValueError("the evidence is of other held-out sprites")
        return yardstick

    def parts(self) -> dict[str, np.ndarray]:
        """All that is expensive, by name, to be kept on disk; computed where it is not there yet."""
        return {
            "rows": self._rows,
            "groups": self._groups,
            "heldout_rows": self._heldout_rows,
            "distances": self.distances,
            "limits": np.array([self._limits[name] for name in _LIMITED]),
            "packed_edges": self._packed_edges,
            **{f"palette_{name}": value for name, value in vars(self._palettes).items()},
            **{f"collage_{name}": value for name, value in vars(self._collages).items()},
            **{f"heldout_{name}": value for name, value in vars(self.heldout_evidence).items() if name != "cover"},
            **{f"heldout_cover_{name}": value for name, value in vars(self.heldout_evidence.cover).items()},
        }

    def prepare(self, watch: Watch = lambda done, what: None) -> None:
        """Compute all that is expensive now, instead of when it is first asked for.

        Args:
            watch: is told the share that is done, 0..1, and in plain words what is being done.
        """
        watch(0.0, "Tracing the shapes of the training sprites")
        _ = self._shapes
        watch(0.05, "Collecting their colours")
        _ = self._palettes, self._collages, self._limits
        what = "Holding training sprites against one another"
        watch(0.3, what)
        if "distances" not in vars(self):
            self.distances = self._distances(lambda done: watch(0.3 + 0.4 * done, what))
        watch(0.7, "Holding unseen sprites against them")
        _ = self.heldout_evidence
        watch(1.0, "Ready")

    @cached_property
    def distances(self) -> np.ndarray:
        """int64 (D,), ascending: each training sprite's squared distance to its nearest other one, its own mirror image
        excluded; training sprites that have no other one are left out.

        Of very large sets a part is asked, chosen with a fixed seed; p-values are as exact, only coarser.
        """
        return self._distances(lambda done: None)

    def _distances(self, watch: Callable[[float], None]) -> np.ndarray:
        asked = np.arange(len(self.train))
        most = max(_REFERENCE_LEAST, _REFERENCE_PAIRS // len(asked))
        if len(asked) > most:
            random = np.random.default_rng(seed_for("reference distances"))
            asked = np.sort(random.choice(asked, most, replace=False))
        found = []
        for start in range(0, len(asked), _ASKED_BLOCK):
            watch(start / len(asked))
            rows = asked[start : start + _ASKED_BLOCK]
            # Its two nearest may be itself and its mirror image.
            indices, squared = nearest(self.train[rows], self.train, min(3, len(self.train)))
            other = self._groups[indices] != self._groups[rows][:, None]
            found.append(squared[np.arange(len(rows)), other.argmax(axis=1)][other.any(axis=1)])
        return np.sort(np.concatenate(found))

    def p_of(self, samples: np.ndarray) -> np.ndarray:
        """float64 (N,), conformal: how small the distance of each sample to its nearest training sprite is.

        Args:
            samples: uint8 (N, 16, 16, 3).
        """
        if len(samples) == 0:
            return np.empty(0)
        return conformal_p(nearest(samples, self.train, 1)[1][:, 0], self.distances)

    def near_share(self, samples: np.ndarray, rate: float) -> Proportion:
        """How many samples are near copies at a false-positive rate, degenerate ones left out as in a report.

        Args:
            samples: uint8 (N, 16, 16, 3).
            rate: raised to 1 / (reference distances + 1) where less is not possible.
        """
        if len(samples) == 0:
            return proportion(0, 0)
        near = self.p_of(samples) <= max(rate, 1 / (len(self.distances) + 1))
        return proportion(int((near & ~self._quality(samples)[0]).sum()), len(samples))

    @cached_property
    def heldout_evidence(self) -> Evidence:
        """What is known about the held-out sprites."""
        return self.measure(self.heldout)

    def look_up(self, sprites: np.ndarray, k: int = 1) -> Found:
        """The training sprites most like each of some others; rows as in :class:`Evidence`.

        Args:
            sprites: uint8 (N, 16, 16, 3), N at least 1.
            k: how many; fewer where there are not so many training sprites.

        Raises:
            TypeError: if the images are not uint8.
            ValueError: for other shapes, or a k below 1.
        """
        if k < 1:
            raise ValueError(f"k must be at least 1, got {k}")
        k = min(k, len(self.train))
        rows, squared = nearest(sprites, self.train, k)
        shapes = self._shapes.nearest(sprites, k)
        palette_rows, palette_distances = self._palettes.nearest(sprites, k)
        return Found(
            self._rows[rows],
            squared,
            replace(shapes, indices=self._rows[shapes.indices]),
            self._given(palette_rows),
            palette_distances,
        )

    def measure(self, samples: np.ndarray) -> Evidence:
        """Look at samples from all sides.

        Args:
            samples: uint8 (N, 16, 16, 3); N may be 0.
        """
        if len(samples) == 0:
            # The measures want at least one: of a stand-in nothing is kept.
            return self._measure(self.train[:1], np.empty(0, np.int64))
        return self._measure(samples, np.arange(len(samples)))

    def _measure(self, samples: np.ndarray, kept: np.ndarray) -> Evidence:
        # Collages take half as long as all the rest: side by side, two cores are enough.
        with ThreadPoolExecutor(1) as other_thread:
            pasting = other_thread.submit(lambda: self._collages.cover(samples))
            evidence = self._without_collages(samples)
            cover = pasting.result()
        pasted = CollageCover(
            cover.c1[kept], cover.c2[kept], self._given(cover.first)[kept], self._given(cover.second)[kept]
        )
        return Evidence(**{name: values[kept] for name, values in evidence.items()}, cover=pasted)

    def _without_collages(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        degenerate, low = self._quality(samples)
        k = min(_EXTRACTION_NEIGHBOURS + 1, len(self.train))
        indices, squared = nearest(samples, self.train, k)
        distances = np.sqrt(squared)
        # The second nearest must not be the mirror image of the nearest: it says nothing new.
        other = self._groups[indices] != self._groups[indices[:, :1]]
        second = np.where(other.any(axis=1), distances[np.arange(len(samples)), other.argmax(axis=1)], np.nan)
        around = distances[:, : min(_EXTRACTION_NEIGHBOURS, k)].mean(axis=1)
        shapes = self._shapes.nearest(samples, min(_SHAPE_NEIGHBOURS, len(self.train)))
        palette_rows, palette_distances = self._palettes.nearest(samples, 1)
        return {
            "degenerate": degenerate,
            "low_quality": low,
            "row": self._rows[indices[:, 0]],
            "squared_distance": squared[:, 0],
            "p": conformal_p(squared[:, 0], self.distances),
            "ratio": _ratio(distances[:, 0], second),
            "extraction": _ratio(distances[:, 0], 0.5 * around),
            "shape_row": self._rows[shapes.indices[:, 0]],
            "shape_similarity": shapes.similarity[:, 0],
            "shape_flip": shapes.flips[:, 0],
            "shape_shift": shapes.shifts[:, 0],
            "shape_confirmed": shape_confirmed(
                samples, self.train[shapes.indices[:, 0]], shapes.flips[:, 0], shapes.shifts[:, 0]
            ),
            "shape_palette_distance": self._palettes_of_shape(samples, shapes.indices, shapes.similarity),
            "palette_row": self._given(palette_rows[:, 0]),
            "palette_distance": palette_distances[:, 0],
            "nowhere": self._palettes.nowhere(samples),
        }

    def _given(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the training images as they were given; -1 stays "none"."""
        return np.where(rows >= 0, self._rows[rows], -1)

    def _palettes_of_shape(self, samples: np.ndarray, rows: np.ndarray, similarity: np.ndarray) -> np.ndarray:
        result = np.full(len(samples), np.nan)
        own = palette_embedding(samples)
        for i in np.flatnonzero(similarity[:, 0] >= SHAPE_KNOWN):
            same_shape = rows[i, similarity[i] >= SHAPE_KNOWN]
            gaps = np.linalg.norm(self._palettes.embedding(same_shape) - own[i], axis=1)
            if np.isfinite(gaps).any():
                result[i] = np.nanmin(gaps)
        return result

    def _quality(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        measured = traits(samples)
        pixels = samples.shape[1] * samples.shape[2]
        degenerate = (measured.foreground == 0) | (measured.orphans >= _NOISE_ORPHANS * pixels)
        # Comparisons with NaN are False: what no training sprite has, sets no limit.
        too_much = [getattr(measured, name) > self._limits[name] for name in _LIMITED if name != "foreground"]
        too_little = measured.foreground < self._limits["foreground"]
        return degenerate, degenerate | too_little | np.any(too_much, axis=0)

    @cached_property
    def _limits(self) -> dict[str, float]:
        """For each of ``_LIMITED``; NaN where no training sprite has the trait."""
        images = self.train
        if len(images) > _QUALITY_MOST:
            random = np.random.default_rng(seed_for("quality yardstick"))
            images = images[np.sort(random.choice(len(images), _QUALITY_MOST, replace=False))]
        usual = traits(images)
        limits = {
            name: float(np.nanquantile(getattr(usual, name), _QUALITY_TAIL))
            if np.isfinite(getattr(usual, name)).any()
            else math.nan
            for name in _LIMITED
        }
        return limits | {"foreground": float(np.quantile(usual.foreground, 1 - _QUALITY_TAIL))}

    @cached_property
    def _packed_edges(self) -> np.ndarray:
        return ShapeIndex.packed_edges(self.train)

    @cached_property
    def _shapes(self) -> ShapeIndex:
        return ShapeIndex(self._packed_edges)

    @cached_property
    def _palettes(self) -> PaletteIndex:
        return PaletteIndex.of(self.train)

    @cached_property
    def _collages(self) -> CollageIndex:
        return CollageIndex.of(self.train)


def _named(kind: type, parts: dict[str, np.ndarray], before: str, but: str = "") -> dict[str, np.ndarray]:
    """The parts that are fields of a dataclass, without what their names begin with."""
    return {field.name: parts[before + field.name] for field in fields(kind) if field.name != but}


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = above / below
    return np.where(np.isfinite(ratio), ratio, math.nan)
