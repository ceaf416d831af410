"""A training of sprites that are neither 16x16 nor opaque, from files to drawings."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from ddpm import load_checkpoint, load_sprites, sample, to_uint8
from ddpm.jobs.job import run_training
from ddpm.jobs.plan import training_rows
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.errors import RunError
from ddpm.runs.run import Run
from ddpm.training.recipes import RECIPES, attended_level, recipe
from tests.ddpm.helpers import ROOT, SMALL


def transparent_sprites(count: int, height: int, width: int) -> np.ndarray:
    """Discs of one colour on nothing, uint8 (count, height, width, 4)."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[:height, :width]
    images = np.zeros((count, height, width, 4), np.uint8)
    for image in images:
        inside = (y - random.uniform(4, height - 4)) ** 2 + (x - random.uniform(4, width - 4)) ** 2 < 12
        image[inside] = [*random.integers(0, 256, 3), 255]
    return images


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "discs.npy"
    np.save(path, transparent_sprites(60, 24, 16))
    return path


def train(tmp_path: Path, source: object, steps: int = 3, **rest: object) -> Run:
    request = TrainingRequest(tmp_path / "checkpoints" / "run", data=str(source), steps=steps, check_sprites=0, **rest)  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fast", "original"):
            network = {part: getattr(SMALL, part) for part in ("channels", "batch_size")}
            patch.setitem(RECIPES, name, replace(RECIPES[name], **network))
        run_training(request, lambda *_: None)
    return Run(request.folder)


def test_from_a_file_to_drawings(tmp_path: Path, source: Path) -> None:
    run = train(tmp_path, source)
    data = run.config()["data"]
    assert (data["width"], data["height"], data["channels"], data["binary_alpha"]) == (16, 24, 4, True)
    checkpoint = load_checkpoint(run.folder)
    assert checkpoint.model.image_shape == (4, 24, 16)
    *_, last = sample(checkpoint.model, checkpoint.schedule, 5, "fast")
    images = to_uint8(last.x0)
    assert images.shape == (5, 24, 16, 4)
    assert set(np.unique(images[..., 3])) <= {0, 255}
    assert (images[images[..., 3] == 0] == 0).all()
    assert list((run.folder / "previews").glob("*.png"))
    assert "16x24 pixel art, with transparency" in (run.folder / "README.md").read_text()
    train(tmp_path, source, 5, resume=True)
    assert Run(run.folder).latest() == 5


def test_a_run_remembers_how_its_source_was_read(tmp_path: Path, source: Path) -> None:
    run = train(tmp_path, f"{source}?background=auto")
    data = run.config()["data"]
    assert data["channels"] == 3
    assert data["background"] in ("#ffffff", "#000000", "#ff00ff", "#808080", "#404040", "#c0c0c0")
    assert load_checkpoint(run.folder).model.image_shape == (3, 24, 16)
    again = load_sprites(data["source"])
    assert again.fingerprint == data["fingerprint"]
    # Read in another way they are other sprites.
    with pytest.raises(RunError, match="other sprites"):
        train(tmp_path, source, 5, resume=True)


def test_repeats_count_once_unless_they_are_kept(tmp_path: Path) -> None:
    images = transparent_sprites(40, 8, 8)
    path = tmp_path / "repeated.npy"
    np.save(path, np.concatenate([images, images, images]))
    once = train(tmp_path / "a", path).config()
    assert once["data"]["training_rows"] == once["data"]["training_distinct"]
    kept = train(tmp_path / "b", path, repeats="keep").config()
    assert kept["data"]["training_rows"] == 3 * kept["data"]["training_distinct"]
    original = train(tmp_path / "c", path, preset="original").config()
    assert original["data"]["training_rows"] == kept["data"]["training_rows"]
    with pytest.raises(RunError, match="--repeats keep"):
        train(tmp_path / "a", path, 5, repeats="keep", resume=True)
    sprites = load_sprites(path)
    assert len(training_rows(sprites, 0, each_once=True)) == len(sprites.distinct())


def test_a_run_of_an_older_version_keeps_its_repeats(tmp_path: Path) -> None:
    """Its run.json says nothing of them, and it learnt from all rows."""
    images = transparent_sprites(40, 8, 8)[..., :3]
    path = tmp_path / "repeated.npy"
    np.save(path, np.concatenate([images, images]))
    run = train(tmp_path, path, repeats="keep")
    file = run.folder / "run.json"
    config = json.loads(file.read_text())
    del config["recipe"]["each_once"]
    for key in ("width", "height", "channels", "binary_alpha", "background"):
        del config["data"][key]
    file.write_text(json.dumps(config))
    train(tmp_path, path, 6, resume=True)
    assert Run(run.folder).latest() == 6


def test_an_older_checkpoint_draws_16x16(tmp_path: Path) -> None:
    folder = tmp_path / "000001"
    shutil.copytree(load_checkpoint(ROOT / "checkpoints" / "builtin").path, folder)
    config, manifest = (json.loads((folder / name).read_text()) for name in ("config.json", "manifest.json"))
    for key in ("image_shape", "binary_alpha"):
        del config["network"][key]
    written = json.dumps(config).encode()
    (folder / "config.json").write_bytes(written)
    manifest["files"]["config.json"] = {"size": len(written), "sha256": sha256(written).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    older = load_checkpoint(folder)
    assert older.model.image_shape == (3, 16, 16)
    assert not older.model.binary_alpha


def test_recipes_fit_the_size() -> None:
    fast, original = recipe("fast"), recipe("original")
    assert fast.fitted((3, 16, 16)) == fast
    assert original.fitted((3, 16, 16)) == original
    assert fast.fitted((4, 16, 16)) == fast
    for side, level in ((8, 0), (16, 0), (17, 1), (32, 1), (48, 2), (64, 2)):
        assert attended_level(side, side) == level
        fitted = fast.fitted((3, side, side))
        assert fitted.attention == (level,)
        assert len(fitted.channels) == (5 if side >= 32 else 4)
        assert original.fitted((3, side, side)).attention == ()
        assert 0 < fitted.batch_size <= fast.batch_size
    assert attended_level(16, 24) == 1
    assert attended_level(8, 32) == 0
