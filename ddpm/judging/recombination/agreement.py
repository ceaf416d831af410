"""A network's sprites beside those that a machine without any learning draws from the same noise.

Kamb & Ganguli 2024 (arXiv 2412.20292) found median r^2 of .94 to .96 between the patch machine and networks of
convolutions alone, and .77 with attention.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ddpm.base.json_values import jsonable
from ddpm.diffusion.memoriser import PerfectMemoriser
from ddpm.diffusion.patch_machine.machine import PatchMachine, Window
from ddpm.diffusion.sampling import Model, sample
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.judging.copying.comparison_set import ComparisonSet
from ddpm.judging.statistics import median_interval, percent
from ddpm.runs.checkpoint import Checkpoint
from ddpm.runs.samples import labels_by_frequency

STEPS = 20
SPRITES = 32
_LEAST = 6
# Of one core, for each pixel of a training sprite that one is compared with in one step; measured.
_SECONDS = 2e-8


@dataclass(frozen=True)
class Explained:
    """How much of the variance of a network's sprites others explain.

    Attributes:
        median: of r^2 over the sprites, 0..1: the squared correlation between all values of a network's sprite and of
            its counterpart.
        low, high: its 95% interval; NaN below 6 sprites.
        values: float64 (n,), r^2 of each; NaN where the network's sprite is of one colour, which counts nowhere.
    """

    median: float
    low: float
    high: float
    values: np.ndarray = field(repr=False, compare=False)

    @property
    def words(self) -> str:
        """ "62% (55% to 70%)"."""
        if np.isnan(self.median):
            return "cannot be told"
        return percent(self.median) + ("" if np.isnan(self.low) else f" ({percent(self.low)} to {percent(self.high)})")

    def to_dict(self) -> dict[str, Any]:
        """JSON values; None for what is not a finite number."""
        return {name: jsonable(getattr(self, name)) for name in ("median", "low", "high")}


@dataclass(frozen=True)
class PatchAgreement:
    """What explains a network's sprites, drawn from the same noise by a sampler that adds none.

    Attributes:
        sprites, steps: how many were drawn, with how many network calls each.
        blank: how many of these are of one colour, so that there is nothing to explain.
        training: training sprites from which the machines draw.
        by_kind: whether network and machines were asked for the same kinds.
        local: the patch machine that compares the same places.
        anywhere: that which compares all places; None if it was not measured.
        memoriser: the perfect memoriser.
        unrelated: the local machine's sprite from other noise: what all these sprites share; NaN for a single sprite.
        seconds: CPU seconds a sprite of each.
    """

    sprites: int
    steps: int
    blank: int
    training: int
    by_kind: bool
    local: Explained
    anywhere: Explained | None
    memoriser: Explained
    unrelated: Explained
    seconds: dict[str, float] = field(compare=False, repr=False)

    @property
    def sentence(self) -> str:
        """The finding in words."""
        best = self.local if self.anywhere is None or self.local.median >= self.anywhere.median else self.anywhere
        return (
            f"Laying patches of training sprites side by side explains {best.words} of what it draws, "
            f"copying whole sprites {self.memoriser.words}, an unrelated sprite {self.unrelated.words}."
        )

    @property
    def title(self) -> str:
        """Of the table of :meth:`rows`."""
        return f"What explains the model? ({self.sprites:,} sprites from the same noise, median r², 95% interval)"

    def rows(self) -> list[list[str]]:
        """What was compared, and how much it explains, for a table."""
        rows = [["patches of training sprites, each in its place", self.local.words]]
        if self.anywhere is not None:
            rows.append(["patches of training sprites, from anywhere", self.anywhere.words])
        rows.append(["whole training sprites (a perfect memoriser)", self.memoriser.words])
        rows.append(["an unrelated sprite, for comparison", self.unrelated.words])
        return [*rows, *([["sprites of one colour, left out", f"{self.blank:,}"]] if self.blank else [])]

    def to_dict(self) -> dict[str, Any]:
        """JSON values, the same in every measurement: without the seconds."""
        whole = ("sprites", "steps", "blank", "training", "by_kind")
        explained = ("local", "anywhere", "memoriser", "unrelated")
        return {
            "sentence": self.sentence,
            **{name: getattr(self, name) for name in whole},
            **{name: None if (found := getattr(self, name)) is None else found.to_dict() for name in explained},
        }


def measure_agreement(
    model: Model,
    schedule: NoiseSchedule,
    images: np.ndarray,
    labels: np.ndarray | None = None,
    asked: torch.Tensor | None = None,
    n: int = SPRITES,
    anywhere: bool = False,
    window: Window = None,
    steps: int = STEPS,
    seed: int = 0,
) -> PatchAgreement:
    """Draw n sprites with the network, the patch machine and the memoriser, and compare.

    With DPM-Solver++ and eta 0: what comes out is a function of the noise at the start.

    Args:
        images: uint8 (R, H, W, C), what the network learnt from.
        labels: int64 (R,), their kinds; without them no kinds are asked for.
        asked: int64 (n,), the kinds to draw, -1 for any; None draws without kinds.
        anywhere: measure the machine that compares all places, too; it takes about ten times as long.
        window: as in :class:`ddpm.PatchMachine`.

    Raises:
        ValueError: for values that :func:`ddpm.sample` or the machines refuse.
    """
    asked = None if labels is None else asked
    machines: dict[str, Callable[[], Model]] = {
        "network": lambda: model,
        "local": lambda: PatchMachine(images, schedule, window, labels=labels),
        "memoriser": lambda: PerfectMemoriser(images, schedule, labels),
    }
    if anywhere:
        machines["anywhere"] = lambda: PatchMachine(images, schedule, window, anywhere=True, labels=labels)
    drawn: dict[str, np.ndarray] = {}
    seconds: dict[str, float] = {}
    for name, make in machines.items():
        began = time.process_time()
        (last,) = deque(sample(make(), schedule, n, "dpm++", steps, seed, asked), maxlen=1)
        drawn[name] = last.x0.to("cpu", torch.float64).flatten(1).numpy()
        seconds[name] = (time.process_time() - began) / n
    network = drawn.pop("network")
    others = np.arange(n if n > 1 else 0)
    found = {name: _explained(network, sprites) for name, sprites in drawn.items()}
    return PatchAgreement(
        sprites=n,
        steps=steps,
        blank=int(np.isnan(found["local"].values).sum()),
        training=len(images),
        by_kind=asked is not None,
        local=found["local"],
        anywhere=found.get("anywhere"),
        memoriser=found["memoriser"],
        unrelated=_explained(network[others], drawn["local"][np.roll(others, 1)]),
        seconds=seconds,
    )


def learnt_from(
    checkpoint: Checkpoint, comparison_set: ComparisonSet, n: int, seed: int = 0
) -> tuple[np.ndarray, np.ndarray | None, torch.Tensor | None]:
    """What a network learnt from and n kinds to ask for, as :func:`measure_agreement` takes them.

    Returns:
        images, uint8 (R, H, W, C); their kinds, int64 (R,), and those asked for, int64 (n,), by frequency. No kinds
        where the network knows none, or the sprites do not have the same.
    """
    sprites, seen = comparison_set.sprites, comparison_set.seen
    images, asked = sprites.images[seen], labels_by_frequency(checkpoint, n, seed)
    if asked is None or sprites.labels is None:
        return images, None, None
    if list(sprites.label_names or []) != list(checkpoint.config.get("label_names") or []):
        return images, None, None
    labels = np.asarray(sprites.labels)[seen]
    return (images, labels, asked) if np.isin(asked.numpy(), labels).all() else (images, None, None)


def seconds_per_sprite(images: np.ndarray, labels: np.ndarray | None, asked: torch.Tensor | None) -> float:
    """About how long the local machine of :func:`measure_agreement` takes on one core; arguments as there."""
    compared = float(len(images))
    if labels is not None and asked is not None:
        counts = np.bincount(labels)
        compared = float(np.mean([counts[kind] if kind >= 0 else len(images) for kind in asked.tolist()]))
    return _SECONDS * compared * images.shape[1] * images.shape[2] * STEPS


def affordable(seconds_each: float, seconds: float) -> int:
    """As many sprites as take so long, 6 to 32; 0 if 6 take longer: fewer have no interval."""
    n = int(min(SPRITES, seconds / seconds_each))
    return n if n >= _LEAST else 0


def r_squared(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The squared correlation of each row of float (N, K) twice, float64 (N,), 0..1.

    NaN where a row of ``a`` is constant; 0 where only that of ``b`` is.
    """
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (a, b))
    product, own, other = (a * b).sum(axis=1), (a * a).sum(axis=1), (b * b).sum(axis=1)
    constant = own <= 1e-9 * a.shape[1]
    return np.where(constant, np.nan, product**2 / np.where(constant, 1, own) / np.maximum(other, 1e-12))


def _explained(network: np.ndarray, sprites: np.ndarray) -> Explained:
    values = r_squared(network, sprites)
    return Explained(*median_interval(values[~np.isnan(values)]), values)
