"""``python -m ddpm ship``: make a run small, to come with the program."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ddpm.base.text import counted
from ddpm.cli.options import Commands, add_command
from ddpm.jobs.shipping import GuideOrder, folder_size, ship_run
from ddpm.judging.choosing import read_choice
from ddpm.runs.checkpoint import guide_of
from ddpm.runs.run import Run

_SCALE = 1.5


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "ship", _ship, "make a run small, to come with the program")
    parser.add_argument("--run", required=True, type=Path, help="a run folder, or one of its steps")
    parser.add_argument("--out", required=True, type=Path, help="the folder of the shipped run")
    parser.add_argument(
        "--early",
        metavar="STEP,STEP",
        type=_steps,
        help="saved steps before it that come along to show how it learnt; nothing draws with them unless asked to",
    )
    parser.add_argument(
        "--guide",
        metavar="STEP",
        type=int,
        help="a saved step before it: what it draws is led away from what that one would draw (autoguidance; default: "
        "the guide that it has, if it was shipped with one)",
    )
    parser.add_argument(
        "--guide-scale", type=float, help=f"how far: above 1, which is nothing, and at most 8 (default: {_SCALE})"
    )
    parser.add_argument(
        "--guide-until",
        metavar="LOG_SNR",
        type=float,
        help="the log-SNR above which it acts no longer (default: none)",
    )
    parser.add_argument("--note", help="a word for people, such as interim")
    parser.add_argument("--data", metavar="SOURCE", help="what others load to get its sprites (default: the run's)")
    parser.add_argument("--data-name", metavar="WORDS", help="what its sprites are called (default: as the run has it)")


def _ship(options: argparse.Namespace) -> None:
    guide, brought = _guide(options), Run(options.run).early()
    run = ship_run(options.run, options.out, options.note, options.data, options.data_name, options.early or (), guide)
    early = f", {counted(len(run.early()), 'early step')} among it" if run.early() else ""
    print(f"Wrote {run.folder}: {folder_size(run.folder) / 1e6:.2f} MB{early}", file=sys.stderr)
    if lost := [step for step in brought if step not in run.steps()]:
        asked = ",".join(map(str, brought))
        print(f"Left out: {counted(len(lost), 'early step')} (to keep: --early {asked}).", file=sys.stderr)
    if guide is None:
        if (kept := guide_of(run.folder)) is not None:
            print(f"It keeps its guide, its own step {kept['step']:,}, scale {kept['scale']:g}.", file=sys.stderr)
    elif read_choice(run.folder) is not None:
        print(
            f"Step {run.latest():,} was judged without its guide. Measure what it draws now: "
            f"python -m ddpm choose --again --run {run.folder}",
            file=sys.stderr,
        )


def _guide(options: argparse.Namespace) -> GuideOrder | None:
    if options.guide is not None:
        return GuideOrder(
            options.guide, _SCALE if options.guide_scale is None else options.guide_scale, options.guide_until
        )
    for name in ("guide_scale", "guide_until"):
        if getattr(options, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise ValueError(f"{option} says how a guide acts: name its step, too, with --guide STEP, or leave it out")
    return None


def _steps(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of steps, such as 500,2000") from None
