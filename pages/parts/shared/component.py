"""What all components written in JavaScript share: how their files are read, and how Python sends them data."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any


def source(module_file: str, *names: str) -> str:
    """The text of files beside a component's module (``__file__``), one after the other."""
    folder = Path(module_file).parent
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def parcel(header: Any, *files: bytes) -> bytes:
    """A length (uint32, little-endian), a JSON header, then the files, as ``parcel.js`` reads them.

    Equal input gives equal bytes.
    """
    text = json.dumps(header, separators=(",", ":"), allow_nan=False).encode()
    return b"".join([struct.pack("<I", len(text)), text, *files])


MOUNTING = source(__file__, "mounting.js")
"""Goes before the script of a component whose data change."""

SCRIPT = MOUNTING + source(__file__, "parcel.js")
"""Goes before the script of a component that gets parcels."""

STYLE = source(__file__, "component.css")
"""Goes before the style sheet of a component."""
