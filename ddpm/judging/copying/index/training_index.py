"""The training and held-out sprites, prepared for searching: all that is needed before samples can be judged."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property

import numpy as np

from ddpm.base.seeds import seed_for
from ddpm.judging.conformal import conformal_p
from ddpm.judging.copying.collage import CollageCover, CollageIndex
from ddpm.judging.copying.evidence import VARIES_ALIKE, Evidence
from ddpm.judging.copying.guards.detection import likeness, noisy_distances
from ddpm.judging.copying.guards.drawn import DrawingLimits
from ddpm.judging.copying.guards.near_twins import (
    count_joined,
    nearest_others,
    nearest_others_of_all,
    twin_distance,
)
from ddpm.judging.copying.index.parts import arrays_of, assembled
from ddpm.judging.copying.known_shapes import shape_facts
from ddpm.judging.copying.lookup import Matches, match
from ddpm.judging.copying.palettes import PaletteIndex
from ddpm.judging.copying.reliefs import ReliefIndex
from ddpm.judging.copying.shapes import ShapeIndex
from ddpm.judging.statistics import Proportion, proportion
from ddpm.pixels.conversion import require_sprites
from ddpm.pixels.duplicates import distinct_images, duplicate_groups
from ddpm.pixels.neighbors import nearest

_EXTRACTION_NEIGHBOURS = 50
_MOST_HELDOUT = 512
# Values that are compared for the calibration, over all pairs of training sprites: enough to hold 20,000 sprites of
# 16x16 RGB, or 8,600 of 32x32 RGBA, against one another.
_CALIBRATION_VALUES = 400_000_000 * 768
_LEAST_CALIBRATION = 1000
_MOST_FOR_LIMITS = 2000

Watch = Callable[[float, str], None]
"""Called with the share that is done, 0..1, and in words what is being done."""


class TrainingIndex:
    """Training and held-out sprites, prepared for measuring samples; slow parts are computed once, at first use.

    Args:
        train: uint8 (R, H, W, C), at least two distinct sprites; repeats are dropped.
        heldout: uint8 (M, H, W, C), sprites that the model never saw; may be empty. At most 512 of them are used,
            chosen with a fixed seed.
        parts: :meth:`parts` of an earlier index of the same sprites, which are not computed again. Those whose names
            begin alike belong together; of others than the rows and the distances any may be missing.

    Attributes:
        train: uint8, the distinct training sprites.
        heldout: uint8, the distinct held-out sprites that are neither among the training sprites nor near twins of
            one, one of each group of mirror images and near twins.
        heldout_twins: how many held-out sprites were left out as near twins of training sprites or of one another.

    Raises:
        ValueError: if there are fewer than two distinct training sprites, or the two differ in size.
        KeyError, IndexError, TypeError, ValueError: if the parts are not those of such an index.
    """

    def __init__(self, train: np.ndarray, heldout: np.ndarray, parts: Mapping[str, np.ndarray] | None = None) -> None:
        train, heldout = require_sprites(train=train, heldout=heldout)
        self._rows = _training_rows(train) if parts is None else parts["rows"]
        self.train = np.ascontiguousarray(train[self._rows])
        self._twin_distance = twin_distance(self.train)
        if parts is None:
            self._heldout_rows, self.heldout_twins = _heldout_rows(heldout, self.train, self._twin_distance)
        else:
            self._heldout_rows, self.heldout_twins = parts["heldout_rows"], int(parts["heldout_twins"].item())
        self.heldout = np.ascontiguousarray(heldout[self._heldout_rows])
        if parts is not None:
            self._restore(parts)

    def _restore(self, parts: Mapping[str, np.ndarray]) -> None:
        self._calibrated = parts["distances"], parts["groups"]
        shape = self.train.shape[1:]
        if "limits" in parts:
            self.limits = DrawingLimits.restored(parts["limits"])
        if "packed_edges" in parts:
            self._packed_edges = parts["packed_edges"]
        if "palette_points" in parts:
            self._palettes = assembled(PaletteIndex, parts, "palette_", shape=shape)
        if "collage_rows" in parts:
            self._collages = assembled(CollageIndex, parts, "collage_", shape=shape)
        if "heldout_row" in parts:
            cover = assembled(CollageCover, parts, "heldout_cover_")
            self.heldout_evidence = assembled(Evidence, parts, "heldout_", cover=cover)
            if len(self.heldout_evidence) != len(self.heldout):
                raise ValueError("the evidence is of other held-out sprites")

    def parts(self) -> dict[str, np.ndarray]:
        """All slow parts by name, to be stored; computed if they have not been yet."""
        return {
            "rows": self._rows,
            "groups": self._groups,
            "heldout_rows": self._heldout_rows,
            "heldout_twins": np.array([self.heldout_twins]),
            "distances": self.distances,
            "limits": self.limits.values(),
            "packed_edges": self._packed_edges,
            **arrays_of(self._palettes, "palette_"),
            **arrays_of(self._collages, "collage_"),
            **arrays_of(self.heldout_evidence, "heldout_"),
        }

    def prepare(self, watch: Watch = lambda done, what: None) -> None:
        """Compute all slow parts now, not at first use."""
        # Colours are work for numpy in one thread, distances for torch in as many as there are.
        with ThreadPoolExecutor(1) as other_thread:
            palettes = other_thread.submit(lambda: self._palettes)
            watch(0.0, "Tracing the shapes of the training sprites")
            _ = self._shapes, self._mirrors, self._collages, self.limits
            if "_calibrated" not in vars(self):
                what = "Holding training sprites against one another"
                self._calibrated = self._calibration(lambda done: watch(0.05 + 0.55 * done, what))
            watch(0.6, "Collecting their colours")
            palettes.result()
        watch(0.7, "Holding unseen sprites against them")
        _ = self.heldout_evidence
        watch(1.0, "Ready")

    @property
    def distances(self) -> np.ndarray:
        """int64 (D,), ascending: each training sprite's squared distance to the nearest other one.

        Its mirror image and its near twins (:mod:`ddpm.judging.copying.guards.near_twins`) are no others. They
        calibrate the p-values. From very large sets a part is chosen with a fixed seed: p-values are then coarser, but
        as exact. Sprites without another one are left out.
        """
        return self._calibrated[0]

    @property
    def _groups(self) -> np.ndarray:
        """int64 (R,), one number for a training sprite, its mirror image and its near twins."""
        return self._calibrated[1]

    @property
    def training_twins(self) -> int:
        """How many training sprites have a near twin that is not their mirror image."""
        return count_joined(self._mirrors, self._groups)

    @property
    def of_one_colour(self) -> int:
        """How many training sprites are of a single colour."""
        plain = self.train[~self._packed_edges.any(axis=1)]
        return int((plain == plain[:, :1, :1]).all(axis=(1, 2, 3)).sum())

    @cached_property
    def _calibrated(self) -> tuple[np.ndarray, np.ndarray]:
        return self._calibration(lambda done: None)

    @cached_property
    def _mirrors(self) -> np.ndarray:
        return duplicate_groups(self.train)

    def _calibration(self, watch: Callable[[float], None]) -> tuple[np.ndarray, np.ndarray]:
        most = max(_LEAST_CALIBRATION, _CALIBRATION_VALUES // self.train.size)
        rows = _some(np.arange(len(self.train)), most, "reference distances")
        if len(rows) == len(self.train):
            squared, groups = nearest_others_of_all(self.train, self._mirrors, self._twin_distance, watch)
        else:
            squared, groups = nearest_others(self.train, self._mirrors, self._twin_distance, rows, watch)
        return np.sort(squared[squared >= 0]), groups

    def near_share(self, samples: np.ndarray, rate: float) -> Proportion:
        """How many samples, uint8 (N, H, W, C), are near copies at a false-positive rate, as :func:`judge` counts them.

        Args:
            rate: at least 1 / (training distances + 1) is used, the smallest that they allow.
        """
        samples = self._checked(samples)
        rows, squared = (found[:, 0] for found in nearest(samples, self.train, 1))
        near = conformal_p(squared, self.distances) <= max(rate, 1 / (len(self.distances) + 1))
        near[near] = likeness(samples[near], self.train[rows[near]]) >= VARIES_ALIKE
        return proportion(int(near.sum()), len(samples))

    def detection(self, near_distance: int) -> dict[int, float]:
        """The share of copies with noise that would be near copies up to a squared distance, by the noise's sd."""
        return {sd: float((found <= near_distance).mean()) for sd, found in self._noisy_distances.items()}

    @cached_property
    def _noisy_distances(self) -> dict[int, np.ndarray]:
        return noisy_distances(self.train, VARIES_ALIKE)

    @cached_property
    def heldout_evidence(self) -> Evidence:
        """The facts about the held-out sprites."""
        return self.measure(self.heldout)

    def look_up(self, sprites: np.ndarray, k: int = 1) -> Matches:
        """The k training sprites (fewer if there are not so many) most similar to each sprite, uint8 (N, H, W, C).

        Rows are those of :class:`Evidence`.

        Raises:
            TypeError: if the images are not uint8.
            ValueError: for other shapes, another size than that of the training sprites, or a k below 1.
        """
        sprites = self._checked(sprites)
        found = match(sprites, self.train, self._shapes, self._palettes, k)
        return replace(
            found,
            rows=self._rows[found.rows],
            shapes=replace(found.shapes, indices=self._rows[found.shapes.indices]),
            palette_rows=self._given(found.palette_rows),
        )

    def measure(self, samples: np.ndarray) -> Evidence:
        """All facts about samples, uint8 (N, H, W, C); N may be 0.

        Raises:
            TypeError: if they are not uint8.
            ValueError: for other shapes, or another size than that of the training sprites.
        """
        samples = self._checked(samples)
        # Collages take half as long as all the rest: two threads are enough.
        with ThreadPoolExecutor(1) as other_thread:
            covering = other_thread.submit(lambda: self._collages.cover(samples))
            facts = self._without_collages(samples)
            cover = covering.result()
        cover = replace(cover, first=self._given(cover.first), second=self._given(cover.second))
        return Evidence(**facts, cover=cover)

    def _checked(self, samples: np.ndarray) -> np.ndarray:
        return require_sprites(train=self.train, samples=samples)[1]

    def _without_collages(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        degenerate, low = self.limits.judge(samples)
        k = min(_EXTRACTION_NEIGHBOURS + 1, len(self.train))
        indices, squared = nearest(samples, self.train, k)
        distances = np.sqrt(squared)
        # The second nearest must not be the mirror image of the nearest, which adds no information.
        other = self._groups[indices] != self._groups[indices[:, :1]]
        second = np.where(other.any(axis=1), distances[np.arange(len(samples)), other.argmax(axis=1)], np.nan)
        around = distances[:, : min(_EXTRACTION_NEIGHBOURS, k)].mean(axis=1)
        shape = shape_facts(samples, self.train, self._shapes, self._reliefs, self._palettes, self._twin_distance)
        own = low & shape["shape_known"]
        excused = np.zeros(len(samples), bool)
        excused[own] = self.limits.as_poor(samples[own], self.train[shape["shape_row"][own]])
        palette_rows, palette_distances = self._palettes.nearest(samples, 1)
        return {
            "degenerate": degenerate,
            "low_quality": low,
            "poor_as_known": excused,
            "row": self._rows[indices[:, 0]],
            "squared_distance": squared[:, 0],
            "p": conformal_p(squared[:, 0], self.distances),
            "likeness": likeness(samples, self.train[indices[:, 0]]),
            "ratio": _ratio(distances[:, 0], second),
            "extraction": _ratio(distances[:, 0], 0.5 * around),
            **shape,
            "shape_row": self._rows[shape["shape_row"]],
            "palette_row": self._given(palette_rows[:, 0]),
            "palette_distance": palette_distances[:, 0],
            "nowhere": self._palettes.nowhere(samples),
        }

    def _given(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the training images as they were given; -1 stays -1."""
        return np.where(rows >= 0, self._rows[rows], -1)

    @cached_property
    def limits(self) -> DrawingLimits:
        """What the training sprites hold to."""
        return DrawingLimits.of(_some(self.train, _MOST_FOR_LIMITS, "quality yardstick"))

    @cached_property
    def _packed_edges(self) -> np.ndarray:
        return ShapeIndex.packed_edges(self.train)

    @cached_property
    def _shapes(self) -> ShapeIndex:
        return ShapeIndex(self._packed_edges, self.train.shape[1:])

    @cached_property
    def _reliefs(self) -> ReliefIndex:
        height, width = self.train.shape[1:3]
        edges = np.bitwise_count(self._packed_edges).sum(axis=1) / (height * (width - 1) + (height - 1) * width)
        return ReliefIndex.of(self.train, edges)

    @cached_property
    def _palettes(self) -> PaletteIndex:
        return PaletteIndex.of(self.train)

    @cached_property
    def _collages(self) -> CollageIndex:
        return CollageIndex.of(self.train)


def _training_rows(train: np.ndarray) -> np.ndarray:
    rows, _ = distinct_images(train)
    if len(rows) < 2:
        raise ValueError("at least two distinct training sprites are needed: nothing can be near or far otherwise")
    return rows


def _heldout_rows(heldout: np.ndarray, train: np.ndarray, twins: int) -> tuple[np.ndarray, int]:
    """The rows of unseen sprites, and how many were left out as near twins."""
    rows, _ = distinct_images(heldout)
    if not len(rows):
        return rows, 0
    # One of each pair of mirror images: two with always equal results would make every interval too narrow.
    rows = rows[np.unique(duplicate_groups(heldout[rows]))]
    apart = nearest(heldout[rows], train, 1)[1][:, 0]
    rows, apart = rows[apart > 0], apart[apart > 0]
    unseen = rows[apart > twins]
    if len(unseen):
        _, groups = nearest_others(heldout[unseen], np.arange(len(unseen)), twins, np.arange(len(unseen)))
        unseen = unseen[np.unique(groups)]
    return _some(unseen, _MOST_HELDOUT, "held-out yardstick"), len(rows) - len(unseen)


def _some(values: np.ndarray, most: int, purpose: str) -> np.ndarray:
    """At most ``most`` values, in order; the purpose is part of the seed, so its text must never change."""
    if len(values) <= most:
        return values
    random = np.random.default_rng(seed_for(purpose))
    return values[np.sort(random.choice(len(values), most, replace=False))]


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = above / below
    return np.where(np.isfinite(ratio), ratio, math.nan)
