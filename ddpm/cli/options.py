"""Declaring a command."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

Commands = Any
"""What ``ArgumentParser.add_subparsers`` returns; its class has no public name."""


def add_command(
    commands: Commands, name: str, function: Callable[[argparse.Namespace], None], text: str
) -> argparse.ArgumentParser:
    """Declare a command that ``function`` runs; ``text`` describes it for people."""
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text.capitalize() + ".", formatter_class=_HelpFormatter, allow_abbrev=False
    )
    command.set_defaults(run_command=function)
    return command


class _HelpFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Adds defaults to help texts, except None and False."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is None or action.default is False:
            return action.help
        return super()._get_help_string(action)
