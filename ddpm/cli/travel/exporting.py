"""``python -m ddpm export``: a run as one file, for another computer."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ddpm.base.files import replace_bytes
from ddpm.base.text import megabytes
from ddpm.cli.options import Commands, add_command
from ddpm.jobs.travel.exporting import export_run


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "export", _export, "make one file of a run, to draw with it on another computer")
    parser.add_argument("--run", required=True, metavar="NAME", help="checkpoints/NAME of this folder, or a path")
    parser.add_argument("--out", type=Path, metavar="FILE.zip", help="the file (default: NAME.zip)")


def _export(options: argparse.Namespace) -> None:
    named = Path("checkpoints") / options.run
    exported = export_run(named if named.is_dir() else Path(options.run))
    out = options.out or Path(f"{exported.name}.zip")
    if out.suffix.lower() != ".zip":
        raise ValueError(f"--out {out}: a run is exported as a .zip. Give a name that ends in .zip")
    replace_bytes(out, exported.data)
    print(f"Left out: {'; '.join(exported.told)}.", file=sys.stderr)
    print(f"Wrote {out}: step {exported.step:,}, {megabytes(len(exported.data))}", file=sys.stderr)
