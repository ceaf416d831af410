"""A canvas on which sprites of any size are drawn from shapes, shaded and outlined.

Shapes are written in design units (a canvas is always 32 units wide) and sampled at the pixel centres of the wanted
side, so a 48-pixel sprite is drawn with more pixels, not scaled up. Each part has a colour ramp of six steps (0 is
the outline, 1 to 5 go from shadow to highlight); the light comes from the top left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray
Shape = tuple[Array, Array]  # a mask and the light (0 to 1) on it
# Material: hue in degrees (OKLCH), chroma, shift in lightness, spread of the hue.
MATERIALS = {
    "steel": (255, 0.025, 0.02, 25),
    "iron": (280, 0.02, -0.08, 20),
    "gold": (84, 0.13, 0.03, 6),
    "bronze": (58, 0.09, -0.02, 8),
    "wood": (62, 0.075, -0.06, 10),
    "leather": (42, 0.08, -0.1, 14),
    "bone": (88, 0.035, 0.07, 10),
    "leaf": (138, 0.13, -0.03, 18),
    "glass": (220, 0.035, 0.03, 30),
    "snow": (240, 0.02, 0.09, 10),
    "fire": (52, 0.18, 0.04, 14),
    "pink": (0, 0.11, 0.05, 18),
    "vivid": (180, 0.155, 0.0, 180),
}


def colour_ramp(hue: float, chroma: float, lift: float) -> Array:
    """Six RGB colours from outline to highlight; shadows drift towards violet and lights towards yellow."""
    light = np.array([0.23, 0.38, 0.50, 0.63, 0.77, 0.92]) + lift * np.array([0.3, 0.8, 1, 1, 0.8, 0.3])
    strength = chroma * np.array([0.55, 0.85, 1.0, 1.05, 0.85, 0.4])
    cold = np.clip((290 - hue + 180) % 360 - 180, -32, 32) * np.array([1, 0.7, 0.35, 0, 0, 0])
    warm = np.clip((100 - hue + 180) % 360 - 180, -32, 32) * np.array([0, 0, 0, 0, 0.5, 1])
    angle = np.deg2rad(hue + cold + warm)
    a, b = strength * np.cos(angle), strength * np.sin(angle)
    cone = [light + 0.3963 * a + 0.2158 * b, light - 0.1056 * a - 0.0639 * b, light - 0.0895 * a - 1.2915 * b]
    mix = np.array([[4.0767, -3.3077, 0.2310], [-1.2684, 2.6098, -0.3413], [-0.0042, -0.7034, 1.7076]])
    linear = np.clip(mix @ np.array(cone) ** 3, 0, 1)
    srgb = np.where(linear < 0.0031, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(srgb.T * 255).astype(np.uint8)


def grow(mask: Array) -> Array:
    """The mask and its four-neighbours."""
    wide = np.pad(mask, 1)
    return wide[1:-1, 1:-1] | wide[:-2, 1:-1] | wide[2:, 1:-1] | wide[1:-1, :-2] | wide[1:-1, 2:]


def shrink(mask: Array, steps: int = 1) -> Array:
    """The mask without its outer layers of pixels."""
    return mask if steps < 1 else shrink(~grow(~mask), steps - 1)


def lit(nx: Array, ny: Array, nz: Array | float) -> Array:
    """Light (0 to 1) on a surface with this normal."""
    return np.clip(0.36 + 0.5 * (-0.5 * nx - 0.6 * ny + 0.62 * nz) / np.sqrt(nx**2 + ny**2 + nz**2 + 1e-6), 0, 0.99)


def arc(x: Array) -> Array:
    """Half a circle: 1 at 0, falling to 0 at -1 and 1."""
    return np.sqrt(np.clip(1 - x * x, 0, 1))


class Canvas:
    """A sprite being drawn: each pixel holds a ramp (-1 for none) and a step of that ramp."""

    def __init__(self, rng: np.random.Generator, side: int) -> None:
        self.rng, self.side, self.unit = rng, side, 32 / side
        self.iy, self.ix = np.indices((side, side))
        self.x, self.y = (self.ix + 0.5) * self.unit, (self.iy + 0.5) * self.unit
        self.rows = self.y[:, 0]
        self.ramp, self.level = np.full((side, side), -1), np.zeros((side, side), int)
        self.colours: list[Array] = []
        self.frame = shrink(np.pad(np.ones((side - 2, side - 2), bool), 1))

    def u(self, low: float, high: float) -> float:
        """A random number between the two."""
        return float(self.rng.uniform(low, high))

    def pick(self, items: Sequence[Any]) -> Any:
        """One of the items; of words in one string if that is given."""
        items = items.split() if isinstance(items, str) else items
        return items[int(self.rng.integers(len(items)))]

    def new(self, names: str) -> int:
        """A new ramp of one of the named materials; returns its number."""
        hue, chroma, lift, spread = MATERIALS[self.pick(names)]
        ramp = colour_ramp((hue + self.u(-spread, spread)) % 360, chroma * self.u(0.8, 1.2), lift + self.u(-0.04, 0.04))
        self.colours.append(ramp)
        return len(self.colours) - 1

    def paint(self, ramp: int, mask: Array, light: Array | float, edge: bool = True, dither: float = 0) -> Array:
        """Fill the mask with shaded steps, with a checker between steps if asked, and draw a dark edge around it."""
        mask = mask & self.frame
        steps = np.floor((light + ((self.ix + self.iy) % 2 - 0.5) * dither * 0.2) * 5) + 1
        if edge:
            ring = grow(mask) & ~mask
            self.ramp[ring] = ramp
            self.level[ring] = ~(np.roll(mask, 1, 0) | np.roll(mask, 1, 1))[ring]  # lighter where it faces the light
        self.ramp[mask], self.level[mask] = ramp, np.clip(steps, 1, 5).astype(int)[mask]
        return mask

    def flat(self, ramp: int, mask: Array, level: int) -> None:
        """Fill the mask with one step, without an edge."""
        self.ramp[mask & self.frame], self.level[mask & self.frame] = ramp, level

    def shift(self, mask: Array, steps: int) -> None:
        """Make what is drawn under the mask lighter or darker; outlines stay."""
        mask = mask & (self.level > 0)
        self.level[mask] = np.clip(self.level[mask] + steps, 1, 5)

    def box(self, x: float, y: float, w: float = 1, h: float = 1, mirror: bool = False) -> Array:
        """A rectangle of whole pixels with its top left near (x, y), at least one pixel large."""
        left, top, wide, tall = (round(v / self.unit) for v in (x, y, w, h))
        mask = (self.ix >= left) & (self.ix < left + max(1, wide)) & (self.iy >= top) & (self.iy < top + max(1, tall))
        return mask | mask[:, ::-1] if mirror else mask

    def ball(self, cx: float, cy: float, rx: float, ry: float = 0) -> Shape:
        """An ellipsoid."""
        nx, ny = (self.x - cx) / rx, (self.y - cy) / (ry or rx)
        return np.hypot(nx, ny) < 1, lit(nx, ny, arc(np.hypot(nx, ny)))

    def lathe(self, width: Array, cx: float = 16) -> Shape:
        """A turned body, from its half width in each row (0 for none)."""
        nx = np.clip((self.x - cx) / np.maximum(width, 0.01)[:, None], -1, 1)
        ny = -0.6 * np.clip(np.gradient(width, self.unit), -1.6, 1.6)[:, None]
        return np.abs(self.x - cx) < width[:, None], lit(nx, ny, arc(0.95 * nx))

    def stroke(self, points: Sequence[tuple[float, float]], w0: float, w1: float) -> Shape:
        """A thick tapering curve through three points."""
        t = np.linspace(0, 1, 28)[:, None]
        p = np.array(points, float)
        path = (1 - t) ** 2 * p[0] + 2 * t * (1 - t) * (2 * p[1] - (p[0] + p[2]) / 2) + t * t * p[2]
        dx, dy = self.x[..., None] - path[:, 0], self.y[..., None] - path[:, 1]
        best = np.argmin(dx * dx + dy * dy, axis=2)
        wide = w0 + (w1 - w0) * best / 27
        nx, ny = (self.x - path[best, 0]) / wide, (self.y - path[best, 1]) / wide
        return np.hypot(nx, ny) < 1, lit(nx, ny, arc(np.hypot(nx, ny)))

    def axis(self, x: float, y: float, turn: float) -> Shape:
        """Distances from (x, y) along a direction (degrees right of straight up), and across it to the lit side."""
        dx, dy = np.sin(np.deg2rad(turn)), -np.cos(np.deg2rad(turn))
        return (self.x - x) * dx + (self.y - y) * dy, (self.x - x) * dy - (self.y - y) * dx

    def emblem(self, cx: float, cy: float, r: float, form: str) -> Array:
        """Mask of a small sign."""
        x, y = (self.x - cx) / r, (self.y - cy) / r
        if form == "cross":
            return (np.maximum(abs(x), abs(y)) < 1) & (np.minimum(abs(x), abs(y)) < 0.34)
        if form == "moon":
            return (np.hypot(x, y) < 1) & (np.hypot(x - 0.45, y + 0.2) > 0.75)
        if form == "heart":
            return (np.hypot(abs(x) - 0.45, y + 0.35) < 0.55) | ((abs(x) + y < 0.95) & (y > -0.3))
        points, depth = {"star": (5, 0.55), "sun": (8, 0.4), "diamond": (4, 0.5)}[form]
        return np.hypot(x, y) < 1.05 - depth * 2 * np.abs((np.arctan2(x, -y) * points / 2 / np.pi + 0.5) % 1 - 0.5)

    def finish(self) -> Array:
        """The RGBA sprite; rare colours are merged into near ones until there are at most 20."""
        drawn = self.ramp >= 0
        rgb = np.array(self.colours)[self.ramp, self.level].astype(int) * drawn[..., None]
        while True:
            found, back, counts = np.unique(rgb[drawn], axis=0, return_inverse=True, return_counts=True)
            if len(found) <= 20:
                return np.concatenate([rgb, 255 * drawn[..., None]], axis=2).astype(np.uint8)
            gap = ((found[:, None] - found) ** 2).sum(2) * np.sqrt(np.minimum(counts[:, None], counts))
            one, two = np.unravel_index(np.argmin(gap + 1e9 * np.eye(len(found))), gap.shape)
            found[one] = found[two] = found[one if counts[one] > counts[two] else two]
            rgb[drawn] = found[back.reshape(-1)]
