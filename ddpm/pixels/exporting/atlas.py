"""The atlas of a sheet: JSON in the form "array" that Aseprite writes, and that game engines read."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ddpm.pixels.exporting.kinds import runs
from ddpm.pixels.exporting.sheet_export import Sheet

_MILLISECONDS = 100


def atlas_json(sheet: Sheet, names: Sequence[str], picture_name: str, kinds: Sequence[str] = ()) -> str:
    """Where each sprite is on a sheet, and which kind it is of.

    Args:
        names: one for each sprite, as of ``ddpm.pixels.sheets.sprite_names``.
        picture_name: the sheet's file, which lies beside the atlas.
        kinds: of each sprite, if they are known. Each run of one kind is a tag, so sprites should be in the order of
            ``kinds_together`` first: engines keep one tag of a name.

    Returns:
        JSON. All lengths are in pixels of the sheet, however much it is enlarged: its "scale" is always 1.

    Raises:
        ValueError: if names or kinds are not as many as the sprites.
    """
    if len(names) != len(sheet.frames) or len(kinds) not in (0, len(sheet.frames)):
        raise ValueError(f"{len(sheet.frames)} sprites need as many names and kinds, not {len(names)}, {len(kinds)}")
    height, width = sheet.picture.shape[:2]
    frames = [
        {
            "filename": name,
            "frame": {"x": x, "y": y, "w": w, "h": h},
            "rotated": False,
            "trimmed": False,
            "spriteSourceSize": {"x": 0, "y": 0, "w": w, "h": h},
            "sourceSize": {"w": w, "h": h},
            "duration": _MILLISECONDS,
        }
        for name, (x, y, w, h) in zip(names, sheet.frames, strict=True)
    ]
    meta = {
        "app": "ddpm",
        "version": "1.0",
        "image": picture_name,
        "format": "RGBA8888",
        "size": {"w": width, "h": height},
        "scale": "1",
        "frameTags": [
            {"name": run.kind, "from": run.first, "to": run.last, "direction": "forward"} for run in runs(kinds)
        ],
    }
    return json.dumps({"frames": frames, "meta": meta}, indent=1) + "\n"
