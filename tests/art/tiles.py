"""Tiles of 16 or 32 pixels a side that fill a plane: every kind is drawn on a torus, so opposite borders fit exactly.

Whatever depends on a place does so through distances around the torus, through waves with a whole number of periods,
or through rows and columns that divide the side. Where the border falls is drawn, too: joints lie on it no more often
than elsewhere, unless they are asked to.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.art.canvas import Array, colour_ramp


class Torus:
    """A tile being drawn: each pixel holds the number of a colour ramp, and a light from 0 to 1 on it."""

    def __init__(self, rng: np.random.Generator, side: int) -> None:
        self.rng, self.side = rng, side
        self.y, self.x = np.indices((side, side))
        self.ramp = np.zeros((side, side), int)
        self.light = np.full((side, side), 0.5)
        self.colours: list[Array] = []

    def u(self, low: float, high: float) -> float:
        """A random number between the two."""
        return float(self.rng.uniform(low, high))

    def pick(self, items: list[int]) -> int:
        """One of the items."""
        return items[int(self.rng.integers(len(items)))]

    def new(self, hue: float, chroma: float, lift: float, spread: float = 15) -> int:
        """A new ramp near these values; returns its number."""
        near = (hue + self.u(-spread, spread)) % 360, chroma * self.u(0.7, 1.3), lift + self.u(-0.08, 0.08)
        self.colours.append(colour_ramp(*near))
        return len(self.colours) - 1

    def noise(self, waves: int) -> Array:
        """A smooth random field from -1 to 1, with at most ``waves`` periods along each side."""
        field = np.zeros((self.side, self.side))
        for _ in range(8):
            across, down = self.rng.integers(-waves, waves + 1, 2)
            turn = 2 * np.pi * (self.u(0, 1) + (across * self.x + down * self.y) / self.side)
            field += np.sin(turn)
        return field / max(1e-9, float(np.abs(field).max()))

    def grain(self, share: float) -> Array:
        """Single pixels, this share of all."""
        return self.rng.random((self.side, self.side)) < share

    def shape(self, mask: Array, ramp: int, light: Array | float) -> None:
        """Fill the mask."""
        self.ramp[mask] = ramp
        self.light[mask] = np.broadcast_to(light, mask.shape)[mask]

    def cells(self, count: int) -> tuple[Array, Array, Array]:
        """Voronoi cells of random, well spread points: their numbers, and the distances to the nearest two points."""
        points = np.zeros((0, 2))
        for _ in range(count):
            tries = self.rng.uniform(0, self.side, (20, 2))
            gaps = self._around(tries[:, None] - points[None]) if len(points) else np.ones((20, 1))
            points = np.concatenate([points, tries[[int(gaps.min(1).argmax())]]])
        there = np.stack([self.y, self.x], -1)[:, :, None]
        gaps = self._around(there - points)
        nearest = np.sort(gaps, -1)
        return gaps.argmin(-1), nearest[..., 0], nearest[..., 1]

    def _around(self, offsets: Array) -> Array:
        """Lengths of offsets (..., 2), the shortest way around the torus."""
        wrapped = (offsets + self.side / 2) % self.side - self.side / 2
        return np.hypot(wrapped[..., 0], wrapped[..., 1])

    def finish(self, shift: bool) -> Array:
        """The RGB tile; with ``shift``, cut out of the plane at a random place."""
        steps = np.clip(np.floor(self.light * 6), 0, 5).astype(int)
        tile = np.array(self.colours)[self.ramp, steps]
        return np.roll(tile, self.rng.integers(self.side, size=2), (0, 1)) if shift else tile


def bricks(t: Torus) -> None:
    """Courses of bricks in running bond, with mortar, each brick a little lighter or darker."""
    clay, mortar = t.new(35, 0.09, -0.04), t.new(80, 0.02, t.u(-0.1, 0.12), 40)
    high, wide = t.pick([4, 4, 8]), t.side // t.pick([1, 2, 2])
    course = t.y // high
    along = t.x + (course % 2) * (wide // 2)
    place = course * 8 + along % t.side // wide
    tone = t.rng.uniform(-0.14, 0.14, place.max() + 1)[place]
    t.shape(t.y >= 0, clay, 0.55 + tone + 0.06 * t.noise(3))
    t.shape((t.y % high == 0) | (along % wide == 0), clay, 0.72)
    t.shape((t.y % high == high - 1) | (along % wide == wide - 1), mortar, 0.42)


def cobbles(t: Torus) -> None:
    """Round stones in the ground between them."""
    stone, ground = t.new(250, 0.02, 0, 60), t.new(60, 0.04, -0.12)
    number, first, second = t.cells(t.pick([4, 5, 7, 9]) * (t.side // 16) ** 2)
    tone = t.rng.uniform(-0.12, 0.12, number.max() + 1)[number]
    t.shape(t.y >= 0, ground, 0.3)
    t.shape(second - first > t.u(1, 1.7), stone, 0.85 + tone - 0.11 * first)


def grass(t: Torus) -> None:
    """A meadow: patches, blades of two pixels, sometimes flowers."""
    green, petal = t.new(138, 0.12, -0.03, 20), t.new(0, 0.14, 0.08, 180)
    t.shape(t.y >= 0, green, 0.5 + 0.09 * t.noise(2))
    blades = t.grain(t.u(0.06, 0.14))
    t.shape(blades, green, 0.78)
    t.shape(np.roll(blades, 1, 0), green, 0.3)
    if t.u(0, 1) < 0.4:
        t.shape(t.grain(0.025), petal, 0.8)


def water(t: Torus) -> None:
    """Waves with light crests."""
    blue = t.new(235, 0.1, -0.02, 25)
    rows, bends = t.pick([2, 3, 4]) * t.side // 16, t.pick([1, 2]) * t.side // 16
    bend = t.u(0.05, 0.12) * np.sin(2 * np.pi * (bends * t.x / t.side + t.u(0, 1)))
    height = np.sin(2 * np.pi * (rows * t.y / t.side + bend * rows)) + 0.35 * t.noise(3)
    t.shape(t.y >= 0, blue, 0.48 + 0.1 * height)
    t.shape(height > 1.02, blue, 0.9)


def planks(t: Torus) -> None:
    """Boards side by side, with grain, butt joints and nails."""
    wood = t.new(60, 0.08, -0.03, 12)
    high = t.pick([4, 8])
    board = t.y // high
    tone = t.rng.uniform(-0.1, 0.1, t.side)[board]
    end = t.rng.integers(0, t.side, t.side)[board]
    fibre = np.sin(2 * np.pi * (t.pick([1, 2]) * t.x / t.side + 0.375 * t.y + 0.25 * t.noise(2)))
    t.shape(t.y >= 0, wood, 0.55 + tone + 0.09 * fibre)
    t.shape(t.y % high == 0, wood, 0.74)
    t.shape((t.y % high == high - 1) | (t.x == end), wood, 0.14)
    t.shape((t.y % high == high // 2) & ((t.x - end) % t.side == 2), wood, 0.1)


def sand(t: Torus) -> None:
    """Ripples and single grains."""
    dust = t.new(85, 0.07, 0.06, 12)
    turn = t.pick([-1, 0, 1]) * t.x + t.pick([2, 3]) * t.y
    ripple = np.sin(2 * np.pi * (turn / t.side + t.u(0.05, 0.16) * t.noise(2)))
    t.shape(t.y >= 0, dust, 0.6 + t.u(0.05, 0.11) * ripple)
    t.shape(t.grain(0.05), dust, 0.42)
    t.shape(t.grain(0.03), dust, 0.86)


def roof(t: Torus) -> None:
    """Rows of round shingles that overlap."""
    slate = t.new(t.pick([20, 35, 150, 260]), 0.08, -0.04)
    high, wide = t.pick([4, 8]), t.pick([4, 8])
    row = t.y // high
    along = (t.x + (row % 2) * (wide // 2)) % t.side
    offset = along % wide - (wide - 1) / 2
    edge = high * np.sqrt(1 - (offset / (wide / 2)) ** 2)
    tone = t.rng.uniform(-0.1, 0.1, row.max() * 8 + 8)[row * 8 + along // wide]
    t.shape(t.y >= 0, slate, 0.72 + tone - 0.28 * (t.y % high) / high)
    t.shape(t.y % high > edge, slate, 0.15)


def slabs(t: Torus) -> None:
    """A floor of square slabs in two colours, bevelled, sometimes cracked."""
    one, two = t.new(250, 0.03, 0.02, 90), t.new(60, 0.04, -0.03, 90)
    size = t.pick([4, 8])
    odd = (t.y // size + t.x // size) % 2 == 1
    for mask, ramp in ((odd, two), (~odd, one)):
        t.shape(mask, ramp, 0.55 + 0.07 * t.noise(3))
    t.light[(t.y % size == 0) | (t.x % size == 0)] = 0.74
    t.light[(t.y % size == size - 1) | (t.x % size == size - 1)] = 0.3
    if t.u(0, 1) < 0.5:
        t.light[np.abs(t.noise(2)) < 0.05] = 0.2


KINDS: tuple[Callable[[Torus], None], ...] = (bricks, cobbles, grass, water, planks, sand, roof, slabs)


def tiles(
    count: int = 2000, seed: int = 0, side: int = 16, shift: bool = True
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """Distinct tiles, their kinds, and the names of the kinds; tile i depends on (seed, i) and those before it.

    Args:
        side: 16 or 32.
        shift: whether each is cut out of its plane at a random place; without, joints lie on the border, as in most
            sets that people draw.

    Returns:
        uint8 (count, side, side, 3); int64 (count,); the names.
    """
    images, labels = np.zeros((count, side, side, 3), np.uint8), np.arange(count, dtype=np.int64) % len(KINDS)
    seen: set[bytes] = set()
    for i in range(count):
        for attempt in range(1000):
            torus = Torus(np.random.default_rng((seed, i, attempt)), side)
            KINDS[labels[i]](torus)
            images[i] = torus.finish(shift)
            if images[i].tobytes() not in seen:
                break
        seen.add(images[i].tobytes())
    return images, labels, tuple(draw.__name__ for draw in KINDS)
