"""``python -m ddpm finish``: a picture of which a part is missing, and the model draws the rest."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from ddpm.base.text import counted
from ddpm.cli.console import with_progress
from ddpm.cli.drawing.finish_options import add_finish_options, asked, checked_finish
from ddpm.cli.drawing.sample_files import add_file_options, checked_files
from ddpm.cli.inputs import add_sampler_option, labels_asked_for, load_and_tell
from ddpm.cli.options import Commands, add_command
from ddpm.diffusion.chain import ChainRecorder
from ddpm.diffusion.plays.filling import JUMP, RESAMPLES, fill, filling_way, last_visits
from ddpm.diffusion.sampling import Sampler, default_steps, timesteps
from ddpm.pixels.conversion import size_words
from ddpm.pixels.exporting.finishing import keep_pixels, own_colours
from ddpm.pixels.transparency import lay_on
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint
from ddpm.sprites import SpriteError, load_sprites
from ddpm.sprites.readers.reading import make_reading, split_source


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "finish", _finish, "draw what is missing of a picture")
    parser.add_argument("--checkpoint", required=True, type=Path, help="a run folder, or one of its steps")
    parser.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="SOURCE",
        help="the picture, of the size that the model draws; what is transparent is drawn, all else stays as it is",
    )
    parser.add_argument("--index", type=int, default=0, help="which sprite of --from, 0 for the first")
    parser.add_argument(
        "--mask",
        metavar="SOURCE",
        help="a picture in black and white of the same size: white is drawn, black stays, whatever is transparent",
    )
    parser.add_argument("--n", type=int, default=16, help="number of drawings")
    add_sampler_option(parser, "how to draw")
    parser.add_argument("--steps", type=int, help="network calls of a way without resampling (default: the sampler's)")
    parser.add_argument(
        "--resamples", type=int, default=RESAMPLES, help="how often each stretch of the way is gone; 1: never back"
    )
    parser.add_argument("--jump", type=int, default=JUMP, help="steps to go back at once")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same drawings")
    parser.add_argument("--label", default="none", help="a kind by name or number; any: by frequency; none: any kind")
    parser.add_argument("--guidance-scale", type=float, default=1.0, help="how hard to insist on the kind")
    parser.add_argument("--weights", choices=["ema", "raw"], default="ema", help="averaged or last weights")
    parser.add_argument(
        "--only-my-colours",
        action="store_true",
        help="hold what is drawn to the colours of what stays, and white if the model knows no transparency",
    )
    add_finish_options(parser)
    add_file_options(parser)


def _finish(options: argparse.Namespace) -> None:
    files = checked_files(options)
    if options.n < 1:
        raise ValueError(f"--n must be at least 1, got {options.n}")
    finish = checked_finish(options, files)
    if options.only_my_colours and (options.palette is not None or files.suffix == ".gif"):
        raise ValueError("--only-my-colours is a palette of its own, and not for a .gif: leave it or the other out")
    checkpoint = load_checkpoint(options.checkpoint, options.weights)
    files.check_size(options.n, *checkpoint.model.image_shape[1:])
    sprite, fixed = _given(options, checkpoint)
    named = asked(finish)
    if options.only_my_colours:
        finish = replace(finish, palette=own_colours(sprite, fixed))
        named = f"{named} and --only-my-colours" if named else "--only-my-colours"
    sampler: Sampler = options.sampler or "fast"
    schedule = checkpoint.schedule
    moments = fill(
        checkpoint.model,
        schedule,
        sprite,
        fixed,
        options.n,
        options.seed,
        labels_asked_for(options.label, options.n, options.seed, checkpoint),
        options.guidance_scale,
        sampler,
        options.steps,
        options.jump,
        options.resamples,
    )
    # A distilled model is refused by the first moment: until then its levels are those of another sampler.
    steps = default_steps(sampler, schedule.num_timesteps) if options.steps is None else options.steps
    levels = timesteps(schedule, "fast" if sampler == "instant" else sampler, steps)
    way = filling_way(levels, options.jump, options.resamples)
    recorder = ChainRecorder(schedule, len(levels))
    words = f"drawing the rest of a sprite {options.n:,} times"
    for shown, moment in zip([*last_visits(way), True], with_progress(moments, len(way), words), strict=True):
        if shown:
            recorder.add(moment)
    chain = recorder.chain()
    done = finish.apply(chain.sprites)
    for told in done.told:
        print(told, file=sys.stderr)
    if finish:
        print(f"What was given stays as it is, whatever {named} did to the rest.", file=sys.stderr)
    for told in files.write(chain, keep_pixels(done.images, sprite, fixed), []):
        print(told, file=sys.stderr)


def _given(options: argparse.Namespace, checkpoint: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    """The picture, uint8 (H, W, C) as the model draws, and bool (H, W), what stays; what is assumed is printed."""
    channels, height, width = checkpoint.model.image_shape
    sprite = _one(options.source, options.index, "--index", (height, width))
    if sprite.shape[:2] != (height, width):
        raise ValueError(
            f"--from: the model draws sprites of {width} x {height} pixels, and this is {size_words(sprite[None])}"
        )
    if options.mask is None:
        fixed = sprite[..., 3] > 0 if sprite.shape[-1] == 4 else np.ones((height, width), np.bool_)
        if fixed.all():
            raise ValueError("--from: nothing of the picture is transparent: say with --mask what is to be drawn")
    else:
        fixed = ~_mask(options.mask, (height, width))
    print(f"{counted(int(fixed.sum()), 'pixel')} of {fixed.size:,} stay as they are.", file=sys.stderr)
    if channels == 3 and sprite.shape[-1] == 4:
        if faint := int((fixed & (sprite[..., 3] < 255)).sum()):
            print(f"The model knows no transparency: {counted(faint, 'pixel')} of them laid on white.", file=sys.stderr)
        sprite = lay_on(sprite[None])[0]
    elif channels == 4 and sprite.shape[-1] == 3:
        sprite = np.concatenate([sprite, np.full((height, width, 1), 255, np.uint8)], axis=-1)
    return sprite, fixed


def _one(source: str, index: int, option: str, size: tuple[int, int]) -> np.ndarray:
    """One sprite of a source, which is read in tiles of (H, W) where it has no sprites of that size otherwise."""
    if load_sprites(source).images.shape[1:3] != size:
        # A mask of halves, or a coarse drawing, looks like a smaller picture that was enlarged.
        plain, asked = (source, {}) if os.path.exists(source) else split_source(source)
        tiles = make_reading({"tile": f"{size[1]}x{size[0]}", **asked}).name(plain)
        with contextlib.suppress(SpriteError):
            source = tiles if load_sprites(tiles).images.shape[1:3] == size else source
    images = load_and_tell(source).images
    if not 0 <= index < len(images):
        raise ValueError(f"{option} must lie in 0..{len(images) - 1}, got {index}")
    return np.asarray(images[index])


def _mask(source: str, size: tuple[int, int]) -> np.ndarray:
    """bool (H, W): what is white in a picture of black and white."""
    mask = _one(source, 0, "--mask", size)
    if mask.shape[:2] != size:
        raise ValueError(f"--mask must be of the size of the picture, and is {size_words(mask[None])}")
    white = lay_on(mask[None])[0]
    if not np.isin(white, (0, 255)).all() or (white != white[..., :1]).any():
        raise ValueError("--mask must have no colours but black and white: white is drawn, black stays")
    return np.asarray(white[..., 0] == 255)
