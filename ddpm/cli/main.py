"""The command line: ``python -m ddpm train | distil | sample | variants | morph | finish | report | data | ...``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from ddpm.cli import choose, data, distil, nearest, readers, report, ship, train
from ddpm.cli.bench import command as bench
from ddpm.cli.console import print_anything
from ddpm.cli.drawing import finish, morph, sample, variants
from ddpm.cli.travel import exporting, importing
from ddpm.jobs.control import StoppedEarly
from ddpm.runs.errors import CheckpointError, RunError
from ddpm.sprites import SpriteError
from ddpm.training.distributed import TeamError
from ddpm.training.loop import TrainingError

_NO_MEMORY = ("allocate memory", "bad_alloc", "out of memory")
"""How torch says so."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0, 1 for an error with a message, 2 for wrong usage, 130 for Ctrl-C."""
    print_anything()
    options = make_parser().parse_args(arguments)
    try:
        options.run_command(options)
    except StoppedEarly as stop:
        print(stop, file=sys.stderr)
    except (RunError, SpriteError, CheckpointError, TrainingError, TeamError, ValueError, OSError) as error:
        if isinstance(error, BrokenPipeError):
            # The reader of a pipe has ended, such as ``head``; without this Python prints an error at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        print(f"error: {_explain(error)}", file=sys.stderr)
        return 1
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not any(words in str(error) for words in _NO_MEMORY):
            raise
        print("error: there is not enough memory for this: draw or measure fewer sprites at once.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ddpm", description="Teach a small model to draw pixel art.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    drawing, judging = (sample, variants, morph, finish), (nearest, report, data, choose, readers)
    for command in (train, distil, *drawing, *judging, ship, exporting, importing, bench):
        command.add_parser(commands)
    return parser


def _explain(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and isinstance(error.filename, str):
        return f"{error.strerror}: {os.path.abspath(error.filename)}. Check the path and its permissions."
    return str(error)
