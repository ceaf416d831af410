"""Uploads are stored under plain names, whatever the browser calls them (fault 36)."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from ddpm.render import png, sheet_png
from ddpm.sprites import SpriteError, load_sprites
from ddpm.uploads import keep_upload
from tests.ddpm.helpers import simple_sprites


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def test_an_array_with_its_labels() -> None:
    images, labels = simple_sprites(12), np.arange(12) % 3
    path = keep_upload([("mine.npy", npy(images)), ("mine_labels.npy", npy(labels))])
    sprites = load_sprites(path)
    assert np.array_equal(sprites.images, images)
    assert sprites.labels is not None
    assert sprites.labels.tolist() == labels.tolist()


def test_one_png_is_a_sheet_and_several_are_sprites() -> None:
    images = simple_sprites(6)
    assert np.array_equal(load_sprites(keep_upload([("sheet.PNG", sheet_png(images, scale=3, gap=1))])).images, images)
    files = [(f"{i}.png", png(image)) for i, image in enumerate(images)]
    assert np.array_equal(load_sprites(keep_upload(files)).images, images)


@pytest.mark.parametrize(
    "name",
    ["../../evil.npy", "C:\\temp\\x.npy", "a/../b.npy", "null\0byte.npy", "<script>.npy", "x" * 3000 + ".npy", ".npy"],
)
def test_hostile_names_stay_inside_the_home(name: str, ddpm_home: Path) -> None:
    path = keep_upload([(name, npy(simple_sprites(4)))])
    assert path.is_relative_to(ddpm_home.resolve())
    assert len(load_sprites(path)) == 4


@pytest.mark.parametrize(
    "files",
    [
        [],
        [("page.html", b"<html>")],
        [("a.npy", b"1"), ("b.npy", b"2")],
        [("a.npy", b"1"), ("b.png", b"2")],
        [("only_labels.npy", b"1")],
    ],
)
def test_files_that_do_not_go_together_are_refused(files: list[tuple[str, bytes]]) -> None:
    with pytest.raises(SpriteError):
        keep_upload(files)


def test_the_same_upload_twice_is_one_and_another_is_another() -> None:
    first, again = [keep_upload([("a.npy", npy(simple_sprites(4)))]) for _ in range(2)]
    other = keep_upload([("a.npy", npy(simple_sprites(5)))])
    assert first == again != other
