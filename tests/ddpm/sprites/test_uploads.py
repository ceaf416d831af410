"""Uploads are stored under plain names, whatever the browser calls them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddpm.base.files import npy_bytes
from ddpm.pixels.sheets import png, sheet_png
from ddpm.sprites import SpriteError, load_sprites
from ddpm.sprites.uploads import keep_upload
from tests.ddpm.helpers import simple_sprites


def test_an_array_with_its_labels() -> None:
    images, labels = simple_sprites(12), np.arange(12) % 3
    path = keep_upload([("mine.npy", npy_bytes(images)), ("mine_labels.npy", npy_bytes(labels))])
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
    path = keep_upload([(name, npy_bytes(simple_sprites(4)))])
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
        [("a.npy", b"1"), ("b_labels.npy", b"2")],
        [("a.png", b"1"), ("a_labels.npy", b"2")],
        [("a.png", b"1"), ("b.png", b"1"), ("a_labels.npy", b"2")],
        [("a.npz", b"1"), ("a_labels.npy", b"2")],
        [("a.npy", b"1"), ("a.npy", b"1")],
    ],
)
def test_files_that_do_not_go_together_are_refused(files: list[tuple[str, bytes]]) -> None:
    with pytest.raises(SpriteError) as caught:
        keep_upload(files)
    for name, _ in files:
        assert len(files) == 1 or name in str(caught.value)


def test_the_same_upload_twice_is_one_and_another_is_another() -> None:
    first, again = [keep_upload([("a.npy", npy_bytes(simple_sprites(4)))]) for _ in range(2)]
    other = keep_upload([("a.npy", npy_bytes(simple_sprites(5)))])
    assert first == again != other


LONG = "x" * 60


@pytest.mark.parametrize(
    "names",
    [
        ["猫.png", "犬.png", "鳥.png"],
        ["a b.png", "a_b.png", "a-b.png"],
        ["0001.png", "0001.png", "0001.png"],
        ["one/0001.png", "two/0001.png", "three\\0001.png"],
        [f"{LONG}1.png", f"{LONG}2.png", f"{LONG * 4}3.png"],
        ["A.png", "a.png", "a.PNG"],
        ["10.png", "9.png", "1.png"],
        [".png", "..png", "\0.png"],
        ["\udcff.png", "\udcfe.png", "_.png"],
        ["0001-b.png", "0002-b.png", "b.png"],
    ],
)
@pytest.mark.parametrize("same", [False, True])
def test_as_many_come_out_as_went_in_and_in_that_order(names: list[str], same: bool) -> None:
    images = simple_sprites(len(names))
    images = images[[0] * len(names)] if same else images
    files = [(name, png(image)) for name, image in zip(names, images, strict=True)]
    for _ in range(2):  # the second time they are there already
        sprites = load_sprites(keep_upload(files))
        np.testing.assert_array_equal(sprites.images, images)
        assert [row.files for row in sprites.tally] == [len(names)]
    turned = load_sprites(keep_upload(files[::-1]))
    np.testing.assert_array_equal(turned.images, images[::-1])


def test_names_stay_readable() -> None:
    images = simple_sprites(2)
    folder = keep_upload([("猫.png", png(images[0])), ("red slime (2).png", png(images[1]))])
    assert sorted(path.name for path in folder.iterdir()) == ["0001-猫.png", "0002-red slime (2).png"]
    assert load_sprites(keep_upload([("私の絵.npy", npy_bytes(images))])).name == "私の絵"


@pytest.mark.parametrize(
    "names", [("スライム.png", "ドラゴン.png"), ("a b.png", "a+b.png"), ("0001-x.png", "100%.png"), ("é.png", "e.png")]
)
def test_messages_show_the_names_that_the_visitor_gave(names: tuple[str, str]) -> None:
    images = simple_sprites(2)
    sprites = load_sprites(keep_upload([(name, png(image)) for name, image in zip(names, images, strict=True)]))
    assert len(sprites) == 2
    (row,) = sprites.tally
    assert row.names == names
    whole, damaged = png(images[0]), png(images[1])[:40]
    sprites = load_sprites(keep_upload([(names[0], whole), (names[1], damaged)]))
    assert [row.names for row in sprites.tally] == [names[:1], names[1:]]


@pytest.mark.parametrize(("name", "word"), [("x.jpg", "JPEG"), ("x.rar", "Unpack"), ("x.psd", "Save it as PNG")])
def test_a_refusal_says_what_to_do(name: str, word: str) -> None:
    with pytest.raises(SpriteError, match=word):
        keep_upload([(name, b"1")])


@pytest.mark.parametrize("stem", ["mine", LONG * 3, "猫" * 100, "a b", "mine_labels", ".hidden", "x.y"])
@pytest.mark.parametrize("turned", [False, True])
def test_labels_stay_with_their_array_whatever_it_is_called(stem: str, turned: bool) -> None:
    images, labels = simple_sprites(12), np.arange(12) % 3
    files = [(f"{stem}.npy", npy_bytes(images)), (f"{stem}_labels.npy", npy_bytes(labels))]
    sprites = load_sprites(keep_upload(files[::-1] if turned else files))
    np.testing.assert_array_equal(sprites.images, images)
    np.testing.assert_array_equal(sprites.labels, labels)


def test_uploads_of_other_names_or_bytes_are_never_one(ddpm_home: Path) -> None:
    images = simple_sprites(2)
    asked = [
        [(first, png(images[0])), (second, png(images[1]))]
        for first, second in (("a b.png", "c.png"), ("a_b.png", "c.png"), ("c.png", "a_b.png"), ("猫.png", "犬.png"))
    ]
    folders = {keep_upload(files) for files in asked}
    assert len(folders) == len(asked)
    assert {keep_upload(files) for files in asked} == folders
    assert len(list((ddpm_home / "uploads").iterdir())) == len(asked)
