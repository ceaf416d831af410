"""Seamless tiles on the command line: data, train, sample."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ddpm.cli.main import main
from ddpm.pixels.seams import seams
from ddpm.training.recipes import RECIPES
from tests.art.tiles import tiles
from tests.ddpm.helpers import TINY

FAST = ["--threads", "1", "--check-sprites", "0"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(RECIPES, "tiny", TINY)
    np.save("tiles.npy", tiles(60)[0])
    np.save("cut.npy", tiles(60, side=32)[0][:, 4:20, 7:23])
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def train(*more: str) -> int:
    return main(["train", "--run", "t", "--preset", "tiny", "--steps", "2", *FAST, *more])


def test_data_says_whether_tiles_repeat(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "tiles.npy"]) == 0
    assert "as tiles  These tiles repeat. Across the border" in capsys.readouterr().out
    assert main(["data", "cut.npy"]) == 0
    assert "as tiles  These tiles do not repeat themselves." in capsys.readouterr().out
    assert main(["data", "tiles.npy", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["seams"]
    assert found["repeats"] is True
    assert found["low"] <= found["ratio"] <= found["high"]
    assert main(["data", "builtin:200"]) == 0
    assert "as tiles" not in capsys.readouterr().out


def test_from_tiles_to_tiles(capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--data", "tiles.npy", "--seamless") == 0
    assert "do not repeat" not in capsys.readouterr().err
    assert main(["sample", "--checkpoint", "checkpoints/t", "--n", "8", "--out", "x.npy"]) == 0
    told = capsys.readouterr().err
    assert seams(np.load("x.npy")).in_words() in told
    assert "In the tiles it learnt from: " in told
    assert main(["train", "--run", "t", "--steps", "3", *FAST, "--resume", "--seamless"]) == 0


def test_others_say_nothing_of_seams(capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--data", "tiles.npy") == 0
    assert main(["sample", "--checkpoint", "checkpoints/t", "--n", "2", "--out", "x.npy"]) == 0
    assert "border" not in capsys.readouterr().err
    assert main(["train", "--run", "t", "--steps", "3", "--resume", "--seamless"]) == 1
    assert "--seamless (the run learns without it)" in capsys.readouterr().err


def test_what_is_doubtful_is_told_and_what_is_impossible_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert train("--data", "cut.npy", "--seamless") == 0
    assert "cannot know where their border was" in capsys.readouterr().err
    assert main(["train", "--run", "o", "--data", "tiles.npy", "--preset", "original", "--seamless"]) == 1
    assert "error: Seamless tiles (--seamless) are not for the recipe Original" in capsys.readouterr().err
