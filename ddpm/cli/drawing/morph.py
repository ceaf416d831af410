"""``python -m ddpm morph``: from one sprite to another, in pictures that are sprites, too."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ddpm.cli.console import ProgressPrinter
from ddpm.cli.drawing.originals import add_original_options, originals_asked_for
from ddpm.cli.drawing.sample_files import add_file_options, checked_files
from ddpm.cli.options import Commands, add_command
from ddpm.diffusion.parallel import ParallelModel
from ddpm.diffusion.plays.morphing import FEWEST, MOST, STRENGTH, USUAL, morph
from ddpm.diffusion.sampling import usual_sampler
from ddpm.runs.checkpoint import load_checkpoint


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "morph", _morph, "from one sprite to another, in pictures that are sprites, too")
    parser.add_argument("--checkpoint", required=True, type=Path, help="a run folder, or one of its steps")
    add_original_options(parser)
    parser.add_argument(
        "--between", type=int, default=USUAL, help=f"pictures between the two sprites, {FEWEST} to {MOST}"
    )
    parser.add_argument(
        "--strength",
        type=float,
        default=STRENGTH,
        help="how noisy the two are where they are joined, above 0, to 1: the higher, the more the pictures between "
        "are something of their own",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the sprites that --index names")
    parser.add_argument("--morph-seed", type=int, default=0, help="another one draws the details another way")
    parser.add_argument(
        "--label", default="any", help="the kind of the sprites that --index names, as for sample; none: any kind"
    )
    parser.add_argument("--weights", choices=["ema", "raw"], default="ema", help="averaged or last weights")
    add_file_options(parser)


def _morph(options: argparse.Namespace) -> None:
    if not FEWEST <= options.between <= MOST:
        raise ValueError(f"--between must lie in {FEWEST}..{MOST}, got {options.between}")
    if options.index is not None and len(options.index) != 2:
        raise ValueError(f"--index names the two sprites, the first and the last: got {len(options.index)}")
    files = checked_files(options)
    checkpoint = load_checkpoint(options.checkpoint, options.weights)
    # As the command sample draws them by default.
    options.sampler, options.steps, options.guidance_scale = usual_sampler(checkpoint.model), None, 1.0
    _, originals, _ = originals_asked_for(options, checkpoint)
    if len(originals) != 2:
        raise ValueError(f"a morph goes from one sprite to another: --from holds {len(originals)}, so give --index")
    files.check_size(1 if files.suffix == ".gif" else options.between + 2, *originals.shape[1:3])
    printer = ProgressPrinter()
    try:
        found = morph(
            ParallelModel(checkpoint.model),
            checkpoint.schedule,
            originals[0],
            originals[1],
            between=options.between,
            seed=options.morph_seed,
            strength=options.strength,
            watch=lambda done: printer.show(done, options.between, "pictures between"),
        )
    finally:
        printer.close()
    for told in files.write(None, found.images, []):
        print(told, file=sys.stderr)
    print(
        f"Neighbours differ by {found.steps().mean():.0f} grey levels (root mean square), by {found.steps().max():.0f} "
        f"at most; the two sprites by {found.ends():.0f}.",
        file=sys.stderr,
    )
