"""``python -m ddpm data`` says what became of each file, and how large and how transparent the sprites are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ddpm.cli.main import main
from ddpm.pixels.transparency import cutout
from ddpm.sprites.builtin import generate
from tests.ddpm.sprite_files import png_bytes, write


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A folder of 15 drawings on nothing, two smaller ones, and a damaged one."""
    folder = tmp_path / "pack"
    folder.mkdir()
    images = cutout(generate(15, 0).images)
    for number, image in enumerate(images):
        write(folder / f"{number:02}.png", png_bytes(image))
    for number in range(2):
        write(folder / f"small {number}.png", png_bytes(images[number, 3:13, 3:13]))
    write(folder / "broken.png", png_bytes(images[0])[:50])
    return folder


def test_the_table_counts_files_and_names_the_first(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(pack)]) == 0
    said = capsys.readouterr()
    assert "15 of 18 files:" in said.out
    assert "00.png, 01.png, 02.png and 12 more" in said.out
    assert "left out        2        2" in said.out
    assert "broken.png" in said.out
    assert "size  16 x 16\n" in said.out
    assert "alpha  transparent (alpha is 0 or 255)" in said.out
    assert "15 of 18" not in said.err, "once is enough"


def test_what_is_laid_on_a_colour_and_what_is_centred(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(pack), "--centre", "--background", "#336699"]) == 0
    said = capsys.readouterr().out
    assert "17 of 18 files:" in said
    assert "background  #336699" in said
    assert "alpha  opaque" in said


def test_json_holds_a_row_for_each_fate(pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", str(pack), "--json"]) == 0
    said = capsys.readouterr()
    card = json.loads(said.out)
    assert (card["width"], card["height"], card["channels"]) == (16, 16, 4)
    fates = [(row["taken"], row["files"], row["sprites"]) for row in card["files"]]
    assert fates[0] == (True, 15, 15)
    assert sorted(row[1] for row in fates[1:]) == [1, 2]
    assert "15 of 18 files" in said.err


def test_a_sheet_tells_how_it_is_cut_and_a_doubt_names_the_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    path = str(write(tmp_path / "noise.png", png_bytes(noise)))
    assert main(["data", path]) == 1
    assert "--tile 16x16" in capsys.readouterr().err
    assert main(["data", path, "--tile", "32x32"]) == 0
    said = capsys.readouterr()
    assert "cut into 3 x 3 of tile 32x32" in said.err
    assert "size  32 x 32" in said.out
