"""The sheets are what the key says, show nobody else's art, and the scorer counts right."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.ddpm.helpers import real_sprites
from tests.ddpm.judging.readers.score import ANSWERS, FIGURES, agreement, shares
from tests.ddpm.judging.readers.sheets import KEY, SHEETS, SHOWN, SOURCES, enlarged, view


def test_the_key_is_whole() -> None:
    key = json.loads(KEY.read_text())
    assert list(key) == list(SOURCES)
    assert {path.stem for path in SHEETS.iterdir()} == {letter for letter, source in SOURCES.items() if source.kept}
    for row in key.values():
        assert set(FIGURES) <= set(row)
        assert row["samples"] >= SHOWN
        assert row["form_ratio"] > 0


def cells(letter: str) -> np.ndarray:
    pixels = np.asarray(Image.open(SHEETS / f"{letter}.png").convert("RGB"))
    assert pixels.shape == (128, 128, 3)
    return pixels.reshape(8, 16, 8, 16, 3).transpose(0, 2, 1, 3, 4).reshape(SHOWN, 16, 16, 3)


@pytest.mark.slow
def test_no_sprite_of_the_real_set_is_kept() -> None:
    real = {image.tobytes() for image in np.asarray(real_sprites().images)}
    for letter, source in SOURCES.items():
        if source.kept:
            assert not any(cell.tobytes() in real for cell in cells(letter))


def test_readers_see_large_sprites_without_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    view(tmp_path, None)
    kept = sorted(letter for letter, source in SOURCES.items() if source.kept)
    assert sorted(path.stem for path in tmp_path.iterdir()) == kept
    assert capsys.readouterr().out.count("left out") == len(SOURCES) - len(kept)
    shown = np.asarray(Image.open(tmp_path / f"{kept[0]}.png"))
    first = cells(kept[0])[0]
    np.testing.assert_array_equal(shown[24 + 8 : 24 + 8 * 17, 24 + 8 : 24 + 8 * 17][::8, ::8], first)
    assert enlarged(Image.new("RGB", (64, 64))).size[0] < shown.shape[1]


def test_forms_agree_with_eyes_better_than_random_features_do() -> None:
    key = json.loads(KEY.read_text())
    named = shares(json.loads(ANSWERS.read_text()), set(key))
    assert set(named) == set(SOURCES)
    assert agreement(named, key, "believable_shown") > 0.6
    assert agreement(named, key, "form_ratio") > agreement(named, key, "random_ratio") + 0.1


def test_shares_are_means_of_readers() -> None:
    answers = {"one": {"A": 64, "B": 0}, "two": {"A": 32}}
    assert shares(answers, {"A", "B", "C"}) == {"A": 0.75, "B": 0.0}
    with pytest.raises(ValueError, match="sheet 'Z'"):
        shares({"one": {"Z": 3}}, {"A"})
    for wrong in (65, -1, 0.5, True):
        with pytest.raises(ValueError, match="from 0 to 64"):
            shares({"one": {"A": wrong}}, {"A"})  # type: ignore[dict-item]


def test_agreement_is_of_ranks_and_low_ratios_are_good() -> None:
    named = {"A": 0.9, "B": 0.5, "C": 0.2, "D": 0.0}
    key = {
        letter: {"form_ratio": ratio, "random_ratio": -ratio, "believable": share, "believable_shown": 0.5 * share}
        for letter, ratio, share in (("A", 1, 0.95), ("B", 2, 0.6), ("C", 30, 0.1), ("D", 31, 0.0))
    }
    assert agreement(named, key, "form_ratio") == pytest.approx(1)
    assert agreement(named, key, "random_ratio") == pytest.approx(-1)
    assert agreement(named, key, "believable") == pytest.approx(1)
