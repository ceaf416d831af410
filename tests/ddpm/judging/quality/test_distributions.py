"""Distances between sets against scipy, scikit-learn and what can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from scipy.stats import wasserstein_distance
from sklearn.metrics.pairwise import polynomial_kernel
from sklearn.neighbors import NearestNeighbors

from ddpm.judging.quality import distributions
from ddpm.judging.quality.distributions import (
    Gaussian,
    kernel_distance,
    patch_projections,
    precision_recall,
    vendi_score,
)


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    return Gaussian.of(a).frechet_distance(Gaussian.of(b))


def patch_wasserstein(a: np.ndarray, b: np.ndarray) -> float:
    return distributions.patch_wasserstein(patch_projections(a), patch_projections(b))


def points(count: int, dimensions: int = 6, seed: int = 0, shift: float = 0.0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.standard_normal((count, dimensions)) @ random.standard_normal((dimensions, dimensions)) + shift


def test_frechet_distance_is_that_of_the_matrix_square_root() -> None:
    a, b = points(80), points(60, seed=1, shift=0.5)
    root = scipy.linalg.sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    expected = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected)
    assert frechet_distance(b, a) == pytest.approx(expected)


def test_frechet_distance_of_shifted_and_stretched_points() -> None:
    a = points(50)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, a + 2) == pytest.approx(4 * 6)
    # Stretching by 3 changes each standard deviation by twice its size.
    assert frechet_distance(a - a.mean(0), 3 * (a - a.mean(0))) == pytest.approx(4 * np.trace(np.cov(a.T)))


def test_frechet_distance_of_fewer_points_than_dimensions() -> None:
    a, b = points(5, 20), points(4, 20, seed=1)
    assert np.isfinite(frechet_distance(a, b))
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-5)


def test_the_root_of_a_covariance_is_its_root() -> None:
    normal = Gaussian.of(points(40))
    np.testing.assert_allclose(normal.root @ normal.root, normal.covariance, atol=1e-10)
    np.testing.assert_allclose(normal.covariance, np.cov(points(40).T))


def test_kernel_distance_is_that_of_the_polynomial_kernel() -> None:
    a, b = points(30), points(20, seed=1, shift=0.3)
    aa, bb, ab = (polynomial_kernel(x, y, degree=3, coef0=1) for x, y in ((a, a), (b, b), (a, b)))
    expected = (aa.sum() - np.trace(aa)) / (30 * 29) + (bb.sum() - np.trace(bb)) / (20 * 19) - 2 * ab.mean()
    assert kernel_distance(a, b) == pytest.approx(expected)


def test_kernel_distance_is_unbiased() -> None:
    random = np.random.default_rng(0)
    same = [kernel_distance(*random.standard_normal((2, 20, 4))) for _ in range(300)]
    assert abs(np.mean(same)) < 4 * np.std(same) / np.sqrt(300)
    assert min(same) < 0


def test_precision_and_recall_are_those_of_the_neighbours() -> None:
    real, fake, k = points(60), points(50, seed=1), 5

    def reach(own: np.ndarray) -> np.ndarray:
        return NearestNeighbors(n_neighbors=k + 1).fit(own).kneighbors(own)[0][:, k]

    apart = np.linalg.norm(real[:, None] - fake, axis=2)
    found = precision_recall(real, fake, k)
    largest = np.quantile(reach(real), 0.9)
    real_reach, fake_reach = np.minimum(reach(real), largest), np.minimum(reach(fake), largest)
    assert found.precision == ((apart <= real_reach[:, None]).sum(axis=0) >= 2).mean()
    assert found.recall == (apart <= fake_reach).any(axis=1).mean()
    assert found.density == pytest.approx((apart <= real_reach[:, None]).sum() / (k * 50))
    assert found.coverage == (apart.min(axis=1) <= real_reach).mean()


def test_an_odd_real_point_vouches_for_nothing() -> None:
    """Its nearest neighbours are far, so that by the papers all that lies between is precise."""
    cloud = points(200, 2)
    odd, between = np.full((1, 2), 50.0), points(100, 2, seed=3) * 0.1 + 30
    found = precision_recall(np.concatenate([cloud, odd]), between)
    assert (found.precision, found.density, found.coverage) == (0, 0, 0)


def test_precision_and_recall_of_sets_that_tell_them_apart() -> None:
    cloud = points(200, 2)
    same, far = precision_recall(cloud, cloud), precision_recall(cloud, cloud + 1000)
    assert (same.recall, same.coverage) == (1, 1)
    assert same.precision > 0.9
    # Each point lies within reach of itself, too.
    assert same.density > 1
    assert (far.precision, far.recall, far.density, far.coverage) == (0, 0, 0, 0)
    one_mode = precision_recall(np.concatenate([cloud, cloud + 1000]), np.concatenate([cloud, cloud * 0.9]))
    assert one_mode.precision > 0.85
    assert one_mode.recall == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("count", [1, 7, 40])
def test_vendi_score_of_identical_and_of_orthogonal_points(count: int) -> None:
    assert vendi_score(np.ones((count, 5))) == pytest.approx(1)
    assert vendi_score(np.zeros((count, 5))) == pytest.approx(1)
    assert vendi_score(3 * np.eye(count)) == pytest.approx(count)


def test_vendi_score_is_the_entropy_of_the_whole_kernel() -> None:
    for count in (4, 30):
        x = points(count)
        unit = x / np.linalg.norm(x, axis=1, keepdims=True)
        values = scipy.linalg.eigvalsh(unit @ unit.T / count).clip(min=1e-300)
        assert vendi_score(x) == pytest.approx(np.exp(-(values * np.log(values)).sum()))
    # Half of the points in the centre: they are one more kind.
    assert vendi_score(np.array([[0.0, 0], [0, 0], [1, 0], [2, 0]])) == pytest.approx(2)


def noise(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, 16, 16, 3)).astype(np.uint8)


def test_patch_distance_is_the_mean_of_one_dimensional_ones() -> None:
    a, b = noise(3), noise(3, 1) // 2 + np.arange(16, dtype=np.uint8)[:, None, None] * 7
    one, other = patch_projections(a), patch_projections(b)
    expected = np.mean([wasserstein_distance(x, y) for x, y in zip(one, other, strict=True)])
    assert patch_wasserstein(a, b) == pytest.approx(expected, rel=1e-4)
    assert patch_wasserstein(b, a) == patch_wasserstein(a, b)


def test_patches_see_texture_and_not_tint() -> None:
    a = noise(40) // 2
    flat = np.repeat(np.repeat(noise(40, 1)[:, :1, :1], 16, axis=1), 16, axis=2)
    assert patch_wasserstein(a, a) == 0
    assert patch_wasserstein(a, a + np.array([100, 20, 0], np.uint8)) == pytest.approx(0, abs=1e-5)
    assert patch_wasserstein(a, flat) > 3 * patch_wasserstein(a, noise(40, 2))


def test_patches_of_a_flat_image_are_no_error() -> None:
    assert (patch_projections(np.full((2, 16, 16, 3), 9, np.uint8)) == 0).all()


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 2 points"):
        frechet_distance(points(1), points(5))
    with pytest.raises(ValueError, match="at least 2 points"):
        kernel_distance(points(5), points(1))
    with pytest.raises(ValueError, match="at least 6 points"):
        precision_recall(points(5), points(9))
    with pytest.raises(ValueError, match="k must be"):
        precision_recall(points(9), points(9), 0)
    with pytest.raises(ValueError, match="at least 1 points"):
        vendi_score(np.zeros((0, 3)))
