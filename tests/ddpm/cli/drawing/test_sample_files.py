"""The files that ``sample`` writes: all of the same sprites, and what lies beside them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm import load_sprites
from ddpm.cli.main import main
from ddpm.pixels.exporting.finishing import CutOut, Finish
from ddpm.pixels.exporting.palette_files import colours_used
from ddpm.pixels.palette.known import find_palette
from tests.ddpm.pixels.exporting.files import parse_gpl, take_apart

COUNT = 9


def drawn(run: str, *more: object) -> int:
    return main(["sample", "--checkpoint", run, "--steps", "2", "--n", str(COUNT), *map(str, more)])


def array(run: str, tmp_path: Path) -> np.ndarray:
    assert drawn(run, "--out", tmp_path / "x.npy") == 0
    return np.load(tmp_path / "x.npy")


SHEETS = [
    "--scale 1 --gap 0",
    "--columns 2 --margin 3",
    "--extrude 2 --scale 2 --power-of-two",
    "--columns 9 --scale 3 --gap 2 --margin 1 --extrude 1",
]


@pytest.mark.parametrize("options", SHEETS)
def test_a_sheet_and_its_atlas_hold_the_sprites(options: str, run: str, tmp_path: Path, capsys) -> None:
    images = array(run, tmp_path)
    assert drawn(run, "--out", tmp_path / "sheet.png", "--atlas", *options.split()) == 0
    output, errors = capsys.readouterr()
    assert output == ""
    assert f"Wrote 9 sprites to {tmp_path / 'sheet.png'}" in errors
    atlas = json.loads((tmp_path / "sheet.json").read_text())
    scale = int(options.partition("--scale ")[2][:1] or 4)
    numbers = []
    with Image.open(tmp_path / "sheet.png") as image:
        for one in atlas["frames"]:
            numbers.append(int(one["filename"][-3:]) - 1)
            x, y, w, h = (one["frame"][name] for name in "xywh")
            pixels = np.asarray(image.crop((x, y, x + w, y + h)))
            np.testing.assert_array_equal(pixels[::scale, ::scale], images[numbers[-1]])
    assert sorted(numbers) == list(range(COUNT))
    np.testing.assert_array_equal(load_sprites(tmp_path / "sheet.png").images, images[numbers])
    names = [tag["name"] for tag in atlas["meta"]["frameTags"]]
    assert len(names) == len(set(names)) == (2 if run.endswith("kinds") else 0)
    assert ("order of their kinds" in errors) == (numbers != list(range(COUNT)))


def test_without_an_atlas_the_order_stays(run: str, tmp_path: Path) -> None:
    images = array(run, tmp_path)
    assert drawn(run, "--out", tmp_path / "sheet.png", "--scale", 1) == 0
    np.testing.assert_array_equal(load_sprites(tmp_path / "sheet.png").images, images)
    assert not (tmp_path / "sheet.json").exists()


@pytest.mark.parametrize("scale", [1, 3])
def test_single_files(scale: int, run: str, tmp_path: Path) -> None:
    images = array(run, tmp_path)
    assert drawn(run, "--out", tmp_path / "x y.zip", "--scale", scale) == 0
    found = load_sprites(tmp_path / "x y.zip").images
    # They are read in the order of their names, which begin with the kinds.
    assert sorted(image.tobytes() for image in found) == sorted(image.tobytes() for image in images)
    if run.endswith("clear"):
        np.testing.assert_array_equal(found, images)


def test_an_aseprite_file(run: str, tmp_path: Path) -> None:
    images = array(run, tmp_path)
    assert drawn(run, "--out", tmp_path / "x.ASEPRITE") == 0
    found = load_sprites(tmp_path / "x.ASEPRITE").images
    assert sorted(image.tobytes() for image in found) == sorted(image.tobytes() for image in images)
    parts = take_apart((tmp_path / "x.ASEPRITE").read_bytes())
    assert len(parts.tags) == (2 if run.endswith("kinds") else 0)
    assert len(parts.durations) == COUNT


def test_the_colours_used(run: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    colours = colours_used(array(run, tmp_path)).tolist()
    assert drawn(run, "--out", tmp_path / "x.gif", "--columns", 2, "--palette-file", tmp_path / "new" / "x.GPL") == 0
    assert f"Wrote {len(colours):,} colours to" in capsys.readouterr().err
    name, _, found = parse_gpl((tmp_path / "new" / "x.GPL").read_text())
    assert (name, [list(one[:3]) for one in found]) == ("x", colours)
    assert drawn(run, "--out", tmp_path / "y.npy", "--palette-file", tmp_path / "x.hex") == 0
    assert [list(bytes.fromhex(line)) for line in (tmp_path / "x.hex").read_text().split()] == colours


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--out x.npy --scale 2", "--scale is for files that end in .png, .zip or .gif, not for .npy"),
        ("--out x.zip --columns 2", "--columns is for files that end in .png or .gif, not for .zip"),
        ("--out x.gif --gap 0", "--gap is for files that end in .png, not for .gif"),
        ("--out x.aseprite --margin 1", "--margin is for"),
        ("--out x.zip --extrude 1", "--extrude is for"),
        ("--out x.zip --layers", "--layers is for"),
        ("--out x.png --holes", "ask for --cut-out, too"),
        ("--out x.png --shadows 0", "ask for --cut-out, too"),
        ("--out x.png --cut-out --shadows 2", "shadows must be from 0 to 1"),
        ("--out x.gif --cut-out", "--cut-out is for finished sprites"),
        ("--out x.gif --power-of-two", "--power-of-two is for"),
        ("--out x.aseprite --atlas", "--atlas is for"),
        ("--out x.png --palette-file x.act", "--palette-file must end in .gpl or .hex"),
        ("--out x.png --columns 0", "columns must be a whole number of at least 1"),
        ("--out x.png --gap -1", "gap must be"),
        ("--out x.gif --scale 0", "scale must be"),
        ("--out x.png --scale 2000", "at most 16,384 a side"),
        ("--out x.zip --scale 2000", "at most 16,384 a side"),
        ("--out x.gif --scale 2000", "at most 16,384 a side"),
    ],
)
def test_what_does_not_apply_is_refused(options: str, words: str, run: str, capsys) -> None:
    assert drawn(run, *options.split()) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert words in errors.splitlines()[-1]
    assert not list(Path.cwd().glob("x.*"))


def test_what_is_written_is_finished_as_on_the_page(trained: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(trained)
    run = "checkpoints/kinds"
    images = array(run, tmp_path)
    wanted = Finish(True, find_palette("pico-8"), CutOut(True, 0.2)).apply(images)
    asked = ["--clean", "--palette", "pico-8", "--cut-out", "--holes", "--shadows", 0.2]
    assert drawn(run, *asked, "--out", tmp_path / "done.npy") == 0
    np.testing.assert_array_equal(np.load(tmp_path / "done.npy"), wanted.images)
    errors = capsys.readouterr().err
    assert all(told in errors for told in wanted.told)
    assert "To judge the model, draw without --clean and --palette and --cut-out." in errors
    assert drawn(run, *asked, "--out", tmp_path / "done.png") == 0
    np.testing.assert_array_equal(load_sprites(tmp_path / "done.png").images, wanted.images)


def test_a_layer_a_sprite(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    assert drawn("checkpoints/clear", "--layers", "--out", tmp_path / "x.aseprite") == 0
    parts = take_apart((tmp_path / "x.aseprite").read_bytes())
    assert (len(parts.durations), len(parts.layers)) == (1, COUNT)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        *((["--out", "c.gif", "--columns", many], "other columns") for many in ("5000", "1000000000", "1" + 20 * "0")),
        (["--out", "e.npy", "--palette", ""], "there is no palette"),
        (["--out", "c.png", "--steps", "-2"], "steps must lie in 1..1000, got -2"),
        (["--out", "c.png", "--label", "\u00b2"], "there is no kind"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_drawn(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asked: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ddpm.cli.drawing.sample.sample", None)
    assert main(["sample", "--checkpoint", str(trained / "checkpoints" / "kinds"), "--n", "1", *asked]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert said in line
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "error", [MemoryError(), RuntimeError("std::bad_alloc"), RuntimeError("can't allocate memory")]
)
def test_too_little_memory_is_told(
    run: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    def too_much(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("ddpm.cli.drawing.sample.sample", too_much)
    assert drawn(run, "--out", tmp_path / "x.npy") == 1
    assert "not enough memory" in capsys.readouterr().err
