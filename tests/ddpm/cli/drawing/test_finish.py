"""``python -m ddpm finish``: what is given stays, in every file, and what cannot be done is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm.cli.main import main
from ddpm.diffusion.plays.filling import half_mask
from ddpm.pixels.exporting.palette_files import colours_used

LEFT = half_mask(16, 16, "left")


def finished(run: str, *more: object) -> int:
    return main(["finish", "--checkpoint", run, "--steps", "2", "--n", "3", *map(str, more)])


@pytest.fixture
def sprite(run: str) -> np.ndarray:
    """uint8 (H, W, 4), opaque, of a few colours, and of the size that the run draws."""
    random = np.random.default_rng(0)
    colours = random.integers(0, 256, (5, 4), dtype=np.uint8)
    colours[:, 3] = 255
    return colours[random.integers(0, 5, (16, 16))]


def picture(path: Path, image: np.ndarray) -> Path:
    Image.fromarray(image).save(path)
    return path


def given(path: Path, image: np.ndarray) -> Path:
    """A picture whose right half is transparent."""
    return picture(path, np.where(LEFT[..., None], image, np.uint8(0)))


def test_what_is_not_transparent_stays(run: str, sprite: np.ndarray, tmp_path: Path, capsys) -> None:
    source = given(tmp_path / "part.png", sprite)
    assert finished(run, "--from", source, "--out", tmp_path / "x.npy") == 0
    drawn = np.load(tmp_path / "x.npy")
    channels = drawn.shape[-1]
    assert drawn.shape == (3, 16, 16, channels)
    assert (drawn[:, LEFT] == sprite[LEFT][:, :channels]).all()
    assert (drawn[0] != drawn[1]).any()
    assert "128 pixels of 256 stay as they are" in capsys.readouterr().err
    assert finished(run, "--from", source, "--out", tmp_path / "x.gif") == 0
    assert finished(run, "--from", source, "--out", tmp_path / "x.png", "--scale", 1, "--gap", 0, "--columns", 3) == 0
    with Image.open(tmp_path / "x.png") as sheet:
        shown = np.asarray(sheet.convert("RGBA"))[:, 16:32]
    assert (shown[LEFT] == sprite[LEFT]).all()


def test_a_mask_says_what_is_drawn(run: str, sprite: np.ndarray, tmp_path: Path) -> None:
    mask = np.where(LEFT, 255, 0).astype(np.uint8)
    options = ("--from", picture(tmp_path / "all.png", sprite), "--mask", picture(tmp_path / "mask.png", mask))
    assert finished(run, *options, "--out", tmp_path / "x.npy") == 0
    drawn = np.load(tmp_path / "x.npy")
    assert (drawn[:, ~LEFT] == sprite[~LEFT][:, : drawn.shape[-1]]).all()
    assert (drawn[:, LEFT] != sprite[LEFT][:, : drawn.shape[-1]]).any()


@pytest.mark.parametrize("options", [["--clean", "--palette", "pico-8"], ["--only-my-colours"]])
def test_it_stays_through_cleaning_and_palettes(
    run: str, sprite: np.ndarray, tmp_path: Path, capsys, options: list[str]
) -> None:
    source = given(tmp_path / "part.png", sprite)
    assert finished(run, "--from", source, *options, "--out", tmp_path / "x.npy") == 0
    drawn = np.load(tmp_path / "x.npy")
    assert (drawn[:, LEFT] == sprite[LEFT][:, : drawn.shape[-1]]).all()
    assert "stays as it is, whatever" in capsys.readouterr().err
    if options == ["--only-my-colours"]:
        own = {(255, 255, 255), *(tuple(colour) for colour in colours_used(sprite[LEFT]).tolist())}
        assert {tuple(colour) for colour in colours_used(drawn).tolist()} <= own


def test_what_cannot_be_is_said(run: str, sprite: np.ndarray, tmp_path: Path, capsys) -> None:
    whole, part = picture(tmp_path / "all.png", sprite), given(tmp_path / "part.png", sprite)
    grey = picture(tmp_path / "grey.png", np.where(LEFT, 120, 0).astype(np.uint8))
    narrow = picture(tmp_path / "narrow.png", sprite[:, :8])
    for options, words in (
        (("--from", whole), "nothing of the picture is transparent"),
        (("--from", part, "--index", 1), "--index must lie in 0..0"),
        (("--from", narrow), "the model draws sprites of 16 x 16"),
        (("--from", whole, "--mask", grey), "no colours but black and white"),
        (("--from", part, "--n", 0), "--n must be at least 1"),
        (("--from", part, "--resamples", 0), "resamples must be at least 1"),
        (("--from", part, "--sampler", "instant"), "the sampler instant leaps"),
        (("--from", part, "--only-my-colours", "--palette", "pico-8"), "--only-my-colours is a palette of its own"),
    ):
        assert finished(run, *options, "--out", tmp_path / "no.npy") == 1
        assert words in capsys.readouterr().err
    assert not (tmp_path / "no.npy").exists()
