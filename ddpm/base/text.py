"""Text for people: names of files and kinds made safe to show; counts and sizes in words."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a UTF-16 pair, which alone cannot be shown, sent or written as UTF-8."""

_LONGEST_NAME = 120


def showable(text: str) -> str:
    """Text with each surrogate replaced by its number, as in ``caf\\xe9``, so that it can be shown, sent and written.

    A file's name need not be UTF-8; Python then represents its invalid bytes as surrogates.
    """
    return SURROGATE.sub(_escaped, text)


def display_name(path: str | os.PathLike[str]) -> str:
    """The last part of a path for a message: without control characters, and at most 120 characters long."""
    text = os.fspath(path)
    name = os.path.basename(text.rstrip("/\\")) or text
    name = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"


def listed(names: Sequence[str], most: int = 3) -> str:
    """The first ``most`` names, and an ellipsis if there are more."""
    return ", ".join(display_name(name) for name in names[:most]) + (", …" if len(names) > most else "")


def counted(number: int, thing: str, things: str | None = None) -> str:
    """A number and what it counts: 1 file, 2 files."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def roughly(number: int) -> str:
    """A forecast in two digits: about 2,300; below 100 as it is: about 31."""
    digits = max(0, len(str(number)) - 2)
    return f"about {round(number, -digits):,}"


def megabytes(size: int) -> str:
    """A number of bytes: 1.5 MB, or 120 bytes."""
    return f"{size:,} bytes" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"


def _escaped(surrogate: re.Match[str]) -> str:
    code = ord(surrogate.group())
    # The range in which Python represents invalid bytes.
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
