"""The atlas of a sheet: JSON in the forms that Aseprite writes, and that game engines read.

Which form an engine wants, by the code of its own reader:

- "array", Aseprite's "JSON Array": Phaser's ``load.atlas``, importers of Godot. PixiJS numbers the sprites by it.
- "hash", "JSON Hash": PixiJS, and Phaser's ``load.atlas``, know each sprite by its name. PixiJS finds the kinds in
  "animations", which is its own addition to the form; it does not look at ``frameTags``.
- "numbers", an array in which a sprite is called by its number from 0 on: Phaser's ``createFromAseprite`` looks up the
  sprites of a tag by that name, and by no other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal, get_args

from ddpm.pixels.exporting.kinds import runs
from ddpm.pixels.exporting.sheet_export import Sheet

AtlasForm = Literal["array", "hash", "numbers"]
FORMS: tuple[AtlasForm, ...] = get_args(AtlasForm)

_MILLISECONDS = 100
_BLACK = "#000000ff"
"""Of a tag: Aseprite writes it since 1.3, and an importer of Godot lists it among what each tag has."""


def atlas_json(
    sheet: Sheet, names: Sequence[str], picture_name: str, kinds: Sequence[str] = (), form: AtlasForm = "array"
) -> str:
    """Where each sprite is on a sheet, and which kind it is of.

    Args:
        names: one for each sprite, as of ``ddpm.pixels.sheets.sprite_names``.
        picture_name: the sheet's file, which lies beside the atlas.
        kinds: of each sprite, if they are known. Each run of one kind is a tag, so sprites should be in the order of
            ``kinds_together`` first: engines keep one tag of a name.
        form: which engine is to read it, see above.

    Returns:
        JSON. All lengths are in pixels of the sheet, however much it is enlarged: its "scale" is always 1.

    Raises:
        ValueError: if names or kinds are not as many as the sprites, names that are keys occur twice, or there is no
            such form.
    """
    if len(names) != len(sheet.frames) or len(kinds) not in (0, len(sheet.frames)):
        raise ValueError(f"{len(sheet.frames)} sprites need as many names and kinds, not {len(names)}, {len(kinds)}")
    if form not in FORMS:
        raise ValueError(f"the form of an atlas is {' or '.join(FORMS)}, got {str(form)[:40]!r}")
    if form == "hash" and len(set(names)) != len(names):
        raise ValueError("in an atlas of the form hash each sprite needs a name of its own")
    if form == "numbers":
        names = [str(number) for number in range(len(names))]
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
        # Not Aseprite's: with it an enlarged sheet is read again as it was, whatever its sprites look like.
        "spriteScale": sheet.scale,
        "frameTags": [
            {"name": run.kind, "from": run.first, "to": run.last, "direction": "forward", "color": _BLACK}
            for run in runs(kinds)
        ],
    }
    values: dict[str, Any] = {"frames": frames, "meta": meta}
    if form == "hash":
        values["frames"] = {frame.pop("filename"): frame for frame in frames}
        # A kind in several runs is one animation.
        animations = {kind: [name for name, its in zip(names, kinds, strict=True) if its == kind] for kind in kinds}
        values |= {"animations": {kind: inside for kind, inside in animations.items() if kind}} if any(kinds) else {}
    return json.dumps(values, indent=1) + "\n"
