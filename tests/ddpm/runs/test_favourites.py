"""Favourites are kept until somebody removes them, whatever lies beside them."""

from __future__ import annotations

import json
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ddpm.runs import favourites as module
from ddpm.runs.favourites import FavouritesError, favourite_id, favourites, keep, kept_among, remove
from tests.ddpm.helpers import simple_sprites


def old_file(home: Path, image: np.ndarray, info: dict[str, Any], kept: float) -> Path:
    """A favourite as it was written before favourites were numbered."""
    digest = blake2b(json.dumps(info, sort_keys=True).encode(), digest_size=8)
    digest.update(image.tobytes())
    path = home / "favourites" / f"{digest.hexdigest()}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    note = PngInfo()
    note.add_text("ddpm:favourite", json.dumps({"kept": kept, "info": info}))
    Image.fromarray(image).save(path, pnginfo=note)
    return path


def test_a_favourite_comes_back_as_it_was() -> None:
    first, second = simple_sprites(2)
    keep(first, {"name": "small", "seed": 0, "index": 3})
    kept = keep(second, {"name": "small", "seed": 0, "index": 4})
    found = favourites()
    assert [one.info["index"] for one in found] == [4, 3], "the newest first"
    assert found[0].id == kept.id == favourite_id(second, kept.info)
    assert np.array_equal(found[0].image, second)
    assert np.array_equal(found[1].image, first)
    assert kept_among({kept.id, "0" * 16}) == {kept.id}


def test_keeping_twice_is_keeping_once(ddpm_home: Path) -> None:
    (image,) = simple_sprites(1)
    keep(image, {"seed": 1})
    keep(image, {"seed": 1})
    keep(image, {"seed": 2})
    assert sorted(one.info["seed"] for one in favourites()) == [1, 2]
    assert len(list((ddpm_home / "favourites").iterdir())) == 2


def test_removing() -> None:
    first, second = (keep(image, {}) for image in simple_sprites(2))
    remove(first.id)
    remove(first.id)
    remove("../../etc/passwd")
    assert [one.id for one in favourites()] == [second.id]


def test_there_is_an_end_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    images = simple_sprites(3)
    for image in images[:2]:
        keep(image, {})
    with pytest.raises(FavouritesError, match="remove one"):
        keep(images[2], {})
    keep(images[0], {})
    assert len(favourites()) == 2


def test_damaged_files_are_left_out_and_left_alone(ddpm_home: Path) -> None:
    kept = keep(simple_sprites(1)[0], {})
    folder = ddpm_home / "favourites"
    whole = (folder / f"{kept.id}.png").read_bytes()
    (folder / f"{'1' * 16}.png").write_bytes(whole[: len(whole) // 2])
    (folder / f"{'2' * 16}.png").write_bytes(b"")
    (folder / f"{'3' * 16}.png").mkdir()
    (folder / "notes.txt").write_text("mine")
    for name, side, note in (("4", 8, "{}"), ("5", 16, "[]"), ("6", 16, '{"kept": "x", "info": {}}'), ("7", 16, "")):
        text = PngInfo()
        text.add_text("ddpm:favourite", note)
        Image.new("RGB", (side, side)).save(folder / f"{name * 16}.png", pnginfo=text)
    (folder / f"{'8' * 16}.png").write_bytes(json.dumps({"kept": 1, "info": {}}).encode())
    before = sorted(folder.iterdir())
    assert [one.id for one in favourites()] == [kept.id]
    assert sorted(folder.iterdir()) == before


def test_without_a_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "file"))
    assert favourites() == []
    assert kept_among({"0" * 16}) == set()
    with pytest.raises(FavouritesError, match="could not be kept"):
        keep(simple_sprites(1)[0], {})
