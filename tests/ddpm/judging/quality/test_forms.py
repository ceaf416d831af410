"""The network of forms tells drawings from spoilt ones, whatever their colours, and says what it cannot know."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from ddpm.judging.quality import form_network as module
from ddpm.judging.quality.form_index import are_stored, load_or_build_forms, nearest_in_form
from ddpm.judging.quality.form_network import DIMENSIONS, WEIGHTS, form_network
from ddpm.judging.quality.forms import UNBELIEVED, FormBaseline, FormReport
from ddpm.judging.quality.measures import QualityBaseline, quality_report
from ddpm.judging.quality.splits import distinct_in_order, draws
from ddpm.judging.quality.spoiling import blurred, halves_joined, melted
from ddpm.judging.quality.train_forms import recoloured
from ddpm.pixels.duplicates import duplicate_groups
from ddpm.pixels.neighbors import nearest
from tests.ddpm.helpers import built_in_sprites, real_sprites, simple_sprites


def baseline_of(real: np.ndarray) -> FormBaseline:
    real = real[distinct_in_order(real)]
    return FormBaseline(real, duplicate_groups(real))


def measured(baseline: FormBaseline, samples: np.ndarray) -> FormReport:
    return baseline.report(samples, draws(len(samples), min(512, len(samples))))


@pytest.fixture(scope="module")
def unseen() -> np.ndarray:
    """Built-in sprites that nothing was taught with: uint8 (1777, 16, 16, 3)."""
    sprites = built_in_sprites()
    return np.asarray(sprites.images[np.random.default_rng(0).permutation(sprites.split()[1])])


@pytest.fixture(scope="module")
def baseline() -> FormBaseline:
    sprites = built_in_sprites()
    return baseline_of(np.asarray(sprites.images[np.random.default_rng(1).permutation(sprites.split()[0])[:1100]]))


class TestTheFile:
    def test_is_small_and_the_right_one(self) -> None:
        assert WEIGHTS.stat().st_size < 1_000_000
        assert form_network() is form_network()

    def test_golden_values(self) -> None:
        # A change here makes all scores that were ever written down worthless.
        ramp = (np.arange(768) * 37 % 256).astype(np.uint8).reshape(1, 16, 16, 3)
        embedding, believed = form_network().see(ramp)
        np.testing.assert_allclose(embedding[0, [0, 40, 80, 127]], GOLDEN[:4], rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(believed[0], GOLDEN[4], rtol=1e-3, atol=1e-3)

    @pytest.mark.parametrize("damage", ["missing", "changed", "cut"])
    def test_another_one_is_refused(self, damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "forms.safetensors"
        data = bytearray(WEIGHTS.read_bytes())
        data[-1] ^= 1
        if damage != "missing":
            path.write_bytes(data if damage == "changed" else data[:100])
        monkeypatch.setattr(module, "WEIGHTS", path)
        form_network.cache_clear()
        with pytest.raises(ValueError, match=r"forms\.safetensors .*install the program again"):
            form_network()


class TestTheOrder:
    def test_of_the_built_in_set(self, baseline: FormBaseline, unseen: np.ndarray) -> None:
        random = np.random.default_rng(0)
        some = unseen[:600]
        real, joined, soft = (
            measured(baseline, samples)
            for samples in (some, halves_joined(some, random), blurred(some, random, (0.8, 0.8)))
        )
        ratios = [report.frechet_ratio for report in (real, joined, soft)]
        assert None not in ratios
        assert 0.8 < ratios[0] < 1.3
        assert 2 * ratios[0] < ratios[1] < ratios[2] / 2
        assert real.believable is not None
        assert real.believable > 0.9
        assert joined.believable is not None
        assert joined.believable < 0.5
        assert soft.believable == 0
        assert real.joined is not None
        assert joined.joined == real.joined < 0.5
        assert real.precision is not None
        assert joined.precision is not None
        assert real.precision > joined.precision + 0.05

    def test_threshold_holds_for_unseen_sprites(self, baseline: FormBaseline, unseen: np.ndarray) -> None:
        believed = baseline.believability(unseen)
        assert 0.92 < (believed >= 0.05).mean() < 0.98
        report = measured(baseline, unseen)
        assert report.believable == pytest.approx((believed >= 0.05).mean(), abs=1e-9)
        assert report.real["believable"] == pytest.approx(0.95, abs=0.002)

    def test_does_not_hang_on_colours(self, baseline: FormBaseline, unseen: np.ndarray) -> None:
        fresh = recoloured(unseen[:600], np.random.default_rng(0))
        report = measured(baseline, fresh)
        assert report.believable is not None
        assert report.believable > 0.85
        spoilt = measured(baseline, melted(fresh, np.random.default_rng(0)))
        assert spoilt.believable is not None
        assert spoilt.believable < 0.4

    @pytest.mark.slow
    def test_of_the_real_set(self) -> None:
        sprites = real_sprites()
        train, heldout = sprites.split()
        baseline = baseline_of(np.asarray(sprites.images[np.concatenate([train, heldout])]))
        random = np.random.default_rng(0)
        some = np.asarray(sprites.images[train[:700]])
        joined, soft = (measured(baseline, x) for x in (halves_joined(some, random), blurred(some, random, (0.8, 0.8))))
        assert joined.frechet_ratio is not None
        assert soft.frechet_ratio is not None
        assert 3 < joined.frechet_ratio < soft.frechet_ratio / 2
        unseen = measured(baseline, np.asarray(sprites.images[heldout]))
        assert unseen.believable is not None
        assert unseen.believable > 0.88


class TestNearestInForm:
    def test_finds_a_recoloured_mirrored_sprite(self, unseen: np.ndarray) -> None:
        shapes = np.unique(np.asarray(built_in_sprites().shape_ids), return_index=True)[1]
        references = np.asarray(built_in_sprites().images[shapes])
        asked = np.random.default_rng(0).permutation(len(references))[:200]
        queries = recoloured(references[asked], np.random.default_rng(2))[:, :, ::-1]
        rows, cosines = nearest_in_form(queries, references, 5)
        assert rows.shape == cosines.shape == (200, 5)
        # Some of these 2,200 shapes differ from another by four pixels; in pixels the colours decide.
        assert (rows[:, 0] == asked).mean() > 0.6
        assert (rows == asked[:, None]).any(axis=1).mean() > 0.8
        assert (nearest(queries, references, 1)[0][:, 0] == asked).mean() < 0.2
        assert (np.diff(cosines, axis=1) <= 0).all()
        assert np.abs(cosines).max() <= 1 + 1e-5

    def test_itself_is_the_nearest(self, unseen: np.ndarray) -> None:
        rows, cosines = nearest_in_form(unseen[:50], unseen[:50])
        np.testing.assert_array_equal(rows[:, 0], np.arange(50))
        np.testing.assert_allclose(cosines, 1, atol=1e-5)

    def test_refuses_what_it_cannot_do(self, unseen: np.ndarray) -> None:
        with pytest.raises(ValueError, match=r"1\.\.3"):
            nearest_in_form(unseen[:2], unseen[:3], 4)
        with pytest.raises(ValueError, match="same size"):
            nearest_in_form(unseen[:2], np.zeros((3, 8, 8, 3), np.uint8))

    def test_what_was_seen_is_kept(self, unseen: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DDPM_HOME", str(tmp_path))
        some, told = unseen[:40], list[float]()
        assert not are_stored(some)
        first = load_or_build_forms(some, told.append).nearest(some[:3], 2)
        assert told == [1.0]
        assert are_stored(some)
        again = load_or_build_forms(some, told.append).nearest(some[:3], 2)
        assert told == [1.0], "nothing is seen again"
        np.testing.assert_array_equal(first, again)
        assert not are_stored(some[::-1])
        (file,) = (tmp_path / "forms").iterdir()
        file.write_bytes(file.read_bytes()[:-9])
        np.testing.assert_array_equal(first, load_or_build_forms(some, told.append).nearest(some[:3], 2))
        assert told == [1.0, 1.0], "what is damaged is seen again"


class TestBelief:
    def test_is_that_of_the_report(self, baseline: FormBaseline, unseen: np.ndarray) -> None:
        samples = np.concatenate([unseen[:30], blurred(unseen[30:50], np.random.default_rng(0), (0.8, 0.8))])
        found = baseline.believe(samples, unseen[50:110])
        assert found.share is not None
        assert found.share.rate == measured(baseline, samples).believable
        assert found.share.floor == found.unseen.rate > 0.85
        assert (found.each[:30] >= UNBELIEVED).mean() > 0.8
        assert not (found.each[30:] >= UNBELIEVED).any()

    def test_without_unseen_sprites_there_is_no_floor(self, baseline: FormBaseline, unseen: np.ndarray) -> None:
        found = baseline.believe(unseen[:3], unseen[:0])
        assert found.share is not None
        assert (found.unseen.n, found.share.floor) == (0, None)

    def test_of_few_sprites_nothing_is_told(self, unseen: np.ndarray) -> None:
        few = FormBaseline.of(unseen[:9])
        assert few.believe(unseen[:3], unseen[:3]).share is None
        assert "fewer than 20" in few.why_not

    def test_is_the_baseline_of_all_measures(self, unseen: np.ndarray) -> None:
        some = unseen[:60]
        assert FormBaseline.of(some).threshold == QualityBaseline(some).forms.threshold


class TestOtherSprites:
    @pytest.mark.parametrize("shape", [(8, 8, 3), (9, 31, 4), (64, 64, 4)])
    def test_any_size_and_alpha(self, shape: tuple[int, int, int]) -> None:
        images = np.random.default_rng(0).integers(0, 256, (3, *shape), np.uint8)
        embedding, believed = form_network().see(images)
        assert embedding.shape == (3, DIMENSIONS)
        assert believed.shape == (3,)
        assert np.isfinite(embedding).all()

    def test_white_on_nothing_is_seen(self, unseen: np.ndarray) -> None:
        # Laid on white, white drawings would all be the same empty sprite.
        shown = (unseen[:40] != 255).any(axis=3, keepdims=True)
        clear = np.where(shown, np.uint8(255), np.uint8(0)).repeat(4, axis=3)
        rows, _ = nearest_in_form(clear, clear)
        assert (rows[:, 0] == np.arange(40)).mean() > 0.9

    def test_alpha_on_white_is_the_same_as_white(self, unseen: np.ndarray) -> None:
        opaque = np.concatenate([unseen[:5], np.full((5, 16, 16, 1), 255, np.uint8)], axis=3)
        for one, other in zip(form_network().see(opaque), form_network().see(unseen[:5]), strict=True):
            np.testing.assert_array_equal(one, other)

    def test_where_it_is_blind_it_says_so(self) -> None:
        # Halves of noise, joined, are noise.
        noise = np.random.default_rng(0).integers(0, 256, (60, 16, 16, 4), np.uint8)
        report = quality_report(noise[:30], noise).forms
        assert report.joined is not None
        assert report.joined > 0.75
        assert report.blind
        assert report.believable is None
        assert report.real["believable"] == pytest.approx(0.95, abs=0.02)

    def test_few_sprites_are_not_enough(self) -> None:
        report = quality_report(simple_sprites(8, seed=1), simple_sprites(10)).forms
        assert report.believable is None
        assert report.precision is None
        assert report.joined is None
        assert not report.blind
        assert report.real == {"precision": None, "recall": None, "believable": None}


def test_modes_and_random_numbers_are_left_alone(unseen: np.ndarray) -> None:
    expected = form_network().see(unseen[:4])[0]
    before = torch.get_rng_state()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        np.testing.assert_array_equal(form_network().see(unseen[:4])[0], expected)
    assert torch.equal(torch.get_rng_state(), before)


# Of version 1.
GOLDEN = [-1.87196, -1.58044, 0.65944, 2.11165, -5.23681]
