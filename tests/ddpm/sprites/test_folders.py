"""Folders of pictures: which files are taken, of which class, and what is told of the others."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ddpm.pixels.transparency import lay_on
from ddpm.sprites import SpriteDataset, SpriteError, load_sprites
from ddpm.sprites.readers import listing
from ddpm.sprites.readers.listing import find_classes
from ddpm.sprites.readers.sheets.sheet_layout import GridQuestion
from tests.ddpm.sprite_files import noise_sprites, npy_bytes, png_bytes, refused, write
from tests.ddpm.sprites.pixel_art import ghosts, grounds, icons, lay_out, on, walk
from tests.ddpm.sprites.real_packs import aseprite

GOOD = png_bytes(noise_sprites(1)[0])


def fill(folder: Path, images: np.ndarray, stem: str = "a") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images):
        write(folder / f"{stem}{number:03d}.png", png_bytes(image))


def row(sprites: SpriteDataset, words: str) -> tuple[bool, int, int, tuple[str, ...]]:
    """The one row of the tally whose text holds ``words``."""
    (found,) = (row for row in sprites.tally if words in row.what)
    return found.taken, found.files, found.sprites, found.names


def test_files_come_by_name_and_enlarged_ones_are_read_in_their_own_size(tmp_path: Path) -> None:
    images = noise_sprites(3)
    for name, image, scale in (("b.png", images[1], 4), ("a.PNG", images[0], 1), ("c.png", images[2], 3)):
        write(tmp_path / name, png_bytes(image.repeat(scale, 0).repeat(scale, 1)))
    write(tmp_path / "readme.txt", b"not a sprite")
    write(tmp_path / ".hidden.png", b"not a PNG")
    (tmp_path / "trap.png").mkdir()
    sprites = load_sprites(tmp_path)
    np.testing.assert_array_equal(sprites.images, images)
    assert sprites.labels is None
    assert sprites.source == str(tmp_path)
    assert row(sprites, "no picture")[:2] == (False, 1)
    assert row(sprites, "hidden") == (False, 1, 0, (".hidden.png",))
    enlarged = [note for note in sprites.notes if "each pixel is drawn" in note]
    assert len(enlarged) == 2
    assert "1 picture of 64 x 64 pixels, in which each pixel is drawn 4 x 4 times, read as 16 x 16." in enlarged[0]


def test_sub_folders_are_classes_and_what_lies_beside_them_is_one(tmp_path: Path) -> None:
    images = noise_sprites(6)
    for number, name in enumerate(["food/b.png", "food/a.png", "heroes/z.png", "heroes/y.png", "slime/x.png"]):
        (tmp_path / "set" / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path / "set" / name, png_bytes(images[number]))
    (tmp_path / "set" / "empty").mkdir()
    sprites = load_sprites(tmp_path / "set")
    np.testing.assert_array_equal(sprites.images, images[[1, 0, 3, 2, 4]])
    np.testing.assert_array_equal(sprites.labels, [0, 0, 1, 1, 2])
    assert sprites.label_names == ("food", "heroes", "slime")
    assert sprites.notes == ()
    write(tmp_path / "set" / "loose.png", png_bytes(images[5]))
    sprites = load_sprites(tmp_path / "set")
    assert sprites.label_names == ("food", "heroes", "slime", "set")
    np.testing.assert_array_equal(sprites.images[np.asarray(sprites.labels) == 3], images[5:])
    assert sprites.notes == ("set: 1 picture in no sub-folder is a class of its own, set.",)


@pytest.mark.parametrize("size", [(8, 8), (32, 32), (16, 32), (17, 17), (24, 24), (16, 64)])
def test_one_odd_size_is_left_out_and_named(tmp_path: Path, size: tuple[int, int]) -> None:
    fill(tmp_path / "set", icons(3)[..., :3])
    before = load_sprites(tmp_path / "set")
    write(tmp_path / "set" / "bad.png", png_bytes(icons(1, *size[::-1])[0]))
    sprites = load_sprites(tmp_path / "set")
    assert row(sprites, f"{size[1]} x {size[0]} pixels") == (False, 1, 1, ("bad.png",))
    assert f"3 of 4 files: 3 drawings of 16 x 16; left out: 1 of {size[1]} x {size[0]} pixels" in sprites.notes[0]
    assert "(bad.png)" in sprites.notes[0]
    assert sprites.fingerprint == before.fingerprint


def test_damaged_files_are_left_out_and_say_why(tmp_path: Path) -> None:
    fill(tmp_path, noise_sprites(3))
    for name in ("x.png", "y.png"):
        write(tmp_path / name, GOOD[: len(GOOD) // 2])
    write(tmp_path / "z.png", b"")
    sprites = load_sprites(tmp_path)
    np.testing.assert_array_equal(sprites.images, noise_sprites(3))
    assert row(sprites, "damaged PNG") == (False, 2, 0, ("x.png", "y.png"))
    assert row(sprites, "empty (0 bytes)")[3] == ("z.png",)
    assert "2 files that cannot be read: a damaged PNG" in sprites.notes[0]
    assert "1 file that cannot be read: empty (0 bytes) (z.png)" in sprites.notes[0]


def test_a_folder_in_which_nothing_can_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "is a folder with no picture", "Give a folder of pictures.")
    write(tmp_path / "empty" / "a.jpg", b"\xff\xd8\xff")
    refused(tmp_path / "empty", "only 1 file that is no picture (a.jpg)")
    fill(tmp_path / "bad", noise_sprites(2))
    for path in (tmp_path / "bad").iterdir():
        path.write_bytes(GOOD[:60])
    refused(tmp_path / "bad", "No picture of bad can be used", "2 files that cannot be read: a damaged PNG")
    fill(tmp_path / "large", grounds(2, 90, 130), "x")
    refused(tmp_path / "large", "laid out")


def test_too_many_files_and_too_deep_folders_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_FILES", 3)
    fill(tmp_path / "many", noise_sprites(4))
    refused(tmp_path / "many", "more than 3")
    deep = tmp_path / "set" / "/".join("d" * 70)
    deep.mkdir(parents=True)
    write(deep / "a.png", GOOD)
    refused(tmp_path / "set", "folders over 64 deep")


def test_a_change_in_a_folder_is_seen(tmp_path: Path) -> None:
    images = noise_sprites(3)
    write(tmp_path / "a.png", png_bytes(images[0]))
    assert len(load_sprites(tmp_path)) == 1
    write(tmp_path / "b.png", png_bytes(images[1]))
    assert len(load_sprites(tmp_path)) == 2
    write(tmp_path / "b.png", png_bytes(images[2]))
    np.testing.assert_array_equal(load_sprites(tmp_path).images, images[[0, 2]])
    write(tmp_path / "sprites.npy", npy_bytes(images))
    assert len(load_sprites(tmp_path)) == 3
    assert load_sprites(tmp_path).notes == (
        f"{tmp_path.name}: sprites.npy is read, and 2 pictures beside it left out.",
    )


def test_what_else_lies_in_a_folder_is_told_anew_each_time(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    fill(folder, noise_sprites(2))
    write(folder / "readme.txt", b"hello")
    first = load_sprites(folder)
    assert first.notes == (
        "set: 2 of 3 files: 2 drawings of 16 x 16; left out: 1 file that is no picture (readme.txt).",
    )
    write(folder / "more.txt", b"")
    assert "2 files that are no pictures (more.txt, readme.txt)" in load_sprites(folder).notes[0]
    (folder / "more.txt").unlink()
    assert load_sprites(folder).notes == first.notes


def test_folders_are_read_however_deep_and_classes_stay_classes(tmp_path: Path) -> None:
    images = noise_sprites(6)
    names = ["food/b.png", "monsters/bats/a.png", "monsters/bats/small/x.png", "monsters/c.png", "spells/fire/1.png"]
    folder = tmp_path / "set" / "pack" / "png"
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, png_bytes(images[number]))
    write(folder / "readme.txt", b"hello")
    write(folder / "food" / "._b.png", b"of a Macintosh")
    (folder / "food" / "loop").symlink_to(folder)
    sprites = load_sprites(tmp_path / "set")
    assert sprites.label_names == ("food", "monsters", "spells")
    np.testing.assert_array_equal(sprites.labels, [0, 1, 1, 1, 2])
    np.testing.assert_array_equal(sprites.images, images[[0, 3, 1, 2, 4]])
    assert row(sprites, "no picture")[3] == ("pack/png/readme.txt",)
    assert row(sprites, "hidden")[3] == ("pack/png/food/._b.png",)
    assert row(sprites, "link")[3] == ("pack/png/food/loop",)
    assert "set: pictures lie up to 5 folders deep; classes: food, monsters, spells." in sprites.notes


def test_a_folder_around_the_classes_is_none(tmp_path: Path) -> None:
    fill(tmp_path / "set" / "slimes", noise_sprites(3))
    assert load_sprites(tmp_path / "set").notes == load_sprites(tmp_path / "set" / "slimes").notes == ()
    assert load_sprites(tmp_path / "set").label_names is None
    np.testing.assert_array_equal(load_sprites(tmp_path / "set").images, noise_sprites(3))


def test_class_folders_whose_names_become_equal_stay_apart(tmp_path: Path) -> None:
    for number, name in enumerate(("a\x01", "a\x02", "b")):
        fill(tmp_path / "set" / name, noise_sprites(3)[number : number + 1])
    sprites = load_sprites(tmp_path / "set")
    assert sprites.label_names == ("a\N{REPLACEMENT CHARACTER}", "a\N{REPLACEMENT CHARACTER} (2)", "b")
    np.testing.assert_array_equal(sprites.labels, [0, 1, 2])


def test_equal_names_in_several_folders_are_as_many_files(tmp_path: Path) -> None:
    for number in range(4):
        fill(tmp_path / f"f{number}", noise_sprites(3, number))
    sprites = load_sprites(tmp_path)
    assert len(sprites) == 12
    taken, files, count, names = row(sprites, "drawings of 16 x 16")
    assert (taken, files, count) == (True, 12, 12)
    assert len(set(names)) == 12
    assert names[0] == "f0/a000.png"


# Links


def test_links_in_circles_end(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    fill(folder / "a", noise_sprites(2))
    fill(folder / "b", noise_sprites(2, 1))
    for number in range(12):  # each leads to all the others: 12! ways through them
        (folder / "a" / f"l{number}").symlink_to(folder / "b")
        (folder / "b" / f"l{number}").symlink_to(folder / "a")
    (folder / "up").symlink_to(tmp_path)
    (folder / "root").symlink_to("/")
    (folder / "own").symlink_to(folder / "own")
    (folder / "own.png").symlink_to(folder / "own.png")
    (folder / "gone.png").symlink_to("nowhere.png")
    sprites = load_sprites(folder)
    np.testing.assert_array_equal(sprites.images, np.concatenate([noise_sprites(2), noise_sprites(2, 1)]))
    assert row(sprites, "links to folders that are read anyway")[1] == 26
    assert row(sprites, "links that lead nowhere")[3] == ("gone.png", "own.png")


def test_links_to_files_and_to_folders_elsewhere_are_followed_once(tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere", noise_sprites(2))
    fill(tmp_path / "set" / "own", noise_sprites(1, 5))
    (tmp_path / "set" / "again.png").symlink_to(tmp_path / "set" / "own" / "a000.png")
    for name in ("one", "two"):
        (tmp_path / "set" / name).symlink_to(tmp_path / "elsewhere")
    sprites = load_sprites(tmp_path / "set")
    assert sprites.label_names == ("one", "own", "set")
    assert len(sprites) == 4
    assert row(sprites, "link to a folder that is read anyway")[3] == ("two",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_what_is_no_file_is_never_opened(tmp_path: Path) -> None:
    fill(tmp_path, noise_sprites(2))
    os.mkfifo(tmp_path / "pipe.png")
    assert row(load_sprites(tmp_path), "neither file nor folder") == (False, 1, 0, ("pipe.png",))


# Sizes


def test_of_two_sizes_that_tie_the_smaller_is_taken(tmp_path: Path) -> None:
    fill(tmp_path, icons(3), "a")
    fill(tmp_path, icons(3, 24, 24), "b")
    sprites = load_sprites(tmp_path)
    assert sprites.shape == (4, 16, 16)
    assert row(sprites, "24 x 24")[1] == 3
    fill(tmp_path, icons(4, 24, 24), "b")
    assert load_sprites(tmp_path).shape == (4, 24, 24)


def test_small_drawings_are_centred_on_request(tmp_path: Path) -> None:
    fill(tmp_path, icons(4, 16, 24), "a")
    fill(tmp_path, icons(2, 11, 12), "b")
    sprites = load_sprites(tmp_path)
    assert len(sprites) == 4
    assert "2 of 11 x 12 pixels, smaller than the others (--centre puts them in the middle)" in sprites.notes[0]
    centred = load_sprites(tmp_path, centre=True)
    np.testing.assert_array_equal(centred.images[:4], icons(4, 16, 24))
    np.testing.assert_array_equal(centred.images[4:, 6:18, 2:13], icons(2, 11, 12))
    outside = np.array(centred.images[4:])
    outside[:, 6:18, 2:13] = 0
    assert not outside.any()
    assert centred.source.endswith("?centre=1")
    assert load_sprites(centred.source).fingerprint == centred.fingerprint
    # A larger one is no small one.
    fill(tmp_path, icons(1, 24, 24), "c")
    assert row(load_sprites(tmp_path, centre=True), "24 x 24 pixels")[0] is False


@pytest.mark.parametrize("drawn", [icons, grounds])
@pytest.mark.parametrize(("width", "height"), [(32, 32), (16, 32), (16, 48), (16, 64), (48, 16), (64, 64), (32, 48)])
def test_a_drawing_of_another_size_is_never_cut(tmp_path: Path, drawn: object, width: int, height: int) -> None:
    fill(tmp_path, icons(9), "a")
    fill(tmp_path, drawn(4, width, height), "b")  # type: ignore[operator]
    sprites = load_sprites(tmp_path)
    np.testing.assert_array_equal(sprites.images, icons(9))


def test_strips_are_cut_beside_single_drawings(tmp_path: Path) -> None:
    fill(tmp_path, icons(9), "a")
    fill(tmp_path, lay_out(walk(20), 1)[None], "b")
    fill(tmp_path, lay_out(icons(6, seed=3), 6)[None], "c")
    sprites = load_sprites(tmp_path)
    np.testing.assert_array_equal(sprites.images, np.concatenate([icons(9), walk(20), icons(6, seed=3)]))
    assert "2 strips cut into 26 frames of 16 x 16" in sprites.notes[0]


def test_strips_of_larger_frames_are_not_cut_into_smaller_ones(tmp_path: Path) -> None:
    fill(tmp_path, icons(9), "a")
    fill(tmp_path, np.stack([lay_out(icons(10, 16, 32, seed), 1) for seed in range(3)]), "b")
    fill(tmp_path, np.stack([lay_out(grounds(10, 16, 32, seed), 1) for seed in range(3)]), "c")
    sprites = load_sprites(tmp_path)
    np.testing.assert_array_equal(sprites.images, icons(9))
    assert sum(one.files for one in sprites.tally if not one.taken) == 6


@pytest.mark.parametrize("size", [(32, 32), (24, 24), (48, 48), (16, 24)])
@pytest.mark.parametrize("drawn", [icons, grounds, walk])
def test_sheets_of_other_tiles_are_not_cut_like_the_others(
    tmp_path: Path, drawn: object, size: tuple[int, int]
) -> None:
    fill(tmp_path, icons(9), "a")
    fill(tmp_path, np.stack([lay_out(drawn(64, *size, seed), 8) for seed in range(2)]), "b")  # type: ignore[operator]
    fill(tmp_path, grounds(2, 96, 96), "c")
    sprites = load_sprites(tmp_path)
    np.testing.assert_array_equal(sprites.images, icons(9))
    assert sum(one.files for one in sprites.tally if not one.taken) >= 4


def test_sheets_that_could_be_single_sprites_are_asked_about(tmp_path: Path) -> None:
    fill(tmp_path, np.stack([lay_out(walk(4, seed=seed), 2) for seed in range(4)]))
    with pytest.raises(GridQuestion, match="--tile 16x16 or --tile 32x32"):
        load_sprites(tmp_path)
    assert len(load_sprites(tmp_path, tile=16)) == 16
    assert len(load_sprites(tmp_path, tile="32x32")) == 4


def test_large_single_drawings_are_no_sheets(tmp_path: Path) -> None:
    for size in (32, 48, 64):
        fill(tmp_path / str(size), icons(6, size, size))
        fill(tmp_path / f"{size}-full", grounds(6, size, size))
        assert load_sprites(tmp_path / str(size)).shape == (4, size, size)
        assert load_sprites(tmp_path / f"{size}-full").shape == (3, size, size)


# Blank ones, hidden ones


def test_blank_cells_and_files_are_dropped_and_counted(tmp_path: Path) -> None:
    frames = icons(8)
    frames[[2, 5]] = 0
    fill(tmp_path, icons(5, seed=1), "a")
    fill(tmp_path, lay_out(frames, 8)[None], "b")
    fill(tmp_path, np.full((2, 16, 16, 4), 255, np.uint8), "c")
    sprites = load_sprites(tmp_path)
    assert len(sprites) == 11
    assert row(sprites, "strip cut into 6 frames")[1:3] == (1, 6)
    assert row(sprites, "blank cells") == (False, 0, 2, ())
    assert row(sprites, "that are blank (a single colour)")[:2] == (False, 2)
    assert "2 blank cells" in sprites.notes[0]


def test_nothing_but_blank_ones_is_refused(tmp_path: Path) -> None:
    for number, colour in enumerate([(255, 255, 255, 255), (0, 0, 0, 0), (255, 0, 255, 255)]):
        image = np.full((2, 16, 16, 4), colour, np.uint8)
        fill(tmp_path / str(number), image)
        refused(tmp_path / str(number), "blank", "2 that are blank")
        alone = write(tmp_path / f"{number}.png", png_bytes(lay_out(image, 2)))
        refused(alone, "single colour")


def test_what_the_background_hides_is_counted_and_left_out(tmp_path: Path) -> None:
    white = ghosts(3)
    white[white[..., 3] > 0] = 255
    fill(tmp_path / "some", white, "w")
    fill(tmp_path / "some", icons(4), "a")
    sprites = load_sprites(tmp_path / "some", background="white")
    np.testing.assert_array_equal(sprites.images, lay_on(icons(4)))
    assert sprites.background == "#ffffff"
    told = "some: 3 drawings have the colour of the background #ffffff: left out. Try another one, or auto."
    assert told in sprites.notes
    assert len(load_sprites(tmp_path / "some")) == 7
    automatic = load_sprites(tmp_path / "some", background="auto")
    assert len(automatic) == 7
    assert automatic.background not in (None, "#ffffff")
    assert load_sprites(automatic.source).fingerprint == automatic.fingerprint
    fill(tmp_path / "all", white)
    refused(tmp_path / "all", "3 drawings have the colour of the background", background="white")
    np.save(tmp_path / "all.npy", white)
    refused(tmp_path / "all.npy", "3 drawings have the colour of the background", background="white")


def test_opaque_drawings_are_rgb_and_one_soft_pixel_makes_them_rgba(tmp_path: Path) -> None:
    fill(tmp_path, on(icons(3), (255, 255, 255)))
    assert load_sprites(tmp_path).shape == (3, 16, 16)
    soft = on(icons(1, seed=9), (255, 255, 255))
    soft[0, 3, 3] = (9, 9, 9, 128)
    fill(tmp_path, soft, "b")
    sprites = load_sprites(tmp_path)
    assert sprites.shape == (4, 16, 16)
    assert not sprites.binary_alpha
    assert sprites.images[3, 3, 3].tolist() == [9, 9, 9, 128]


# Classes


def test_the_outermost_folders_that_differ_are_the_classes() -> None:
    def found(*paths: str) -> tuple[list[int | None], tuple[str, ...] | None]:
        return find_classes([tuple(path.split("/")) for path in paths], "set")[:2]

    assert found("a.png", "b.png") == ([None, None], None)
    assert found("x/a.png", "x/b.png") == ([None, None], None)
    assert found("x/y/a.png", "x/z/b.png") == ([0, 1], ("y", "z"))
    assert found("b/a.png", "a/b.png") == ([1, 0], ("a", "b"))
    assert found("b/a.png", "a.png") == ([0, 1], ("b", "set"))
    assert found("x/b/1/a.png", "x/a/b.png", "x/c.png") == ([1, 0, 2], ("a", "b", "set"))


def test_more_folders_than_there_can_be_classes_are_no_labels() -> None:
    labels, names, notes = find_classes([(f"d{number}", "a.png") for number in range(1001)], "set")
    assert names is None
    assert set(labels) == {None}
    assert "1,001 sub-folders are too many" in notes[0]


def test_the_tags_of_animations_are_classes_unless_folders_are(tmp_path: Path) -> None:
    frames = walk(5)
    data = aseprite(frames, [(0, 1, "idle"), (2, 3, "run\x07/left")])
    write(tmp_path / "k.aseprite", data)
    sprites = load_sprites(tmp_path / "k.aseprite")
    np.testing.assert_array_equal(sprites.images, frames)
    assert sprites.label_names is not None
    assert [sprites.label_names[label] for label in np.asarray(sprites.labels)] == [
        *("idle", "idle"),
        *("run\N{REPLACEMENT CHARACTER}/left",) * 2,
        "untagged",
    ]
    for name in ("a", "b"):
        (tmp_path / "set" / name).mkdir(parents=True)
        write(tmp_path / "set" / name / "k.ase", data)
    assert load_sprites(tmp_path / "set").label_names == ("a", "b")


# Told again


def test_notes_are_kept_with_the_source_and_not_with_its_content(tmp_path: Path) -> None:
    images = icons(8)
    sheet = write(tmp_path / "x.png", png_bytes(lay_out(np.concatenate([images, images[:1] * 0]), 3)))
    array = tmp_path / "x.npy"
    np.save(array, images)
    first = load_sprites(sheet, tile=16)
    assert len(first.notes) == 2
    assert load_sprites(array).notes == ()  # the same pixels: one copy of ours
    assert load_sprites(sheet, tile=16).notes == first.notes
    assert load_sprites(array).fingerprint == first.fingerprint
    assert len([path for path in (tmp_path / "home" / "sprites").iterdir() if path.name != "sources"]) == 1


def test_the_tally_is_told_again_from_the_cache_and_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "set", icons(3))
    write(tmp_path / "set" / "bad.png", GOOD[:50])
    first = load_sprites(tmp_path / "set")
    assert load_sprites(tmp_path / "set").tally == first.tally
    write(tmp_path / "blocked", b"a file where the folder should be")
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "blocked"))
    assert load_sprites(tmp_path / "set").tally == first.tally


def test_an_array_beside_pictures_takes_no_options_of_pictures(tmp_path: Path) -> None:
    np.save(tmp_path / "sprites.npy", noise_sprites(2))
    with pytest.raises(SpriteError, match="for pictures"):
        load_sprites(tmp_path, tile=16)
