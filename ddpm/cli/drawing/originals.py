"""The sprites from which a command begins: drawn ones by their number, or those of a file."""

from __future__ import annotations

import argparse

import numpy as np
import torch

from ddpm.cli.inputs import labels_asked_for, load_and_tell
from ddpm.diffusion.noise import sprite_noise
from ddpm.diffusion.sampling import sample
from ddpm.pixels.conversion import to_uint8
from ddpm.runs.checkpoint import Checkpoint


def add_original_options(parser: argparse.ArgumentParser) -> None:
    """The options ``--index`` and ``--from``; :func:`originals_asked_for` reads them."""
    parser.add_argument(
        "--index",
        type=int,
        nargs="+",
        metavar="I",
        help="which sprites, 0 for the first: of those that sample draws with the same --seed and --label, "
        "or of --from (there: all)",
    )
    parser.add_argument(
        "--from", dest="source", metavar="SOURCE", help="sprites of your own, of the size that the model draws"
    )


def originals_asked_for(
    options: argparse.Namespace, checkpoint: Checkpoint
) -> tuple[list[int], np.ndarray, torch.Tensor | None]:
    """The numbers of the sprites, the sprites, uint8 (N, H, W, C), and their kinds, int64 (N,), None for none.

    Args:
        options: ``source`` and ``index``, and ``seed``, ``label``, ``sampler``, ``steps`` and ``guidance_scale``, by
            which the sprites are drawn where there is no source.

    Raises:
        ValueError: if no sprites are named, or there are none of these numbers.
        SpriteError: if the source cannot be read.
    """
    if options.source is not None:
        images = np.asarray(load_and_tell(options.source).images)
        numbers = list(range(len(images))) if options.index is None else options.index
        _check_numbers(numbers, len(images))
        # How often a kind was learnt says nothing about sprites that are there already.
        label = "none" if options.label == "any" else options.label
        return numbers, images[numbers], labels_asked_for(label, len(numbers), options.seed, checkpoint)
    if options.index is None:
        raise ValueError("which sprites? Give --index, or --from for sprites of your own")
    _check_numbers(options.index, 100_000)
    labels = labels_asked_for(options.label, max(options.index) + 1, options.seed, checkpoint)
    labels = None if labels is None else labels[options.index]
    shape = checkpoint.model.image_shape
    *_, last = sample(
        checkpoint.model,
        checkpoint.schedule,
        len(options.index),
        options.sampler,
        options.steps,
        labels=labels,
        guidance_scale=options.guidance_scale,
        noise_sources=[sprite_noise(options.seed, i, shape) for i in options.index],
    )
    return options.index, to_uint8(last.x0), labels


def _check_numbers(numbers: list[int], count: int) -> None:
    wrong = [number for number in numbers if not 0 <= number < count]
    if wrong or not numbers:
        raise ValueError(f"--index must lie in 0..{count - 1}, got {' '.join(map(str, wrong)) or 'none'}")
