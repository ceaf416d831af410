"""The six families: sets of sprites unlike those that the judge was made on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.judging.copying.memorization import MemorizationReport, judge
from tests.ddpm.judging.families.drawing import (
    checkerboard,
    creature,
    drawn,
    frames,
    on_colour,
    soft_icon,
    tile,
)

SIDE, LARGE = 16, 32
_WHITE = (255, 255, 255)
_GROUNDS = ((24, 20, 37), (12, 12, 12), (38, 43, 68), (60, 20, 30), (20, 60, 40))


@dataclass(frozen=True)
class Family:
    """Training and held-out sprites, uint8 (N, H, W, C), and what was prepared from them."""

    name: str
    train: np.ndarray
    heldout: np.ndarray
    index: TrainingIndex

    def judged(self, samples: np.ndarray, false_positive_rate: float = 0.01) -> MemorizationReport:
        """The report on samples of the same size."""
        return judge(self.index.measure(samples), self.index, false_positive_rate)


def _on_white(count: int) -> np.ndarray:
    return drawn(lambda random, side: on_colour(creature(random, side), _WHITE), count, SIDE, seed=5)


def _on_dark(count: int) -> np.ndarray:
    def draw(random: np.random.Generator, side: int) -> np.ndarray:
        return on_colour(creature(random, side), _GROUNDS[random.integers(len(_GROUNDS))])

    return drawn(draw, count, SIDE, seed=4)


def _animated(count: int) -> np.ndarray:
    random = np.random.default_rng(3)
    return np.concatenate([frames(random, SIDE) for _ in range(count // 8)])


_DRAW: dict[str, tuple[Callable[[int], np.ndarray], int, float]] = {
    "soft alpha": (lambda count: drawn(soft_icon, count, SIDE, seed=1), 330, 0.1),
    "tiles": (lambda count: drawn(tile, count, SIDE, seed=2), 330, 0.1),
    "animation": (_animated, 480, 0.1),
    "dark ground": (_on_dark, 330, 0.1),
    "forty": (_on_white, 46, 0.13),
    "alpha 32x32": (lambda count: drawn(creature, count, LARGE, seed=6), 330, 0.1),
}
FAMILIES = tuple(_DRAW)


@lru_cache(maxsize=len(FAMILIES))
def family(name: str) -> Family:
    """One of :data:`FAMILIES`; a tenth of its sprites is held out, whatever they look like (of 46 sprites, 6).

    So most frames that are held out have twins in the training set; a tenth of all animations is held out whole.
    """
    make, count, share = _DRAW[name]
    images = make(count)
    out = np.zeros(len(images), bool)
    out[np.random.default_rng(0).permutation(len(images))[: int(len(images) * share + 0.5)]] = True
    if make is _animated:
        out[-int(len(images) * share) :] = True
    return Family(name, images[~out], images[out], TrainingIndex(images[~out], images[out]))


def with_checkerboards(given: Family) -> Family:
    """The same with two dithered sprites among the training sprites."""
    board = checkerboard(given.train.shape[1])
    train = np.concatenate([given.train, board[None], 255 - board[None]])
    return Family(f"{given.name} + dithered", train, given.heldout, TrainingIndex(train, given.heldout))
