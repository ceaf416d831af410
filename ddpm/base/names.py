"""Names that others gave: to files, folders and kinds. Not each of them can be shown as it is."""

from __future__ import annotations

import re
from typing import Any

_HALF = re.compile("[\ud800-\udfff]")
# Under these keys stand paths: the system knows them only as it spells them.
_PATHS = frozenset({"source", "log", "run", "folder"})


def showable(text: str) -> str:
    """Text that can be shown, sent and written: what is no character becomes its number, as in ``caf\\xe9``.

    A file's name need not be UTF-8 (an old archive from elsewhere); Python then holds its odd bytes as halves of
    characters, which no page, no JSON reader and no terminal takes.
    """
    return _HALF.sub(_number, text)


def showable_values(value: Any) -> Any:
    """JSON values with all their text :func:`showable`, but for paths."""
    if isinstance(value, str):
        return showable(value)
    if isinstance(value, list):
        return [showable_values(item) for item in value]
    if isinstance(value, dict):
        return {
            showable(key): item if key in _PATHS and isinstance(item, str) else showable_values(item)
            for key, item in value.items()
        }
    return value


def _number(half: re.Match[str]) -> str:
    code = ord(half.group())
    # How Python holds a byte that is no part of a character.
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"
