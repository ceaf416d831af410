"""``python -m ddpm variants``: drawn sprites in other colours, or other sprites in their palettes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from ddpm.base.text import counted
from ddpm.cli.console import with_progress
from ddpm.cli.drawing.originals import add_original_options, originals_asked_for
from ddpm.cli.drawing.sample_files import add_file_options, checked_files
from ddpm.cli.inputs import add_sampler_option
from ddpm.cli.options import Commands, add_command
from ddpm.diffusion.chain import Chain, ChainRecorder
from ddpm.diffusion.sampling import usual_sampler
from ddpm.diffusion.variants.levels import STRENGTHS, shown_timesteps, usual_strength, variant_timesteps
from ddpm.diffusion.variants.redrawing import VariantOptions, variants
from ddpm.runs.checkpoint import Checkpoint, load_checkpoint

_MOST = 144
_LEVELS = ", ".join(f"{purpose} {usual_strength(purpose):g}" for purpose in ("colours", "shape"))


def add_parser(commands: Commands) -> None:
    parser = add_command(
        commands, "variants", _variants, "other colours for the shape of a sprite, or other shapes in its palette"
    )
    parser.add_argument("--checkpoint", required=True, type=Path, help="a run folder, or one of its steps")
    parser.add_argument(
        "--of", required=True, choices=["colours", "shape"], help="what changes: the colours alone, or the shape alone"
    )
    add_original_options(parser)
    parser.add_argument(
        "--count",
        type=int,
        default=16,
        help=f"variants of each, 1 to {_MOST}; a sheet has a row for each sprite, itself first",
    )
    near, further, far = STRENGTHS["shape"]
    parser.add_argument(
        "--strength",
        type=float,
        help=f"from which noise level on it is drawn again, 0 to 1 (default: {_LEVELS}); shapes: near {near:g}, "
        f"further {further:g}, far {far:g}; colours: {', '.join(f'{one:g}' for one in STRENGTHS['colours'])}",
    )
    add_sampler_option(parser, "how to draw")
    parser.add_argument("--steps", type=int, help="network calls of a whole way (default: the sampler's own)")
    parser.add_argument("--seed", type=int, default=0, help="of the sprites that --index names")
    parser.add_argument("--variant-seed", type=int, default=0, help="another one gives other variants of the same")
    parser.add_argument(
        "--label", default="any", help="a kind by name or number; any: by frequency, or for --from none; none: any kind"
    )
    parser.add_argument("--guidance-scale", type=float, default=1.0, help="how hard to insist on the kind")
    parser.add_argument("--weights", choices=["ema", "raw"], default="ema", help="averaged or last weights")
    add_file_options(parser)


def _variants(options: argparse.Namespace) -> None:
    if not 1 <= options.count <= _MOST:
        raise ValueError(f"--count must lie in 1..{_MOST}, got {options.count}")
    if options.columns is None and options.out.suffix.lower() in (".png", ".gif"):
        options.columns = options.count + 1
    files = checked_files(options)
    checkpoint = load_checkpoint(options.checkpoint, options.weights)
    options.sampler = options.sampler or usual_sampler(checkpoint.model)
    numbers, originals, labels = originals_asked_for(options, checkpoint)
    total = len(originals) * (options.count + 1)
    files.check_size(total, *originals.shape[1:3])
    strength = usual_strength(options.of) if options.strength is None else options.strength
    ways = variant_timesteps(checkpoint.schedule, options.of, strength, options.sampler, options.steps)
    recorder = ChainRecorder(checkpoint.schedule, len(shown_timesteps(ways)))
    asked = VariantOptions(
        strength=strength,
        seed=options.variant_seed,
        labels=labels,
        sampler=options.sampler,
        steps=options.steps,
        guidance_scale=options.guidance_scale,
        numbers=numbers,
    )
    moments = variants(checkpoint.model, checkpoint.schedule, originals, options.of, options.count, asked)
    words = f"drawing {counted(options.count, 'variant')} of {counted(len(originals), 'sprite')}"
    for moment in with_progress(moments, len(shown_timesteps(ways)), words):
        recorder.add(moment)
    chain = _with_originals(recorder.chain(), originals)
    for told in files.write(chain, chain.sprites, _kinds(labels, checkpoint, options.count + 1)):
        print(told, file=sys.stderr)
    rows = chain.sprites.reshape(len(originals), -1, *originals.shape[1:])
    if same := int((rows[:, 1:] == rows[:, :1]).all(axis=(2, 3, 4)).sum()):
        are = "variant is" if same == 1 else "variants are"
        print(f"{same} {are} equal to the sprite itself: it has nothing that could change.", file=sys.stderr)
    print(
        f"On a sheet each sprite has a row: itself first, then its {counted(options.count, 'variant')}, unless "
        "--columns says otherwise.",
        file=sys.stderr,
    )


def _with_originals(chain: Chain, originals: np.ndarray) -> Chain:
    """The chain with each sprite before its variants; it stands still."""

    def joined(frames: np.ndarray) -> np.ndarray:
        count = frames.shape[1] // len(originals)
        rows = frames.reshape(len(frames), len(originals), count, *frames.shape[2:])
        first = np.repeat(originals[None, :, None], len(frames), axis=0)
        both: np.ndarray = np.concatenate([first, rows], axis=2)
        return both.reshape(len(frames), -1, *frames.shape[2:])

    return Chain(chain.t, joined(chain.x_t), joined(chain.x0), chain.noise_level)


def _kinds(labels: torch.Tensor | None, checkpoint: Checkpoint, repeats: int) -> list[str]:
    if labels is None:
        return []
    names = checkpoint.config.get("label_names") or []
    kinds = [names[label] if 0 <= label < len(names) else "" for label in labels.tolist()]
    return [kind for kind in kinds for _ in range(repeats)]
