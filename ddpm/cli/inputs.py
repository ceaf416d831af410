"""Inputs of several commands: sprites, and the kinds to draw."""

from __future__ import annotations

import argparse
import os
import sys
from typing import get_args

import numpy as np
import torch

from ddpm.diffusion.sampling import Sampler
from ddpm.pixels.fitting import fitted
from ddpm.runs.checkpoint import Checkpoint
from ddpm.runs.samples import labels_by_frequency
from ddpm.sprites import SpriteDataset, load_sprites
from ddpm.sprites.readers.reading import READING_OPTIONS, make_reading, split_source


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """How the pictures of the option ``--data`` are read; :func:`source_as_read` joins them to it."""
    group = parser.add_argument_group("how pictures are read, where they do not speak for themselves")
    group.add_argument("--tile", metavar="WxH", help="size of a sprite on sheets, as in 32x32 (default: found)")
    group.add_argument("--margin", type=int, metavar="PIXELS", help="around the whole of a sheet")
    group.add_argument("--gap", type=int, metavar="PIXELS", help="between its tiles, or after each")
    group.add_argument(
        "--background",
        metavar="COLOUR",
        help="lay what is transparent on white, auto (what contrasts best) or #rrggbb (default: keep it transparent)",
    )
    group.add_argument("--centre", action="store_true", default=None, help="put smaller drawings in the middle")


def add_sampler_option(parser: argparse.ArgumentParser, text: str) -> None:
    """The option ``--sampler``; None stands for the usual one of the model."""
    parser.add_argument(
        "--sampler",
        choices=get_args(Sampler),
        help=f"{text} (default: fast); instant is for distilled models, and their default",
    )


def source_as_read(source: str | None, options: argparse.Namespace) -> str | None:
    """A source with the options of :func:`add_reading_options` at its end, as ``load_sprites`` takes it.

    Raises:
        ValueError: for an option that cannot be followed, or without a source.
    """
    asked = {name: getattr(options, name) for name in READING_OPTIONS}
    if all(value is None for value in asked.values()):
        return source
    if source is None:
        raise ValueError("--tile, --margin, --gap, --background and --centre belong to --data: give that, too")
    plain, at_end = (source, {}) if os.path.exists(source) else split_source(source)
    return make_reading({**at_end, **{name: value for name, value in asked.items() if value is not None}}).name(plain)


def load_to_compare(source: str, like: np.ndarray) -> np.ndarray:
    """Samples that fit the sprites ``like``; what was done for that is printed.

    Raises:
        ValueError: if they are of another size.
    """
    images, told = fitted(np.asarray(load_and_tell(source).images), like)
    if told:
        print(told, file=sys.stderr)
    return images


def load_and_tell(source: str) -> SpriteDataset:
    """``load_sprites``, printing what it left out, cut or assumed."""
    sprites = load_sprites(source)
    for note in sprites.notes:
        print(note, file=sys.stderr)
    return sprites


def labels_asked_for(asked: str, n: int, seed: int, checkpoint: Checkpoint) -> torch.Tensor | None:
    """int64 (n,): the labels that the option ``--label`` means; None for unconditional drawing.

    Args:
        asked: "any" (kinds by their frequency), "none", or a kind by name or number.

    Raises:
        ValueError: if the checkpoint has no such kind.
    """
    names = checkpoint.config.get("label_names") if checkpoint.model.num_classes else None
    if not names and asked not in ("any", "none"):
        raise ValueError("--label: this checkpoint was trained without kinds")
    if not names or asked == "none":
        return None
    if asked == "any":
        return labels_by_frequency(checkpoint, n, seed)
    if asked in names:
        return torch.full((n,), names.index(asked))
    if asked.isdecimal() and len(asked) < 10 and int(asked) < len(names):
        return torch.full((n,), int(asked))
    raise ValueError(f"--label: there is no kind {asked!r}; there are any, none, {', '.join(names)}")
