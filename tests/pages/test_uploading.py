"""An upload that is refused leaves nothing chosen, and what was left out of one that is taken is told."""

from __future__ import annotations

import io

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ddpm.base.files import npy_bytes
from pages.parts.train import setup
from tests.ddpm.helpers import simple_sprites
from tests.ddpm.sprite_files import lay_out, png_bytes
from tests.ddpm.sprites.test_sheet_splitter import drawings, trailing
from tests.pages.conftest import OpenPage

File = tuple[str, bytes, str]


@pytest.fixture(autouse=True)
def _no_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long a training would take is asked about elsewhere."""
    monkeypatch.setattr(setup, "_estimate", lambda *_: None)


def the_array(count: int = 30) -> File:
    return "mine.npy", npy_bytes(np.random.default_rng(1).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)), ""


def own_files(open_page: OpenPage) -> AppTest:
    app = open_page("pages/1_Train.py")
    return app.segmented_control(key="sprites").set_value("My own file").run()


def give(app: AppTest, *files: File) -> AppTest:
    app.file_uploader[0].set_value(list(files)).run()
    assert not app.exception
    return app


def can_start(app: AppTest) -> bool:
    return not next(button for button in app.button if button.label == "Start training").disabled


def come_back(app: AppTest) -> AppTest:
    app.switch_page("pages/2_Sample.py").run()
    return app.switch_page("pages/1_Train.py").run()


REFUSED = {
    "another kind": (("x.gif", b"GIF89a", ""),),
    "nothing that goes together": (the_array(), ("other.npy", the_array()[1], "")),
    "garbage": (("bad.npy", b"not an array", ""),),
    "a damaged archive": (("bad.npz", b"PK\x03\x04" + bytes(100), ""),),
    "a picture of another size": (("bad.png", png_bytes(np.zeros((20, 20, 3), np.uint8)), ""),),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_upload_leaves_nothing_chosen(open_page: OpenPage, name: str) -> None:
    app = give(own_files(open_page), the_array())
    assert can_start(app)
    give(app, *REFUSED[name])
    assert len(app.error) == 1
    assert not can_start(app)
    give(app)  # the visitor takes it away again
    assert not app.error
    assert not can_start(app)
    give(app, *REFUSED[name])
    come_back(app)
    assert not can_start(app)
    assert "own-source" not in app.session_state


def test_a_good_upload_is_remembered_and_one_that_is_taken_away_is_not(open_page: OpenPage) -> None:
    app = come_back(give(own_files(open_page), the_array()))
    assert can_start(app)
    give(app, the_array(20))
    assert can_start(app)
    give(app)
    assert not can_start(app)


def test_what_was_left_out_is_told_under_the_data(open_page: OpenPage) -> None:
    page = lay_out(np.concatenate([simple_sprites(30), np.zeros((2, 16, 16, 3), np.uint8)]), 8)
    app = give(own_files(open_page), ("sheet.png", png_bytes(page), ""))
    assert can_start(app)
    assert any("2 blank tiles of 32 left out" in caption.value for caption in app.caption)
    assert any("cut into 8 x 4 tiles" in caption.value for caption in app.caption)


def test_a_sheet_in_doubt_waits_until_it_is_said_how_it_is_laid_out(open_page: OpenPage) -> None:
    app = give(own_files(open_page), ("sheet.png", png_bytes(trailing(drawings(64), 8, 2)), ""))
    assert len(app.error) == 1
    assert "tile 16, margin 0, gap 2" in app.error[0].value
    assert not can_start(app)
    app.toggle(key="own-by-hand").set_value(True).run()
    app.number_input(key="own-gap").set_value(2).run()
    assert not app.exception
    assert not app.error
    assert can_start(app)
    assert any("64" in text.value for text in (*app.markdown, *app.caption))


def test_several_files_of_equal_names_are_all_there(open_page: OpenPage) -> None:
    files = [("0001.png", png_bytes(image), "") for image in simple_sprites(30)]
    app = give(own_files(open_page), *files)
    assert can_start(app)
    file = io.BytesIO()
    np.savez(file, images=simple_sprites(30), more=np.zeros(3))
    give(app, ("x.npz", file.getvalue(), ""))
    assert any("1 other array left out" in caption.value for caption in app.caption)
