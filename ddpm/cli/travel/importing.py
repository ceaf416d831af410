"""``python -m ddpm import``: a run from the file that was made of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ddpm.base.files import open_plain
from ddpm.cli.options import Commands, add_command
from ddpm.jobs.travel.importing import import_run


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "import", _import, "make a run of an exported file, to draw with it here")
    parser.add_argument("file", type=Path, metavar="FILE.zip", help="what export wrote, or the page Train")
    parser.add_argument("--run", metavar="NAME", help="make checkpoints/NAME here (default: as it was called)")


def _import(options: argparse.Namespace) -> None:
    with open_plain(options.file) as file:
        imported = import_run(file, options.file.name, Path("checkpoints"), options.run)
    for text in imported.told:
        print(text, file=sys.stderr)
    run = imported.run
    print(f"Imported {run.folder}: step {run.latest():,}. It draws; it cannot be trained further.", file=sys.stderr)
