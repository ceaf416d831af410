"""Seams: what is seen where a picture is laid beside itself.

The border of a picture is also a line between two rows (the last and the first) and one between two columns. If the
picture goes on there, that line is one like those inside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from statistics import NormalDist
from typing import Any

import numpy as np

from ddpm.base.blocks import image_blocks
from ddpm.base.json_values import is_amount, jsonable
from ddpm.pixels.foreground import border_colour, border_pixels, foreground
from ddpm.pixels.oklab import SAME, distance, oklab

MOST = 1.1
"""The highest ratio at which a border counts as none; see :attr:`Seams.ratio`."""
_CONFIDENCE = 0.95
_LEAST_DRAWN = 0.05
_MOST_MEASURED = 2000


@dataclass(frozen=True)
class Seams:
    """The seams of a set of pictures. Differences are distances in OKLab, in which alpha is a fourth coordinate.

    Attributes:
        n: pictures.
        flat: how many of them have one colour alone: they have no seam, and no difference to compare one with.
        ratio: mean difference over the border (the last row to the first, the last column to the first) over that of
            neighbours inside, of all pictures together; NaN if all are flat. 1: the border is like the inside.
        low, high: its 95% interval (of a ratio of two means: Cochran 1977, Sampling Techniques, eq. 6.13); 0 and
            infinity for a single picture.
        median: of the ratios of single pictures that are not flat.
        strongest: how often the border is the strongest of the lines in its direction, 0..1. Joints that are drawn on
            the border, as between bricks, raise the ratio but not this share: there are others like them inside.
        chance: that share for pictures whose border may be anywhere.
    """

    n: int
    flat: int
    ratio: float
    low: float
    high: float
    median: float
    strongest: float
    chance: float

    @property
    def repeats(self) -> bool:
        """Whether most of the pictures go on at their opposite border."""
        return self.flat == self.n or self.median <= MOST or self.strongest <= 2 * self.chance

    def to_dict(self) -> dict[str, Any]:
        """JSON values; None for what is unknown."""
        values = {field.name: jsonable(getattr(self, field.name)) for field in fields(self)}
        return {**values, "repeats": self.repeats}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Seams:
        """What :meth:`to_dict` gave."""
        known: dict[str, Any] = {field.name: values[field.name] for field in fields(cls)}
        for name in ("ratio", "low", "high", "median"):
            known[name] = math.nan if known[name] is None else known[name]
        return cls(**known)

    def in_words(self) -> str:
        """The ratio and its interval in a sentence."""
        if self.flat == self.n:
            return "Each of them has one colour alone, so there is no seam."
        known = [f"{self.low:.2f} to {self.high:.2f}"] if math.isfinite(self.high) else []
        known += [f"{self.flat:,} of one colour left out"] if self.flat else []
        beside = f" ({'; '.join(known)})" if known else ""
        return f"Across the border colours differ {self.ratio:.2f} times as much as inside{beside}."

    def verdict(self) -> str:
        """Whether they repeat, and why, in two sentences."""
        if self.flat == self.n:
            return f"These tiles repeat. {self.in_words()}"
        if not self.repeats:
            return f"These tiles do not repeat themselves. {self.in_words()}"
        joints = " That is where joints lie, no stronger than others inside." if self.median > MOST else ""
        return f"These tiles repeat. {self.in_words()}{joints}"


def seam_ratio(images: np.ndarray) -> np.ndarray:
    """How strong the border of each picture is beside the lines inside; see :attr:`Seams.ratio`.

    Args:
        images: uint8 (N, H, W, C), C of 3 or 4, sides of at least 2.

    Returns:
        float64 (N,): at least 0; NaN for pictures of one colour.
    """
    across, inside, _ = _differences(images)
    return np.divide(across, inside, out=np.full(len(images), np.nan), where=inside > 0)


def seams(images: np.ndarray) -> Seams:
    """Measure the seams of pictures.

    Args:
        images: uint8 (N, H, W, C), C of 3 or 4, sides of at least 2.

    Raises:
        ValueError: without pictures.
    """
    if not len(images):
        raise ValueError("there are no pictures whose seams could be measured")
    across, inside, strongest = _differences(images)
    seen = inside > 0
    height, width = images.shape[1:3]
    known = {"n": len(images), "flat": int((~seen).sum()), "chance": (1 / height + 1 / width) / 2}
    if not seen.any():
        return Seams(**known, ratio=math.nan, low=math.nan, high=math.nan, median=math.nan, strongest=0.0)
    across, inside, strongest = across[seen], inside[seen], strongest[seen]
    ratio = float(across.sum() / inside.sum())
    spread = float(np.square(across - ratio * inside).sum()) / max(1, len(across) - 1)
    error = math.sqrt(spread / len(across)) / float(inside.mean()) if len(across) > 1 else math.inf
    margin = NormalDist().inv_cdf((1 + _CONFIDENCE) / 2) * error
    median = float(np.median(across / inside))
    low, high = max(0.0, ratio - margin), ratio + margin
    return Seams(**known, ratio=ratio, low=low, high=high, median=median, strongest=float(strongest.mean()))


def tile_seams(images: np.ndarray, rows: np.ndarray | None = None) -> Seams | None:
    """The seams of a set that may be tiles; None if half of its pictures or more stand on a background, or can be
    transparent.

    Args:
        images: uint8 (N, H, W, C), C of 3 or 4.
        rows: int64, those to look at; None for all. Where there are more, 2,000 drawn with a fixed seed are measured.
    """
    rows = np.arange(len(images)) if rows is None else rows
    if len(rows) > _MOST_MEASURED:
        rows = np.sort(np.random.default_rng(0).choice(rows, _MOST_MEASURED, replace=False))
    if not len(rows) or images.shape[-1] == 4:
        return None
    chosen = np.asarray(images[rows])
    return None if on_background(chosen).mean() >= 0.5 else seams(chosen)


def doubt(found: Seams | None) -> str:
    """Why seamless tiles can hardly be learnt from a set with these :func:`tile_seams`; "" if they can."""
    if found is None:
        return (
            "Most of these sprites stand on a background or are transparent. Seamless tiles fill their picture: here "
            "there is nothing to join."
        )
    if found.repeats:
        return ""
    return f"{found.verdict()} A seamless model cannot know where their border was, so it may draw such an edge inside."


def drawn_beside_learnt(drawn: Seams, learnt: Any) -> str:
    """The seams of drawn tiles beside those of the tiles that were learnt from, in two sentences at most.

    Args:
        learnt: what :meth:`Seams.to_dict` gave at training, as read from a file; anything else is left out.
    """
    ratio = learnt.get("ratio") if isinstance(learnt, dict) else None
    return drawn.in_words() + (f" In the tiles it learnt from: {ratio:.2f}." if is_amount(ratio) else "")


def on_background(images: np.ndarray) -> np.ndarray:
    """Whether each picture is a drawing on a background; see :mod:`ddpm.pixels.foreground`.

    At least 5% of it are drawn on, and its border at most half as densely as the whole; tiles are as dense at both.

    Args:
        images: uint8 (N, H, W, C), C of 3 or 4.

    Returns:
        bool (N,).
    """
    found = np.zeros(len(images), bool)
    for rows in image_blocks(images):
        lab = oklab(images[rows])
        at_border = (distance(border_pixels(lab), border_colour(lab)[:, 0]) > SAME).mean(1)
        drawn = foreground(lab).mean((1, 2))
        found[rows] = (drawn >= _LEAST_DRAWN) & (2 * at_border <= drawn)
    return found


def _differences(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each picture: the mean difference over its border, that inside, and in how many of the two directions (0..1)
    its border is the strongest line; float64 (N,) each."""
    across, inside, strongest = np.zeros((3, len(images)))
    for rows in image_blocks(images):
        lab = oklab(images[rows])
        down, right = (distance(np.roll(lab, -1, axis), lab).astype(np.float64) for axis in (1, 2))
        pairs = (down[:, :-1], right[:, :, :-1])
        across[rows] = (down[:, -1].sum(1) + right[:, :, -1].sum(1)) / (down.shape[2] + right.shape[1])
        inside[rows] = sum(part.sum((1, 2)) for part in pairs) / sum(part[0].size for part in pairs)
        lines = (down.mean(2), right.mean(1))
        # A float32 sum in another order must not make one of two equal lines the stronger.
        above = [line[:, -1] > line[:, :-1].max(1) + 1e-6 for line in lines]
        strongest[rows] = np.mean(above, axis=0)
    return across, inside, strongest
