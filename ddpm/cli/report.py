"""``python -m ddpm report``: say whether samples are good, and whether they are copies."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ddpm.base.files import replace_bytes
from ddpm.cli.console import with_progress
from ddpm.cli.inputs import (
    add_reading_options,
    add_sampler_option,
    labels_asked_for,
    load_and_tell,
    load_to_compare,
    source_as_read,
)
from ddpm.cli.options import Commands, add_command
from ddpm.diffusion.sampling import default_steps, sample, usual_sampler
from ddpm.judging.copying.comparison_set import check_seen, what_was_seen
from ddpm.judging.html_report import to_html
from ddpm.judging.report import make_report
from ddpm.pixels.conversion import to_uint8
from ddpm.runs.checkpoint import Checkpoint, CheckpointError, load_checkpoint
from ddpm.runs.run import Run


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "report", _report, "say whether samples are good, and whether they are copies")
    parser.add_argument("--samples", help="a .npy of samples, or anything that holds sprites (default: drawn anew)")
    parser.add_argument("--data", metavar="SOURCE", help="what was learnt from (default: the checkpoint's)")
    add_reading_options(parser)
    parser.add_argument("--checkpoint", type=Path, help="the run folder, or one of its steps, that drew them")
    parser.add_argument("--n", type=int, default=512, help="samples to draw where none are given")
    add_sampler_option(parser, "how to draw them")
    parser.add_argument("--seed", type=int, default=0, help="of the samples that are drawn")
    parser.add_argument(
        "--false-positive-rate", type=float, default=0.01, help="share of unseen sprites that may be called near copies"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page to keep")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _report(options: argparse.Namespace) -> None:
    checkpoint = load_checkpoint(options.checkpoint) if options.checkpoint else None
    if checkpoint is None and (options.samples is None or options.data is None):
        raise ValueError("report needs --samples and --data, or a --checkpoint that tells the rest")
    if not 0 < options.false_positive_rate < 1:
        raise ValueError(f"--false-positive-rate must lie between 0 and 1, got {options.false_positive_rate}")
    if options.html is not None and (options.html.is_dir() or not options.html.name):
        raise ValueError(f"--html: {options.html} is a folder; give the name of a file")
    if options.html is not None:
        options.html.parent.mkdir(parents=True, exist_ok=True)
    trained_on, source, drawn_by = None, source_as_read(options.data, options), ""
    if checkpoint is not None:
        run = Run(checkpoint.path.parent.parent)
        trained_on, source = run.trained_on(), source or _source(checkpoint)
        drawn_by = f"{run.name}, step {checkpoint.config['step']:,}"
        if trained_on is None and run.has_hashes():
            print(f"{run.folder / 'trained_on.npy'} is damaged: the usual split is taken instead.", file=sys.stderr)
    assert source is not None
    sprites = load_and_tell(source)
    reference = what_was_seen(sprites, trained_on)
    check_seen(reference)
    labels = None
    if options.samples is not None:
        samples = load_to_compare(options.samples, sprites.images)
    else:
        assert checkpoint is not None
        if options.n < 1:
            raise ValueError(f"--n must be at least 1, got {options.n}")
        asked = labels_asked_for("any", options.n, options.seed, checkpoint)
        labels = None if asked is None else asked.numpy()
        sampler = options.sampler or usual_sampler(checkpoint.model)
        moments = sample(checkpoint.model, checkpoint.schedule, options.n, sampler, seed=options.seed, labels=asked)
        steps = default_steps(sampler, checkpoint.schedule.num_timesteps)
        *_, last = with_progress(moments, steps, f"drawing {options.n:,} sprites")
        samples = to_uint8(last.x0)
    report = make_report(samples, reference, checkpoint, labels, options.false_positive_rate, drawn_by)
    if options.html is not None:
        replace_bytes(options.html, to_html(report).encode())
        print(f"Wrote {options.html}", file=sys.stderr)
    print(json.dumps(report.to_dict(), allow_nan=False) if options.json else report.to_text())


def _source(checkpoint: Checkpoint) -> str:
    source = checkpoint.config.get("data", {}).get("source")
    if not isinstance(source, str):
        raise CheckpointError(f"{checkpoint.path} does not say what it learnt from: give --data.")
    return source
