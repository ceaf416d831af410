"""What is known about each sample: how near it comes to the training sprites, by pixels, shape, palette and patches.

Facts only; :mod:`ddpm.memorization` decides what they mean. All distances are to *distinct* training sprites: repeats
change nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ddpm.collage import CollageCover, collage_cover
from ddpm.lookup import Found, look_up
from ddpm.neighbors import nearest, nearest_palettes, nearest_shapes
from ddpm.palette import colours_nowhere, palette_embedding
from ddpm.seeds import seed_for
from ddpm.shapes import SHAPE_KNOWN, shape_confirmed
from ddpm.statistics import Proportion, conformal_p, proportion
from ddpm.traits import traits
from ddpm.twins import distinct_images, twin_groups

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
        rows, _ = distinct_images(heldout)
        unseen = np.ascontiguousarray(heldout[rows])
        if len(unseen):
            # One of each pair of twins: two that always agree would make every interval too narrow.
            unseen = unseen[np.unique(twin_groups(unseen))]
            unseen = unseen[nearest(unseen, self.train, 1)[1][:, 0] > 0]
        if len(unseen) > _HELDOUT_MOST:
            random = np.random.default_rng(seed_for("held-out yardstick"))
            unseen = unseen[np.sort(random.choice(len(unseen), _HELDOUT_MOST, replace=False))]
        self.heldout = unseen
        self._groups = twin_groups(self.train)

    @cached_property
    def distances(self) -> np.ndarray:
        """int64 (D,), ascending: each training sprite's squared distance to its nearest other one, its own mirror image
        excluded; training sprites that have no other one are left out.

        Of very large sets a part is asked, chosen with a fixed seed; p-values are as exact, only coarser.
        """
        asked = np.arange(len(self.train))
        most = max(_REFERENCE_LEAST, _REFERENCE_PAIRS // len(asked))
        if len(asked) > most:
            random = np.random.default_rng(seed_for("reference distances"))
            asked = np.sort(random.choice(asked, most, replace=False))
        # Its two nearest may be itself and its mirror image.
        indices, squared = nearest(self.train[asked], self.train, min(3, len(self.train)))
        other = self._groups[indices] != self._groups[asked][:, None]
        found = other.any(axis=1)
        return np.sort(squared[np.arange(len(squared)), other.argmax(axis=1)][found])

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
        found = look_up(sprites, self.train, k)
        shapes = replace(found.shapes, indices=self._rows[found.shapes.indices])
        palette_rows = self._given(found.palette_rows)
        return replace(found, rows=self._rows[found.rows], shapes=shapes, palette_rows=palette_rows)

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
        degenerate, low = self._quality(samples)
        k = min(_EXTRACTION_NEIGHBOURS + 1, len(self.train))
        indices, squared = nearest(samples, self.train, k)
        distances = np.sqrt(squared)
        # The second nearest must not be the mirror image of the nearest: it says nothing new.
        other = self._groups[indices] != self._groups[indices[:, :1]]
        second = np.where(other.any(axis=1), distances[np.arange(len(samples)), other.argmax(axis=1)], np.nan)
        around = distances[:, : min(_EXTRACTION_NEIGHBOURS, k)].mean(axis=1)
        shapes = nearest_shapes(samples, self.train, min(_SHAPE_NEIGHBOURS, len(self.train)))
        palette_rows, palette_distances = nearest_palettes(samples, self.train, 1)
        cover = collage_cover(samples, self.train)
        evidence = {
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
            "nowhere": colours_nowhere(samples, self.train),
        }
        pasted = CollageCover(
            cover.c1[kept], cover.c2[kept], self._given(cover.first)[kept], self._given(cover.second)[kept]
        )
        return Evidence(**{name: values[kept] for name, values in evidence.items()}, cover=pasted)

    def _given(self, rows: np.ndarray) -> np.ndarray:
        """Rows of the training images as they were given; -1 stays "none"."""
        return np.where(rows >= 0, self._rows[rows], -1)

    def _palettes_of_shape(self, samples: np.ndarray, rows: np.ndarray, similarity: np.ndarray) -> np.ndarray:
        result = np.full(len(samples), np.nan)
        own = palette_embedding(samples)
        for i in np.flatnonzero(similarity[:, 0] >= SHAPE_KNOWN):
            same_shape = rows[i, similarity[i] >= SHAPE_KNOWN]
            gaps = np.linalg.norm(palette_embedding(self.train[same_shape]) - own[i], axis=1)
            if np.isfinite(gaps).any():
                result[i] = np.nanmin(gaps)
        return result

    def _quality(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        measured = traits(samples)
        pixels = samples.shape[1] * samples.shape[2]
        degenerate = (measured.foreground == 0) | (measured.orphans >= _NOISE_ORPHANS * pixels)
        values = {name: getattr(measured, name) for name in self._limits}
        too_much = [values[name] > limit for name, limit in self._limits.items() if name != "foreground"]
        too_little = values["foreground"] < self._limits["foreground"]
        return degenerate, degenerate | too_little | np.any(too_much, axis=0)

    @cached_property
    def _limits(self) -> dict[str, float]:
        images = self.train
        if len(images) > _QUALITY_MOST:
            random = np.random.default_rng(seed_for("quality yardstick"))
            images = images[np.sort(random.choice(len(images), _QUALITY_MOST, replace=False))]
        usual = traits(images)
        limits = {
            name: float(np.nanquantile(getattr(usual, name), _QUALITY_TAIL))
            for name in ("orphans", "merged_colours", "haze")
            if np.isfinite(getattr(usual, name)).any()
        }
        return limits | {"foreground": float(np.quantile(usual.foreground, 1 - _QUALITY_TAIL))}


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = above / below
    return np.where(np.isfinite(ratio), ratio, math.nan)
