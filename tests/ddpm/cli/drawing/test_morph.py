"""``python -m ddpm morph`` and ``bench rewind``: files that hold what the library draws."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm.cli.main import main


def morphed(run: str, *more: object) -> int:
    return main(["morph", "--checkpoint", run, *map(str, more)])


def test_between_two_drawn_sprites(run: str, tmp_path: Path, capsys) -> None:
    path = tmp_path / "all.npy"
    assert main(["sample", "--checkpoint", run, "--n", "4", "--out", str(path)]) == 0
    sprites = np.load(path)
    assert morphed(run, "--index", 3, 1, "--between", 8, "--out", tmp_path / "x.npy") == 0
    assert "Neighbours differ by" in capsys.readouterr().err
    way = np.load(tmp_path / "x.npy")
    assert way.shape == (10, *sprites.shape[1:])
    assert np.abs(way[[0, -1]].astype(int) - sprites[[3, 1]]).max() <= 1
    # The same two from a file, as a film.
    assert morphed(run, "--from", path, "--index", 3, 1, "--between", 8, "--out", tmp_path / "y.gif") == 0
    with Image.open(tmp_path / "y.gif") as film:
        assert film.n_frames == 2 * 10 - 2, "there and back"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "which sprites?"),
        (["--index", "0"], "the first and the last"),
        (["--index", "0", "1", "--between", "7"], "--between must lie in 8..32"),
        (["--index", "0", "0"], "nothing between a sprite and itself"),
        (["--from", "kinds.npz"], "--from holds 20"),
        (["--index", "0", "1", "--strength", "0"], "strength"),
    ],
)
def test_what_cannot_be_is_told(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, options: list[str], words: str
) -> None:
    monkeypatch.chdir(trained)
    assert morphed("checkpoints/kinds", *options, "--out", tmp_path / "x.png") == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()


def test_where_a_run_decides(trained: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.chdir(trained)
    monkeypatch.setattr("ddpm.judging.quality.classifier._STEPS", 5)
    asked = ["bench", "rewind", "--checkpoint", "checkpoints/kinds", "--data", "kinds.npz", "--n", "2"]
    assert main([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["seed"] for one in found["seeds"]] == [0, 1]
    for one in found["seeds"]:
        assert set(one["curves"]) | set(one["absent"]) == {"kind", "shape", "palette"}
        assert "kind" in one["curves"]
        for curve in one["curves"].values():
            assert len(curve["share"]) == len(one["t"])
    for name, apart in found["between_seeds"].items():
        first, second = (one["curves"][name]["share"] for one in found["seeds"])
        assert apart["largest"] == max(abs(a - b) for a, b in zip(first, second, strict=True))
    # Kept: the second time nothing is drawn.
    monkeypatch.setattr("ddpm.judging.deciding.stored.measure_decisions", None)
    assert main(asked) == 0
    assert "the seeds differ by" in capsys.readouterr().out
