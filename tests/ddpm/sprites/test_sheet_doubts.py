"""What is in doubt is asked: frames that repeat their halves, walls that look like sheets, drawings that are large."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ddpm.sprites.readers.sheets.grid_points import is_odd
from ddpm.sprites.readers.sheets.sheet_evidence import likeness, pack_rgba
from ddpm.sprites.readers.sheets.sheet_layout import Cut, Grid, GridQuestion, Size, find_cuts
from tests.ddpm.sprites.pixel_art import grounds, icons, lay_out, walk

HINT = "If it is one large drawing: sprites have at most 64 pixels a side."


def frames(part: Size, columns: int, rows: int, seed: int) -> np.ndarray:
    """Four rows of six frames that differ by a few pixels; each is made of smaller drawings that do not touch."""
    made = []
    for row in range(4):
        first = lay_out(icons(columns * rows, *part, seed=9 * seed + row), columns)
        random = np.random.default_rng([seed, row])
        inside = np.argwhere(first[..., 3] > 0)
        for _ in range(6):
            frame = first.copy()
            for y, x in inside[random.permutation(len(inside))[:3]]:
                frame[y, x, :3] = random.integers(0, 256, 3)
            made.append(frame)
    return np.stack(made)


@pytest.mark.parametrize("wanted", [None, (16, 16)])
@pytest.mark.parametrize(
    ("part", "columns", "rows"),
    [((16, 16), 1, 2), ((16, 16), 2, 1), ((16, 16), 2, 2), ((24, 24), 1, 2), ((24, 24), 2, 2)],
)
def test_frames_of_halves_that_repeat_are_not_halved_in_silence(
    part: Size, columns: int, rows: int, wanted: Size | None
) -> None:
    tile = part[0] * columns, part[1] * rows
    for seed in range(6):
        cuts = find_cuts(lay_out(frames(part, columns, rows, seed), 6), wanted=wanted)
        assert Grid(tile) in [cut.grid for cut in cuts], [str(cut.grid) for cut in cuts]


@pytest.mark.parametrize("wanted", [None, (16, 16)])
@pytest.mark.parametrize("tile", [(16, 32), (32, 16), (32, 32), (24, 48), (16, 48)])
def test_frames_of_one_drawing_are_found_or_asked_about(tile: Size, wanted: Size | None) -> None:
    for columns, rows in ((8, 1), (6, 4)):
        for seed in range(3):
            rowwise = [walk(columns, *tile, seed=20 * seed + row) for row in range(rows)]
            cuts = find_cuts(lay_out(np.concatenate(rowwise), columns), wanted=wanted)
            assert Grid(tile) in [cut.grid for cut in cuts], [str(cut.grid) for cut in cuts]


def test_frames_that_are_clear_are_not_asked_about() -> None:
    for seed in (0, 40, 60):
        sheet = lay_out(np.concatenate([walk(6, 48, 48, seed=seed + row) for row in range(4)]), 6)
        assert [cut.grid for cut in find_cuts(sheet)] == [Grid((48, 48))]


SINGLE = [(16, 48), (16, 64), (48, 16), (64, 16), (96, 96), (80, 80), (128, 128), (96, 64), (112, 48)]


@pytest.mark.parametrize("drawn", [icons, grounds])
@pytest.mark.parametrize("size", SINGLE)
def test_the_size_of_other_files_makes_nothing_certain(size: Size, drawn: Callable[..., np.ndarray]) -> None:
    for image in drawn(8, *size):
        for wanted in ((16, 16), (32, 32), (8, 8)):
            cuts = find_cuts(image, wanted=wanted)
            assert len(cuts) != 1 or cuts[0].columns * cuts[0].rows == 1, str(cuts[0].grid)


def test_enlarged_art_is_no_sheet_of_larger_tiles_because_others_are() -> None:
    sheet = lay_out(icons(15), 5).repeat(2, 0).repeat(2, 1)
    cuts = find_cuts(sheet, wanted=(32, 32))
    assert (Grid((16, 16)), 2) in [(cut.grid, cut.scale) for cut in cuts]


def wall(width: int, height: int, brick: Size, seed: int, is_bonded: bool) -> np.ndarray:
    """uint8 (height, width, 4): bricks and joints, speckled or not."""
    random = np.random.default_rng(seed)
    tones = random.integers(30, 220, (4, 3))
    image = np.full((height, width, 4), 255, np.uint8)
    y, x = np.mgrid[:height, :width]
    x = x + (y // brick[1] % 2) * (brick[0] // 2) * is_bonded
    image[..., :3] = tones[1]
    if seed % 3:
        image[random.random((height, width)) < 0.15, :3] = tones[2]
    if seed % 3 == 2:
        image[y % brick[1] == 0, :3] = tones[3]
    image[(y % brick[1] == brick[1] - 1) | (x % brick[0] == brick[0] - 1), :3] = tones[0]
    return image


BRICKS = [(12, 24), (12, 6), (8, 4), (16, 8), (24, 12), (12, 12), (16, 16), (24, 24), (8, 8), (24, 8), (20, 10)]


@pytest.mark.parametrize("size", [(48, 48), (32, 32), (64, 64), (48, 24), (96, 96), (64, 32), (40, 40)])
@pytest.mark.parametrize("is_bonded", [True, False])
def test_a_wall_is_no_sheet(size: Size, is_bonded: bool) -> None:
    for brick in BRICKS:
        for seed in range(3):
            cuts = find_cuts(wall(*size, brick, seed, is_bonded))
            assert len(cuts) != 1 or cuts[0].columns * cuts[0].rows == 1, (brick, str(cuts[0].grid))


def test_tiles_that_are_alike_are_known() -> None:
    def like(tiles: np.ndarray, columns: int) -> tuple[float, int, int]:
        page = pack_rgba(lay_out(tiles, columns))
        starts = 16 * np.arange(columns), 16 * np.arange(len(tiles) // columns)
        found = likeness(page, 0, starts, (16, 16))
        return found.new, found.across, found.down

    assert like(icons(32), 8) == (1.0, 0, 0)
    assert like(icons(4).repeat(6, 0), 6) == (1 / 6, 1, 0)
    assert like(np.tile(icons(2), (12, 1, 1, 1)), 6) == (1 / 12, 2, 1)
    assert like(np.zeros((8, 16, 16, 4), np.uint8), 4) == (0.0, 0, 0)


def test_odd_tiles_are_asked_about_last_and_few_answers_are_given() -> None:
    assert not any(is_odd(tile, 0, 0) for tile in [(16, 16), (24, 32), (8, 64), (12, 20)])
    assert is_odd((14, 14), 0, 0)
    assert is_odd((8, 26), 0, 0)
    assert is_odd((17, 17), 0, 0)
    assert not is_odd((18, 18), 1, 2)
    random = np.random.default_rng(0)
    for width, height in [(208, 208), (224, 224), (112, 112), (104, 208), (256, 256), (336, 336)]:
        for seed in range(3):
            image = grounds(1, width, height, seed=seed)[0]
            image[random.random((height, width)) < 0.1, :3] = 0
            cuts = find_cuts(image)
            odd = [is_odd(cut.grid.tile or (0, 0), cut.grid.margin, cut.grid.gap) for cut in cuts]
            assert len(cuts) <= 4
            assert odd == sorted(odd)


def test_the_question_says_what_a_large_drawing_is() -> None:
    drawing = find_cuts(grounds(1, 96, 96)[0])
    assert len(drawing) > 1
    assert str(GridQuestion("a.png", drawing)).endswith(HINT)
    assert HINT not in str(GridQuestion("a.png", find_cuts(lay_out(walk(4), 2))))  # 32x32 is among the answers
    assert HINT not in str(GridQuestion("a.png", [Cut(Grid((16, 16)), 1, 9, 9, "x", is_clear=True)]))
