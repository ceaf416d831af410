"""``python -m ddpm sample``: draw sprites."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import torch

from ddpm.cli.console import with_progress
from ddpm.cli.drawing.finish_options import add_finish_options, asked, checked_finish
from ddpm.cli.drawing.sample_files import add_file_options, checked_files
from ddpm.cli.inputs import add_sampler_option, labels_asked_for
from ddpm.cli.options import Commands, add_command
from ddpm.diffusion.chain import ChainRecorder
from ddpm.diffusion.sampling import default_steps, sample, timesteps, usual_sampler
from ddpm.pixels.seams import drawn_beside_learnt, seams
from ddpm.runs.checkpoint import load_checkpoint


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "sample", _sample, "draw sprites")
    parser.add_argument("--checkpoint", required=True, type=Path, help="a run folder, or one of its steps")
    parser.add_argument("--n", type=int, default=64, help="number of sprites")
    add_sampler_option(parser, "how to draw")
    parser.add_argument("--steps", type=int, help="network calls (default: the sampler's own)")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same sprites")
    parser.add_argument(
        "--label", default="any", help="a kind by name or number; any: by frequency; none: unconditional"
    )
    parser.add_argument("--guidance-scale", type=float, default=1.0, help="how hard to insist on the kind")
    parser.add_argument("--eta", type=float, default=0.0, help="noise that ddim adds, 0 to 1")
    parser.add_argument("--weights", choices=["ema", "raw"], default="ema", help="averaged or last weights")
    add_finish_options(parser)
    add_file_options(parser)


def _sample(options: argparse.Namespace) -> None:
    files = checked_files(options)
    if options.n < 1:
        raise ValueError(f"--n must be at least 1, got {options.n}")
    finish = checked_finish(options, files)
    checkpoint = load_checkpoint(options.checkpoint, options.weights)
    files.check_size(options.n, *checkpoint.model.image_shape[1:])
    labels = labels_asked_for(options.label, options.n, options.seed, checkpoint)
    schedule = checkpoint.schedule
    sampler = options.sampler or usual_sampler(checkpoint.model)
    steps = default_steps(sampler, schedule.num_timesteps) if options.steps is None else options.steps
    steps = len(timesteps(schedule, sampler, steps))
    recorder = ChainRecorder(schedule, steps)
    moments = sample(
        checkpoint.model,
        schedule,
        options.n,
        sampler,
        options.steps,
        options.seed,
        labels,
        options.guidance_scale,
        options.eta,
    )
    for moment in with_progress(moments, steps, f"drawing {options.n:,} sprites"):
        recorder.add(moment)
    chain = recorder.chain()
    if checkpoint.model.seamless:
        told = drawn_beside_learnt(seams(chain.sprites), checkpoint.config.get("data", {}).get("seams"))
        print(told, file=sys.stderr)
    finished = finish.apply(chain.sprites)
    for told in finished.told:
        print(told, file=sys.stderr)
    if finish:
        print(f"To judge the model, draw without {asked(finish)}.", file=sys.stderr)
    for told in files.write(chain, finished.images, _kinds(labels, checkpoint.config)):
        print(told, file=sys.stderr)


def _kinds(labels: torch.Tensor | None, config: dict[str, Any]) -> list[str]:
    """The kind of each sprite by name; none if they were drawn without."""
    if labels is None:
        return []
    names = config.get("label_names") or []
    return [names[label] if 0 <= label < len(names) else "" for label in labels.tolist()]
