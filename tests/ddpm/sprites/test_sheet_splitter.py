"""How a sheet is cut: evidence is looked for, blank tiles are no sprites, and whatever is assumed is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddpm.sprites import SpriteError, load_sprites
from ddpm.sprites.builtin.generate import generate
from tests.ddpm.sprite_files import lay_out, noise_sprites, png_bytes, write


def drawings(count: int, seed: int = 0) -> np.ndarray:
    """uint8 (count, 16, 16, 3): sprites on white, as sheets hold them."""
    return generate(count, seed).images


def trailing(images: np.ndarray, columns: int, gap: int, scale: int = 1) -> np.ndarray:
    """A sheet whose every tile is followed by a gap, the last ones too."""
    page = lay_out(images, columns, gap)
    page = np.pad(page, ((0, gap), (0, gap), (0, 0)), constant_values=255)
    return page.repeat(scale, 0).repeat(scale, 1)


def extruded(images: np.ndarray) -> np.ndarray:
    return np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")


def large(count: int, side: int) -> np.ndarray:
    """Drawings of a larger side, which no enlargement of small ones could be."""
    images = drawings(count)
    middle = np.sort(np.concatenate([np.arange(16), np.random.default_rng(0).integers(3, 13, side - 16)]))
    return images[:, middle][:, :, middle]


DOUBTFUL = {
    "16 tiles of 17 fill 272 pixels": (trailing(drawings(256), 16, 1), 256, {"tile": 16, "gap": 1}),
    "and so, four times larger": (trailing(drawings(256), 16, 1, scale=4), 256, {"tile": 16, "gap": 1}),
    "8 tiles of 18": (trailing(drawings(64), 8, 2), 64, {"tile": 16, "gap": 2}),
    "a margin of 1 and a gap of 2": (lay_out(drawings(64), 8, 2, 1), 64, {"tile": 16, "margin": 1, "gap": 2}),
    "edges that are repeated": (lay_out(extruded(noise_sprites(64)), 8), 64, {"tile": 16, "margin": 1, "gap": 2}),
    "a margin and a gap of 1": (lay_out(drawings(225), 15, 1, 1), 225, {"tile": 16, "margin": 1, "gap": 1}),
    "nine tiles of 18 without the last gap": (lay_out(drawings(81), 9, 2), 81, {"tile": 16, "gap": 2}),
    "tiles of noise with gaps": (trailing(noise_sprites(256), 16, 1), 256, {"tile": 16, "gap": 1}),
    "tiles of 8": (lay_out(drawings(256)[:, ::2, ::2], 16), 256, {"tile": 8}),
    "twice as large, with gaps, at a size that divides": (
        lay_out(drawings(81), 9, 1, scale=2),
        81,
        {"tile": 16, "gap": 1},
    ),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_cut_that_speaks_against_itself_is_asked_about(tmp_path: Path, name: str) -> None:
    page, count, options = DOUBTFUL[name]
    assert page.shape[0] % 16 == page.shape[1] % 16 == 0
    path = write(tmp_path / "x.png", png_bytes(page))
    with pytest.raises(SpriteError, match=r"How is x\.png laid out\?") as caught:
        load_sprites(path)
    told = ", ".join(f"{word} {options.get(word, 0)}" for word in ("tile", "margin", "gap"))
    assert told in str(caught.value)
    assert len(str(caught.value)) < 600
    assert len(load_sprites(path, **options)) == count


@pytest.mark.parametrize(("side", "columns"), [(24, 8), (32, 8), (18, 8), (20, 4), (28, 8)])
def test_larger_tiles_are_not_cut_into_pieces(tmp_path: Path, side: int, columns: int) -> None:
    path = write(tmp_path / "x.png", png_bytes(lay_out(large(columns * columns, side), columns)))
    with pytest.raises(SpriteError, match=f"laid out.*tile {side}, margin 0, gap 0"):
        load_sprites(path)
    assert len(load_sprites(path, tile=16)) > 0  # whoever says so is believed


@pytest.mark.parametrize("scale", [1, 3])
@pytest.mark.parametrize("columns", [1, 2, 3, 5, 8, 16, 17])
@pytest.mark.parametrize("kind", ["drawings", "noise", "sparse"])
def test_a_plain_sheet_is_cut_and_that_is_told(tmp_path: Path, kind: str, columns: int, scale: int) -> None:
    count = columns * 3
    images = noise_sprites(count) if kind == "noise" else drawings(count)
    page = lay_out(images, columns)
    if kind == "sparse":
        page = np.pad(page, ((0, 64), (0, 0), (0, 0)), constant_values=255)
    path = write(tmp_path / "x.png", png_bytes(page.repeat(scale, 0).repeat(scale, 1)))
    sprites = load_sprites(path)
    np.testing.assert_array_equal(sprites.images, images)
    rows = 7 if kind == "sparse" else 3
    times = f" (the picture, {scale} times smaller)" if scale > 1 else ""
    cut = f"x.png: cut into {columns} x {rows} tiles of 16 x 16 pixels{times}. The file does not say how"
    assert sprites.notes[0].startswith(cut)
    blank = f"x.png: {columns * 4} blank tiles of {columns * 7} left out (a single colour)."
    assert sprites.notes[1:] == ((blank,) if kind == "sparse" else ())


def test_a_length_that_does_not_divide_names_what_it_looks_like(tmp_path: Path) -> None:
    path = write(tmp_path / "x.png", png_bytes(lay_out(drawings(64), 8, 1)))
    with pytest.raises(SpriteError, match=r"no whole number.*It looks like tile 16, margin 0, gap 1"):
        load_sprites(path)
    np.testing.assert_array_equal(load_sprites(path, gap=1).images, drawings(64))


@pytest.mark.parametrize("margin", [0, 2])
@pytest.mark.parametrize("gap", [1, 2, 5])
def test_a_gap_after_the_last_tile_belongs_to_the_grid(tmp_path: Path, gap: int, margin: int) -> None:
    page = trailing(noise_sprites(12), 4, gap)
    page = np.pad(page, ((margin, margin), (margin, margin), (0, 0)))
    path = write(tmp_path / "x.png", png_bytes(page[: page.shape[0] - margin, : page.shape[1] - margin]))
    np.testing.assert_array_equal(load_sprites(path, tile=16, gap=gap, margin=margin).images, noise_sprites(12))


# Blank tiles


@pytest.mark.parametrize("colour", [(255, 255, 255, 255), (0, 0, 0, 255), (255, 0, 255, 255), (9, 8, 7, 0)])
@pytest.mark.parametrize("options", [{}, {"tile": 16}, {"gap": 1}])
def test_blank_tiles_are_dropped_wherever_they_are_and_counted(
    tmp_path: Path, colour: tuple[int, int, int, int], options: dict[str, int]
) -> None:
    tiles = np.concatenate([noise_sprites(12), np.full((12, 16, 16, 1), 255, np.uint8)], axis=-1)
    tiles[[0, 5, 7, 11]] = colour
    rows = [
        np.concatenate([np.pad(tile, ((0, 1), (0, 1), (0, 0))) for tile in tiles[at : at + 4]], 1) for at in (0, 4, 8)
    ]
    page = np.concatenate(rows)
    if "gap" not in options:
        page = np.delete(np.delete(page, [16, 33, 50], 0), [16, 33, 50, 67], 1)
    sprites = load_sprites(write(tmp_path / "x.png", png_bytes(page)), **options)  # type: ignore[arg-type]
    np.testing.assert_array_equal(sprites.images, np.delete(noise_sprites(12), [0, 5, 7, 11], 0))
    assert "x.png: 4 blank tiles of 12 left out (a single colour)." in sprites.notes


def test_small_blank_tiles_are_seen_before_they_are_framed(tmp_path: Path) -> None:
    tiles = noise_sprites(6)[:, :8, :8]
    tiles[2] = 0
    sprites = load_sprites(write(tmp_path / "x.png", png_bytes(lay_out(tiles, 3))), tile=8)
    assert sprites.notes == (
        "x.png: 1 blank tile of 6 left out (a single colour).",
        "x.png: tiles of 8 x 8 pixels are centred on white 16 x 16 ones.",
    )
    np.testing.assert_array_equal(sprites.images[:, 4:12, 4:12], np.delete(tiles, 2, 0))


# Folders


def test_folders_are_read_however_deep_and_classes_stay_classes(tmp_path: Path) -> None:
    images = noise_sprites(6)
    names = ["food/b.png", "monsters/bats/a.png", "monsters/bats/small/x.png", "monsters/c.png", "spells/fire/1.png"]
    folder = tmp_path / "set" / "pack" / "png"
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write(folder / name, png_bytes(images[number]))
    (folder / "empty").mkdir()
    write(folder / "readme.txt", b"hello")
    write(folder / "food" / "old.gif", b"GIF8")
    write(folder / "food" / "._b.png", b"of a Macintosh")
    (folder / "food" / "loop").symlink_to(folder)
    sprites = load_sprites(tmp_path / "set")
    assert sprites.label_names == ("food", "monsters", "spells")
    np.testing.assert_array_equal(sprites.labels, [0, 1, 1, 1, 2])
    np.testing.assert_array_equal(sprites.images, images[[0, 3, 1, 2, 4]])
    told = (
        "set: PNGs lie up to 5 folders deep; the classes are food, monsters, spells.",
        "set: 2 files that are no PNGs left out (old.gif, readme.txt).",
        "set: 1 hidden PNG left out (._b.png).",
        "set: 1 folder without PNGs left out (empty).",
        "set: 1 link that leads back into its own folder left out (loop).",
    )
    assert sprites.notes == told
    write(folder / "more.txt", b"")
    assert (
        load_sprites(tmp_path / "set").notes[1]
        == "set: 3 files that are no PNGs left out (more.txt, old.gif, readme.txt)."
    )


def test_a_plain_folder_has_nothing_to_tell(tmp_path: Path) -> None:
    for number, image in enumerate(noise_sprites(3)):
        (tmp_path / "set" / "slimes").mkdir(parents=True, exist_ok=True)
        write(tmp_path / "set" / "slimes" / f"{number}.png", png_bytes(image))
    assert load_sprites(tmp_path / "set").notes == load_sprites(tmp_path / "set" / "slimes").notes == ()
    assert load_sprites(tmp_path / "set").label_names == ("slimes",)


def test_class_folders_whose_names_become_equal_stay_apart(tmp_path: Path) -> None:
    for number, name in enumerate(("a\x01", "a\x02", "b")):
        (tmp_path / "set" / name).mkdir(parents=True)
        write(tmp_path / "set" / name / "x.png", png_bytes(noise_sprites(3)[number]))
    sprites = load_sprites(tmp_path / "set")
    assert sprites.label_names == ("a\N{REPLACEMENT CHARACTER}", "a\N{REPLACEMENT CHARACTER} (2)", "b")
    np.testing.assert_array_equal(sprites.labels, [0, 1, 2])


def test_pngs_beside_the_array_of_a_folder_are_counted(tmp_path: Path) -> None:
    np.save(tmp_path / "sprites.npy", noise_sprites(2))
    write(tmp_path / "a.png", png_bytes(noise_sprites(1)[0]))
    assert load_sprites(tmp_path).notes == (f"{tmp_path.name}: sprites.npy is read, and 1 PNG beside it left out.",)


def test_folders_that_nest_too_deep_are_refused(tmp_path: Path) -> None:
    deep = tmp_path / "set" / "/".join("d" * 70)
    deep.mkdir(parents=True)
    write(deep / "a.png", png_bytes(noise_sprites(1)[0]))
    with pytest.raises(SpriteError, match="folders more than 64 deep"):
        load_sprites(tmp_path / "set")


# Told again


def test_notes_are_kept_with_the_source_and_not_with_its_content(tmp_path: Path) -> None:
    images = noise_sprites(4)
    sheet = write(tmp_path / "x.png", png_bytes(lay_out(np.concatenate([images, images[:1] * 0]), 3)))
    array = tmp_path / "x.npy"
    np.save(array, images)
    first = load_sprites(sheet)
    assert len(first.notes) == 2
    assert load_sprites(array).notes == ()  # the same pixels: one copy of ours
    assert load_sprites(sheet).notes == first.notes
    assert load_sprites(array).fingerprint == first.fingerprint
    assert len([path for path in (tmp_path / "home" / "sprites").iterdir() if path.name != "sources"]) == 1


def test_without_a_home_notes_are_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "home").write_bytes(b"a file where the folder should be")
    sheet = write(tmp_path / "x.png", png_bytes(lay_out(noise_sprites(4), 2)))
    assert len(load_sprites(sheet).notes) == 1
