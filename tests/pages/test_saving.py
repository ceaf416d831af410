"""Saving: which files there are, what they are called and hold, and what the dialog offers and tells."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from ddpm import load_sprites
from ddpm.diffusion.chain import Chain
from ddpm.pixels.exporting.finishing import SOFT_SHADOWS, CutOut, Finish
from ddpm.pixels.exporting.palette_files import colours_used
from ddpm.pixels.exporting.sheet_export import SheetLayout
from ddpm.pixels.palette.known import KNOWN
from ddpm.runs.album import Batch
from ddpm.runs.favourites import Favourite
from pages.parts.sample.saving import files
from pages.parts.sample.saving.goods import Goods, of_batch, of_favourites, of_sprite
from tests.ddpm.helpers import simple_sprites
from tests.ddpm.pixels.exporting.files import take_apart
from tests.pages.test_sizes import cutouts

KINDS = ["sword", "axe", "sword", "", "axe", "sword"]


def batch(images: np.ndarray, **more: object) -> Batch:
    noise = np.random.default_rng(0).integers(0, 256, images.shape, dtype=np.uint8)
    x_t = np.stack([noise, images])
    chain = Chain(np.array([999, -1]), x_t, np.stack([images, images]), np.array([1.0, 0.0]))
    info = {"name": "mine", "step": 5, "sampler": "fast", "steps": 2, "seed": 3, "kinds": KINDS[: len(images)], **more}
    return Batch("b", chain, info)


def unzip(data: bytes) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pixels(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


@pytest.fixture(params=["opaque", "clear"])
def images(request: pytest.FixtureRequest) -> np.ndarray:
    return simple_sprites(6) if request.param == "opaque" else cutouts(6)


def test_a_sheet_loads_again_and_its_atlas_says_where_they_are(images: np.ndarray, tmp_path: Path) -> None:
    (goods,) = of_batch(batch(images))
    layout = SheetLayout(columns=4, scale=2, gap=1, extrude=1)
    alone = files.sheet_file(goods, layout, "-x")
    assert alone.name == "mine-5-fast2-seed3-x.png"
    (tmp_path / "sheet.png").write_bytes(alone.make())
    np.testing.assert_array_equal(load_sprites(tmp_path / "sheet.png").images, images)

    both = files.sheet_file(goods, layout, "-x", "array")
    assert both.name == "mine-5-fast2-seed3-x.zip"
    found = unzip(both.make())
    assert list(found) == ["mine-5-fast2-seed3-x.png", "mine-5-fast2-seed3-x.json"]
    atlas = json.loads(found["mine-5-fast2-seed3-x.json"])
    assert atlas["meta"]["image"] == "mine-5-fast2-seed3-x.png"
    assert [tag["name"] for tag in atlas["meta"]["frameTags"]] == ["sword", "axe"]
    sheet = pixels(found["mine-5-fast2-seed3-x.png"])
    for one in atlas["frames"]:
        x, y, w, h = (one["frame"][side] for side in "xywh")
        number = int(one["filename"][-3:]) - 1
        assert one["filename"] == f"{KINDS[number] or 'mine-5-fast2-seed3'}-{number + 1:03d}"
        np.testing.assert_array_equal(sheet[y : y + h : 2, x : x + w : 2], images[number])


def test_single_files_are_called_after_their_kinds_and_none_is_lost() -> None:
    kinds = ("sword", "a b", "a_b", "a-b", "", "猫/../" + "x" * 300)
    found = unzip(files.singles_file(Goods("", "mine-seed1", simple_sprites(6), kinds), 3, "").make())
    names = list(found)
    assert names[:5] == ["sword-001.png", "a-b-002.png", "a_b-003.png", "a-b-004.png", "mine-seed1-005.png"]
    assert re.fullmatch(r"猫[\w.-]{1,60}-006\.png", names[5])
    singles = np.stack([pixels(data) for data in found.values()])
    np.testing.assert_array_equal(singles, simple_sprites(6).repeat(3, 1).repeat(3, 2))


def test_one_sprite_keeps_its_name_and_number(images: np.ndarray) -> None:
    (goods,) = of_sprite(batch(images), 2)
    one = files.singles_file(goods, 1, "-clean")
    assert (one.name, one.mime) == ("sword-003-clean.png", "image/png")
    np.testing.assert_array_equal(pixels(one.make()), images[2])
    enlarged = pixels(files.singles_file(goods, 4, "").make())
    np.testing.assert_array_equal(enlarged, images[2].repeat(4, 0).repeat(4, 1))
    assert goods.chain is not None
    np.testing.assert_array_equal(goods.chain.sprites, images[2:3])
    assert files.film_file(goods, "gif", None).name == "sword-003.gif"
    with pytest.raises(ValueError, match="there is no sprite 7 among 6 sprites"):
        of_sprite(batch(images), 6)


def test_an_aseprite_file_loads_again(images: np.ndarray, tmp_path: Path) -> None:
    (goods,) = of_batch(batch(images))
    for each, count in (("frame", 6), ("layer", 1)):
        made = files.aseprite(goods, each, "")
        assert made.name == "mine-5-fast2-seed3.aseprite"
        assert len(take_apart(made.make()).durations) == count
    (tmp_path / "x.aseprite").write_bytes(files.aseprite(goods, "frame", "").make())
    found = load_sprites(tmp_path / "x.aseprite").images
    np.testing.assert_array_equal(found, images[[0, 2, 5, 1, 4, 3]])


def test_arrays_and_palettes(images: np.ndarray) -> None:
    (goods,) = of_batch(batch(images))
    array = files.array_file(goods, "")
    assert array.name == "mine-5-fast2-seed3.npy"
    np.testing.assert_array_equal(np.load(io.BytesIO(array.make())), images)
    listed = files.palette_file(goods, ".hex", "-clean")
    assert listed.name == "mine-5-fast2-seed3-clean.hex"
    assert [list(bytes.fromhex(line)) for line in listed.make().decode().split()] == colours_used(images).tolist()
    assert files.palette_file(goods, ".gpl", "").make().startswith(b"GIMP Palette")


def test_both_ways_of_drawing_are_offered() -> None:
    first, other = batch(simple_sprites(4)), batch(simple_sprites(8)[4:])
    two = Batch("b", first.chain, {**first.info, "against": "run:other", "titles": ["One", "Two"]}, other.chain)
    offers = of_batch(two)
    assert [goods.title for goods in offers] == ["One", "Two"]
    assert [goods.stem for goods in offers] == ["mine-5-fast2-seed3", "mine-5-fast2-seed3-against-run-other"]
    np.testing.assert_array_equal(offers[1].images, other.chain.sprites)


def test_favourites_of_one_size_go_together() -> None:
    found = [
        Favourite(str(i), image, {"kind": "axe"}, 0.0) for i, image in enumerate([*simple_sprites(3), *cutouts(2)])
    ]
    offers = of_favourites([found[0], found[3], found[1], found[4], found[2]])
    assert [goods.title for goods in offers] == ["16 x 16 RGB: 3 sprites", "16 x 24 RGBA: 2 sprites"]
    np.testing.assert_array_equal(offers[0].images, simple_sprites(3))
    assert offers[0].names() == ["axe-001", "axe-002", "axe-003"]


# The dialog. Streamlit's tests run whole scripts, and would close it: so what is in it is run as a page.

INSIDE = """
import numpy as np
import streamlit as st
from pages.parts.sample.saving import files, offer
from pages.parts.sample.saving.goods import of_batch, of_sprite
from tests.pages.test_saving import batch

drawn = batch(np.load(st.session_state["sprites"]))
number = st.session_state.get("number")
offer(of_batch(drawn) if number is None else of_sprite(drawn, number), "batch" if number is None else "one")
"""


def inside(tmp_path: Path, images: np.ndarray, number: int | None = None) -> AppTest:
    np.save(tmp_path / "sprites.npy", images)
    app = AppTest.from_string(INSIDE, default_timeout=60)
    app.session_state["sprites"] = str(tmp_path / "sprites.npy")
    app.session_state["number"] = number
    app.run()
    assert not app.exception
    return app


def control(app: AppTest, key: str):
    return next(
        one
        for kind in ("segmented_control", "toggle", "slider", "number_input", "selectbox", "button")
        for one in getattr(app, kind)
        if one.key == key
    )


def words(app: AppTest) -> str:
    """All that is written, without what keeps it from being taken for markup."""
    return "\n".join(one.value for one in [*app.markdown, *app.caption, *app.error]).replace("\\", "")


def download(app: AppTest):
    (found,) = app.get("download_button")
    return found.proto


def test_the_size_of_a_sheet_is_told_before_it_is_made(tmp_path: Path) -> None:
    app = inside(tmp_path, simple_sprites(6))
    assert "3 × 2 sprites, 48 × 32 pixels" in words(app)
    control(app, "save-for-4").click().run()
    assert "3 × 2 sprites, 200 × 132 pixels" in words(app)
    control(app, "save-columns").set_value(900).run()
    assert "6 × 1 sprites, 404 × 64 pixels" in words(app), "not more columns than sprites"
    control(app, "save-power").set_value(True).run()
    assert "512 × 64 pixels" in words(app)
    control(app, "save-for-1").click().run()
    assert "6 × 1 sprites, 96 × 16 pixels" in words(app)
    control(app, "save-atlas").set_value(True).run()
    assert "mine-5-fast2-seed3.zip" in words(app)


def test_what_is_too_large_is_told_and_breaks_nothing(tmp_path: Path) -> None:
    app = inside(tmp_path, np.zeros((300, 64, 64, 3), np.uint8))
    control(app, "save-columns").set_value(300).run()
    (told,) = app.error
    assert "19,200 x 64 pixels" in told.value.replace("\\", "")
    assert download(app).disabled
    control(app, "save-columns").set_value(30).run()
    assert not app.error
    assert not download(app).disabled


def test_each_form_has_its_own_options(tmp_path: Path) -> None:
    app = inside(tmp_path, simple_sprites(6))
    own = {
        "Single PNGs": "save-singles-scale",
        "Aseprite": "save-each",
        "Animation": "save-film",
        "Palette": "save-ending",
    }
    endings = {"Single PNGs": ".zip", "Aseprite": ".aseprite", "Animation": ".gif", "NumPy": ".npy", "Palette": ".gpl"}
    for form, ending in endings.items():
        control(app, "save-form-batch").set_value(form).run()
        assert not app.exception
        assert f"mine-5-fast2-seed3{ending}`" in words(app)
        keys = {one.key for kind in ("segmented_control", "slider", "toggle") for one in getattr(app, kind)}
        assert [key for key in own.values() if key in keys] == ([own[form]] if form in own else [])
        assert "save-scale" not in keys
        assert ("save-background" in keys) == (form != "Animation")
    # What was chosen is still there.
    control(app, "save-form-batch").set_value("Sheet").run()
    control(app, "save-scale").set_value(3).run()
    control(app, "save-form-batch").set_value("NumPy").run()
    control(app, "save-form-batch").set_value("Sheet").run()
    assert control(app, "save-scale").value == 3


def test_what_is_done_to_them_is_told_and_stands_in_the_name(tmp_path: Path) -> None:
    images = simple_sprites(6)
    app = inside(tmp_path, images)
    control(app, "save-form-batch").set_value("NumPy").run()
    control(app, "save-background").set_value("Cut out").run()
    control(app, "save-holes").set_value(True).run()
    control(app, "save-shadows").set_value(True).run()
    control(app, "save-seen-palette").set_value("pico-8").run()
    control(app, "save-seen-clean").set_value(True).run()
    done = Finish(True, KNOWN["pico-8"].palette, CutOut(True, SOFT_SHADOWS)).apply(images)
    told = words(app)
    assert all(one in told for one in done.told)
    assert "mine-5-fast2-seed3-clean-pico-8-transparent.npy" in told
    assert "uint8, (6, 16, 16, 4)" in told


def test_without_a_background_none_can_be_cut_out(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 3), dtype=np.uint8)
    for sprites, why in ((cutouts(4), "transparent already"), (noise, "no background")):
        app = inside(tmp_path, sprites)
        assert not [one for one in app.segmented_control if one.key == "save-background"]
        assert why in words(app)


def test_one_sprite_alone(tmp_path: Path) -> None:
    app = inside(tmp_path, simple_sprites(6), number=1)
    assert control(app, "save-form-one").options == ["PNG", "Aseprite", "Animation", "NumPy", "Palette"]
    assert "axe-002.png" in words(app)
    control(app, "save-singles-scale").set_value(8).run()
    assert "128 × 128 pixels" in words(app)


def test_an_own_palette_is_used_and_a_bad_file_costs_nothing(tmp_path: Path) -> None:
    app = inside(tmp_path, simple_sprites(6))
    control(app, "save-seen-palette").set_value("own").run()
    app.file_uploader[0].set_value(("mine.hex", b"000000\nffffff\n", "text/plain")).run()
    assert "mine: 2 of 2 colours used." in words(app)
    assert control(app, "save-seen-palette").value == "own"
    app.file_uploader[0].set_value(("bad.hex", b"no colours\n", "text/plain")).run()
    told = words(app)
    assert "line 1 of bad.hex is no colour" in told
    assert "mine stays in use" in told
    assert "mine: 2 of 2 colours used." in told
    assert "mine-5-fast2-seed3-mine.png" in told
    assert not app.exception
