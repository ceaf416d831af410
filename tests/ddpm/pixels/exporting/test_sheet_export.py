"""Sheets of every layout: each pixel where it belongs, and the sprites equal when they are loaded again."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ddpm import load_sprites
from ddpm.pixels.exporting.sheet_export import LARGEST_PAGE, SheetLayout, lay_out
from ddpm.pixels.sheets import SHEET_KEY, png_zip, sheet, sheet_png
from ddpm.pixels.transparency import is_blank
from ddpm.sprites.readers.sheets.sheet_layout import Grid, find_cuts
from ddpm.sprites.readers.sheets.sheet_splitter import cut_by_note, cut_tiles
from tests.ddpm.pixels.exporting.files import CASES, drawings, kinds_of, rgba
from tests.ddpm.sprites.pixel_art import grounds, icons, on, soft

LAYOUTS = [
    SheetLayout(),
    SheetLayout(scale=3),
    SheetLayout(columns=5, gap=1),
    SheetLayout(columns=64, margin=3),
    SheetLayout(columns=1, extrude=1),
    SheetLayout(extrude=2, gap=3, margin=1, scale=2),
    SheetLayout(power_of_two=True),
    SheetLayout(columns=7, gap=1, scale=3, power_of_two=True),
    SheetLayout(columns=9, scale=2, gap=2, margin=2, extrude=1, power_of_two=True),
    SheetLayout(columns=100),
]


def words(layout: SheetLayout) -> str:
    return ",".join(f"{name}={value}" for name, value in vars(layout).items() if value)


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS, ids=words)
def test_a_sheet_loads_again_to_the_pixel(layout: SheetLayout, case: tuple[int, int, int], tmp_path: Path) -> None:
    images = drawings(64, *case)
    made = lay_out(images, layout)
    (tmp_path / "sheet.png").write_bytes(made.to_png())
    np.testing.assert_array_equal(load_sprites(tmp_path / "sheet.png").images, images)
    assert made.picture.shape[:2] == layout.page_size(64, *case[1:])


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("layout", LAYOUTS, ids=words)
def test_each_pixel_is_where_it_belongs(layout: SheetLayout, case: tuple[int, int, int]) -> None:
    images = drawings(11, *case)
    made = lay_out(images, layout)
    ground = 255 if case[0] == 3 else 0
    rest = made.picture.copy()
    border = layout.extrude * layout.scale
    for (x, y, w, h), image in zip(made.frames, images, strict=True):
        large = image.repeat(layout.scale, 0).repeat(layout.scale, 1)
        np.testing.assert_array_equal(made.picture[y : y + h, x : x + w], large)
        around = np.s_[y - border : y + h + border, x - border : x + w + border]
        np.testing.assert_array_equal(
            made.picture[around], np.pad(large, ((border, border), (border, border), (0, 0)), "edge")
        )
        assert made.picture[around].shape == (h + 2 * border, w + 2 * border, case[0])
        rest[around] = ground
    assert (rest == ground).all()
    left = min(x for x, *_ in made.frames)
    assert left == min(y for _, y, *_ in made.frames) == layout.scale * (layout.margin + layout.extrude)
    if layout.power_of_two:
        assert all(side & (side - 1) == 0 for side in made.picture.shape[:2])
    columns = layout.columns or 4
    if 1 < columns < 11:
        pitch = layout.scale * (case[2] + 2 * layout.extrude + layout.gap)
        assert [x - left for x, *_ in made.frames] == [number % columns * pitch for number in range(11)]


SAVED_AGAIN = [one for one in LAYOUTS if one.columns != 100]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("layout", SAVED_AGAIN, ids=words)
def test_without_its_note_the_grid_is_asked_for(
    layout: SheetLayout, case: tuple[int, int, int], tmp_path: Path
) -> None:
    """An editor keeps the pixels, and drops the note: to whoever names the grid the sprites are the same."""
    images = drawings(64, *case)
    with Image.open(io.BytesIO(lay_out(images, layout).to_png())) as image:
        image.save(tmp_path / "sheet.png")
    assert SHEET_KEY.encode() not in (tmp_path / "sheet.png").read_bytes()
    grid = {"margin": layout.margin + layout.extrude, "gap": layout.gap + 2 * layout.extrude}
    found = load_sprites(tmp_path / "sheet.png", tile=f"{case[2]}x{case[1]}", **grid)
    np.testing.assert_array_equal(found.images, images)


FOUND = [
    SheetLayout(),
    SheetLayout(scale=3),
    SheetLayout(gap=1),
    SheetLayout(extrude=1),
    SheetLayout(gap=1, extrude=1),
    SheetLayout(columns=7, scale=3, gap=1, margin=2, extrude=1, power_of_two=True),
    SheetLayout(columns=5, scale=3, power_of_two=True),
]


@pytest.mark.parametrize("case", CASES[:2], ids=str)
@pytest.mark.parametrize("layout", FOUND, ids=words)
def test_usual_grids_are_found_without_the_note(
    layout: SheetLayout, case: tuple[int, int, int], tmp_path: Path
) -> None:
    images = drawings(64, *case)
    Image.fromarray(lay_out(images, layout).picture).save(tmp_path / "sheet.png")
    np.testing.assert_array_equal(load_sprites(tmp_path / "sheet.png").images, images)


SPACED = [
    {}, {"scale": 3}, {"scale": 5}, {"scale": 8}, {"gap": 1, "scale": 4}, {"gap": 3}, {"margin": 1}, {"margin": 3},
    {"margin": 2, "gap": 2}, {"extrude": 2}, {"extrude": 1, "gap": 1}, {"columns": 7, "gap": 1}, {"columns": 1},
    {"columns": 64}, {"extrude": 2, "gap": 3, "margin": 1, "scale": 2},
    {"columns": 10, "gap": 2, "margin": 2, "extrude": 1},
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("size", [(16, 16), (24, 24), (32, 32), (24, 16)], ids=str)
@pytest.mark.parametrize("art", ["on white", "cut out", "soft", "filled"])
def test_nothing_is_cut_wrongly_in_silence_without_the_note(art: str, size: tuple[int, int]) -> None:
    """Each layout is found, or asked for; whoever is asked and names the grid gets the sprites."""
    height, width = size
    if art == "filled":
        images = grounds(64, width, height)
    else:
        images = soft(icons(64, width, height)) if art == "soft" else icons(64, width, height)
        images = on(images, (255, 255, 255)) if art == "on white" else images
    for power_of_two in (False, True):
        for spaced in SPACED:
            layout = SheetLayout(**spaced, power_of_two=power_of_two)
            made = lay_out(images if images[..., 3].min() < 255 else images[..., :3], layout)
            page = rgba(made.picture)
            truth = Grid((width, height), layout.margin + layout.extrude, layout.gap + 2 * layout.extrude)
            (asked,) = find_cuts(page, truth)
            cuts = find_cuts(page)
            assert len(cuts) >= 1
            for cut in [asked] + cuts * (len(cuts) == 1):
                tiles = cut_tiles(page, cut)
                np.testing.assert_array_equal(tiles[~is_blank(tiles)], images, err_msg=f"{layout} {cut}")


@pytest.mark.parametrize("case", CASES[:2], ids=str)
def test_a_wrong_gap_is_no_answer_for_a_page_that_is_filled_up(case: tuple[int, int, int]) -> None:
    page = rgba(lay_out(drawings(64, *case), SheetLayout(7, 3, 1, 2, 1, True)).picture)
    tile = case[2], case[1]
    assert [cut.scale for cut in find_cuts(page, Grid(tile, 3, 3))] == [3]
    assert find_cuts(page, Grid(tile, 3, 5)) == find_cuts(page, Grid(tile, 3, 4)) == []


@pytest.mark.parametrize("case", CASES, ids=str)
def test_single_files_load_again(case: tuple[int, int, int], tmp_path: Path) -> None:
    images = drawings(64, *case)
    kinds = sorted(kinds_of(64))
    (tmp_path / "sprites.zip").write_bytes(png_zip(images, "x", kinds))
    np.testing.assert_array_equal(load_sprites(tmp_path / "sprites.zip").images, images)


def test_it_is_the_sheet_that_it_always_was() -> None:
    """Plain layouts are those of ``ddpm.pixels.sheets``, notes too: older files and newer ones are read alike."""
    images = drawings(7, 4, 24, 16)
    made = lay_out(images, SheetLayout(3, 2, 1))
    np.testing.assert_array_equal(made.picture, sheet(images, 3, 2, 1))
    assert made.to_png() == sheet_png(images, 3, 2, 1)
    assert lay_out(drawings(16, 3, 16, 16), SheetLayout(power_of_two=True)).note.count("page") == 0


@pytest.mark.parametrize("layout", [LAYOUTS[7], LAYOUTS[8]], ids=words)
def test_another_page_than_that_of_the_note_is_not_cut_by_it(layout: SheetLayout) -> None:
    made = lay_out(drawings(20, 4, 16, 16), layout)
    page, values = made.picture, json.loads(made.note)
    assert cut_by_note(page, made.note) is not None
    assert cut_by_note(page[:, :-1], made.note) is None
    assert cut_by_note(np.pad(page, ((0, 0), (0, 64), (0, 0))), made.note) is None
    for changed in (
        {"columns": 0}, {"columns": 100}, {"columns": "7"}, {"columns": None}, {"columns": True}, {"columns": 1},
        {"page": None}, {"page": 256}, {"page": values["page"][:1]}, {"count": 0}, {"count": 10**6}, {"scale": 5},
        {"tile": 64}, {"gap": 200},
    ):  # fmt: skip
        assert cut_by_note(page, json.dumps(values | changed)) is None, changed


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": 0}, {"columns": 2.0}, {"scale": 0}, {"scale": True}, {"gap": -1}, {"margin": -1}, {"extrude": -1},
        {"extrude": None},
    ],
)  # fmt: skip
def test_impossible_layouts_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be a whole number"):
        SheetLayout(**wrong)


def test_a_page_that_no_card_takes_is_refused_before_it_is_made() -> None:
    images = drawings(4, 4, 16, 16)
    assert SheetLayout(2, 512).page_size(4, 16, 16) == (LARGEST_PAGE, LARGEST_PAGE)
    for layout in (SheetLayout(2, 513), SheetLayout(1, 512), SheetLayout(gap=20_000), SheetLayout(margin=10**9)):
        with pytest.raises(ValueError, match="at most 16,384 a side"):
            lay_out(images, layout)
    with pytest.raises(ValueError, match="before it is filled up"):
        SheetLayout(2, 513, power_of_two=True).page_size(4, 16, 16)
    with pytest.raises(ValueError, match="at least one"):
        lay_out(images[:0], SheetLayout())
