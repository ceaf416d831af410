"""The layout of sheets: realistic ones of all kinds are found, or asked about, and never cut wrongly in silence."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest

from ddpm.sprites.builtin.generate import generate
from ddpm.sprites.errors import SpriteError
from ddpm.sprites.readers.sheet_layout import Cut, Grid, GridQuestion, Size, find_cuts, parse_tile

BACKGROUNDS = {"clear": (0, 0, 0, 0), "white": (255, 255, 255, 255), "magenta": (255, 0, 255, 255), "dark": (20, 12, 28, 255)}


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


def _stretched(count: int, tile: Size, random: np.random.Generator) -> np.ndarray:
    """Built-in drawings; larger tiles repeat rows here and there, so that none is an enlargement."""
    images = generate(count, int(random.integers(1000))).images
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
        near[1:-1, 1:-1] = inside[1:-1, 1:-1] & inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
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


def many(count: int, start: int = 5, arts: tuple[str, ...] = ("drawn", "shapes", "touching", "textures")) -> list[Sheet]:
    """Sheets of all kinds, drawn at random, always the same ones."""
    random = np.random.default_rng(start)
    sizes = [(16, 16)] * 5 + [(32, 32)] * 4 + [(24, 24), (24, 24), (48, 48), (48, 48), (8, 8), (64, 64), (16, 24)]
    sizes += [(16, 32), (32, 48), (20, 20), (24, 32), (32, 16), (12, 12), (40, 40), (18, 18), (17, 17), (48, 64)]
    spaces = [(0, 0, False)] * 6 + [(0, 1, False), (0, 1, True), (1, 1, False), (0, 2, False), (0, 2, True), (2, 2, False)]
    numbers = [(1, 6), (2, 2), (3, 2), (4, 4), (6, 1), (5, 3), (8, 8), (8, 8), (7, 9), (12, 10), (16, 16), (20, 20), (4, 12)]
    sheets = []
    for seed in range(start, start + count):
        tile = sizes[random.integers(len(sizes))]
        margin, gap, trailing = spaces[random.integers(len(spaces))]
        columns, rows = numbers[random.integers(len(numbers))]
        art = str(random.choice(arts))
        filled = float(random.choice([1, 1, 0.9, 0.6, 0.3]))
        made = Sheet(art, tile, columns, rows, margin, gap, trailing, seed=seed, filled=filled)
        made = replace(made, scale=int(random.choice([1, 1, 1, 2, 3, 4])), background=str(random.choice(list(BACKGROUNDS))))
        made = replace(made, ruled=bool(gap and random.random() < 0.3))
        if random.random() < 0.06:
            made = replace(made, margin=0, gap=0, trailing=False, extruded=True, ruled=False)
        sheets.append(made)
    return sheets
