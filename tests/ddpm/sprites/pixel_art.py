"""Pixel art drawn for tests: icons on nothing, tiles that fill their square, and characters that move."""

from __future__ import annotations

import numpy as np

WHITE = np.array([255, 255, 255], np.uint8)


def icons(count: int, width: int = 16, height: int = 16, seed: int = 0) -> np.ndarray:
    """uint8 (count, height, width, 4): outlined drawings on nothing, a pixel or two from the edge."""
    return np.stack([_icon(width, height, np.random.default_rng([seed, width, height, at])) for at in range(count)])


def ghosts(count: int, width: int = 16, height: int = 16, seed: int = 0) -> np.ndarray:
    """uint8 (count, height, width, 4): white drawings with grey eyes on nothing, which white paper would swallow."""
    images = icons(count, width, height, seed)
    drawn = images[..., 3] > 0
    images[drawn, :3] = 255
    for image in images:
        y, x = np.argwhere(image[..., 3] > 0).mean(axis=0).astype(int)
        image[y, x - 2] = image[y, x + 1] = (235, 235, 240, 255)
    return images


def grounds(count: int, width: int = 16, height: int = 16, seed: int = 0) -> np.ndarray:
    """uint8 (count, height, width, 4): grass, stone and planks: opaque, and drawn up to all four edges."""
    made = []
    for at in range(count):
        random = np.random.default_rng([seed, 7, width, height, at])
        palette = _ramp(random, 4)
        tile = palette[random.choice(4, (height, width), p=[0.15, 0.5, 0.25, 0.1])]
        if at % 3 == 1:  # planks, or bricks
            tile[:: max(3, height // 4)] = palette[0]
            tile[:, :: max(4, width // 2)] = palette[0]
        made.append(np.dstack([tile, np.full((height, width), 255, np.uint8)]))
    return np.stack(made)


def walk(count: int, width: int = 16, height: int = 16, seed: int = 0) -> np.ndarray:
    """uint8 (count, height, width, 4): frames of one drawing, which differ by a few pixels."""
    first = icons(1, width, height, seed)[0]
    frames = np.stack([first] * count)
    random = np.random.default_rng([seed, 99])
    inside = np.argwhere(first[..., 3] > 0)
    for number, frame in enumerate(frames):
        for y, x in inside[random.permutation(len(inside))[: 2 + number % 3]]:
            frame[y, x, :3] = random.integers(0, 256, 3)
    return frames


def soft(images: np.ndarray) -> np.ndarray:
    """Drawings with a shadow below them, half transparent, and a faint glow around."""
    images = images.copy()
    for image in images:
        drawn = image[..., 3] > 0
        below = np.zeros_like(drawn)
        below[1:, 1:] = drawn[:-1, :-1]
        image[below & ~drawn] = (0, 0, 0, 96)
        empty = image[..., 3] == 0
        beside = np.zeros_like(drawn)
        beside[:, :-1] |= drawn[:, 1:]
        image[beside & empty] = (255, 240, 180, 37)
    return images


def on(images: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """The same on a plain colour, opaque."""
    paper = np.array([*colour, 255], np.uint8)
    return np.where(images[..., 3:] > 0, images, paper)


def lay_out(
    tiles: np.ndarray,
    columns: int,
    gap: int = 0,
    margin: int = 0,
    trailing: bool = False,
    ground: tuple[int, int, int, int] = (0, 0, 0, 0),
) -> np.ndarray:
    """A sheet, uint8 (H, W, 4); what follows the last tile is left as ``ground``."""
    count, height, width = tiles.shape[:3]
    rows = -(-count // columns)
    last = gap if trailing else 0
    page = np.empty(
        (rows * (height + gap) - gap + 2 * margin + last, columns * (width + gap) - gap + 2 * margin + last, 4),
        np.uint8,
    )
    page[:] = ground
    for number, tile in enumerate(tiles):
        y, x = margin + number // columns * (height + gap), margin + number % columns * (width + gap)
        page[y : y + height, x : x + width] = tile
    return page


def extruded(tiles: np.ndarray) -> np.ndarray:
    """Tiles whose edges are repeated once around them, as engines want them."""
    return np.pad(tiles, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")


def with_holes(tiles: np.ndarray, every: int = 5) -> np.ndarray:
    """The same with an empty cell here and there, and none at the start."""
    tiles = tiles.copy()
    tiles[every - 1 :: every] = 0
    return tiles


def _ramp(random: np.random.Generator, steps: int) -> np.ndarray:
    """uint8 (steps, 3): one hue from dark to light."""
    base = random.integers(60, 220, 3)
    return np.stack([np.clip(base * (0.35 + 0.9 * n / (steps - 1)), 0, 250) for n in range(steps)]).astype(np.uint8)


def _icon(width: int, height: int, random: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    top, left = (int(random.integers(0, 2 + side // 12)) for side in (height, width))
    across = np.abs(x - (width - 1) / 2) / (width / 2 - left)
    down = (y - (height - 1) / 2) / (height / 2 - top)
    # The outline: a few random widths, from top to bottom, and straight lines between them.
    widths = random.uniform(0.35, 1.0, 6)
    widths[int(random.integers(6))] = 1.0
    edge = np.interp(down, np.linspace(-1, 1, 6), widths)
    shape = (across <= edge) & (np.abs(down) <= 1)
    inner = shape.copy()
    inner[1:-1, 1:-1] &= shape[:-2, 1:-1] & shape[2:, 1:-1] & shape[1:-1, :-2] & shape[1:-1, 2:]
    inner[[0, -1]] = False
    inner[:, [0, -1]] = False
    ramp = _ramp(random, 5)
    second = _ramp(random, 5)
    light = np.clip((2.2 - 2.4 * (x / width) - 1.2 * down + random.uniform(-0.4, 0.4, (height, width))), 0, 3).astype(
        int
    )
    image = np.zeros((height, width, 4), np.uint8)
    image[shape] = (*(ramp[0] // 2), 255)
    image[inner, :3] = ramp[1 + light[inner]]
    band = inner & (np.abs(down - random.uniform(-0.5, 0.5)) < 0.22)
    image[band, :3] = second[1 + light[band]]
    spots = inner & (random.random((height, width)) < 0.08)
    image[spots, :3] = second[4]
    return image
