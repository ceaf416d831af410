"""Known answers on sets unlike those that the judge was made on: the cells that matter, and, slowly, all of them."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm import memorization_report, quality_report
from ddpm.judging.copying.guards.detection import noisy
from ddpm.judging.headline import headline
from tests.ddpm.judging.families.drawing import checkerboard, drawn, faint_tile
from tests.ddpm.judging.families.sets import FAMILIES, family, with_checkerboards
from tests.ddpm.judging.families.table import ROWS, cell, pure_noise

N = 32

# Least shares of right labels where they are not 95%: unseen faint tiles are all of one kind, and one is fainter still.
LEAST = {("tiles", "unseen"): 0.9}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_the_whole_table(name: str) -> None:
    for kind in ROWS:
        found = cell(family(name), kind)
        assert found.right >= LEAST.get((name, kind), 0.95), kind
        if "noise" in kind and kind not in ("noise sd 3", "noise sd 6", "noise sd 16", "noise sd 50"):
            assert found.rates["shape known"] <= 0.05, kind


@pytest.mark.parametrize("name", ["soft alpha", "dark ground", "forty"])
@pytest.mark.parametrize("kind", ["copies", "mirrored", "noise sd 6", "pure noise"])
def test_cells_that_must_hold(name: str, kind: str) -> None:
    assert cell(family(name), kind, N).right >= 0.95


@pytest.mark.parametrize("kind", ["mirrored", "shifted by 1", "recoloured", "confetti"])
def test_tiles_need_no_background(kind: str) -> None:
    found = cell(family("tiles"), kind, N)
    assert found.right >= 0.95
    # Nor are unseen tiles worse drawn, or more of them known, than before.
    unseen = cell(family("tiles"), "unseen")
    assert unseen.rates["low quality"] <= 0.04
    assert unseen.rates["shape known"] <= 0.16


def test_areas_that_become_one_colour_hide_no_recolour() -> None:
    # On a dark red ground, turned to green, dark outlines cannot be told from the ground.
    found = cell(family("dark ground"), "recoloured")
    assert found.right >= 0.95
    assert found.rates["shape known"] >= 0.98
    assert cell(family("dark ground"), "unseen").rates["shape known"] == 0


def test_a_dithered_sprite_makes_nothing_known() -> None:
    given = with_checkerboards(family("dark ground"))
    for kind in ("unseen + noise sd 50", "pure noise"):
        found = cell(given, kind, N)
        assert found.rates["shape known"] == 0
        assert found.right == 1
    # Itself it is known, mirrored and in other colours, though an edge at every place says nothing.
    board = checkerboard(16)
    report = given.judged(np.stack([board, board[:, ::-1], board[::-1] // 2]))
    assert report.labels[0] == "exact copy"
    assert report.rates["shape known"].count == 3
    assert "degenerate" not in report.labels


def test_frames_of_animations_count_as_one() -> None:
    given = family("animation")
    for sd in (3, 6):
        assert cell(given, f"noise sd {sd}", N).rates["near copy"] >= 0.95
    report = cell(given, "unseen", N).report
    assert report.rates["near copy"].low <= report.effective_rate
    assert given.index.training_twins > 300
    assert given.index.heldout_twins > 40
    assert report.detection[6] >= 0.95
    assert "grey levels" in report.limit_words
    assert "near twins" in " ".join(report.unknown)


def test_faint_tiles_are_drawings() -> None:
    images = drawn(faint_tile, 90, 16, seed=3)
    train, heldout = images[:80], images[80:]
    report = memorization_report(noisy(train[:40], np.random.default_rng(0), 3), train, heldout, 0.02)
    assert report.rates["near copy"].rate >= 0.95
    assert set(report.labels) == {"near copy"}
    # One colour is as near to them as a copy, and no copy.
    flat = np.broadcast_to(np.rint(train[:40].mean(axis=(1, 2), keepdims=True)).astype(np.uint8), train[:40].shape)
    blank = memorization_report(flat, train, heldout, 0.5)
    assert (blank.evidence.squared_distance <= blank.near_distance).mean() > 0.9
    assert blank.rates["near copy"].count == 0
    assert set(blank.labels) == {"degenerate"}
    told = " ".join(report.unknown)
    assert "Haze tells nothing here" in told or "Haze is not judged" in told
    assert "single colour" not in told


def test_what_needs_a_background_is_absent_without_one() -> None:
    blocks = np.random.default_rng(0).integers(0, 256, (40, 4, 4, 3), dtype=np.uint8)
    tiles = blocks.repeat(4, axis=1).repeat(4, axis=2)
    quality = quality_report(tiles[:20], tiles)
    assert quality.haze is None
    assert quality.outline is None
    assert quality.foreground == 1
    assert set(quality.absent) == {"haze", "outline"}
    assert quality.to_dict()["absent"]["haze"].startswith("Haze is not measured of the samples and the real sprites")
    report = memorization_report(tiles[:5], tiles[:30], tiles[30:])
    assert any(words.startswith("Haze is not judged") for words in report.unknown)
    assert report.rates["low quality"].count == 0
    assert np.isfinite(report.evidence.palette_distance).all()


def test_two_of_six_are_no_alarm() -> None:
    given = family("forty")
    random = np.random.default_rng(0)
    two = np.concatenate([noisy(given.train[:2], random, 3), given.heldout[:4]])
    report = given.judged(two)
    assert report.rates["near copy"].count == 2
    found = headline(report)
    assert found.mood == "careful"
    assert "too few to tell" in found.answer
    assert "only 6 unseen sprites" in found.caveat
    assert "cannot go below 2.44%" in " ".join(report.unknown)
    assert headline(given.judged(noisy(given.train[:6], random, 3))).mood == "alarm"


def test_one_odd_sprite_makes_no_noise_precise() -> None:
    images = np.concatenate([family("dark ground").train[:120], np.stack([checkerboard(16), 255 - checkerboard(16)])])
    noise = pure_noise(images[:60], np.random.default_rng(0))
    with_one = np.concatenate([images, noise[:1]])
    good, bad = (quality_report(samples, with_one) for samples in (family("dark ground").train[120:180], noise))
    assert good.precision is not None
    assert bad.precision is not None
    assert bad.precision <= 0.05
    assert good.precision > 0.7


def test_where_nothing_tells_what_is_usual_nobody_is_accused() -> None:
    one = family("forty").train[:1]
    pair = np.concatenate([one, one[:, :, ::-1]])
    report = memorization_report(family("forty").train[1:6], pair, pair[:0])
    assert report.effective_rate == 1
    assert "all alike" in report.limit_words
    assert headline(report).mood != "alarm"
