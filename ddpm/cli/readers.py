"""``python -m ddpm readers``: keep what blind readers said of a checkpoint's drawings."""

from __future__ import annotations

import argparse
from pathlib import Path

from ddpm.base.files import replace_bytes
from ddpm.cli.options import Commands, add_command
from ddpm.jobs.model_card import run_card
from ddpm.judging.readers import SHOWN, from_answers, write_readers
from ddpm.runs.run import Run


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "readers", _readers, "keep what blind readers said of a checkpoint's drawings")
    parser.add_argument("--run", required=True, type=Path, help="the run folder whose chosen, else latest step drew it")
    parser.add_argument(
        "--answers",
        required=True,
        type=Path,
        metavar="FILE",
        help='JSON: for each reader, how many sprites of each sheet were named, {"reader 1": {"A": 41, "B": 12}}',
    )
    parser.add_argument("--sheet", required=True, help="the sheet with its drawings, as the file calls it")
    parser.add_argument("--real-sheet", help="the sheet with real sprites of its set that it never saw")
    parser.add_argument("--shown", type=int, default=SHOWN, help="sprites on a sheet")


def _readers(options: argparse.Namespace) -> None:
    if options.shown < 1:
        raise ValueError(f"--shown must be at least 1, got {options.shown}")
    run = Run(options.run)
    # First, so that of a damaged run nothing is kept.
    run_card(run)
    readers = from_answers(options.answers, options.sheet, options.real_sheet, options.shown)
    write_readers(run, readers)
    replace_bytes(run.folder / "README.md", run_card(run).encode())
    print(readers.sentence)
    print("This holds for these very weights: of others, trained or shipped anew, the card will not say it.")
