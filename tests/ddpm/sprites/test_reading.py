"""How a source is to be read, said at its end: there and back again, whatever the path."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ddpm.sprites import SpriteError, load_sprites
from ddpm.sprites.readers.reading import Reading, make_reading, split_source
from ddpm.sprites.readers.sheets.sheet_layout import Grid
from tests.ddpm.sprite_files import noise_sprites, png_bytes, write
from tests.ddpm.sprites.pixel_art import icons, lay_out

READINGS = [
    Reading(),
    Reading(Grid((32, 32))),
    Reading(Grid((16, 24), 1, 2)),
    Reading(Grid(None, 3, 0)),
    Reading(Grid(None, 0, 1), "#ff8000", True),
    Reading(background="auto"),
    Reading(background="#000000"),
    Reading(centre=True),
]
PATHS = [
    "art.png",
    "/home/me/my art.png",
    "a?b.png",
    "a?tile=32x32",
    "a?tile=32x32.png",
    "a?tile=8x8&gap=1",
    "100%.png",
    "a%20b+c&d=e.png",
    "スライム/ドラゴン.png",
    "e\u0301é.png",
    "C:\\Users\\me\\art.png",
    "line\nbreak.png",
    "?tile=1",
    "a\udcff.png",
    "#1.png",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("reading", READINGS)
def test_the_name_of_a_source_says_how_it_is_read(path: str, reading: Reading) -> None:
    name = reading.name(path)
    if reading == Reading():
        assert name == path
        return
    found, asked = split_source(name)
    assert found == path
    assert make_reading(asked) == reading


@pytest.mark.parametrize(
    "path", ["art.png", "a?b.png", "100%.png", "art.png?", "art.png?tiles=3", "?tile=16", "a?tile"]
)
def test_a_path_alone_is_a_path(path: str) -> None:
    assert split_source(path) == (path, {})


@pytest.mark.parametrize(
    "name", ["a b+c.png", "what?.png", "a&b=c%20.png", "スライム.png", "a?tile=8x8.png", "x?tile=16x16", "#.png"]
)
def test_files_of_any_name_are_loaded_again_the_same_way(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles = icons(12)
    write(tmp_path / name, png_bytes(lay_out(tiles, 4, gap=1)))
    for source in (tmp_path / name, str(tmp_path / name)):
        sprites = load_sprites(source, tile=16, gap=1, background="#ff8000")
        assert sprites.source == f"{tmp_path / name}?tile=16x16&gap=1&background=ff8000"
        monkeypatch.chdir("/")
        again = load_sprites(sprites.source)
        assert (again.source, again.fingerprint) == (sprites.source, sprites.fingerprint)
        assert len(again) == 12


def test_a_file_that_is_called_like_a_source_with_options_is_that_file(tmp_path: Path) -> None:
    write(tmp_path / "a.png", png_bytes(noise_sprites(1)[0]))
    write(tmp_path / "a.png?tile=8x8", png_bytes(noise_sprites(2)[1]))
    np.testing.assert_array_equal(load_sprites(f"{tmp_path}/a.png?tile=8x8").images, noise_sprites(2)[1:])
    np.testing.assert_array_equal(load_sprites(f"{tmp_path}/a.png").images, noise_sprites(1))


def test_what_is_given_beside_the_source_comes_before_what_stands_at_its_end(tmp_path: Path) -> None:
    write(tmp_path / "a.png", png_bytes(lay_out(icons(4, 16, 16), 2)))
    assert len(load_sprites(f"{tmp_path}/a.png?tile=8x8&centre=1", tile=16)) == 4
    assert load_sprites(f"{tmp_path}/a.png?tile=8x8&centre=1", tile=16).source.endswith("?tile=16x16&centre=1")


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("tiles=16", "'tiles=16' at the end of a.png is not understood"),
        ("tile=16&size=3", "there are tile, margin, gap, background, centre"),
        ("tile", "not understood"),
        ("", "not understood"),
        ("tile=", "is no size of a tile"),
        ("tile=big", "is no size of a tile"),
        ("tile=4x4", "8 to 64"),
        ("gap=-1", "gap must be a whole number of pixels from 0 on, not '-1'"),
        ("gap=1.5", "gap must be a whole number"),
        ("margin=99999999999999999999", "margin must be a whole number"),
        ("background=red", "background is auto, white or #rrggbb"),
        ("centre=yes", "centre is 1 or 0"),
    ],
)
def test_what_cannot_be_followed_is_named(tmp_path: Path, end: str, words: str) -> None:
    write(tmp_path / "a.png", png_bytes(noise_sprites(1)[0]))
    with pytest.raises(SpriteError) as caught:
        load_sprites(f"{tmp_path}/a.png?{end}")
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("source", ["builtin?tile=16x16", "builtin:300?margin=1&gap=2", "kaggle?centre=1"])
def test_the_built_in_set_takes_no_options(source: str) -> None:
    with pytest.raises(SpriteError, match="for pictures"):
        load_sprites(source)


def test_an_address_is_no_path() -> None:
    with pytest.raises(SpriteError, match=r"address on the web\. Download the file"):
        load_sprites("https://example.org/a.png?tile=16x16")
