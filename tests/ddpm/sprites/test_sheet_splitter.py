"""Grids as people give them; tiles that come out as they went in; blank tiles and notes, known for what they are."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ddpm.pixels.transparency import is_blank
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.sheets.sheet_layout import Cut, Grid, GridQuestion, Size, find_cuts, parse_tile
from ddpm.sprites.readers.sheets.sheet_splitter import cut_by_note, cut_tiles, natural_scale


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def laid_out(tiles: np.ndarray, columns: int, margin: int, gap: int, scale: int, after: int = 0) -> np.ndarray:
    count, height, width, _ = tiles.shape
    rows = count // columns
    shape = [2 * margin + n * (side + gap) - gap + after for n, side in ((rows, height), (columns, width))]
    page = np.zeros((*shape, 4), np.uint8)
    for number, tile in enumerate(tiles):
        y, x = (margin + at * (side + gap) for at, side in zip(divmod(number, columns), (height, width), strict=True))
        page[y : y + height, x : x + width] = tile
    return page.repeat(scale, 0).repeat(scale, 1)


@pytest.mark.parametrize(("margin", "gap", "after"), [(0, 0, 0), (1, 1, 0), (0, 2, 2), (3, 1, 0)])
@pytest.mark.parametrize("tile", [(16, 16), (24, 8), (8, 64)])
@pytest.mark.parametrize("scale", [1, 3])
def test_tiles_come_out_as_they_went_in(tile: Size, margin: int, gap: int, after: int, scale: int) -> None:
    tiles = noise(12, tile[1], tile[0], 4)
    page = laid_out(tiles, 4, margin, gap, scale, after)
    assert natural_scale(page) == scale
    grid = Grid(tile, margin, gap)
    assert grid.count(page.shape[1] // scale, page.shape[0] // scale) == (4, 3)
    np.testing.assert_array_equal(cut_tiles(page, Cut(grid, scale, 4, 3, "")), tiles)


def test_a_cut_that_leaves_the_picture_is_refused() -> None:
    page = noise(32, 32, 4)
    for cut in (Cut(Grid((16, 16)), 1, 3, 2, ""), Cut(Grid(), 1, 1, 1, ""), Cut(Grid((16, 16)), 2, 2, 2, "")):
        with pytest.raises(ValueError, match=r"lie within|needs a tile"):
            cut_tiles(page, cut)


def test_the_scale_is_the_largest_that_loses_nothing() -> None:
    art = noise(6, 10, 4)
    assert natural_scale(art.repeat(4, 0).repeat(6, 1)) == 2
    enlarged = art.repeat(4, 0).repeat(4, 1)
    assert natural_scale(enlarged) == 4
    assert natural_scale(enlarged[:, 1:]) == 1
    enlarged[-1, -1, 3] ^= 1
    assert natural_scale(enlarged) == 1


def test_tiles_without_a_drawing_are_blank() -> None:
    tiles = noise(5, 16, 16, 4)
    tiles[0] = 0
    tiles[1] = (9, 8, 7, 255)
    tiles[2, ..., 3] = 0  # whatever lies hidden
    tiles[3] = (9, 8, 7, 255)
    tiles[3, 5, 5, 3] = 254
    np.testing.assert_array_equal(is_blank(tiles), [True, True, True, False, False])


@pytest.mark.parametrize("tile", [(16, 16), (24, 32)])
@pytest.mark.parametrize("as_list", [True, False])
def test_our_own_note_is_followed(tile: Size, as_list: bool) -> None:
    tiles = noise(12, tile[1], tile[0], 4)
    page = laid_out(tiles, 4, 0, 1, 2)
    values = {"tile": list(tile) if as_list else tile[0], "gap": 1, "margin": 0, "scale": 2, "count": 10}
    cut = cut_by_note(page, json.dumps(values))
    if not as_list and tile[0] != tile[1]:
        assert cut is None
    else:
        np.testing.assert_array_equal(cut, tiles[:10])


@pytest.mark.parametrize(
    "changed",
    [
        {"tile": 17}, {"tile": 4}, {"tile": [16]}, {"tile": "16"}, {"tile": [16, 16.0]}, {"tile": [True, 16]},
        {"gap": -1}, {"gap": 2}, {"margin": 1}, {"scale": 0}, {"scale": 4}, {"scale": 3}, {"count": 0}, {"count": 13},
    ],
)  # fmt: skip
def test_a_note_that_does_not_fit_is_none(changed: dict[str, object]) -> None:
    page = laid_out(noise(12, 16, 16, 4), 4, 0, 1, 2)
    values = {"tile": 16, "gap": 1, "margin": 0, "scale": 2, "count": 12}
    assert cut_by_note(page, json.dumps(values)) is not None
    assert cut_by_note(page, json.dumps(values | changed)) is None


@pytest.mark.parametrize("note", ["", "{", "[]", "3", "null", "{}", "[" * 900, '{"tile": 16}'])
def test_a_note_that_is_none_is_none(note: str) -> None:
    assert cut_by_note(noise(16, 16, 4), note) is None


def test_grids_count_what_fills_the_picture() -> None:
    assert Grid((16, 16)).count(64, 32) == (4, 2)
    assert Grid((16, 16), 0, 1).count(272, 271) == (16, 16)
    assert Grid((16, 24), 1, 2).count(1 + 3 * 18, 2 + 24) == (3, 1)
    assert Grid((16, 16)).count(64, 40) == Grid().count(64, 64) == (0, 0)
    assert str(Grid((32, 24), 1, 2)) == "tile 32x24, margin 1, gap 2"
    assert str(Grid((16, 16), gap=1)) == "tile 16x16, gap 1"
    assert [grid.asked for grid in (Grid(), Grid((8, 8)), Grid(margin=1), Grid(gap=1))] == [False, True, True, True]


SIZES = [("32x32", (32, 32)), ("32×24", (32, 24)), ("16X24", (16, 24)), (" 16 ", (16, 16)), (16, (16, 16))]
SIZES += [((8, 64), (8, 64))]
NO_SIZES = ["", "x", "16x", "a16", "-16", "7", "65x16", "16x16x16", 0, 7, True, None, (16,), (16, "a"), 16.5]


@pytest.mark.parametrize(("text", "size"), SIZES)
def test_sizes_are_read_as_people_write_them(text: str | int | Size, size: Size) -> None:
    assert parse_tile(text) == size


@pytest.mark.parametrize("text", NO_SIZES)
def test_no_size_is_refused_with_what_to_write(text: object) -> None:
    with pytest.raises(SpriteError, match=r"8 to 64|write it as"):
        parse_tile(text)  # type: ignore[arg-type]


def test_the_question_names_each_answer_as_it_is_given() -> None:
    cuts = [Cut(Grid((32, 32)), 1, 4, 4, "x"), Cut(Grid((16, 24), 1, 2), 1, 7, 7, "y")]
    question = GridQuestion("a.png", cuts)
    assert question.cuts == tuple(cuts)
    assert isinstance(question, SpriteError)
    assert str(question).startswith("How is a.png laid out?")
    assert "--tile 32x32 or --tile 16x24 --margin 1 --gap 2 (under the upload, or load_sprites(" in str(question)
    assert len(str(GridQuestion("a" * 100, find_cuts(noise(256, 256, 4))))) < 600
