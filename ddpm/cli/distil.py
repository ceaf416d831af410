"""``python -m ddpm distil``: make a run that draws in one to four calls from a finished one."""

from __future__ import annotations

import argparse
import sys

from ddpm.cli.console import ProgressPrinter
from ddpm.cli.options import Commands, add_command
from ddpm.cli.train import listening
from ddpm.jobs.distilling.job import run_distilling
from ddpm.jobs.distilling.request import add_options, from_options


def add_parser(commands: Commands) -> None:
    parser = add_command(commands, "distil", _distil, "make a model that draws at once from a finished run")
    add_options(parser)
    parser.add_argument("--stop-on-eof", action="store_true", help="save and stop when standard input ends")


def _distil(options: argparse.Namespace) -> None:
    request = from_options(options)
    switch, printer = listening(options.stop_on_eof), ProgressPrinter()
    try:
        progress = run_distilling(request, printer.training, switch)
    finally:
        printer.close()
    state = "Finished" if progress.state == "finished" else "Stopped"
    print(f"{state} at step {progress.step:,} of {progress.total_steps:,}: {request.folder}", file=sys.stderr)
    print("Its sampler is instant, with 1 to 4 steps.", file=sys.stderr)
