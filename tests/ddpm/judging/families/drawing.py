"""Sprites of our own for the six kinds of sets on which the judge is tried; drawn by rules, nothing is read."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ddpm.pixels.foreground import dilate
from ddpm.pixels.oklab import oklab_to_rgb

Draw = Callable[[np.random.Generator, int], np.ndarray]


def ramp(random: np.random.Generator, steps: int = 4, low: float = 0.3, high: float = 0.9) -> np.ndarray:
    """uint8 (steps, 3): a colour from dark to light, its hue turning a little."""
    hue, chroma = random.uniform(0, 2 * np.pi), random.uniform(0.06, 0.17)
    light = np.linspace(low, high, steps)
    turned = hue + np.linspace(-0.3, 0.3, steps)
    return oklab_to_rgb(np.stack([light, chroma * np.cos(turned), chroma * np.sin(turned)], axis=1))


def creature(random: np.random.Generator, side: int) -> np.ndarray:
    """uint8 (side, side, 4): a shaded body with limbs, a mark and eyes in a dark outline; alpha is 0 or 255."""
    y, x = (np.mgrid[:side, :side] + 0.5) / side
    across = np.abs(x - 0.5)
    mask = np.zeros((side, side), bool)
    for _ in range(random.integers(2, 5)):
        cx, cy = random.uniform(0, 0.22), random.uniform(0.3, 0.7)
        rx, ry = random.uniform(0.08, 0.22), random.uniform(0.1, 0.26)
        power = random.choice([1.2, 2, 4])
        mask |= np.abs((across - cx) / rx) ** power + np.abs((y - cy) / ry) ** power < 1
    # A tool or a tail on one side, so that few are their own mirror image.
    tx, top, turn = random.uniform(0.2, 0.8), random.uniform(0.12, 0.4), random.uniform(-0.5, 0.5)
    mask |= (np.abs(x - tx - turn * (y - 0.5)) < 0.06) & (y > top) & (y < top + random.uniform(0.25, 0.5))
    mask[[0, 1, -1, -2]] = mask[:, [0, 1, -1, -2]] = False
    body, mark = ramp(random), ramp(random)
    light = np.clip((1.1 - y - 0.5 * x + random.uniform(-0.2, 0.2)) * 4, 0, 3).astype(int)
    picture = body[light]
    cx, cy = random.uniform(0.3, 0.7, 2)
    patch = ((x - cx) / random.uniform(0.08, 0.25)) ** 2 + ((y - cy) / random.uniform(0.08, 0.2)) ** 2 < 1
    picture[patch] = mark[light][patch]
    eye, gap = int(side * random.uniform(0.35, 0.5)), int(max(1, side * random.uniform(0.06, 0.14)))
    size = max(1, side // 16)
    for left in (side // 2 - gap - size, side // 2 + gap):
        picture[eye : eye + size, left : left + size] = (250, 250, 250)
        picture[eye + size : eye + 2 * size, left : left + size] = (15, 12, 20)
    rim = mask & dilate(~mask[None], edge=True)[0]
    picture[rim] = (body[0] * random.uniform(0.15, 0.5)).astype(np.uint8)
    return np.concatenate([picture, np.where(mask, 255, 0)[..., None]], axis=-1).astype(np.uint8) * mask[..., None]


def on_colour(drawn: np.ndarray, colour: np.ndarray | tuple[int, int, int]) -> np.ndarray:
    """RGBA of alpha 0 or 255, uint8 (..., 4), laid on a colour: uint8 (..., 3)."""
    return np.where(drawn[..., 3:] > 0, drawn[..., :3], np.array(colour, np.uint8))


def soft_icon(random: np.random.Generator, side: int) -> np.ndarray:
    """A creature with a soft rim and a glow around it: alpha of all values."""
    drawn = creature(random, side)
    alpha = drawn[..., 3].astype(float)
    glow = ramp(random, 3)[1]
    padded = np.pad(alpha, 1)
    blurred = sum(padded[1 + dy : 1 + dy + side, 1 + dx : 1 + dx + side] for dy in (-1, 0, 1) for dx in (-1, 0, 1)) / 9
    result = drawn.copy()
    outside = (alpha == 0) & (blurred > 0)
    result[outside, :3] = glow
    result[..., 3] = np.where(alpha > 0, np.clip(90 + blurred * 0.75, 0, 255), blurred * random.uniform(0.4, 0.8))
    return result * (result[..., 3:] > 0)


def tile(random: np.random.Generator, side: int) -> np.ndarray:
    """uint8 (side, side, 3) that fills its square: bricks, grass, water, planks, a dithered slope, or faint ground."""
    y, x = np.mgrid[:side, :side]
    colours, form = ramp(random, 5), random.integers(0, 7)
    if form == 0:
        height, width = random.integers(3, 6), random.integers(4, 9)
        row = (y + random.integers(0, height)) // height
        gap = ((y + random.integers(0, height)) % height == 0) | ((x + row * (width // 2)) % width == 0)
        level = np.where(gap, 0, 2 + random.integers(0, 2, (side, side)))
    elif form == 1:
        level = np.full((side, side), 2)
        for _ in range(random.integers(8, 30)):
            top, left = random.integers(0, side, 2)
            level[top : top + random.integers(1, 4), left] = random.integers(0, 5)
    elif form == 2:
        wave = np.sin((y * random.uniform(0.6, 1.4)) + np.sin(x * random.uniform(0.3, 0.9)) * random.uniform(0.5, 2))
        level = np.digitize(wave, [-0.6, 0.1, 0.7])
    elif form == 3:
        height = random.integers(3, 7)
        level = np.where(y % height == 0, 0, 1 + (x * random.integers(1, 5) // 7 + y // height) % 4)
    elif form == 4:
        slope = x * random.uniform(-0.15, 0.15) + y * random.uniform(-0.2, 0.2) + random.uniform(1, 3)
        level = np.clip(np.floor(slope + (x + y) % 2 * 0.5), 0, 4).astype(int)
    else:
        return faint_tile(random, side)
    return colours[level]


def faint_tile(random: np.random.Generator, side: int) -> np.ndarray:
    """Sand or stone: one colour with grain of a few grey levels, no edge that is seen at a glance."""
    base = ramp(random, 3, 0.45, 0.8)[1].astype(float)
    small = random.normal(0, random.uniform(3, 5), (side // 2, side // 2))
    grain = np.kron(small, np.ones((2, 2)))[:side, :side] + random.normal(0, 1, (side, side))
    return np.clip(base + grain[..., None], 0, 255).round().astype(np.uint8)


def checkerboard(side: int) -> np.ndarray:
    """uint8 (side, side, 3): every pixel unlike its neighbours."""
    y, x = np.mgrid[:side, :side]
    return np.where(((x + y) % 2 == 0)[..., None], np.uint8([230, 220, 160]), np.uint8([60, 50, 110])).astype(np.uint8)


def frames(random: np.random.Generator, side: int, count: int = 8) -> np.ndarray:
    """uint8 (count, side, side, 3): one creature that blinks, flickers or breathes: no two differ by much."""
    first = on_colour(creature(random, side), (255, 255, 255))
    inside = np.argwhere((first != 255).any(axis=-1))
    result = np.repeat(first[None], count, axis=0)
    for number in range(1, count):
        if number % 2:
            py, px = inside[random.integers(len(inside))]
            result[number, py, px] = np.clip(first[py, px].astype(int) + random.integers(-60, 60), 0, 255)
        else:
            change = random.integers(-3, 4, 3)
            lit = (first != 255).any(axis=-1)
            result[number][lit] = np.clip(first[lit].astype(int) + change, 0, 254)
    return result


def distinct(images: np.ndarray) -> np.ndarray:
    """Without repeats, in order."""
    return images[np.sort(np.unique(images.reshape(len(images), -1), axis=0, return_index=True)[1])]


def drawn(draw: Draw, count: int, side: int, seed: int) -> np.ndarray:
    """uint8 (up to count, side, side, C): distinct drawings."""
    random = np.random.default_rng(seed)
    return distinct(np.stack([draw(random, side) for _ in range(count)]))
