"""``python -m ddpm variants``: a row a shape, the sprite itself first, and the same as the library draws."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm import load_checkpoint, load_sprites, to_uint8
from ddpm.cli.main import main
from ddpm.diffusion.variants.redrawing import other_colours
from ddpm.pixels.conversion import pack_rgb
from ddpm.pixels.palette.mapping import regions


def varied(run: str, *more: object) -> int:
    return main(["variants", "--checkpoint", run, *map(str, more)])


def drawn(run: str, path: Path, n: int) -> np.ndarray:
    assert main(["sample", "--checkpoint", run, "--n", str(n), "--out", str(path)]) == 0
    return np.load(path)


def test_each_row_begins_with_the_sprite_that_sample_draws(run: str, tmp_path: Path, capsys) -> None:
    sprites = drawn(run, tmp_path / "all.npy", 5)
    options = ("--index", 4, 1, "--of", "shape", "--count", 3)
    assert varied(run, *options, "--out", tmp_path / "x.npy") == 0
    rows = np.load(tmp_path / "x.npy").reshape(2, 4, *sprites.shape[1:])
    assert np.abs(rows[:, 0].astype(int) - sprites[[4, 1]]).max() <= 1
    for row in rows:
        palette = set(pack_rgb(regions(row[0])[1]).tolist())
        shown = row[1:, ..., 3] > 0 if row.shape[-1] == 4 else np.ones(row[1:].shape[:-1], bool)
        assert set(pack_rgb(row[1:, ..., :3])[shown].tolist()) <= palette
    assert "each sprite has a row: itself first, then its 3 variants" in capsys.readouterr().err
    assert varied(run, *options, "--out", tmp_path / "x.png", "--scale", 1, "--gap", 0) == 0
    with Image.open(tmp_path / "x.png") as sheet:
        height, width = sprites.shape[1:3]
        assert sheet.size == (4 * width, 2 * height), "a row a shape"
    assert varied(run, *options, "--out", tmp_path / "x.png", "--atlas") == 0
    assert len(json.loads((tmp_path / "x.json").read_text())["frames"]) == 8
    assert varied(run, *options, "--out", tmp_path / "x.gif") == 0


def test_sprites_of_ones_own(run: str, tmp_path: Path) -> None:
    sprites = drawn(run, tmp_path / "own.npy", 3)
    assert (
        varied(run, "--from", tmp_path / "own.npy", "--of", "colours", "--count", 2, "--out", tmp_path / "x.npy") == 0
    )
    rows = np.load(tmp_path / "x.npy").reshape(3, 3, *sprites.shape[1:])
    assert np.array_equal(rows[:, 0], sprites)
    checkpoint = load_checkpoint(run)
    *_, last = other_colours(checkpoint.model, checkpoint.schedule, sprites, 2)
    assert np.array_equal(rows[:, 1:].reshape(-1, *sprites.shape[1:]), to_uint8(last.x0))
    # Sprite 2 has the same variants whether or not the others are drawn, up to rounding.
    options = ("--of", "colours", "--count", 2, "--index", 2, "--out")
    assert varied(run, "--from", tmp_path / "own.npy", *options, tmp_path / "one.npy") == 0
    differ = np.abs(np.load(tmp_path / "one.npy").astype(int) - rows[2]).max(axis=-1) > 2
    assert differ.mean() < 0.05
    assert varied(run, "--from", tmp_path / "own.npy", *options, tmp_path / "two.npy", "--variant-seed", 1) == 0
    assert not np.array_equal(np.load(tmp_path / "two.npy"), np.load(tmp_path / "one.npy"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--of", "shape"], "--index"),
        (["--of", "shape", "--index", "-1"], "--index must lie in"),
        (["--of", "shape", "--index", "0", "--count", "0"], "--count must lie in"),
        (["--of", "shape", "--index", "0", "--strength", "1.5"], "strength"),
        (["--of", "shape", "--from", "wide.npy"], "the model draws sprites of 16 x 16"),
        (["--of", "shape", "--from", "kinds.npz", "--index", "20"], "--index must lie in 0..19"),
    ],
)
def test_what_cannot_be_is_told(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, options: list[str], words: str
) -> None:
    monkeypatch.chdir(trained)
    random = np.random.default_rng(0)
    np.save(trained / "wide.npy", random.integers(0, 256, (2, 16, 24, 3), dtype=np.uint8))
    assert varied("checkpoints/kinds", *options, "--out", tmp_path / "x.png") == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "x.png").exists()


def test_a_sheet_of_variants_loads_again(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(trained)
    options = ("--index", 0, 1, "--of", "colours", "--count", 3, "--out")
    for name in ("x.npy", "x.png"):
        assert varied("checkpoints/kinds", *options, tmp_path / name) == 0
    assert np.array_equal(load_sprites(tmp_path / "x.png").images, np.load(tmp_path / "x.npy"))
