"""The atlas beside a sheet says where its sprites are, whatever an editor did to the picture."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from ddpm import load_sprites
from ddpm.pixels.exporting.atlas import FORMS, AtlasForm, atlas_json
from ddpm.pixels.exporting.sheet_export import SheetLayout, lay_out
from ddpm.pixels.sheets import sprite_names
from tests.ddpm.pixels.exporting.files import CASES, drawings

KINDS = ["sword"] * 5 + ["axe"] * 20 + ["bow"] * 39
# Neither can be told from the pixels alone: the first sprites are blank, and no gap is that wide.
LAYOUT = SheetLayout(7, 3, 9, 2, 1, True)


def exported(folder: Path, images: np.ndarray, name: str = "sheet", form: AtlasForm = "array") -> dict[str, Any]:
    """Write a sheet without its note, and its atlas; returns what is in the atlas."""
    made = lay_out(images, LAYOUT)
    Image.fromarray(made.picture).save(folder / f"{name}.png")
    text = atlas_json(made, sprite_names(len(images), "x", KINDS), f"{name}.png", KINDS, form)
    (folder / f"{name}.json").write_text(text)
    return dict(json.loads(text))


def with_blanks(case: tuple[int, int, int]) -> np.ndarray:
    images = drawings(64, *case)
    images[[0, 63]] = 255 if case[0] == 3 else 0
    images[7] = images[6]
    return images


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds nothing else: tests have their home beside it."""
    made = tmp_path / "art"
    made.mkdir()
    return made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_all_sprites_come_back_with_their_kinds(case: tuple[int, int, int], form: AtlasForm, folder: Path) -> None:
    images = with_blanks(case)
    exported(folder, images, form=form)
    with ZipFile(folder / "x.zip", "w") as archive:
        for name in ("sheet.png", "sheet.json"):
            archive.write(folder / name, f"art/{name}")
    for source in (folder / "sheet.png", folder / "x.zip"):
        found = load_sprites(source)
        np.testing.assert_array_equal(found.images, images)
        assert found.label_names == ("sword", "axe", "bow")
        assert [found.label_names[label] for label in found.labels] == KINDS
        assert any("cut into 64 sprites of" in note and "sheet.json says" in note for note in found.notes)
    (folder / "x.zip").unlink()
    found = load_sprites(folder)
    np.testing.assert_array_equal(found.images, images)
    assert [str(row) for row in found.tally] == ["1 sheet cut by its atlas into 64 sprites"]


def test_another_atlas_is_another_source(folder: Path) -> None:
    images = with_blanks(CASES[1])
    values = exported(folder, images)
    assert len(load_sprites(folder / "sheet.png")) == 64
    values["frames"] = values["frames"][:10]
    (folder / "sheet.json").write_text(json.dumps(values))
    np.testing.assert_array_equal(load_sprites(folder / "sheet.png").images, images[:10])


def test_who_names_the_grid_is_obeyed_and_the_atlas_is_not(folder: Path) -> None:
    images = drawings(64, 4, 16, 16)
    made = lay_out(images, SheetLayout())
    (folder / "sheet.png").write_bytes(made.to_png())
    values = json.loads(atlas_json(made, sprite_names(64, "x"), "sheet.png"))
    values["frames"] = values["frames"][:3]
    (folder / "sheet.json").write_text(json.dumps(values))
    found = load_sprites(folder / "sheet.png", tile=16)
    assert len(found) == 64
    assert "sheet.png: sheet.json beside it is not followed." in found.notes
    assert len(load_sprites(folder / "sheet.png")) == 64  # its own note is nearer to it than any file


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "rotated": lambda v: v["frames"][3].update(rotated=True),
    "trimmed": lambda v: v["frames"][3].update(trimmed=True),
    "two sizes": lambda v: v["frames"][3]["frame"].update(w=9),
    "no size": lambda v: [one["frame"].update(w=0) for one in v["frames"]],
    "outside": lambda v: v["frames"][3]["frame"].update(x=9_000),
    "negative": lambda v: v["frames"][3]["frame"].update(x=-1),
    "no number": lambda v: v["frames"][3]["frame"].update(x="1"),
    "another picture": lambda v: v["meta"]["size"].update(w=64),
    "broken tag": lambda v: v["meta"]["frameTags"][0].pop("to"),
    "no frames": lambda v: v["frames"].clear(),
    "no atlas": lambda v: v.pop("frames"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_no_atlas_of_it_is_not_followed_and_told(change: str, folder: Path) -> None:
    images = drawings(64, 4, 16, 16)
    values = exported(folder, images)
    Image.fromarray(lay_out(images, SheetLayout()).picture).save(folder / "sheet.png")
    values["meta"]["size"] = {"w": 128, "h": 128}
    CHANGES[change](values)
    (folder / "sheet.json").write_text(json.dumps(values))
    np.testing.assert_array_equal(load_sprites(folder / "sheet.png").images, images)
    found = load_sprites(folder)
    np.testing.assert_array_equal(found.images, images)
    assert "1 file of a picture's name that is no atlas of it (sheet.json)" in [str(row) for row in found.tally]


@pytest.mark.parametrize("data", [b"", b"[]", b"[" * 100_000, b"\xff\xfe", b'{"frames": 3}', b"null", b"1e999"])
def test_broken_files_are_not_followed(data: bytes, folder: Path) -> None:
    images = drawings(64, 4, 16, 16)
    Image.fromarray(lay_out(images, SheetLayout()).picture).save(folder / "sheet.png")
    (folder / "sheet.json").write_bytes(data)
    np.testing.assert_array_equal(load_sprites(folder / "sheet.png").images, images)


def test_a_file_that_belongs_to_no_picture_is_still_counted(folder: Path) -> None:
    exported(folder, drawings(64, 4, 16, 16))
    (folder / "other.json").write_text("{}")
    assert "1 file that is no picture (other.json)" in [str(row) for row in load_sprites(folder).tally]


@pytest.mark.parametrize(
    ("side", "layout"), [(8, SheetLayout()), (8, SheetLayout(scale=4, gap=2)), (16, SheetLayout())]
)
def test_sprites_of_blocks_are_not_made_smaller(side: int, layout: SheetLayout, tmp_path: Path) -> None:
    """Each pixel of them is twice as wide, so they look enlarged; the note is lost, as an editor loses it."""
    random = np.random.default_rng(side)
    small = random.integers(0, 256, (6, side // 2, side // 2, 3), dtype=np.uint8)
    images = small.repeat(2, axis=1).repeat(2, axis=2)
    made = lay_out(images, layout)
    Image.fromarray(made.picture).save(tmp_path / "blocks.png")
    (tmp_path / "blocks.json").write_text(atlas_json(made, [str(i) for i in range(6)], "blocks.png"))
    np.testing.assert_array_equal(load_sprites(tmp_path / "blocks.png").images, images)
