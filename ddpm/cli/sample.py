"""``python -m ddpm sample``: draw sprites."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch

from ddpm.cli.console import with_progress
from ddpm.cli.inputs import labels_asked_for
from ddpm.cli.options import Commands, add_command
from ddpm.cli.sample_files import add_file_options, checked_files
from ddpm.diffusion.chain import ChainRecorder
from ddpm.diffusion.sampling import default_steps, sample
from ddpm.pixels.cleaning import clean_pixels
from ddpm.pixels.palette.known import KNOWN, find_palette
from ddpm.pixels.palette.mapping import map_to_palette
from ddpm.pixels.seams import drawn_beside_learnt, seams
from ddpm.runs.checkpoint import load_checkpoint


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "sample", _sample, "draw sprites")
    parser.add_argument("--checkpoint", required=True, type=Path, help="a run folder, or one of its steps")
    parser.add_argument("--n", type=int, default=64, help="number of sprites")
    parser.add_argument("--sampler", choices=["fast", "ddpm", "ddim", "dpm++"], default="fast", help="how to draw")
    parser.add_argument("--steps", type=int, help="network calls (default: the sampler's own)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same sprites")
    parser.add_argument(
        "--label", default="any", help="a kind by name or number; any: by frequency; none: unconditional"
    )
    parser.add_argument("--guidance-scale", type=float, default=1.0, help="how hard to insist on the kind")
    parser.add_argument("--eta", type=float, default=0.0, help="noise that ddim adds, 0 to 1")
    parser.add_argument("--weights", choices=["ema", "raw"], default="ema", help="averaged or last weights")
    parser.add_argument("--clean", action="store_true", help="tidy the pixels up afterwards; not for measurements")
    parser.add_argument(
        "--palette",
        metavar="NAME|FILE",
        help=f"hold what is written to a palette: a .gpl, .hex, .pal, .act or .png file, or {', '.join(KNOWN)}",
    )
    add_file_options(parser)


def _sample(options: argparse.Namespace) -> None:
    files = checked_files(options)
    if options.n < 1:
        raise ValueError(f"--n must be at least 1, got {options.n}")
    if options.clean and files.suffix == ".gif":
        raise ValueError(
            "--clean tidies finished sprites up, not their way out of the noise: let --out be another kind of file"
        )
    if options.palette and files.suffix == ".gif":
        raise ValueError("--palette is for finished sprites, not for their way out of the noise: no .gif")
    palette = find_palette(options.palette) if options.palette else None
    checkpoint = load_checkpoint(options.checkpoint, options.weights)
    files.check_size(options.n, *checkpoint.model.image_shape[1:])
    labels = labels_asked_for(options.label, options.n, options.seed, checkpoint)
    steps = options.steps or default_steps(options.sampler, checkpoint.schedule.num_timesteps)
    recorder = ChainRecorder(checkpoint.schedule, steps)
    moments = sample(
        checkpoint.model,
        checkpoint.schedule,
        options.n,
        options.sampler,
        options.steps,
        options.seed,
        labels,
        options.guidance_scale,
        options.eta,
    )
    for moment in with_progress(moments, steps, f"drawing {options.n} sprites"):
        recorder.add(moment)
    chain = recorder.chain()
    sprites = chain.sprites
    if checkpoint.model.seamless:
        print(drawn_beside_learnt(seams(sprites), checkpoint.config.get("data", {}).get("seams")), file=sys.stderr)
    if options.clean:
        cleaned = clean_pixels(sprites)
        sprites = cleaned.images
        print(f"{cleaned.in_words()} To judge the model, draw without --clean.", file=sys.stderr)
    if palette:
        mapped = map_to_palette(sprites, palette.colours)
        sprites = mapped.images
        print(f"{palette.name}: {mapped.in_words()}. To judge the model, draw without --palette.", file=sys.stderr)
    for told in files.write(chain, sprites, _kinds(labels, checkpoint.config)):
        print(told, file=sys.stderr)


def _kinds(labels: torch.Tensor | None, config: dict[str, Any]) -> list[str]:
    """The kind of each sprite by name; none if they were drawn without."""
    if labels is None:
        return []
    names = config.get("label_names") or []
    return [names[label] if 0 <= label < len(names) else "" for label in labels.tolist()]
