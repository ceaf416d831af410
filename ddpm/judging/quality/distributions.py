"""How far apart two sets are, and how varied one is: published measures, on features or on pixels.

Most are meaningless for sets with repeats, and nothing here removes them: pass distinct sprites
(:func:`ddpm.pixels.duplicates.distinct_images`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

PATCH = 7
_PATCHES_PER_IMAGE = 16
_PROJECTIONS = 512
_SEED = 0
# Measured: with one checkerboard and one noise sprite among real ones, precision of noise falls from 1 to 0, that of
# real sprites from .94 to .84 (real set), .97 to .88 (built-in set).
_USUAL_RADII = 0.9
_WITNESSES = 2


@dataclass(frozen=True)
class Gaussian:
    """The normal distribution with the moments of a set.

    Attributes:
        mean: float64 (D,).
        covariance: float64 (D, D), unbiased.
        root: float64 (D, D), the symmetric square root of ``covariance``.
    """

    mean: np.ndarray
    covariance: np.ndarray
    root: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray) -> Gaussian:
        """Fit points, floating (N, D); raises ValueError if there are fewer than 2."""
        points = _points(points, 2)
        mean = points.mean(axis=0)
        covariance = (points - mean).T @ (points - mean) / (len(points) - 1)
        values, vectors = np.linalg.eigh(covariance)
        return cls(mean, covariance, (vectors * np.sqrt(values.clip(min=0))) @ vectors.T)

    def frechet_distance(self, other: Gaussian) -> float:
        """Squared 2-Wasserstein distance of the two (Heusel et al. 2017, eq. 6), in squared units of the features.

        ``|mean_a - mean_b|^2 + tr(A + B - 2 (A B)^(1/2))``, at least 0. Depends strongly on the sizes of the sets that
        were fitted: compare only equal ones.
        """
        # A^(1/2) B A^(1/2) has the eigenvalues of AB, but is symmetric: they are real, and computed precisely.
        values = np.linalg.eigvalsh(self.root @ other.covariance @ self.root)
        traces = np.trace(self.covariance) + np.trace(other.covariance) - 2 * np.sqrt(values.clip(min=0)).sum()
        return max(0.0, float(np.square(self.mean - other.mean).sum() + traces))


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """KID: the unbiased squared maximum mean discrepancy under the kernel (x.y / D + 1)^3.

    Binkowski et al. 2018 (arXiv 1801.01401), eq. 4 and sec. 3.2. For two sets of any size from one source it is 0 on
    average, so it may be below 0.

    Args:
        a, b: floating (N, D) and (M, D).

    Raises:
        ValueError: for fewer than 2 points.
    """
    a, b = _points(a, 2), _points(b, 2)

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        values = x @ y.T / x.shape[1] + 1
        return values * values * values  # many times faster than a power

    def within(x: np.ndarray) -> float:
        values = kernel(x, x)
        return float((values.sum() - np.trace(values)) / (len(x) * (len(x) - 1)))

    return within(a) + within(b) - 2 * float(kernel(a, b).mean())


def patch_projections(images: np.ndarray) -> np.ndarray:
    """The projections of a set's 7x7 patches along each direction, for :func:`patch_wasserstein`.

    Patches are scaled to mean 0 and standard deviation 1 in each colour channel of the set, so that texture counts and
    not tint. The 16 places per image and the 512 directions are fixed.

    Args:
        images: uint8 (N, H, W, C), H and W at least 7.

    Returns:
        float32 (512, 16 N), ascending along each direction.
    """
    random = np.random.default_rng(_SEED)
    channels = images.shape[3]
    directions = random.standard_normal((_PROJECTIONS, channels, PATCH, PATCH)).astype(np.float32)
    directions = directions.reshape(_PROJECTIONS, -1)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    windows = np.lib.stride_tricks.sliding_window_view(images, (PATCH, PATCH), axis=(1, 2))
    count, rows, columns = windows.shape[:3]
    places = random.random((count, _PATCHES_PER_IMAGE, 2)) * [rows, columns]
    top, left = places.astype(np.int64).transpose(2, 0, 1)
    patches = windows[np.arange(count)[:, None], top, left].astype(np.float32).reshape(-1, channels, PATCH * PATCH)
    patches -= patches.mean(axis=(0, 2), keepdims=True, dtype=np.float64).astype(np.float32)
    spread = patches.std(axis=(0, 2), keepdims=True, dtype=np.float64).astype(np.float32)
    np.divide(patches, spread, out=patches, where=spread > 0)
    projected = directions @ patches.reshape(len(patches), -1).T
    projected.sort(axis=1)
    return projected


def patch_wasserstein(a: np.ndarray, b: np.ndarray) -> float:
    """Sliced 1-Wasserstein distance of patches (Karras et al. 2018, arXiv 1710.10196, sec. 5), in standard deviations.

    Args:
        a, b: :func:`patch_projections` of sets of equal size.
    """
    return float(np.abs(a - b).mean(dtype=np.float64))


@dataclass(frozen=True)
class PrecisionRecall:
    """Fidelity and diversity.

    Attributes:
        precision: share of generated points within the radii of two real ones, 0..1; near 0.9 for real points.
        recall: share of real points within the radius of a generated one, 0..1.
        density: mean number of real points within whose radius a generated one is, over k; about 1 for real points.
        coverage: share of real points with a generated one within their own radius, 0..1.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def precision_recall(real: np.ndarray, fake: np.ndarray, k: int = 5) -> PrecisionRecall:
    """Precision and recall (Kynkäänniemi et al. 2019, eqs. 1, 2), density and coverage (Naeem et al. 2020, eqs. 4, 5).

    A point's radius is the distance to its k-th nearest neighbour in its own set, itself not counted. In two things
    this is stricter than the papers, where a single odd real sprite, far from all others, makes all noise "precise": a
    radius, generated or real, is at most that of nine in ten real points; and one real point alone vouches for nothing.

    Args:
        real, fake: floating (N, D), distinct points, N above k; sets of different sizes favour precision or recall.

    Raises:
        ValueError: for too few points, or a k below 1.
    """
    if k < 1:
        raise ValueError(f"k must be at least 1, got {k}")
    real, fake = _points(real, k + 1), _points(fake, k + 1)
    across = _distances(real, fake)
    # Column 0 is the point itself.
    real_radius = np.partition(_distances(real, real), k, axis=1)[:, k]
    fake_radius = np.partition(_distances(fake, fake), k, axis=1)[:, k]
    largest = np.quantile(real_radius, _USUAL_RADII)
    real_radius, fake_radius = np.minimum(real_radius, largest), np.minimum(fake_radius, largest)
    near_real = across <= real_radius[:, None]
    return PrecisionRecall(
        precision=float((near_real.sum(axis=0) >= _WITNESSES).mean()),
        recall=float((across <= fake_radius).any(axis=1).mean()),
        density=float(near_real.sum(axis=0).mean() / k),
        coverage=float(near_real.any(axis=1).mean()),
    )


def vendi_score(points: np.ndarray) -> float:
    """The effective number of different points (Friedman & Dieng 2023, arXiv 2210.02410, eq. 1).

    The exponential of the entropy of the eigenvalues of K / N, with the cosine similarity as kernel K: from 1, all in
    one direction, to min(N, D), all orthogonal. Cosines need a centre: subtract the mean of the real features first.

    Args:
        points: floating (N, D), N at least 1.

    Raises:
        ValueError: if there are no points.
    """
    points = _points(points, 1)
    norms = np.linalg.norm(points, axis=1, keepdims=True)
    directions = np.divide(points, norms, out=np.zeros_like(points), where=norms > 0)
    # Points exactly in the centre have no direction; they are similar to each other only.
    directions = np.concatenate([directions, norms == 0], axis=1)
    gram = directions @ directions.T if len(points) < directions.shape[1] else directions.T @ directions
    values = np.linalg.eigvalsh(gram / len(points))
    values = values[values > 1e-15]
    return float(np.exp(-(values * np.log(values)).sum()))


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    # By differences, not by a matrix product: equal points must be at distance 0, not at the root of a rounding error.
    mode = "donot_use_mm_for_euclid_dist"
    return torch.cdist(torch.from_numpy(a), torch.from_numpy(b), compute_mode=mode).numpy()


def _points(points: np.ndarray, least: int) -> np.ndarray:
    points = np.asarray(points, np.float64)
    if points.ndim != 2 or len(points) < least:
        raise ValueError(f"expected at least {least} points as (N, D), got an array of shape {points.shape}")
    return np.ascontiguousarray(points)
