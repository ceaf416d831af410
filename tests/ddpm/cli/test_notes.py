"""What was left out or assumed when sprites were read is told on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ddpm.cli.main import main
from ddpm.sprites import load_sprites
from ddpm.sprites.builtin import generate
from tests.ddpm.helpers import simple_sprites
from tests.ddpm.sprite_files import lay_out, png_bytes, write

BLANK = "x.png: 2 blank cells left out (a single colour)."


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    page = lay_out(np.concatenate([generate(12, 0).images, np.full((2, 16, 16, 3), 255, np.uint8)]), 7)
    return write(tmp_path / "x.png", png_bytes(page))


def test_data_tells_and_its_json_holds_the_notes(sheet: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(sheet)]) == 0
    said = capsys.readouterr()
    assert BLANK in said.err
    assert BLANK not in said.out
    assert main(["data", str(sheet), str(sheet), "--json"]) == 0
    said = capsys.readouterr()
    card = json.loads(said.out)
    assert card["notes"] == card["beside"]["notes"] == list(load_sprites(sheet).notes)
    assert card["notes"][1] == BLANK
    assert card["rows"] == 12
    assert BLANK in said.err


def test_train_and_nearest_tell(
    sheet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    training = ["train", "--data", str(sheet), "--run", "r", "--steps", "1", "--check-sprites", "0", "--threads", "1"]
    assert main(training) == 0
    assert BLANK in capsys.readouterr().err
    assert main(["nearest", "--samples", str(sheet), "--data", "builtin:50", "--json"]) == 0
    said = capsys.readouterr()
    assert BLANK in said.err
    assert json.loads(said.out)["samples"] == 12


def test_a_sheet_in_doubt_can_be_cut_as_the_message_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    path = str(write(tmp_path / "x.png", png_bytes(noise)))
    out = tmp_path / "new" / "cut.npz"
    assert main(["data", path]) == 1
    assert "--tile 32x32" in capsys.readouterr().err
    assert main(["data", path, "--tile", "32x32", "--out", str(out)]) == 0
    tiles = noise.reshape(3, 32, 3, 32, 3).swapaxes(1, 2).reshape(9, 32, 32, 3)
    np.testing.assert_array_equal(load_sprites(out).images, tiles)
    assert main(["data", path, "--tile", "32x32", "--out", str(tmp_path / "x.npy")]) == 1
    assert "--out must end in .npz" in capsys.readouterr().err
    for option, value in (("--tile", "7x7"), ("--tile", "wide"), ("--background", "pink")):
        assert main(["data", path, option, value]) == 1
        assert option[2:] in capsys.readouterr().err


def test_a_sheet_can_be_cut_as_asked_and_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sprites = generate(64, 0).images
    page = np.pad(lay_out(sprites, 8, 2), ((0, 2), (0, 2), (0, 0)), constant_values=255)
    path = str(write(tmp_path / "x.png", png_bytes(page)))
    out = tmp_path / "new" / "cut.npz"
    assert main(["data", path, "--tile", "16x16", "--gap", "2", "--out", str(out)]) == 0
    np.testing.assert_array_equal(load_sprites(out).images, sprites)
    assert main(["data", path, "--tile", "16", "--gap", "2", "--out", str(tmp_path / "x.npy")]) == 1
    assert "--out must end in .npz" in capsys.readouterr().err


def test_saved_sprites_keep_their_kinds(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", images=simple_sprites(4), labels=np.array(["b", "a", "b", "c"]))
    assert main(["data", str(tmp_path / "x.npz"), "--out", str(tmp_path / "y.npz")]) == 0
    first, again = load_sprites(tmp_path / "x.npz"), load_sprites(tmp_path / "y.npz")
    assert (again.fingerprint, again.label_names) == (first.fingerprint, ("a", "b", "c"))
