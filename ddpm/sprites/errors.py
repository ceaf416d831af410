"""What people are told when a source cannot be used."""

from __future__ import annotations

import os
from collections.abc import Sequence

_LONGEST_NAME = 120


class SpriteError(ValueError):
    """A source of sprites cannot be used; the message says what was wrong, where, and what to do."""


def shown(path: str | os.PathLike[str]) -> str:
    """The name of a file as it can stand in a message: no control characters, and never longer than a line."""
    text = os.fspath(path)
    name = os.path.basename(text.rstrip("/\\")) or text
    name = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def counted(number: int, thing: str, things: str | None = None) -> str:
    """A number and what it counts: 1 file, 2 files."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names of files as a line can hold them: the first few, and that there are more."""
    return ", ".join(shown(name) for name in names[:most]) + (", …" if len(names) > most else "")


def megabytes(size: int) -> str:
    """A number of bytes for people."""
    return f"{size:,} bytes" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"
