"""Teach the network of :mod:`ddpm.judging.quality.form_network`: ``python -m ddpm.judging.quality.train_forms``.

    python -m ddpm.judging.quality.train_forms --real PATH --out forms.safetensors      # about five minutes of one core
    python -m ddpm.judging.quality.train_forms --real PATH --out trial.safetensors --without "halves joined"

Every batch is a third each of sprites, of the same sprites in other colours, mirrored and shifted, and of spoilt ones.
Three things are learnt at once: two views of a shape are near each other and other shapes are not (Khosla et al. 2020,
arXiv 2004.11362, eq. 2); which kind it is; and real or spoilt.

Only what a training of the diffusion model may see is learnt from: sprites held out there are unseen here, too.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import nn
from torch.nn import functional as F

from ddpm.base.files import replace_bytes
from ddpm.base.seeds import seed_for, seeded
from ddpm.judging.copying.shapes import edge_bits
from ddpm.judging.quality.form_network import CHANNELS, DIMENSIONS, GRID, VERSION, FormNetwork
from ddpm.judging.quality.spoiling import SPOILERS, Spoiler
from ddpm.pixels.conversion import to_float
from ddpm.sprites import SpriteDataset, load_sprites

_VIEWS = 64
_WAYS = 4  # in which a batch is spoilt, for each set
_LEARNING_RATE = 3e-3
_TEMPERATURE = 0.15
_NORM_EPS = 1e-5
_TWICE = 0.25  # share of spoilt sprites that are spoilt in a second way


@dataclass(frozen=True)
class Lessons:
    """Sprites to learn from.

    Attributes:
        images: uint8 (N, 16, 16, 3).
        shapes: int64 (N,): equal for one shape in several colours, or mirrored.
        kinds: int64 (N,).
    """

    images: np.ndarray
    shapes: np.ndarray
    kinds: np.ndarray

    @classmethod
    def of(cls, sprites: SpriteDataset) -> Lessons:
        """The sprites of a data set that are not held out.

        Raises:
            ValueError: if they are not 16x16 pixels without alpha: other sizes would not be what the network is for.
        """
        if sprites.images.shape[1:] != (16, 16, 3):
            raise ValueError(f"the network is taught with 16 x 16 RGB sprites, and {sprites.name} has others")
        train, _ = sprites.split()
        images = np.asarray(sprites.images[train])
        shapes = shapes_of(images) if sprites.shape_ids is None else np.asarray(sprites.shape_ids)[train]
        kinds = np.zeros(len(images), np.int64) if sprites.labels is None else np.asarray(sprites.labels)[train]
        return cls(images, shapes, kinds)


def shapes_of(images: np.ndarray) -> np.ndarray:
    """int64 (N,): one number for all sprites with the same edges, mirrored or not."""
    both = zip(edge_bits(images), edge_bits(images[:, :, ::-1]), strict=True)
    numbers: dict[bytes, int] = {}
    keys = [min(bits.tobytes(), mirrored.tobytes()) for bits, mirrored in both]
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)


def train_forms(
    sets: list[Lessons],
    steps: int,
    seed: int = 0,
    without: tuple[str, ...] = (),
    say: Callable[[str], None] = lambda text: None,
) -> FormNetwork:
    """Train from nothing; a function of the arguments alone, on one machine with one number of threads.

    Args:
        sets: each has an equal share of every batch.
        without: names of :data:`~ddpm.judging.quality.spoiling.SPOILERS` that are not shown.
    """
    spoilers = [spoil for name, spoil in SPOILERS.items() if name not in without]
    offsets = np.cumsum([0, *(int(lessons.kinds.max()) + 1 for lessons in sets)])
    with seeded("forms", seed):
        pupil = _Pupil(int(offsets[-1]))
    decayed = [value for value in pupil.parameters() if value.ndim > 1]
    others = [value for value in pupil.parameters() if value.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}], lr=_LEARNING_RATE
    )
    pupil.train()
    began = time.monotonic()
    sums = np.zeros(3)
    for step in range(steps):
        random = np.random.default_rng(seed_for("forms", seed, step))
        images, shapes, kinds = _batch(sets, offsets, random)
        progress = step / steps
        for group in optimizer.param_groups:
            group["lr"] = _LEARNING_RATE * min(1.0, progress * 20 + 0.02) * (0.5 + 0.5 * math.cos(math.pi * progress))
        views = np.concatenate([recoloured(images, random) for _ in range(3)])
        clean = 2 * len(images)
        # Each set by itself: a second sprite is of the same style.
        views[clean:] = np.concatenate([_spoilt(part, spoilers, random) for part in np.split(views[clean:], len(sets))])
        with seeded("forms dropout", seed, step):
            embedding, believed, named = pupil(to_float(_moved(views, random)))
        is_real = torch.arange(len(views)) < clean
        # As many spoilt sprites as real ones, by weight.
        losses = (
            F.binary_cross_entropy_with_logits(believed, is_real.float(), pos_weight=torch.tensor(0.5)),
            _contrast(embedding[:clean], torch.from_numpy(np.tile(shapes, 2))),
            F.cross_entropy(named[:clean], torch.from_numpy(np.tile(kinds, 2)), label_smoothing=0.1),
        )
        loss = losses[0] + 0.3 * losses[1] + 0.3 * losses[2]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        sums += [float(value.detach()) for value in losses]
        if (step + 1) % 50 == 0 or step + 1 == steps:
            real, contrast, kind = sums / (step % 50 + 1)
            sums[:] = 0
            spent = time.monotonic() - began
            say(f"{step + 1}/{steps} spoilt {real:.3f} shapes {contrast:.3f} kinds {kind:.3f}, {spent:.0f} s")
    return pupil.folded()


class _Pupil(nn.Module):
    """The network while it learns: with batch normalisation, dropout, and a head for kinds."""

    def __init__(self, num_kinds: int) -> None:
        super().__init__()
        self.network = FormNetwork()
        for convolution in self.network.convolutions:
            assert isinstance(convolution, nn.Conv2d)
            convolution.bias = None
        self.norms = nn.ModuleList(nn.BatchNorm2d(width, eps=_NORM_EPS) for width in CHANNELS)
        self.kinds = nn.Linear(DIMENSIONS, num_kinds)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        means = []
        for number, (convolution, norm) in enumerate(zip(self.network.convolutions, self.norms, strict=True)):
            x = F.relu(norm(convolution(F.pad(x, (1, 1, 1, 1), mode="replicate"))))
            if number in (1, 3):
                means.append(x.mean(dim=(2, 3)))
                x = F.max_pool2d(x, 2, ceil_mode=True)
        grid = F.adaptive_avg_pool2d(x, GRID).flatten(1)
        seen = F.dropout(torch.cat([grid, *means], dim=1), 0.2, self.training)
        embedding = self.network.embedding(seen)
        return embedding, self.network.believed(embedding).squeeze(1), self.kinds(F.relu(embedding))

    @torch.no_grad()
    def folded(self) -> FormNetwork:
        """The network alone, each normalisation a part of its convolution."""
        result = FormNetwork()
        result.embedding.load_state_dict(self.network.embedding.state_dict())
        result.believed.load_state_dict(self.network.believed.state_dict())
        for own, taught, norm in zip(result.convolutions, self.network.convolutions, self.norms, strict=True):
            state = norm.state_dict()
            scale = state["weight"] / torch.sqrt(state["running_var"] + _NORM_EPS)
            own.load_state_dict(
                {
                    "weight": taught.state_dict()["weight"] * scale[:, None, None, None],
                    "bias": state["bias"] - state["running_mean"] * scale,
                }
            )
        return result.eval()


def _batch(
    sets: list[Lessons], offsets: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    images, shapes, kinds = [], [], []
    for number, lessons in enumerate(sets):
        rows = random.integers(0, len(lessons.images), _VIEWS // len(sets))
        images.append(lessons.images[rows])
        shapes.append(lessons.shapes[rows] * len(sets) + number)
        kinds.append(lessons.kinds[rows] + offsets[number])
    return np.concatenate(images), np.concatenate(shapes), np.concatenate(kinds)


def _spoilt(images: np.ndarray, spoilers: list[Spoiler], random: np.random.Generator) -> np.ndarray:
    """Spoil all images, each in one of a few ways, some in a second one."""
    result = images.copy()
    ways = random.permutation(len(spoilers))[: min(_WAYS, len(images) // 2)]
    for way, rows in zip(ways, np.array_split(random.permutation(len(images)), len(ways)), strict=True):
        result[rows] = spoilers[way](images[rows], random)
    again = np.flatnonzero(random.random(len(images)) < _TWICE)
    if len(again) > 1:
        result[again] = spoilers[int(random.integers(len(spoilers)))](result[again], random)
    return result


def recoloured(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """In other colours, each sprite in its own: channels exchanged, hue turned, contrast and background changed.

    Args:
        images: uint8 (N, H, W, 3).
    """
    count = len(images)
    border = np.concatenate([images[:, 0], images[:, -1], images[:, :, 0], images[:, :, -1]], axis=1)
    colour = np.median(border, axis=1).astype(np.uint8)
    background = (images == colour[:, None, None]).all(axis=3)
    order = random.permuted(np.tile(np.arange(3), (count, 1)), axis=1)
    order[random.random(count) < 0.3] = np.arange(3)
    x = np.take_along_axis(images, order[:, None, None, :], axis=3) / 255
    grey = x.mean(axis=3, keepdims=True)
    x = grey + (x - grey) * random.uniform(0, 1.4, (count, 1, 1, 1)).clip(0.15)
    x = x.clip(0, 1) ** np.exp(random.uniform(-0.6, 0.6, (count, 1, 1, 1)))
    tint = random.uniform(0.75, 1.0, (count, 1, 1, 3))
    x = np.where(random.random((count, 1, 1, 1)) < 0.5, x * tint, x)
    x = np.where(random.random((count, 1, 1, 1)) < 0.1, 1 - x, x)
    # Most real sprites stand on white; others on any colour.
    fresh = np.where(random.random((count, 1)) < 0.7, colour / 255, random.random((count, 3)))
    x = np.where(background[..., None], fresh[:, None, None], x)
    return np.rint(x * 255).astype(np.uint8)


def _moved(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Half of them mirrored, and half shifted by up to two pixels; the border is repeated."""
    count, height, width = images.shape[:3]
    images = np.where(random.random((count, 1, 1, 1)) < 0.5, images[:, :, ::-1], images)
    is_shifted = random.random((count, 1)) < 0.5
    rows = (np.arange(height)[None] + is_shifted * random.integers(-2, 3, (count, 1))).clip(0, height - 1)
    columns = (np.arange(width)[None] + is_shifted * random.integers(-2, 3, (count, 1))).clip(0, width - 1)
    return images[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]


def _contrast(embedding: torch.Tensor, shapes: torch.Tensor) -> torch.Tensor:
    units = F.normalize(embedding, dim=1)
    logits = units @ units.T / _TEMPERATURE
    own = torch.eye(len(units), dtype=torch.bool)
    chances = logits.masked_fill(own, -1e9).log_softmax(dim=1)
    same = (shapes[:, None] == shapes[None]) & ~own
    return -(chances * same).sum(dim=1).div(same.sum(dim=1)).mean()


def weights_bytes(network: FormNetwork) -> bytes:
    """A safetensors file in half precision."""
    state = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    return save(state, metadata={"version": str(VERSION)})


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--real", metavar="SOURCE", action="append", default=[], help="sets beside the built-in one")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without", action="append", default=[], choices=[*SPOILERS], help="a way that is not shown")
    return parser


def main() -> None:
    options = make_parser().parse_args()
    torch.set_num_threads(1)
    sets = [Lessons.of(load_sprites(source)) for source in ["builtin", *options.real]]
    network = train_forms(
        sets, options.steps, options.seed, tuple(options.without), lambda text: print(text, file=sys.stderr, flush=True)
    )
    data = weights_bytes(network)
    replace_bytes(options.out, data)
    print(f"{options.out}: {len(data):,} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
