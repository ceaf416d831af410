"""Which kind a sprite looks like: a small network that learns the labels of the real sprites.

When the model was asked for a sword, does the result look like one? No model can be expected to agree more often than
the network's own accuracy on real sprites that it has not seen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ddpm.base.blocks import image_blocks
from ddpm.base.seeds import generator_for, seeded
from ddpm.judging.quality.features import as_seen
from ddpm.pixels.conversion import to_float
from ddpm.pixels.duplicates import distinct_images, duplicate_groups

_STEPS = 300
_BATCH = 128
_LEARNING_RATE = 4e-3
_HELD_OUT = 0.1
_BLOCK = 1024
# Larger pictures are folded: the work stays within about twice that of 16x16.
_LARGEST_SIDE = 24


@dataclass(frozen=True)
class Classifier:
    """A trained classifier.

    Attributes:
        accuracy: share of held-out real sprites that it names correctly, 0..1; NaN if none was held out.
        held_out: how many those are.
        num_classes: its answers are 0..num_classes-1.
    """

    network: nn.Module
    accuracy: float
    held_out: int
    num_classes: int

    @torch.no_grad()
    def predict(self, images: np.ndarray) -> np.ndarray:
        """The most likely kind of each sprite, int64 (N,), from uint8 (N, H, W, C)."""
        result = np.empty(len(images), np.int64)
        with torch.autocast("cpu", enabled=False):
            for part in image_blocks(images, _BLOCK):
                result[part] = self.network(_input(images[part])).argmax(dim=1).numpy()
        return result


def train_classifier(images: np.ndarray, labels: np.ndarray, num_classes: int, seed: int = 0) -> Classifier:
    """Learn labels.

    Of repeats only the first is used. A tenth of the rest is held out, a sprite and its mirror image together. A
    function of the arguments alone, on one machine with one number of threads; torch's random state is not changed.

    Args:
        images: uint8 (N, H, W, C).
        labels: int64 (N,), 0..num_classes-1.

    Raises:
        ValueError: for labels outside that range, or another number of them than of images, or no images.
    """
    labels = np.asarray(labels, np.int64)
    if len(labels) != len(images) or len(images) == 0:
        raise ValueError(f"expected one label for each image, got {len(labels)} for {len(images)}")
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(f"labels must lie in 0..{num_classes - 1}")
    rows = distinct_images(images)[0]
    unseen = _held_out(images[rows], seed)
    learnt, asked = rows[~unseen], rows[unseen]
    with seeded("classifier", seed):
        network = _Network(num_classes, *images.shape[1:])
    with torch.enable_grad(), torch.autocast("cpu", enabled=False):
        _learn(network, images[learnt], torch.from_numpy(labels[learnt]), generator_for("classifier batches", seed))
    network.eval()
    fresh = Classifier(network, math.nan, len(asked), num_classes)
    if fresh.held_out == 0:
        return fresh
    right = fresh.predict(images[asked]) == labels[asked]
    return Classifier(network, float(right.mean()), fresh.held_out, num_classes)


@dataclass(frozen=True)
class ClassAgreement:
    """How often the classifier sees the requested kind in a sample.

    Attributes:
        count: samples in which it does.
        n: samples for which a kind was requested.
        rate: count / n.
        real: the rate of held-out real sprites, the classifier's accuracy; None if none was held out.
    """

    count: int
    n: int
    rate: float
    real: float | None


def class_agreement(
    samples: np.ndarray, labels: np.ndarray | None, classifier: Classifier | None
) -> ClassAgreement | None:
    """The agreement of the samples for which a kind was requested; None if there are none.

    Args:
        samples: uint8 (N, H, W, C).
        labels: int64 (N,), the requested kinds, -1 for none; None needs no classifier.

    Raises:
        ValueError: for labels without a classifier, or another number of them than of samples.
    """
    if labels is None:
        return None
    if classifier is None:
        raise ValueError("labels need a classifier")
    if len(labels) != len(samples):
        raise ValueError(f"expected one label for each sample, got {len(labels)} for {len(samples)}")
    asked = np.flatnonzero(labels >= 0)
    if len(asked) == 0:
        return None
    count = int((classifier.predict(samples[asked]) == labels[asked]).sum())
    real = classifier.accuracy if math.isfinite(classifier.accuracy) else None
    return ClassAgreement(count, len(asked), count / len(asked), real)


class _Network(nn.Module):
    """Three convolutions; each is followed by the strongest of every 2x2 pixels, the last by those of each quarter.

    A picture with a side of more than 24 is folded first: each square of 2x2, or 3x3, pixels becomes one with all their
    channels. Nothing is lost, and a convolution sees as large a part of the drawing as in a small one.
    """

    def __init__(self, num_classes: int, height: int, width: int, channels: int) -> None:
        super().__init__()
        self.fold = math.ceil(max(height, width) / _LARGEST_SIDE)
        widths = (channels * self.fold**2, 32, 64, 96)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, 3, padding=1, bias=False)
            for before, after in zip(widths, widths[1:], strict=False)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths[1:])
        self.head = nn.Linear(widths[-1] * 4, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.fold > 1:
            missing = [-side % self.fold for side in x.shape[2:]]
            x = F.pixel_unshuffle(F.pad(x, (0, missing[1], 0, missing[0]), mode="replicate"), self.fold)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.max_pool2d(F.relu(norm(convolution(x))), 2, ceil_mode=True)
        return self.head(F.adaptive_max_pool2d(x, 2).flatten(1))


def _input(images: np.ndarray) -> torch.Tensor:
    return to_float(as_seen(images))


def _learn(network: nn.Module, images: np.ndarray, y: torch.Tensor, generator: torch.Generator) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=0.05)
    order = torch.empty(0, dtype=torch.int64)
    batch = min(_BATCH, len(images))
    network.train()
    for step in range(_STEPS):
        if len(order) < batch:
            order = torch.cat([order, torch.randperm(len(images), generator=generator)])
        rows, order = order[:batch], order[batch:]
        progress = step / _STEPS
        for group in optimizer.param_groups:
            group["lr"] = _LEARNING_RATE * min(1.0, progress * 10 + 0.05) * (0.5 + 0.5 * math.cos(math.pi * progress))
        loss = F.cross_entropy(network(_vary(_input(images[rows.numpy()]), generator)), y[rows], label_smoothing=0.1)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


def _vary(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirror half of a batch, and shift all of it by up to a pixel."""
    flip = torch.rand(len(x), 1, 1, 1, generator=generator) < 0.5
    x = torch.where(flip, x.flip(3), x)
    down, right = torch.randint(0, 3, (2,), generator=generator).tolist()
    height, width = x.shape[2:]
    return F.pad(x, (1, 1, 1, 1), mode="replicate")[:, :, down : down + height, right : right + width]


def _held_out(images: np.ndarray, seed: int) -> np.ndarray:
    """bool (N,): a tenth of the groups of duplicates."""
    names, members = np.unique(duplicate_groups(images), return_inverse=True)
    chosen = np.random.default_rng(seed).random(len(names)).argsort()[: int(len(names) * _HELD_OUT)]
    return np.isin(members, chosen)
