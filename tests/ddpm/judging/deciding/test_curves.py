"""Where a model decides: known answers of a model that can only copy, and figures that are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddpm import NoiseSchedule, PerfectMemoriser, UNet
from ddpm.judging.copying.comparison_set import what_was_seen
from ddpm.judging.deciding import curves
from ddpm.judging.deciding.curves import _curve, _half, measure_decisions, stop_timesteps
from ddpm.judging.deciding.stored import load_decisions, load_or_measure
from ddpm.runs.checkpoint import Checkpoint
from ddpm.sprites import load_sprites


def four() -> np.ndarray:
    """Four sprites that share neither shape nor palette: bars that lie or stand, in one colour each."""
    images = np.full((4, 16, 16, 3), 255, np.uint8)
    for image, colour in zip(images, ((200, 0, 0), (0, 150, 0), (0, 0, 220), (120, 0, 160)), strict=True):
        image[5:11, 5:11] = colour
    images[0, 2:4, 2:14] = images[0, 6, 6]
    images[1, 2:14, 2:4] = images[1, 6, 6]
    images[2, 12:14, 2:14] = images[2, 6, 6]
    images[3, 2:14:2, 12:15] = images[3, 6, 6]
    return images


def checkpoint(model: Any, total: int = 100) -> Checkpoint:
    return Checkpoint(model, NoiseSchedule(total, "cosine"), {"step": 0}, Path("steps/000000"))


@pytest.fixture(scope="module")
def copier() -> Checkpoint:
    """A model that can draw four sprites and nothing else."""
    return checkpoint(PerfectMemoriser(four(), NoiseSchedule(100, "cosine")))


def test_a_copier_keeps_all_below_the_noise_and_a_quarter_from_noise_alone(copier: Checkpoint) -> None:
    found = measure_decisions(copier, sprites=32, each=2, stops=7)
    assert list(found.curves) == ["shape", "palette"]
    assert "not here" in found.absent["kind"]
    assert (found.sprites, found.each, found.blank, found.accuracy) == (32, 2, 0, None)
    assert found.t.tolist() == sorted(set(found.t.tolist()))
    assert [found.t[0], found.t[-1]] == [0, 99]
    for curve in found.curves.values():
        assert curve.share[0] == 1
        # Whatever it was, from noise alone one of the four comes, each as often as its share of the originals.
        assert 0.1 < curve.share[-1] < 0.45
        assert (curve.low <= curve.share).all()
        assert (curve.share <= curve.high).all()
        assert curve.low[-1] < curve.high[-1]
        assert 0 < curve.half_low <= curve.half <= curve.half_high <= 99
    # It copies whole sprites: shape and palette are decided together.
    assert np.array_equal(found.curves["shape"].share, found.curves["palette"].share)
    assert "their shape at t = " in found.sentence
    again = measure_decisions(copier, sprites=32, each=2, stops=7)
    assert again.to_dict() == found.to_dict()
    assert measure_decisions(copier, sprites=32, each=2, stops=7, seed=1).to_dict() != found.to_dict()


def test_the_kind_is_told_by_the_classifier_of_the_report(
    copier: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class ByColour:
        """Kinds 0 to 3 by the colour of the middle."""

        accuracy = 0.75

        def predict(self, images: np.ndarray) -> np.ndarray:
            middle = images[:, 8, 8].astype(int)
            return np.abs(middle[:, None] - four()[:, 8, 8].astype(int)).sum(axis=2).argmin(axis=1)

    monkeypatch.setattr(curves, "classifier_of", lambda real, labels: ByColour())
    for labels, name in ((np.arange(4), "kinds"), (None, "plain")):
        path = tmp_path / f"{name}.npz"
        np.savez(path, images=four(), **({} if labels is None else {"labels": labels}))
        found = measure_decisions(copier, what_was_seen(load_sprites(str(path)), None), sprites=8, each=2, stops=3)
        if labels is None:
            assert found.absent == {"kind": "The sprites that this model learnt from have no kinds."}
        else:
            assert not found.absent
            assert found.accuracy == 0.75
            assert found.curves["kind"].share[0] == 1
            assert found.curves["kind"].share.tolist() == found.curves["shape"].share.tolist()


def test_sprites_of_nothing_have_no_palette_to_keep() -> None:
    blank = np.full((2, 16, 16, 3), 255, np.uint8)
    found = measure_decisions(checkpoint(PerfectMemoriser(blank, NoiseSchedule(100))), sprites=2, each=1, stops=2)
    assert found.blank == 2
    assert "palette" not in found.curves
    assert "None of its sprites has a colour" in found.absent["palette"]


@pytest.mark.parametrize(
    ("share", "half"),
    [([1, 0.75, 0.25, 0], 15.0), ([1, 1, 0.5, 0], 20.0), ([1, 0.9, 0.8, 0.7], None), ([0.4, 0.3, 0, 0], None)],
)
def test_half_lies_on_the_line_between_two_levels(share: list[float], half: float | None) -> None:
    found = _half(np.array([0, 10, 20, 30]), np.array(share))
    assert np.isnan(found) if half is None else found == pytest.approx(half)


def test_intervals_are_as_wide_as_those_of_a_binomial_share() -> None:
    random = np.random.default_rng(0)
    covered, widths = 0, []
    for _ in range(60):
        shares = (random.random((64, 1)) < 0.3).astype(float)
        curve = _curve(np.array([5]), shares, random)
        covered += bool(curve.low[0] <= 0.3 <= curve.high[0])
        widths.append(curve.high[0] - curve.low[0])
    assert covered >= 50
    assert np.mean(widths) == pytest.approx(2 * 1.96 * np.sqrt(0.3 * 0.7 / 64), rel=0.1)


def test_levels_are_even_in_strength() -> None:
    schedule = NoiseSchedule(1000, "linear")
    found = stop_timesteps(schedule, 5)
    assert [round(schedule.strength_at(int(t)), 2) for t in found] == [0.01, 0.25, 0.5, 0.75, 1.0]
    assert stop_timesteps(NoiseSchedule(3), 17).tolist() == [0, 1, 2]


def test_what_cannot_be_is_told(copier: Checkpoint) -> None:
    for wrong in ({"sprites": 1}, {"each": 0}, {"stops": 1}):
        with pytest.raises(ValueError, match="there must be 2 sprites"):
            measure_decisions(copier, **wrong)
    distilled = UNet(channels=(8, 8), time_embedding_dim=8, distilled=True)
    with pytest.raises(ValueError, match="A distilled model"):
        measure_decisions(checkpoint(distilled))


def test_it_is_measured_once(ddpm_home: Path) -> None:
    loaded = checkpoint(UNet(channels=(8, 8), time_embedding_dim=8).eval())
    assert load_decisions(loaded, sprites=2) is None
    calls: list[float] = []
    found = load_or_measure(loaded, sprites=2, watch=calls.append)
    assert calls[-1] == 1
    calls.clear()
    again = load_or_measure(loaded, sprites=2, watch=calls.append)
    assert not calls
    assert again.to_dict() == found.to_dict()
    assert load_decisions(loaded, sprites=2, seed=1) is None
    (path,) = (ddpm_home / "decisions").glob("*.json")
    for damage in (b"{", path.read_bytes().replace(b'"share"', b'"shore"'), b"[]"):
        path.write_bytes(damage)
        assert load_decisions(loaded, sprites=2) is None
    load_or_measure(loaded, sprites=2, watch=calls.append)
    assert calls
    assert load_decisions(loaded, sprites=2) is not None
