"""``python -m ddpm choose``: measure every saved step of a run, and say which to keep."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ddpm.base.files import replace_bytes
from ddpm.cli.options import Commands, add_command
from ddpm.jobs.model_card import run_card
from ddpm.judging.choosing import SAMPLES, bars, choose_step, measure_again
from ddpm.judging.readers import are_of_others
from ddpm.runs.checkpoint import CheckpointError
from ddpm.runs.run import Run


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "choose", _choose, "measure every saved step of a run, and say which to keep")
    parser.add_argument("--run", required=True, type=Path, help="a run folder")
    parser.add_argument("--data", metavar="SOURCE", help="what it learnt from (default: the run's)")
    parser.add_argument("--n", type=int, default=SAMPLES, help="samples of each step")
    parser.add_argument("--ddpm", action="store_true", help="draw from the chosen one with all 1,000 steps, too")
    parser.add_argument(
        "--again", action="store_true", help="keep the choice; measure that step again, as this version does"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _choose(options: argparse.Namespace) -> None:
    if options.n < 2:
        raise ValueError(f"--n must be at least 2, got {options.n}")
    run = Run(options.run)
    if not run.steps():
        raise CheckpointError(f"{options.run} holds no saved step.")

    def say(text: str) -> None:
        print(text, file=sys.stderr)

    if options.again and options.ddpm:
        raise ValueError("--again measures the chosen step alone, as it was chosen: leave out --ddpm")
    found = (
        measure_again(run, options.data, options.n, say)
        if options.again
        else choose_step(run, options.data, options.n, options.ddpm, say)
    )
    replace_bytes(run.folder / "README.md", run_card(run).encode())
    if are_of_others(run):
        say("What blind readers said was of other weights: the card does not say it.")
    if options.json:
        print(json.dumps(found))
        return
    for row in [*found["rows"], *([found["all_steps"]] if found["all_steps"] else [])]:
        missed = ", ".join(bar.title for bar in bars(row) if not bar.held)
        print(f"step {row['step']:>9,} with {row['sampler']:<4}  {f'misses {missed}' if missed else 'holds every bar'}")
    print(f"Chosen: step {found['chosen']:,}")
