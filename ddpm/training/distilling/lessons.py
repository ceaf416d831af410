"""What a distilled network learns: from noisy sprites straight to where its teacher leads them in several calls.

The teacher goes the way that the sampler "instant" goes, but each jump exactly: from noise to a sprite, back to the
next noise level with new noise, to a sprite again, and so on. So no data are needed, and each jump is learnt from
sprites as they stand there when drawing (Luhman & Luhman 2021, arXiv 2101.02388, for one level).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch

from ddpm.base.hardware import Precision
from ddpm.base.seeds import generator_for
from ddpm.diffusion.instant.exact import exact_timesteps, exact_x0
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.unet import UNet

USES = 4
"""How often a pair is learnt on average: the teacher takes more time than the learning."""

_WINDOW = 32

Sheaf = list[list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]]
"""By noise level, (x_t, x0, label) of each way."""


@dataclass(frozen=True)
class Pairs:
    """What the network is given, and what it should answer.

    Attributes:
        x_t: float32 (B, C, H, W).
        x0: float32 (B, C, H, W), in [-1, 1].
        t: int64 (B,).
        labels: int64 (B,), -1 where hidden; None without kinds.
    """

    x_t: torch.Tensor
    x0: torch.Tensor
    t: torch.Tensor
    labels: torch.Tensor | None


class Lessons:
    """The pairs of each step, a function of (seed, step) and the teacher alone.

    A sheaf is a few of the teacher's ways; a new one is made every :data:`USES` steps, and a step takes pairs of the
    last 32, as many of each noise level.

    Args:
        teacher: predicts "v"; not changed.
        frequencies: how often each kind is drawn; None without kinds.
        label_dropout: share of the ways that are drawn without a kind, 0..1.
        batch_size: pairs of a step, rounded to a multiple of the number of noise levels.
    """

    def __init__(
        self,
        teacher: UNet,
        schedule: NoiseSchedule,
        frequencies: list[float] | None,
        label_dropout: float,
        batch_size: int,
        seed: int,
        precision: Precision = "float32",
    ) -> None:
        self._teacher = teacher
        self._schedule = schedule
        self._frequencies = None if frequencies is None else torch.tensor(frequencies, dtype=torch.float64)
        self._label_dropout = label_dropout
        self._ways = exact_timesteps(schedule)
        self._count = max(1, batch_size // len(self._ways))
        self._seed = seed
        self._precision: Precision = precision
        # Those of a window, and one more while it moves.
        self._sheaf = lru_cache(maxsize=_WINDOW + 1)(self._new_sheaf)

    def at(self, step: int) -> Pairs:
        """The pairs of step ``step``; earlier calls do not matter."""
        newest = step // USES
        oldest = max(0, newest - _WINDOW + 1)
        random = generator_for("lesson", self._seed, step)
        shape = (len(self._ways), self._count)
        sheaves = torch.randint(oldest, newest + 1, shape, generator=random)
        ways = torch.randint(self._count, shape, generator=random)
        chosen = [
            self.sheaf(int(sheaves[level, i]))[level][int(ways[level, i])]
            for level in range(shape[0])
            for i in range(shape[1])
        ]
        x_t, x0, labels = (torch.stack(parts) for parts in zip(*chosen, strict=True))
        t = torch.tensor(list(self._ways)).repeat_interleave(self._count)
        return Pairs(x_t, x0, t, None if self._frequencies is None else labels)

    def sheaf(self, number: int) -> Sheaf:
        """Sheaf number 0, 1 ..., as a new one each time or as it was kept."""
        return self._sheaf(number)

    def _new_sheaf(self, number: int) -> Sheaf:
        random = generator_for("sheaf", self._seed, number)
        count, device = self._count, next(self._teacher.parameters()).device
        labels = torch.full((count,), -1)
        if self._frequencies is not None:
            labels = torch.multinomial(self._frequencies, count, replacement=True, generator=random)
            labels = torch.where(torch.rand(count, generator=random) < self._label_dropout, -1, labels)
        x0 = torch.zeros(count, *self._teacher.image_shape)
        found: Sheaf = []
        for level, way in self._ways.items():
            noise = torch.randn(x0.shape, generator=random)
            # At the first level there is nothing under the noise, as when drawing.
            x_t = noise if not found else self._schedule.add_noise(x0, noise, torch.full((count,), level))
            asked = None if self._frequencies is None else labels.to(device)
            x0 = exact_x0(self._teacher, self._schedule, x_t.to(device), way, asked, self._precision).cpu()
            found.append(list(zip(x_t, x0, labels, strict=True)))
        return found
