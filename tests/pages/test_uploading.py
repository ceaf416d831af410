"""What an upload on a page comes to: what was taken, how it was cut, and what stays when another is refused."""

from __future__ import annotations

import io
import re
import zipfile

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ddpm.base.files import npy_bytes
from ddpm.jobs.request import TrainingRequest
from ddpm.pixels.transparency import cutout
from ddpm.sprites import load_sprites
from ddpm.sprites.builtin import generate
from pages.parts.shared.uploading.sheet_preview import grid_picture, on_checkerboard
from pages.parts.train import setup
from tests.ddpm.helpers import simple_sprites
from tests.ddpm.sprite_files import lay_out, noise_sprites, png_bytes
from tests.pages.conftest import OpenPage

File = tuple[str, bytes, str]


@pytest.fixture(autouse=True)
def _no_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a training would take is asked about elsewhere."""
    monkeypatch.setattr(setup, "estimate", lambda *_: None)


def the_array(count: int = 30) -> File:
    return "mine.npy", npy_bytes(noise_sprites(count, 1)), ""


def drawings(count: int) -> np.ndarray:
    """uint8 (count, 16, 16, 3): sprites on white, as sheets hold them."""
    return generate(count, 0).images


def in_doubt() -> File:
    """A picture of noise, which has no seam anywhere and can be cut in many ways."""
    page = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    return "noise.png", png_bytes(page), ""


def clear_drawings(count: int) -> np.ndarray:
    """uint8 (count, 16, 16, 4): on nothing."""
    return cutout(drawings(count))


def class_folders() -> File:
    """24 drawings three folders deep in two classes, with smaller ones, a damaged one and a text beside them."""
    images = clear_drawings(24)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, image in enumerate(images):
            archive.writestr(f"pack/art/{'swords' if number % 2 else 'slimes'}/{number}.png", png_bytes(image))
        for number in range(3):
            archive.writestr(f"pack/art/slimes/tiny {number}.png", png_bytes(images[number, 3:13, 3:13]))
        archive.writestr("pack/art/swords/broken.png", png_bytes(images[0])[:60])
        archive.writestr("pack/readme.txt", "by nobody")
    return "my pack.zip", file.getvalue(), ""


def own_files(open_page: OpenPage) -> AppTest:
    app = open_page("pages/1_Train.py")
    return app.segmented_control(key="sprites").set_value("My own file").run()


def give(app: AppTest, *files: File) -> AppTest:
    app.file_uploader[0].set_value(list(files)).run()
    assert not app.exception
    return app


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label and not button.disabled).click().run()
    assert not app.exception
    return app


def can_start(app: AppTest) -> bool:
    return not next(button for button in app.button if button.label == "Start training").disabled


def source(app: AppTest) -> str:
    return str(app.session_state["own-source"])


def words(app: AppTest) -> str:
    """All text of the page."""
    texts = [text.value for kind in (app.markdown, app.caption, app.warning, app.error, app.info) for text in kind]
    blocks = [str(block.proto) for block in app.get("html")]
    return "\n".join([*texts, *(block for block in blocks if "<style" not in block)]).replace("\\", "")


def come_back(app: AppTest) -> AppTest:
    app.switch_page("streamlit_app.py").run()
    return app.switch_page("pages/1_Train.py").run()


REFUSED = {
    "another kind": (("x.html", b"<html>", ""),),
    "nothing that goes together": (the_array(), ("other.npy", the_array()[1], "")),
    "garbage": (("bad.npy", b"not an array", ""),),
    "a damaged archive": (("bad.npz", b"PK\x03\x04" + bytes(100), ""),),
    "a damaged picture": (("bad one.png", png_bytes(drawings(1)[0])[:60], ""),),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_upload_leaves_what_was_chosen(open_page: OpenPage, name: str) -> None:
    app = give(own_files(open_page), *REFUSED[name])
    assert len(app.error) == 1
    assert not can_start(app)
    before = source(give(app, the_array(20)))
    give(app, *REFUSED[name])
    assert len(app.error) == 1
    assert REFUSED[name][-1][0] in words(app), "the visitor's own name"
    assert "Still chosen: mine" in words(app)
    assert can_start(app)
    assert source(app) == before
    assert source(come_back(app)) == before


def test_a_good_upload_is_remembered_and_one_that_is_taken_away_is_not(open_page: OpenPage) -> None:
    app = come_back(give(own_files(open_page), the_array()))
    assert can_start(app)
    give(app, the_array(20))
    assert can_start(app)
    give(app)
    assert not can_start(app)


def test_a_sheet_is_shown_with_its_grid_and_what_was_left_out(open_page: OpenPage) -> None:
    page = lay_out(np.concatenate([drawings(30), np.full((2, 16, 16, 3), 255, np.uint8)]), 8)
    app = give(own_files(open_page), ("my sheet.png", png_bytes(page), ""))
    assert can_start(app)
    assert "2 blank cells left out" in words(app)
    assert "**16 × 16**, 4 rows of 8" in words(app)
    assert "my sheet.png with its grid: 16 × 16" in words(app)
    assert "30 sprites" in words(app)


def test_a_sheet_in_doubt_is_asked_about_and_the_answer_is_kept(open_page: OpenPage) -> None:
    app = give(own_files(open_page), in_doubt())
    assert not app.error
    assert not can_start(app)
    asked = [button for button in app.button if button.label == "Cut it like this" and not button.disabled]
    assert 2 <= len(asked) <= 5
    assert "noise.png with its grid" in words(app)
    asked[1].click().run()
    assert can_start(app)
    answered = source(app)
    assert "?tile=" in answered
    assert "as you said" in words(app)
    give(app, the_array())
    assert source(give(app, in_doubt())) == answered
    assert source(come_back(app)) == answered
    press(app, "Find it for me")
    assert not can_start(app), "asked again"


def test_a_cut_can_be_said_by_hand(open_page: OpenPage) -> None:
    app = give(own_files(open_page), in_doubt())

    def say(label: str, value: int) -> None:
        next(box for box in app.number_input if box.label == label).set_value(value).run()

    say("Tile width", 23)
    assert "does not fill it exactly" in words(app)
    say("Tile width", 22)
    say("Tile height", 22)
    say("Margin", 1)
    say("Gap", 2)
    # The last of the buttons; those before it belong to the previews.
    [button for button in app.button if button.label == "Cut it like this"][-1].click().run()
    assert source(app).endswith("?tile=22x22&margin=1&gap=2")
    assert load_sprites(source(app)).shape == (3, 22, 22)
    assert can_start(app)


def test_a_zip_of_class_folders_says_what_came_of_its_files(open_page: OpenPage) -> None:
    app = give(own_files(open_page), class_folders())
    assert can_start(app)
    told = words(app)
    assert "24 of 29 files" in told
    assert "16 × 16 pixels, transparent" in told
    assert all(f"tiny {number}.png" in told for number in range(3))
    assert "broken.png" in told
    assert "--" not in re.sub(r'style="[^"]*"', "", told), "no option of the command line"
    assert "it will mostly copy" in told
    smaller = next(toggle for toggle in app.toggle if "3 smaller" in toggle.label)
    smaller.set_value(True).run()
    assert source(app).endswith("?centre=1")
    assert "27 of 29 files" in words(app)


def test_transparency_is_kept_or_laid_on_a_colour_that_is_told(open_page: OpenPage) -> None:
    ghosts = clear_drawings(20)
    ghosts[..., :3][ghosts[..., 3] > 0] = 255
    ghosts[:, 7, 7] = (240, 240, 240, 255)
    app = give(own_files(open_page), ("ghosts.png", png_bytes(lay_out_clear(ghosts, 5)), ""))
    (choice,) = [one for one in app.segmented_control if one.label == "Transparent pixels"]
    assert choice.value == "keep"
    choice.set_value("auto").run()
    assert source(app).endswith("?background=auto")
    assert f"Auto picked {load_sprites(source(app)).background}" in words(app)
    assert source(come_back(app)).endswith("?background=auto")
    give(app, the_array())
    assert not [one for one in app.segmented_control if one.label == "Transparent pixels"]


def lay_out_clear(images: np.ndarray, columns: int) -> np.ndarray:
    """A sheet of RGBA sprites without gaps."""
    rows = [np.concatenate(list(images[at : at + columns]), 1) for at in range(0, len(images), columns)]
    return np.concatenate(rows, 0)


def test_repeats_are_asked_about_only_where_there_are_some(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[TrainingRequest] = []
    monkeypatch.setattr(setup, "start", requests.append)
    app = give(own_files(open_page), the_array())
    assert not [one for one in app.segmented_control if one.label == "Equal sprites"]
    images = noise_sprites(20, 3)
    give(app, ("twice.npy", npy_bytes(np.concatenate([images, images])), ""))
    (repeats,) = [one for one in app.segmented_control if one.label == "Equal sprites"]
    assert repeats.value == "once"
    press(app, "Start training")
    app.segmented_control(key="recipe").set_value("original").run()
    (repeats,) = [one for one in app.segmented_control if one.label == "Equal sprites"]
    assert repeats.value == "keep"
    press(app, "Start training")
    assert [request.repeats for request in requests] == ["once", "keep"]


def test_several_files_of_equal_names_are_all_there(open_page: OpenPage) -> None:
    files = [("0001.png", png_bytes(image), "") for image in simple_sprites(30)]
    app = give(own_files(open_page), *files)
    assert can_start(app)
    assert "30 of 30 files" in words(app)
    file = io.BytesIO()
    np.savez(file, images=simple_sprites(30), more=np.zeros(3))
    give(app, ("x.npz", file.getvalue(), ""))
    assert any("1 other array left out" in caption.value for caption in app.caption)


def test_the_grid_is_drawn_between_the_tiles_and_covers_gaps() -> None:
    from ddpm.sprites.readers.sheets.sheet_layout import Cut, Grid

    white = np.full((34, 34, 4), 255, np.uint8)
    picture, is_part = grid_picture(white, Cut(Grid((16, 16), 0, 1), 1, 2, 2, ""))
    zoom = len(picture) // 34
    assert not is_part
    inside = (picture == 255).all(axis=-1).reshape(34, zoom, 34, zoom).all(axis=(1, 3))
    gaps = np.isin(np.arange(34), [16, 33])
    assert np.array_equal(inside, ~(gaps[:, None] | gaps))
    large = np.full((640, 4000, 4), 255, np.uint8)
    picture, is_part = grid_picture(large, Cut(Grid((16, 16)), 1, 250, 40, ""))
    assert is_part
    assert max(picture.shape) <= 960


def test_white_drawings_are_seen_on_the_checkerboard() -> None:
    image = np.zeros((1, 16, 16, 4), np.uint8)
    image[:, 4:12, 4:12] = 255
    shown = on_checkerboard(image)
    assert shown.shape == (1, 16, 16, 3)
    assert (shown[0, 4:12, 4:12] == 255).all()
    assert shown[0, :4].max() < 220
    assert len(np.unique(shown[0, :4])) == 2


def test_large_sprites_are_given_more_time(open_page: OpenPage) -> None:
    app = own_files(open_page)
    give(app, ("small.npy", npy_bytes(simple_sprites(30)), ""))
    assert app.number_input(key="amount-minutes-fast").value == 8
    give(app, ("large.npy", npy_bytes(simple_sprites(30).repeat(2, axis=1).repeat(2, axis=2)), ""))
    assert app.number_input(key="amount-minutes-fast-large").value == 15
    assert not app.exception
