"""The known answers: what the report must say of copies, unseen sprites, recolours, collages and noise.

On the built-in set always, on the real one where it lies beside the project.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from ddpm import NoiseSchedule, UNet, load_sprites, memorization_report, sample, to_uint8
from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.judging.controls import coloured, has_room, hue_turned, moved, noisy, pasted
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.copying.memorization import LABELS, RATES, MemorizationReport, judge
from ddpm.judging.copying.shapes import SHAPE_KNOWN, ShapeIndex
from ddpm.judging.statistics import mann_whitney_z, proportion
from ddpm.pixels.duplicates import duplicate_groups
from ddpm.pixels.neighbors import nearest
from tests.ddpm.helpers import real_sprites, simple_sprites
from tests.ddpm.judging.uniformity import expect_uniform_p_values

SCHEDULE = NoiseSchedule(1000, "cosine")
N = 100


@dataclass
class Given:
    """A data set, and a hundred of its training sprites."""

    train: np.ndarray
    heldout: np.ndarray
    index: TrainingIndex
    copies: np.ndarray

    def judged(self, samples: np.ndarray, false_positive_rate: float = 0.01) -> MemorizationReport:
        return judge(self.index.measure(samples), self.index, false_positive_rate)


@pytest.fixture(scope="module", params=["builtin", pytest.param("real", marks=pytest.mark.slow)])
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Given:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(tmp_path_factory.mktemp("home")))
        sprites = load_sprites("builtin:3000") if request.param == "builtin" else real_sprites()
        train, heldout = (np.array(sprites.images[rows]) for rows in sprites.split())
    index = TrainingIndex(train, heldout)
    chosen = np.random.default_rng(1).choice(len(train), N, replace=False)
    return Given(train, heldout, index, train[np.sort(chosen)])


def test_training_copies(given: Given) -> None:
    report = given.judged(given.copies)
    assert report.rates["exact copy"].rate == 1
    assert report.rates["near copy"].rate == 1
    assert report.rates["shape known"].rate == 1
    assert report.evidence.shape_similarity.min() == 1
    assert report.evidence.palette_distance.max() == pytest.approx(0, abs=1e-4)
    assert report.evidence.cover.c1.min() == 1
    assert set(report.labels) == {"exact copy"}
    assert np.array_equal(given.train[report.evidence.row], given.copies)
    assert report.c_t is not None
    assert report.c_t < -3
    assert report.sentence.startswith(f"{N} of {N} are near copies; ")


def test_repeats_change_nothing(given: Given) -> None:
    samples = np.concatenate([given.copies[:6], given.heldout[:6], hue_turned(given.copies[6:9], 120)])
    once = memorization_report(samples, given.train, given.heldout).to_dict()
    often = memorization_report(samples, np.tile(given.train, (50, 1, 1, 1)), np.repeat(given.heldout, 3, axis=0))
    assert often.to_dict() == once


def test_unseen_sprites_have_uniform_p_values(given: Given) -> None:
    expect_uniform_p_values(np.concatenate([given.train, given.heldout])[:1500])


def test_one_half_of_the_unseen_sprites_against_the_other(given: Given) -> None:
    unseen, facts = given.index.heldout, given.index.heldout_evidence
    assert len(np.unique(duplicate_groups(unseen))) == len(unseen)
    known = facts.shape_similarity >= SHAPE_KNOWN
    inside = 0
    for split in range(20):
        half = np.random.default_rng(split).random(len(unseen)) < 0.5
        assert abs(mann_whitney_z(facts.squared_distance[half], facts.squared_distance[~half])) < 3
        floor = proportion(int(known[~half].sum()), int((~half).sum()))
        shape = proportion(int(known[half].sum()), int(half.sum()), floor)
        assert shape.excess_low is not None
        assert shape.excess_high is not None
        inside += shape.excess_low <= 0 <= shape.excess_high
    assert inside >= 17
    report = judge(facts, given.index)
    assert report.rates["exact copy"].count == 0
    assert report.rates["near copy"].low <= report.effective_rate == report.rates["near copy"].floor


def test_recolours(given: Given) -> None:
    report = given.judged(hue_turned(given.copies[coloured(given.copies)], 180))
    assert report.rates["exact copy"].count == 0
    assert report.rates["shape known"].rate >= 0.98
    # The shape that is found is the very one that was recoloured.
    found, own = given.train[report.evidence.shape_row], given.copies[coloured(given.copies)]
    same = [ShapeIndex.of(two[None]).nearest(one[None]).similarity[0, 0] for one, two in zip(found, own, strict=True)]
    assert np.mean(np.array(same) >= SHAPE_KNOWN) >= 0.98
    assert np.mean(report.evidence.palette_distance <= 0.04) < 0.25
    assert report.labels.count("recolour") >= 0.9 * len(report.labels)


@pytest.mark.parametrize(("dy", "dx"), [(0, 1), (-1, 0), (1, -1)])
def test_shifted_copies(given: Given, dy: int, dx: int) -> None:
    # Those that fit: what is cut at the edge has other colours, in other amounts.
    copies = given.train[has_room(given.train)][:N]
    report = given.judged(moved(copies, dy, dx))
    assert report.rates["shape known"].rate >= 0.95
    assert Counter(report.labels)["moved copy"] + Counter(report.labels)["near copy"] >= 0.95 * len(copies) > 20
    shifts = report.evidence.shape_shift[report.evidence.shape_similarity == 1]
    assert np.mean((shifts == (dy, dx)).all(axis=1)) >= 0.95


def test_flipped_copies_are_known(given: Given) -> None:
    kept = np.setdiff1d(duplicate_groups(given.train), [])
    alone = given.train[kept]  # one of each pair, so that no mirror image is in the data
    index = TrainingIndex(alone, given.heldout)
    chosen = alone[:: len(alone) // N][:N]
    report = judge(index.measure(chosen[:, :, ::-1].copy()), index)
    assert report.rates["shape known"].rate >= 0.95
    # A symmetric sprite is its own mirror image: an exact copy, and rightly so.
    symmetric = np.mean(np.all(chosen == chosen[:, :, ::-1], axis=(1, 2, 3)))
    assert report.rates["exact copy"].rate == pytest.approx(symmetric)
    counts = Counter(report.labels)
    assert counts["exact copy"] + counts["near copy"] + counts["moved copy"] >= 0.95 * len(chosen)


def test_noisy_copies_are_near_copies(given: Given) -> None:
    report = given.judged(noisy(given.copies, np.random.default_rng(2), sd=6))
    assert report.rates["exact copy"].count == 0
    assert report.rates["near copy"].rate >= 0.98
    assert report.labels.count("near copy") >= 0.98 * N


def test_collages(given: Given) -> None:
    other = given.copies[np.random.default_rng(3).permutation(N)]
    glued = pasted(given.copies, other)
    new = nearest(glued, given.train, 1)[1][:, 0] > given.judged(glued).near_distance
    assert new.mean() > 0.9
    report = given.judged(glued[new])
    assert report.rates["near copy"].count == 0
    assert np.mean(report.evidence.cover.c2 - report.evidence.cover.c1 > 0.15) >= 0.85
    floor = report.rates["collage"].floor
    assert floor is not None
    assert report.rates["collage"].low > floor


def test_uniform_noise_is_not_memorised(given: Given) -> None:
    noise = np.random.default_rng(4).integers(0, 256, (N, 16, 16, 3), dtype=np.uint8)
    report = given.judged(noise)
    for name in ("exact copy", "near copy", "shape known", "collage"):
        assert report.rates[name].count == 0
    assert report.rates["low quality"].rate == 1
    assert set(report.labels) <= {"degenerate", "low quality"}
    assert report.rates["near copy"].n == N
    # Nothing explains it, so there is no source to show.
    unexplained = report.evidence.cover.c1 == 0
    assert unexplained.mean() > 0.5
    assert set(report.evidence.cover.first[unexplained]) == {-1}


def test_flat_white_is_never_memorised(given: Given) -> None:
    white = np.full((4, 16, 16, 3), 255, np.uint8)
    report = given.judged(white)
    assert all(report.rates[name].count == 0 for name in RATES if name != "low quality")
    assert set(report.labels) == {"degenerate"}
    # Even where the data hold it: an exact copy, but neither a near one nor a known shape.
    known = memorization_report(white, np.concatenate([given.train[:200], white[:1]]), given.heldout[:20])
    assert known.rates["exact copy"].count == 4
    assert known.rates["near copy"].count == known.rates["shape known"].count == 0


def test_samples_of_the_perfect_memoriser(given: Given) -> None:
    model = PerfectMemoriser(given.train, SCHEDULE)
    *_, last = sample(model, SCHEDULE, 48, "fast")
    report = memorization_report(to_uint8(last.x0), given.train, given.heldout, model=model, schedule=SCHEDULE)
    assert report.rates["near copy"].rate >= 0.98
    assert report.denoising_gap is not None
    assert report.denoising_gap.auc > 0.99


def test_a_training_set_of_64(given: Given) -> None:
    """At 1% nothing could be found among 64: the rate that is possible is shown instead."""
    few = given.train[np.unique(duplicate_groups(given.train))][:64]
    report = memorization_report(few[:40], few, given.heldout)
    assert report.effective_rate == 1 / 65
    assert report.rates["near copy"].rate == 1
    assert report.rates["near copy"].floor == 1 / 65


def test_an_untrained_model_remembers_nothing(given: Given) -> None:
    report = memorization_report(
        given.heldout[:30], given.train[:200], given.heldout[30:90], model=UNet((8, 8, 8, 8)).eval(), schedule=SCHEDULE
    )
    assert report.denoising_gap is not None
    assert report.denoising_gap.auc_low <= 0.5 <= report.denoising_gap.auc_high


def test_rates_do_not_depend_on_labels(given: Given) -> None:
    """A noisy copy is of low quality, a near copy, and of known shape at once."""
    report = given.judged(noisy(given.copies, np.random.default_rng(2), sd=6))
    assert report.rates["low quality"].rate > 0.5
    assert report.labels.count("low quality") == 0
    assert list(report.rates) == list(RATES)
    assert len(report.labels) == N
    assert set(report.labels) <= set(LABELS)
    assert sum(report.to_dict()["labels"].values()) == N


def test_the_slider(given: Given) -> None:
    """A larger false-positive rate calls more sprites near copies, and about as many of the unseen as it says."""
    facts = given.index.heldout_evidence
    counts = []
    for rate in (0.0001, 0.01, 0.05, 0.2):
        report = judge(facts, given.index, rate)
        counts.append(report.rates["near copy"].count)
        assert report.effective_rate == max(rate, 1 / (len(given.index.distances) + 1))
        # The limit that is drawn is the one that is used.
        assert np.array_equal(facts.squared_distance <= report.near_distance, facts.p <= report.effective_rate)
    assert counts == sorted(counts)
    assert counts[-1] / len(facts) == pytest.approx(0.2, abs=0.09)


# The report itself


def test_which_sprites_were_copied_most() -> None:
    images = simple_sprites(40)
    white = np.full((1, 16, 16, 3), 255, np.uint8)
    train = np.concatenate([images[:30], white])
    almost = images[4:5].copy()
    almost[0, 0, 0, 0] -= 1
    samples = np.concatenate([images[[7, 4, 7, 2, 7]], almost, white, images[35:]])
    report = memorization_report(samples, train, images[:0], false_positive_rate=1 / 32)
    assert set(report.labels[7:]).isdisjoint({"exact copy", "near copy"})
    rows, counts = report.most_copied()
    # The empty one is no near copy, yet an exact one.
    assert rows.tolist() == [7, 4, 2, 30]
    assert counts.tolist() == [3, 2, 1, 1]


def test_without_heldout_sprites_floors_are_unknown() -> None:
    images = simple_sprites(40)
    report = memorization_report(images[:5], images, images[:0])
    assert report.rates["shape known"].floor is None
    assert report.rates["near copy"].floor == report.effective_rate
    assert report.c_t is None
    assert report.heldout_size == 0
    json.dumps(report.to_dict(), allow_nan=False)


def test_heldout_sprites_that_were_learnt_set_no_floor() -> None:
    images = simple_sprites(40)
    assert len(TrainingIndex(images[:30], images[20:]).heldout) == 10


def test_one_is_a_near_copy() -> None:
    images = simple_sprites(60)
    report = memorization_report(np.concatenate([images[:1], 255 - images[:2]]), images, images[:0], 0.02)
    assert report.sentence == (
        "1 of 3 is a near copy; as many real sprites that the model never saw would give fewer than one."
    )


def test_two_sprites_that_mirror_each_other_have_no_other() -> None:
    image = simple_sprites(1)
    image[0, 2, 3] = (9, 8, 7)
    pair = np.concatenate([image, image[:, :, ::-1]])
    report = memorization_report(pair, pair, pair[:0])
    assert report.effective_rate == 1
    assert report.rates["near copy"].excess is None
    json.dumps(report.to_dict(), allow_nan=False)


def test_wrong_arguments() -> None:
    images = simple_sprites(10)
    with pytest.raises(TypeError, match="samples"):
        memorization_report(images.astype(float), images, images)
    with pytest.raises(ValueError, match="train"):
        memorization_report(images, images[..., 0], images)
    with pytest.raises(ValueError, match="no samples"):
        memorization_report(images[:0], images, images)
    with pytest.raises(ValueError, match="two distinct"):
        memorization_report(images, np.repeat(images[:1], 5, axis=0), images)
    with pytest.raises(ValueError, match="false_positive_rate"):
        memorization_report(images, images, images[:0], 0)
    with pytest.raises(ValueError, match="schedule"):
        memorization_report(images, images, images[:0], model=UNet((8, 8, 8, 8)))


def test_copies_of_empty_sprites_do_not_go_unsaid() -> None:
    flat = np.stack([np.full((16, 16, 3), shade, np.uint8) for shade in range(100, 140)])
    report = memorization_report(flat[:9], flat, flat[:0])
    assert report.rates["near copy"].count == 0
    assert report.sentence.startswith("9 of 9 are exact copies; ")


def test_a_model_without_numbers() -> None:
    images = simple_sprites(40)

    def broken(x_t: torch.Tensor, t: torch.Tensor, labels: object = None) -> torch.Tensor:
        return x_t * torch.nan

    report = memorization_report(images[:3], images[:30], images[30:], model=broken, schedule=SCHEDULE)
    json.dumps(report.to_dict(), allow_nan=False)
