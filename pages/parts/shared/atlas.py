"""Many sprites and some facts about them in one parcel: what the components that show matches get.

The parcel is a length (uint32, little-endian), a JSON header, then one PNG file with all sprites, 32 a row.
``atlas.js`` is the other end of the wire; it goes before a component's own script.
"""

from __future__ import annotations

import json
import struct
from functools import lru_cache
from typing import Any

import numpy as np

from ddpm.pixels.sheets import png, sheet
from pages.parts.shared.component import source

COLUMNS = 32
SCRIPT = source(__file__, "atlas.js")


def pack(header: dict[str, Any], images: np.ndarray) -> bytes:
    """One parcel; equal input gives equal bytes.

    Args:
        header: JSON values; ``sprites`` is added, their number.
        images: uint8 (N, 16, 16, 3).
    """
    text = json.dumps({**header, "sprites": len(images)}, separators=(",", ":"), allow_nan=False).encode()
    return b"".join([struct.pack("<I", len(text)), text, _picture(images.tobytes())])


@lru_cache(maxsize=8)
def _picture(pixels: bytes) -> bytes:
    # Remembered: a slider that moves changes the facts, never the sprites.
    images = np.frombuffer(pixels, np.uint8).reshape(-1, 16, 16, 3)
    return png(sheet(images, COLUMNS)) if len(images) else b""
