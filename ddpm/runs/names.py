"""Names of runs and steps."""

from __future__ import annotations

import re

from ddpm.runs.errors import RunError

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def check_name(name: str) -> str:
    """The name itself, if a folder can have it on every system; raises RunError if not."""
    if not _RUN.fullmatch(name) or name[-1] in " ." or _RESERVED.fullmatch(name):
        raise RunError(
            f"{name[:70]!r} cannot be the name of a run: use 1 to 63 letters, digits, spaces, dots, dashes or "
            "underscores, with a letter or digit first."
        )
    return name


def step_name(step: int) -> str:
    """The name of a step's folder and files: at least six digits."""
    return f"{step:06d}"


def is_step_name(text: str) -> bool:
    """Whether text is the number of a step: at most 18 digits 0 to 9 (Python also counts "²" as a digit)."""
    return text.isascii() and text.isdigit() and len(text) <= 18
