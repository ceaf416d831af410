"""The layout of sheets: realistic ones of all kinds are found, or asked about, and never cut wrongly in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ddpm.pixels.sheets import sheet
from ddpm.sprites.builtin.generate import generate
from ddpm.sprites.readers.sheets.sheet_layout import Cut, Grid, Size, find_cuts
from tests.ddpm.helpers import REAL_DATA

REAL = REAL_DATA / "sprites_exact.npz"
BACKGROUNDS = {
    "clear": (0, 0, 0, 0),
    "white": (255, 255, 255, 255),
    "magenta": (255, 0, 255, 255),
    "dark": (20, 12, 28, 255),
}


@dataclass(frozen=True)
class Sheet:
    """How a sheet is made."""

    art: str = "drawn"  # drawn, shapes, touching, textures
    tile: Size = (16, 16)
    columns: int = 8
    rows: int = 8
    margin: int = 0
    gap: int = 0
    trailing: bool = False
    extruded: bool = False
    scale: int = 1
    background: str = "clear"
    ruled: bool = False  # gaps of another colour than the background
    filled: float = 1.0  # the share of the tiles that hold a drawing
    seed: int = 0

    @property
    def grid(self) -> Grid:
        return Grid(self.tile, 1, 2) if self.extruded else Grid(self.tile, self.margin, self.gap)

    def tiles(self) -> np.ndarray:
        """uint8 (N, h, w, 4)."""
        random = np.random.default_rng([self.seed, self.columns, *self.tile])
        count = self.columns * self.rows
        if self.art == "textures":
            return _textures(count, self.tile, random)
        tiles = (_shapes if self.art == "shapes" else _stretched)(count, self.tile, random)
        if self.art == "touching":
            tiles = _grown(tiles, self.tile)
        holes = random.random(count) >= self.filled
        holes[0] = False
        tiles[holes] = 0
        return np.where(tiles[..., 3:] > 0, tiles, np.array(BACKGROUNDS[self.background], np.uint8))

    def pixels(self) -> np.ndarray:
        """uint8 (H, W, 4)."""
        tiles, (width, height) = self.tiles(), self.tile
        margin, gap = self.margin, self.gap
        if self.extruded:
            tiles, width, height = np.pad(tiles, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge"), width + 2, height + 2
        last = gap if self.trailing else 0
        shape = [2 * margin + n * (side + gap) - gap + last for n, side in ((self.rows, height), (self.columns, width))]
        ground = (90, 90, 100, 255) if self.ruled else BACKGROUNDS[self.background]
        page = np.full((*shape, 4), ground, np.uint8)
        for number, tile in enumerate(tiles):
            row, column = divmod(number, self.columns)
            y, x = margin + row * (height + gap), margin + column * (width + gap)
            page[y : y + height, x : x + width] = tile
        return page.repeat(self.scale, 0).repeat(self.scale, 1)


def drawings(count: int, random: np.random.Generator) -> np.ndarray:
    """uint8 (count, 16, 16, 3) on white, from our own generator."""
    return generate(count, int(random.integers(1000))).images


def _stretched(count: int, tile: Size, random: np.random.Generator) -> np.ndarray:
    """Drawings; larger tiles repeat rows here and there, so that none is an enlargement."""
    images = drawings(count, random)
    return stretched(images, tile, random)


def stretched(images: np.ndarray, tile: Size, random: np.random.Generator) -> np.ndarray:
    """uint8 (N, 16, 16, 3) on white as (N, h, w, 4) on nothing."""
    width, height = tile
    out = np.zeros((len(images), height, width, 4), np.uint8)
    for image, into in zip(images, out, strict=True):
        kept = [np.sort(random.choice(16, side, replace=side > 16)) for side in (height, width)]
        into[..., :3] = image[kept[0]][:, kept[1]]
        into[..., 3] = np.where((into[..., :3] == 255).all(axis=-1), 0, 255)
        into[into[..., 3] == 0] = 0
    return out


def _shapes(count: int, tile: Size, random: np.random.Generator) -> np.ndarray:
    """Mirrored blobs in an outline, in three tones; in one set of three none reaches an edge of its tile."""
    width, height = tile
    out = np.zeros((count, height, width, 4), np.uint8)
    y, x = np.mgrid[:height, :width]
    padded = random.random() < 1 / 3
    for into in out:
        inside = np.zeros((height, width), bool)
        for _ in range(4):
            radius = random.uniform(0.12, 0.3) * min(tile)
            far = radius + 1 if padded else radius - 1
            cy = random.uniform(far, height - far - 1)
            cx = random.uniform(far, width / 2)
            disc = ((y - cy) / radius) ** 2 + ((x - cx) / radius) ** 2 <= 1
            inside |= disc | disc[:, ::-1]
        if padded:
            inside[[0, -1]] = False
            inside[:, [0, -1]] = False
        near = np.zeros_like(inside)
        near[1:-1, 1:-1] = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
        near &= inside
        base = random.integers(40, 255, 3)
        tone = ((y * 3 // height) + 2) / 4
        into[..., :3] = np.where(near[..., None], base * tone[..., None], base // 5)
        into[..., 3] = 255
        into[~inside] = 0
    return out


def _grown(tiles: np.ndarray, tile: Size) -> np.ndarray:
    """Drawings cropped to what is drawn and stretched until they touch all edges."""
    width, height = tile
    out = np.zeros_like(tiles)
    for image, into in zip(tiles, out, strict=True):
        rows, columns = (np.flatnonzero(image[..., 3].any(axis=axis)) for axis in (1, 0))
        if len(rows):
            ys = rows[0] + np.arange(height) * (rows[-1] - rows[0] + 1) // height
            xs = columns[0] + np.arange(width) * (columns[-1] - columns[0] + 1) // width
            into[:] = image[ys][:, xs]
    return out


def _textures(count: int, tile: Size, random: np.random.Generator) -> np.ndarray:
    """Tiles without a background: terrain in four tones, patches of a few pixels."""
    width, height = tile
    out = np.full((count, height, width, 4), 255, np.uint8)
    palettes = random.integers(20, 236, (max(count // 4, 3), 4, 3))
    for into in out:
        field = random.normal(size=(height + 4, width + 4))
        smooth = sum(field[i : i + height, j : j + width] for i in range(3) for j in range(3))
        tones = np.clip(np.round(smooth / 3 + 1.5), 0, 3).astype(int)
        into[..., :3] = palettes[random.integers(len(palettes))][tones]
    return out


# How sure the answer is, in the words of the table


def judged(sheet: Sheet, cuts: list[Cut]) -> str:
    """Right, asked (the truth among the answers), or what is worse."""
    truth = (sheet.grid, sheet.scale)
    answers = [(cut.grid, cut.scale) for cut in cuts]
    if not answers:
        return "asked without"
    if len(answers) == 1:
        return "right" if answers[0] == truth else "WRONG"
    return "asked" if truth in answers else "asked without"


SIZES: list[Size] = (
    [(16, 16)] * 5 + [(32, 32)] * 4 + [(24, 24), (24, 24), (48, 48), (48, 48), (8, 8), (64, 64), (16, 24)]
)
SIZES += [(16, 32), (32, 48), (20, 20), (24, 32), (32, 16), (12, 12), (40, 40), (18, 18), (17, 17), (48, 64)]
SPACES = [*[(0, 0, 0)] * 6, (0, 1, 0), (0, 1, 1), (1, 1, 0), (0, 2, 0), (0, 2, 1), (2, 2, 0)]
NUMBERS = [
    (1, 6),
    (2, 2),
    (3, 2),
    (4, 4),
    (6, 1),
    (5, 3),
    (8, 8),
    (8, 8),
    (7, 9),
    (12, 10),
    (16, 16),
    (20, 20),
    (4, 12),
]


def many(count: int, start: int) -> list[Sheet]:
    """Sheets of all kinds, always the same ones for the same start."""
    random = np.random.default_rng(start)
    sheets = []
    for seed in range(start, start + count):
        tile = SIZES[random.integers(len(SIZES))]
        margin, gap, trailing = SPACES[random.integers(len(SPACES))]
        columns, rows = NUMBERS[random.integers(len(NUMBERS))]
        art = str(random.choice(["drawn", "shapes", "touching", "textures"]))
        filled = float(random.choice([1, 1, 0.9, 0.6, 0.3]))
        made = Sheet(art, tile, columns, rows, margin, gap, bool(trailing), seed=seed, filled=filled)
        made = replace(made, scale=int(random.choice([1, 1, 1, 2, 3, 4])))
        made = replace(
            made, background=str(random.choice(list(BACKGROUNDS))), ruled=bool(gap and random.random() < 0.3)
        )
        if random.random() < 0.06:
            made = replace(made, margin=0, gap=0, trailing=False, extruded=True, ruled=False)
        sheets.append(made)
    return sheets


def tally(sheets: list[Sheet]) -> Counter[str]:
    return Counter(judged(made, find_cuts(made.pixels())) for made in sheets)


def is_large(made: Sheet) -> bool:
    """Whether it holds enough drawings for certainty."""
    return made.columns * made.rows * made.filled >= 12


def test_sheets_of_all_kinds_are_found_or_asked_about() -> None:
    sheets = many(90, start=5)
    large = tally([made for made in sheets if is_large(made) and made.art != "textures"])
    assert large["WRONG"] == 0
    assert large["right"] > 0.85 * large.total()
    rest = tally([made for made in sheets if not is_large(made) or made.art == "textures"])
    assert rest["WRONG"] <= 3  # of four tiles that touch, or that one drawing is on, some look like one sprite
    assert large["asked without"] + rest["asked without"] <= 3


@pytest.mark.slow
@pytest.mark.parametrize("real", [False, True])
def test_very_many_sheets_are_found_or_asked_about(real: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if real:
        images = np.load(REAL)["images"]
        monkeypatch.setattr(f"{__name__}.drawings", lambda n, random: images[random.integers(0, len(images), n)])
    sheets = many(800, start=40_000)
    large = tally([made for made in sheets if is_large(made)])
    assert large["WRONG"] <= 2
    assert large["right"] > 0.85 * large.total()
    every = large + tally([made for made in sheets if not is_large(made)])
    assert every["WRONG"] < 0.01 * every.total()
    assert every["asked without"] < 0.015 * every.total()


CERTAIN = {
    "16 is not 32": Sheet(columns=8, rows=8),
    "32 is not quartered": Sheet(tile=(32, 32)),
    "48 is not cut in nine": Sheet(tile=(48, 48)),
    "24 is not cut across": Sheet(tile=(24, 24), background="magenta"),
    "taller than wide": Sheet(tile=(16, 24)),
    "twice as tall": Sheet("shapes", (16, 32), columns=12),
    "272 pixels are 16 tiles of 17": Sheet(columns=16, rows=16, gap=1, trailing=True),
    "and so four times larger": Sheet(columns=16, rows=16, gap=1, trailing=True, scale=4, background="white"),
    "ruled": Sheet(tile=(32, 32), gap=2, margin=2, ruled=True),
    "extruded textures": Sheet("textures", extruded=True),
    "extruded drawings": Sheet("touching", extruded=True),
    "textures": Sheet("textures", (32, 32), columns=10),
    "sparse": Sheet(tile=(32, 32), columns=12, rows=10, filled=0.4),
    "touching": Sheet("touching", (24, 24), columns=12, rows=10),
    "a row": Sheet(tile=(32, 32), columns=16, rows=1),
}


@pytest.mark.parametrize("name", CERTAIN)
def test_what_is_clear_is_not_asked(name: str) -> None:
    made = CERTAIN[name]
    (cut,) = find_cuts(made.pixels())
    assert (cut.grid, cut.scale, cut.columns, cut.rows) == (made.grid, made.scale, made.columns, made.rows)
    assert cut.evidence


@pytest.mark.parametrize(
    ("count", "columns", "scale", "gap"), [(60, None, 4, 1), (23, 5, 4, 1), (100, None, 1, 0), (50, 8, 8, 2)]
)
def test_our_own_sheets_are_found_without_their_note(count: int, columns: int | None, scale: int, gap: int) -> None:
    page = sheet(drawings(count, np.random.default_rng(count)), columns, scale, gap)
    (cut,) = find_cuts(np.dstack([page, np.full(page.shape[:2], 255, np.uint8)]))
    assert (cut.grid, cut.scale) == (Grid((16, 16), 0, gap), scale)


@pytest.mark.parametrize("size", [(16, 16), (32, 32), (23, 31), (64, 48), (16, 32)])
def test_one_sprite_is_one_tile(size: Size) -> None:
    answers = [find_cuts(tile) for tile in Sheet(tile=size, columns=6, rows=6).tiles()]
    single = [cuts for cuts in answers if [(cut.grid.tile, cut.columns, cut.rows) for cut in cuts] == [(size, 1, 1)]]
    assert len(single) >= 35


def mixed(share: float) -> np.ndarray:
    """Sprites of 32x32, and of 16x16 in blocks of four."""
    small = Sheet(columns=16, rows=16).tiles().reshape(64, 2, 2, 16, 16, 4).transpose(0, 1, 3, 2, 4, 5)
    large = Sheet(tile=(32, 32), seed=1).tiles()
    is_large = np.random.default_rng(0).random(64) < share
    tiles = np.where(is_large[:, None, None, None], large, small.reshape(64, 32, 32, 4))
    return tiles.reshape(8, 8, 32, 32, 4).transpose(0, 2, 1, 3, 4).reshape(256, 256, 4)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
def test_large_and_small_sprites_on_one_sheet_are_asked_about(share: float) -> None:
    assert {(16, 16), (32, 32)} <= {cut.grid.tile for cut in find_cuts(mixed(share))}


def noise(height: int, width: int) -> np.ndarray:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    return pixels


@pytest.mark.parametrize(("height", "width"), [(200, 300), (512, 512), (480, 640), (128, 128)])
@pytest.mark.parametrize("kind", ["figure", "scattered", "noise"])
def test_a_large_picture_is_no_certain_sheet(kind: str, height: int, width: int) -> None:
    random = np.random.default_rng(height)
    pixels = noise(height, width)
    y, x = np.mgrid[:height, :width]
    if kind != "noise":
        pixels[:] = 255
        for _ in range(1 if kind == "figure" else 12):
            radius = 0.4 * height if kind == "figure" else random.integers(5, 40)
            cy, cx = (height / 2, width / 2) if kind == "figure" else (random.integers(height), random.integers(width))
            pixels[(y - cy) ** 2 + (x - cx) ** 2 < radius**2, :3] = random.integers(0, 250, 3)
    assert len(find_cuts(pixels)) != 1


def test_what_says_nothing_is_asked_and_usual_sizes_come_first() -> None:
    cuts = find_cuts(noise(256, 256))
    assert [cut.grid.tile for cut in cuts][:2] == [(16, 16), (32, 32)]
    assert all(cut.grid.count(256, 256) == (cut.columns, cut.rows) for cut in cuts)
    assert find_cuts(noise(101, 211)) == []


def test_the_size_of_other_files_comes_first_where_the_picture_says_nothing() -> None:
    cuts = find_cuts(noise(256, 256), wanted=(32, 32))
    assert (cuts[0].grid, len(cuts) > 1) == (Grid((32, 32)), True)
    clear = Sheet(tile=(32, 32)).pixels()
    assert find_cuts(clear, wanted=(16, 16))[0].grid == Grid((32, 32))
    blocky = Sheet(columns=1, rows=1).pixels().repeat(2, 0).repeat(2, 1)
    assert [(cut.grid, cut.scale) for cut in find_cuts(blocky)] == [(Grid((16, 16)), 2)]
    assert [(cut.grid, cut.scale) for cut in find_cuts(blocky, wanted=(32, 32))] == [(Grid((32, 32)), 1)]


def test_whoever_asks_is_believed() -> None:
    pixels = Sheet(tile=(32, 32), scale=3).pixels()
    assert [(cut.scale, cut.columns, cut.rows) for cut in find_cuts(pixels, Grid((16, 16)))] == [(3, 16, 16)]
    assert find_cuts(pixels, Grid((48, 48)))[0].scale == 1
    assert find_cuts(pixels, Grid((16, 16), 3, 5)) == []
    gaps = Sheet(gap=2).pixels()
    assert [cut.grid for cut in find_cuts(gaps, Grid(gap=2))] == [Grid((16, 16), 0, 2)]
