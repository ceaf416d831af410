"""Samples to measure: kinds by their frequency, with each sampler's default number of steps."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable

import numpy as np
import torch

from ddpm.base.files import npy_bytes, replace_bytes
from ddpm.base.home import home
from ddpm.diffusion.labels import draw_labels
from ddpm.diffusion.parallel import ParallelModel, one_core
from ddpm.diffusion.sampling import Sampler, sample
from ddpm.pixels.conversion import to_uint8
from ddpm.runs.checkpoint import Checkpoint
from ddpm.sprites.readers.numpy_files import npy

_LARGEST = 1 << 30


def labels_by_frequency(checkpoint: Checkpoint, n: int, seed: int = 0) -> torch.Tensor | None:
    """int64 (n,): kinds by their frequency in the training data; None if there are none, or it is unknown."""
    frequencies = checkpoint.config.get("class_frequencies")
    if checkpoint.model.num_classes is None or not frequencies:
        return None
    return draw_labels(frequencies, n, seed)


def draw_samples(checkpoint: Checkpoint, n: int, sampler: Sampler) -> np.ndarray:
    """uint8 (n, H, W, C), the same in every call."""
    labels = labels_by_frequency(checkpoint, n)
    moments = sample(ParallelModel(checkpoint.model), checkpoint.schedule, n, sampler, labels=labels)
    # Only the last moment is kept: a thousand moments of a thousand sprites would fill the memory.
    (last,) = deque(one_core(moments), maxlen=1)
    return to_uint8(last.x0)


def cached_samples(
    checkpoint: Checkpoint, n: int, sampler: Sampler, say: Callable[[str], None] = lambda text: None
) -> np.ndarray:
    """:func:`draw_samples`, stored on disk for this model; ``say`` receives a message before a slow drawing."""
    path = home() / "bench" / "samples" / checkpoint.digest()[:16] / f"{sampler.replace('+', 'p')}-{n}.npy"
    channels, height, width = checkpoint.model.image_shape
    # Damaged samples are drawn again.
    with contextlib.suppress(OSError, ValueError):
        samples = npy.load(path, _LARGEST)
        if samples.dtype == np.uint8 and samples.shape == (n, height, width, channels):
            return samples
    say(f"Drawing {n:,} sprites with {sampler} ...")
    samples = draw_samples(checkpoint, n, sampler)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_bytes(path, npy_bytes(samples))
    return samples
