"""The quality report tells good samples from bad ones, and is not fooled by repeats."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest
import torch

from ddpm.judging.quality.classifier import Classifier
from ddpm.judging.quality.distributions import Gaussian
from ddpm.judging.quality.features import SEEDS, FeatureNetwork
from ddpm.judging.quality.measures import SIZE, QualityBaseline, quality_report
from ddpm.judging.quality.splits import halves
from ddpm.pixels.duplicates import distinct_images, duplicate_groups
from ddpm.pixels.traits import Traits, traits
from tests.ddpm.helpers import ROOT, built_in_sprites, simple_sprites

REAL = ROOT.parent / "shared" / "data" / "sprites_exact.npz"


@pytest.fixture(scope="module")
def builtin() -> np.ndarray:
    """uint8 (1600, 16, 16, 3), in no order."""
    images = built_in_sprites().images
    return np.asarray(images[np.random.default_rng(0).choice(len(images), 1600, replace=False)])


@pytest.fixture(scope="module")
def baseline(builtin: np.ndarray) -> QualityBaseline:
    return QualityBaseline(builtin[:1088])


@pytest.fixture(scope="module")
def real() -> np.ndarray:
    """The distinct real sprites, in no order."""
    if not REAL.exists():
        pytest.fail(f"this test needs the real sprites: {REAL} is missing")
    with np.load(REAL) as data:
        images = data["images"]
    return np.random.default_rng(0).permutation(images[distinct_images(images)[0]])


def copies(images: np.ndarray, seed: int = 0) -> np.ndarray:
    """What a perfect memoriser of 512 sprites draws."""
    random = np.random.default_rng(seed)
    return random.permutation(images)[:SIZE][random.integers(0, SIZE, SIZE)]


def noisy(images: np.ndarray, sd: float) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, sd, images.shape)
    return np.clip(np.round(images + noise), 0, 255).astype(np.uint8)


def blurred(images: np.ndarray, weight: float) -> np.ndarray:
    x = images.astype(float)
    for axis in (1, 2):
        x = (1 - 2 * weight) * x + weight * (np.roll(x, 1, axis) + np.roll(x, -1, axis))
    return np.round(x).astype(np.uint8)


def grey(images: np.ndarray, share: float) -> np.ndarray:
    return np.round(images * (1 - share) + images.mean(axis=3, keepdims=True) * share).astype(np.uint8)


def speckled(images: np.ndarray, share: float) -> np.ndarray:
    random = np.random.default_rng(2)
    hit = random.random(images.shape[:3]) < share
    return np.where(hit[..., None], random.integers(0, 256, images.shape), images).astype(np.uint8)


def recoloured(images: np.ndarray, share: float) -> np.ndarray:
    """Towards red and blue having changed places."""
    return np.round(images * (1 - share) + images[..., ::-1] * share).astype(np.uint8)


def halves_shuffled(images: np.ndarray, share: float) -> np.ndarray:
    result = images.copy()
    count = int(len(images) * share)
    result[:count, :8] = np.roll(images[:count, :8], 1, axis=0)
    return result


def test_unseen_real_sprites_and_copies_score_about_one(builtin: np.ndarray, baseline: QualityBaseline) -> None:
    unseen = baseline.report(builtin[1088:])
    assert unseen.comparable
    assert unseen.n == SIZE
    assert unseen.frechet_ratio == pytest.approx(1, abs=0.3)
    assert unseen.frechet_ratio == max(unseen.frechet_ratios)  # type: ignore[type-var]
    assert unseen.kid == pytest.approx(0, abs=1e-3)
    assert unseen.real["kid"] == pytest.approx(0, abs=1e-3)
    assert unseen.patch_wasserstein == pytest.approx(1, abs=0.25)
    for name in ("precision", "recall", "density", "coverage", "vendi"):
        assert getattr(unseen, name) == pytest.approx(unseen.real[name], rel=0.1), name
    for name in ("haze", "merged_colours", "orphans", "outline", "foreground"):
        error = unseen.standard_errors[name]
        assert error is not None
        assert abs(getattr(unseen, name) - unseen.real[name]) < 5 * error, name
    assert baseline.quick(copies(builtin[:1088]))["frechet_ratio"] == pytest.approx(1, abs=0.35)


@pytest.mark.parametrize(
    ("distort", "strengths"),
    [
        (noisy, (20, 40)),
        (blurred, (0.1, 0.2)),
        (grey, (0.5, 1)),
        (speckled, (0.04, 0.1)),
        (recoloured, (0.25, 0.5)),
        (halves_shuffled, (0.5, 1)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_worse_the_samples_the_worse_the_ratio(
    builtin: np.ndarray, baseline: QualityBaseline, distort: object, strengths: tuple[float, float]
) -> None:
    assert callable(distort)
    whole = builtin[1088:]
    ratios = [baseline.quick(samples)["frechet_ratio"] for samples in (whole, *(distort(whole, s) for s in strengths))]
    assert None not in ratios
    assert 1.3 < ratios[1] < ratios[2], ratios  # type: ignore[operator]
    assert ratios[1] > 1.2 * ratios[0], ratios  # type: ignore[operator]


def test_one_sprite_again_and_again_is_no_variety(builtin: np.ndarray, baseline: QualityBaseline) -> None:
    one = baseline.report(np.repeat(builtin[:1], SIZE, axis=0))
    assert one.vendi == pytest.approx(1)
    assert one.real["vendi"] is not None
    assert one.real["vendi"] > 5
    assert one.precision is None
    assert one.distinct == 1
    # Eight sprites would be close to anything: a recall of 1 that means nothing.
    few = baseline.report(np.repeat(builtin[:8], SIZE // 8, axis=0))
    assert few.recall is None
    assert few.frechet_ratio is not None
    assert few.frechet_ratio > 5


def test_repeats_and_order_of_the_real_sprites_change_nothing(builtin: np.ndarray) -> None:
    real, samples = builtin[:200], builtin[200:300]
    once = quality_report(samples, real).to_dict()
    assert quality_report(samples, np.tile(real, (50, 1, 1, 1))).to_dict() == once
    assert quality_report(samples, np.repeat(real, 3, axis=0)[::-1]).to_dict() == once


def test_quick_is_the_report_in_short(builtin: np.ndarray, baseline: QualityBaseline) -> None:
    samples = builtin[1088:1500]
    whole, quick = baseline.report(samples), baseline.quick(samples)
    assert quick == {name: getattr(whole, name) for name in ("frechet_ratio", "haze", "merged_colours", "orphans")}
    assert not whole.comparable
    assert whole.n == 412
    assert baseline.real().keys() == quick.keys()
    assert baseline.real()["haze"] == whole.real["haze"]


def test_the_ratio_is_what_it_is_said_to_be(builtin: np.ndarray) -> None:
    # One of each pair of mirror images, so that any two halves are fair.
    single = builtin[np.unique(duplicate_groups(builtin[:200]))]
    real, samples = single[:80], single[80:120]
    baseline = QualityBaseline(real)
    ordered = baseline._images
    ratios = []
    for seed in SEEDS:
        points, own = FeatureNetwork(seed)(ordered), Gaussian.of(FeatureNetwork(seed)(samples))
        pairs = [halves(np.arange(80), 40, number) for number in range(20)]
        normals = [(Gaussian.of(points[one]), Gaussian.of(points[other])) for one, other in pairs]
        above = np.mean([own.frechet_distance(one) for one, _ in normals])
        below = np.mean([other.frechet_distance(one) for one, other in normals])
        ratios.append(above / below)
    assert baseline.report(samples).frechet_ratios == pytest.approx(ratios, rel=1e-3)


def test_means_and_errors_are_those_of_the_traits(builtin: np.ndarray) -> None:
    samples = builtin[:50].copy()
    samples[0] = 255
    report = quality_report(samples, builtin[50:100])
    measured = traits(samples)
    assert np.isnan(measured.outline[0])
    for field in fields(Traits):
        values = getattr(measured, field.name)
        values = values[np.isfinite(values)]
        assert getattr(report, field.name) == pytest.approx(values.mean())
        assert report.standard_errors[field.name] == pytest.approx(values.std(ddof=1) / len(values) ** 0.5)


def test_duplicates_are_never_parted() -> None:
    images = simple_sprites(60)
    images = np.concatenate([images, images[:50, :, ::-1]])
    images = images[distinct_images(images)[0]]
    groups = np.unique(duplicate_groups(images), return_inverse=True)[1]
    most = (len(groups) - 1) // 2
    for number in range(20):
        one, other = halves(groups, most, number)
        assert len(one) == len(other) == len(set(one)) == len(set(other)) == most
        assert not set(groups[one]) & set(groups[other])
        singles = len(np.unique(groups[one]))
        assert len(np.unique(groups[one[:singles]])) == singles


@pytest.mark.parametrize("count", [1, 2, 5, 12])
@pytest.mark.parametrize("real_count", [1, 2, 3, 12])
def test_a_handful_of_sprites_is_no_error(count: int, real_count: int) -> None:
    images = simple_sprites(24)
    report = quality_report(images[:count], images[12 : 12 + real_count])
    text = json.dumps(report.to_dict(), allow_nan=False)
    assert json.loads(text)["n"] == min(count, real_count // 2)
    assert (report.frechet_ratio is None) == (report.n < 2)
    assert report.haze is not None


def test_flat_samples_are_no_error(baseline: QualityBaseline) -> None:
    report = baseline.report(np.full((SIZE, 16, 16, 3), 255, np.uint8))
    assert report.outline is None
    assert report.foreground == 0
    json.dumps(report.to_dict(), allow_nan=False)
    assert report.frechet_ratio is not None
    assert report.frechet_ratio > 20


class _AlwaysOne(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tensor([[0.0, 1.0]]).expand(len(x), 2)


def test_class_agreement_counts_only_what_was_asked_for() -> None:
    images = simple_sprites(40)
    classifier = Classifier(_AlwaysOne(), 0.9, 10, 2)
    labels = np.array([1] * 6 + [0] * 2 + [-1] * 2)
    report = quality_report(images[:10], images[10:], labels, classifier=classifier)
    assert report.class_agreement is not None
    assert (report.class_agreement.count, report.class_agreement.n) == (6, 8)
    assert report.to_dict()["class_agreement"] == {"count": 6, "n": 8, "rate": 0.75, "real": 0.9}
    assert quality_report(images[:10], images[10:], labels * 0 - 1, classifier=classifier).class_agreement is None
    assert quality_report(images[:10], images[10:]).class_agreement is None


def test_a_classifier_is_trained_from_real_labels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ddpm.judging.quality.classifier._STEPS", 20)
    images = simple_sprites(60)
    kinds = (images[:, 8, 8, 0] > 127).astype(np.int64)
    once = quality_report(images[:20], images[20:], kinds[:20], kinds[20:]).to_dict()
    again = quality_report(images[:20], images[:19:-1], kinds[:20], kinds[:19:-1]).to_dict()
    assert once == again
    assert once["class_agreement"]["n"] == 20


def test_what_cannot_be_measured_is_refused() -> None:
    images = simple_sprites(20)
    with pytest.raises(ValueError, match="no samples"):
        quality_report(images[:0], images)
    with pytest.raises(ValueError, match="no real sprites"):
        quality_report(images, images[:0])
    with pytest.raises(ValueError, match="labels need"):
        quality_report(images, images, np.zeros(20, np.int64))
    with pytest.raises(ValueError, match="one label"):
        QualityBaseline(images).report(images, np.zeros(3, np.int64), Classifier(_AlwaysOne(), 1.0, 1, 2))


@pytest.mark.slow
def test_unseen_real_sprites_score_as_real_ones(real: np.ndarray) -> None:
    # One of each pair of mirror images: 777 sprites, so a third of them a side.
    singles = real[np.unique(duplicate_groups(real), return_index=True)[1]]
    singles = np.random.default_rng(3).permutation(singles)
    report = quality_report(singles[:259], singles[259:])
    assert report.frechet_ratio == pytest.approx(1, abs=0.35)
    assert report.precision == pytest.approx(report.real["precision"], abs=0.05)


@pytest.mark.slow
def test_copies_of_real_sprites_are_rewarded_and_distortions_are_not(real: np.ndarray) -> None:
    baseline = QualityBaseline(real)
    memorised = baseline.quick(copies(real))["frechet_ratio"]
    assert memorised is not None
    assert 0.5 < memorised < 1.2
    for distort, strengths in ((noisy, (20, 40)), (blurred, (0.1, 0.2)), (grey, (0.5, 1)), (halves_shuffled, (0.7, 1))):
        ratios = [baseline.quick(distort(real[:SIZE], strength))["frechet_ratio"] for strength in strengths]
        assert 1.3 < ratios[0] < ratios[1], distort.__name__  # type: ignore[operator]


@pytest.mark.slow
def test_the_real_set_fifty_times_over_changes_nothing(real: np.ndarray) -> None:
    samples = noisy(real[:SIZE], 10)
    assert quality_report(samples, np.tile(real, (50, 1, 1, 1))).to_dict() == quality_report(samples, real).to_dict()
