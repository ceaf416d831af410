"""The atlas beside a sheet: JSON as Aseprite and packers write it, ours too, that says where each sprite is.

It outlives what editors do to a picture: they keep its pixels, and drop our note of its layout.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ddpm.sprites.readers.sheets.grid_points import LARGEST, SMALLEST
from ddpm.sprites.readers.sheets.sheet_evidence import natural_scale

MOST_BYTES = 16 << 20
_MOST_FRAMES = 1 << 16
_SIDES = ("x", "y", "w", "h")


@dataclass(frozen=True)
class Atlas:
    """Where sprites are on a sheet.

    Attributes:
        frames: int64 (N, 4): x, y, width and height in pixels of the picture.
        tags: of each sprite, the first one that covers it, or None.
        size: width and height of the picture, if it is said.
        scale: how often the sprites are enlarged, if it is said, as ours says.
    """

    frames: np.ndarray
    tags: tuple[str | None, ...]
    size: tuple[int, int] | None
    scale: int | None = None


def read_atlas(data: bytes) -> Atlas | None:
    """An atlas in either of Aseprite's forms, "array" or "hash".

    Returns:
        None if it is something else, or holds sprites that are turned, trimmed, or of several sizes.
    """
    try:
        values = json.loads(data[:MOST_BYTES])
        listed = values["frames"]
        listed = list(listed.values()) if isinstance(listed, dict) else listed
        if not 0 < len(listed) <= _MOST_FRAMES or any(one.get("rotated") or one.get("trimmed") for one in listed):
            return None
        frames = [[_whole(one["frame"][side]) for side in _SIDES] for one in listed]
        meta = values.get("meta") or {}
        size = (_whole(meta["size"]["w"]), _whole(meta["size"]["h"])) if "size" in meta else None
        scale = _whole(meta["spriteScale"]) if "spriteScale" in meta else None
        tags: list[str | None] = [None] * len(frames)
        for tag in reversed(meta.get("frameTags") or []):
            first, last = _whole(tag["from"]), min(_whole(tag["to"]), len(frames) - 1)
            tags[first : last + 1] = [str(tag["name"])] * max(last + 1 - first, 0)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    places = np.array(frames, np.int64)
    if (places[:, 2:] != places[0, 2:]).any() or not places[0, 2:].all():
        return None
    return Atlas(places, tuple(tags[: len(frames)]), size, scale)


def cut_by_atlas(pixels: np.ndarray, atlas: Atlas) -> np.ndarray | None:
    """The sprites in the order of the atlas, blank ones too, at the scale of the art.

    Args:
        pixels: uint8 ``(H, W, C)``, as in the file.

    Returns:
        uint8 ``(N, h, w, C)``, or None if it is the atlas of another picture, or its sprites are too small or large.
    """
    height, width = pixels.shape[:2]
    far = atlas.frames[:, :2] + atlas.frames[:, 2:]
    if atlas.size not in (None, (width, height)) or (far.max(axis=0) > (width, height)).any():
        return None
    possible = math.gcd(*np.unique(atlas.frames).tolist())
    if atlas.scale is None:
        scale = math.gcd(natural_scale(pixels, is_page=True), possible)
        # Sprites of blocks look enlarged, and are the smallest that there are.
        while scale > 1 and int(atlas.frames[0, 2:].min()) // scale < SMALLEST:
            scale = max(part for part in range(1, scale) if scale % part == 0)
    elif atlas.scale and possible % atlas.scale == 0:
        scale = atlas.scale
    else:
        return None
    art = pixels[::scale, ::scale]
    across, down = (atlas.frames[0, 2:] // scale).tolist()
    if not (SMALLEST <= across <= LARGEST and SMALLEST <= down <= LARGEST):
        return None
    starts = (atlas.frames[:, :2] // scale).tolist()
    return np.stack([art[y : y + down, x : x + across] for x, y in starts])


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 20:
        raise ValueError("no length")
    return value
