"""The atlas: its form, and that what it names is where it says."""

from __future__ import annotations

import io
import json

import jsonschema
import numpy as np
import pytest
from PIL import Image

from ddpm.pixels.exporting.atlas import atlas_json
from ddpm.pixels.exporting.kinds import Run, kinds_together, runs
from ddpm.pixels.exporting.sheet_export import SheetLayout, lay_out
from ddpm.pixels.sheets import sprite_names
from tests.ddpm.pixels.exporting.files import CASES, drawings, kinds_of

WHOLE = {"type": "integer", "minimum": 0}


def lengths(*names: str) -> dict[str, object]:
    return {
        "type": "object",
        "properties": dict.fromkeys(names, WHOLE),
        "required": list(names),
        "additionalProperties": False,
    }


def exactly(**properties: object) -> dict[str, object]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
SCHEMA = exactly(
    frames={
        "type": "array",
        "items": exactly(
            filename=TEXT,
            frame=lengths("x", "y", "w", "h"),
            rotated={"const": False},
            trimmed={"const": False},
            spriteSourceSize=lengths("x", "y", "w", "h"),
            sourceSize=lengths("w", "h"),
            duration={"type": "integer", "minimum": 1},
        ),
    },
    meta=exactly(
        app=TEXT,
        version=TEXT,
        image=TEXT,
        format={"const": "RGBA8888"},
        size=lengths("w", "h"),
        scale={"const": "1"},
        spriteScale={"type": "integer", "minimum": 1},
        frameTags={
            "type": "array",
            "items": exactly(
                **{
                    "name": TEXT,
                    "from": WHOLE,
                    "to": WHOLE,
                    "direction": {"const": "forward"},
                    "color": {"const": "#000000ff"},
                }
            ),
        },
    ),
)
"""Aseprite's form "array", as the documentation of its command line shows it."""


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("layout", [SheetLayout(), SheetLayout(5, 3, 1, 2, 1, True)], ids=["plain", "with everything"])
def test_what_pillow_cuts_by_it_is_the_sprites(layout: SheetLayout, case: tuple[int, int, int]) -> None:
    images, kinds = drawings(64, *case), kinds_of(64)
    order = kinds_together(kinds)
    names = [sprite_names(64, "x", kinds)[number] for number in order]
    made = lay_out(images[order], layout)
    atlas = json.loads(atlas_json(made, names, "sheet.png", [kinds[number] for number in order]))
    jsonschema.validate(atlas, SCHEMA)
    with Image.open(io.BytesIO(made.to_png())) as image:
        assert atlas["meta"]["size"] == {"w": image.width, "h": image.height}
        assert atlas["meta"]["image"] == "sheet.png"
        for one in atlas["frames"]:
            number = int(one["filename"].rpartition("-")[2]) - 1
            x, y, w, h = (one["frame"][name] for name in "xywh")
            assert one["spriteSourceSize"] == {"x": 0, "y": 0, **one["sourceSize"]}
            assert one["sourceSize"] == {"w": w, "h": h}
            pixels = np.asarray(image.crop((x, y, x + w, y + h)))
            np.testing.assert_array_equal(pixels[:: layout.scale, :: layout.scale], images[number])
    tagged = {
        tag["name"]: [one["filename"] for one in atlas["frames"][tag["from"] : tag["to"] + 1]]
        for tag in atlas["meta"]["frameTags"]
    }
    assert len(tagged) == len(atlas["meta"]["frameTags"]) == 3
    assert all(name.startswith(f"{kind}-") for kind, inside in tagged.items() for name in inside)
    assert sorted(name for inside in tagged.values() for name in inside) == sorted(names)


def test_without_kinds_there_are_no_tags() -> None:
    made = lay_out(drawings(3, 3, 16, 16), SheetLayout())
    atlas = json.loads(atlas_json(made, sprite_names(3, "猫"), "猫.png"))
    jsonschema.validate(atlas, SCHEMA)
    assert atlas["meta"]["frameTags"] == []
    assert [one["filename"] for one in atlas["frames"]] == ["猫-001", "猫-002", "猫-003"]
    assert atlas["meta"]["image"] == "猫.png"


def test_a_name_is_a_key_where_engines_want_it() -> None:
    made = lay_out(drawings(5, 4, 16, 16), SheetLayout())
    names, kinds = sprite_names(5, "x", ["a", "", "b", "b", "a"]), ["a", "", "b", "b", "a"]
    array = json.loads(atlas_json(made, names, "x.png", kinds))
    hashed = json.loads(atlas_json(made, names, "x.png", kinds, "hash"))
    assert list(hashed["frames"]) == names
    assert [{"filename": name, **frame} for name, frame in hashed["frames"].items()] == array["frames"]
    assert hashed["meta"] == array["meta"]
    assert hashed["animations"] == {"a": ["a-001", "a-005"], "b": ["b-003", "b-004"]}
    assert "animations" not in json.loads(atlas_json(made, names, "x.png", form="hash"))
    numbered = json.loads(atlas_json(made, names, "x.png", kinds, "numbers"))
    jsonschema.validate(numbered, SCHEMA)
    assert [frame.pop("filename") for frame in numbered["frames"]] == ["0", "1", "2", "3", "4"]
    assert numbered["frames"] == [{k: v for k, v in frame.items() if k != "filename"} for frame in array["frames"]]
    with pytest.raises(ValueError, match="a name of its own"):
        atlas_json(made, ["x"] * 5, "x.png", form="hash")
    with pytest.raises(ValueError, match="array or hash or numbers"):
        atlas_json(made, names, "x.png", form="xml")  # type: ignore[arg-type]


@pytest.mark.parametrize(("names", "kinds"), [(2, 0), (4, 3), (3, 2), (3, 4)])
def test_names_and_kinds_must_be_as_many_as_sprites(names: int, kinds: int) -> None:
    made = lay_out(drawings(3, 3, 16, 16), SheetLayout())
    with pytest.raises(ValueError, match="3 sprites need as many"):
        atlas_json(made, ["x"] * names, "x.png", ["y"] * kinds)
    with pytest.raises(ValueError, match=r"3 sprites, but \d kinds"):
        sprite_names(3, "x", ["y"] * max(names - kinds, 1))


def test_kinds_come_together_as_they_first_appeared() -> None:
    assert kinds_together(["b", "a", "b", "", "a", "c"]).tolist() == [0, 2, 1, 4, 3, 5]
    assert kinds_together(["b", "b", "a"]).tolist() == [0, 1, 2]
    assert kinds_together([]).tolist() == []
    assert runs(["b", "b", "", "a", "b"]) == [Run("b", 0, 1), Run("a", 3, 3), Run("b", 4, 4)]
    assert runs([]) == runs([""]) == []
