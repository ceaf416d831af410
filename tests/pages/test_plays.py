"""Plays with a drawn sprite: begun from the closer look, answered at once, saved as what they are."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from ddpm.diffusion.plays import morphing
from ddpm.runs.favourites import keep
from pages.parts.sample.plays import ACTIONS, rewinding
from pages.parts.sample.plays.morphing import columns_of
from pages.parts.sample.plays.pieces import pieces
from pages.parts.sample.saving.files import sequence_file
from pages.parts.sample.saving.goods import of_sequence
from pages.parts.shared.drawing import draw
from pages.parts.shared.orders import Order
from pages.parts.shared.player import PlayerEvent
from pages.parts.shared.resolving import resolve
from pages.parts.shared.scene import Chart, Panel, Row, Scene, pack
from tests.ddpm.helpers import simple_sprites
from tests.pages.conftest import OpenPage


def words(app: AppTest) -> str:
    return "\n".join(one.value for one in [*app.markdown, *app.caption, *app.info, *app.error]).replace("\\", "")


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sprites make no figure, but all that is around one."""
    monkeypatch.setattr(rewinding, "SPRITES", 2)
    monkeypatch.setattr(rewinding, "STOPS", 5)
    monkeypatch.setattr(morphing, "_BACK", 5)
    monkeypatch.setattr("ddpm.judging.quality.classifier._STEPS", 5)


@pytest.fixture
def scenes(monkeypatch: pytest.MonkeyPatch) -> list[Scene]:
    """The scenes of the plays, as they are sent to the browser."""
    found: list[Scene] = []

    def kept(scene: Scene) -> bytes:
        found.append(scene)
        return pack(scene)

    for play in ("rewinding", "morphing"):
        monkeypatch.setattr(f"pages.parts.sample.plays.{play}.pack", kept)
    return found


def drawn(open_page: OpenPage) -> AppTest:
    app = open_page("pages/2_Sample.py")
    app.select_slider(key="n").set_value(4)
    next(button for button in app.button if button.label == "Draw").click().run()
    assert not app.exception
    return app


def press(app: AppTest, monkeypatch: pytest.MonkeyPatch, kind: str, index: int) -> None:
    """Press a button of the closer look once; a page under test has no browser that could."""
    assert kind in ACTIONS
    events = [PlayerEvent(kind, index)]
    with monkeypatch.context() as patch:
        patch.setattr("pages.parts.shared.player.player", lambda *_, **__: events.pop() if events else None)
        app.run()
    assert not app.exception


def test_rewind_from_the_closer_look(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, scenes: list[Scene]) -> None:
    app = drawn(open_page)
    assert "click a sprite above" in words(app)
    assert not scenes, "nothing is drawn that nobody asked for"
    press(app, monkeypatch, "rewind", 2)
    batch = app.session_state["batch"]
    (sprite, noisy, sheets) = scenes[-1].rows[0].panels
    assert np.array_equal(sprite.images[0], batch.chain.sprites[2])
    assert len(noisy.images) == len(sheets.images) == len(scenes[-1].stops) == 5
    assert sheets.images.shape[1:3] == (67, 67), "four times four"
    # Hardly any noise leaves the sprite nearly as it was.
    apart = [np.abs(one.astype(int) - batch.chain.sprites[2]).mean() for one in noisy.images]
    assert apart[0] < 5 < apart[-1]
    assert not scenes[-1].charts
    assert "sprite 3" in words(app)
    app.button(key="rewind-measure").click().run()
    assert not app.exception
    (chart,) = scenes[-1].charts
    assert set(chart.bands) == set(chart.curves)
    assert "Taken back to noise" in words(app) or "At no noise level" in words(app)
    assert "2 sprites that it drew" in words(app)
    before = sheets.images
    app.button(key="rewind-others").click().run()
    assert not np.array_equal(scenes[-1].rows[0].panels[2].images, before)
    assert np.array_equal(scenes[-1].rows[0].panels[0].images, sprite.images)


def test_morph_from_the_closer_look(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, scenes: list[Scene]) -> None:
    app = drawn(open_page)
    press(app, monkeypatch, "morph", 1)
    sprites = app.session_state["batch"].chain.sprites
    first, second, way = scenes[-1].rows[0].panels
    assert scenes[-1].plays
    assert np.array_equal(first.images[0], sprites[1])
    assert np.array_equal(second.images[0], sprites[2]), "to the next, until another one is chosen"
    assert np.array_equal(way.images[[0, -1]], sprites[[1, 2]])
    assert len(way.images) == 18
    app.slider(key="morph-between").set_value(8).run()
    assert len(scenes[-1].rows[0].panels[2].images) == 10
    app.session_state["play-other"] = app.session_state["play-sprite"]
    app.run()
    assert not app.exception
    assert "These two are the same" in words(app)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("rewind-3", ("rewind", 3)),
        ("morph-3-0", ("morph", 3)),
        ("morph-4-0", None),
        ("magic-1", None),
        ("rewind-", None),
    ],
)
def test_a_link_opens_the_play(open_page: OpenPage, text: str, wanted: tuple[str, int] | None) -> None:
    app = drawn(open_page)
    app.query_params["play"] = text
    app.run()
    assert not app.exception
    if wanted is None:
        assert not app.session_state["play"]
        return
    assert (app.session_state["play"], app.session_state["play-sprite"].place) == wanted
    if wanted[0] == "morph":
        assert app.session_state["play-other"].place == 0
    assert any(f"&play={text}" in code.value for code in app.code)
    # It is followed once: whoever closes the play has closed it.
    app.session_state["play"] = None
    app.run()
    assert not app.session_state["play"]


def test_one_sprite_alone_cannot_be_morphed(open_page: OpenPage) -> None:
    app = open_page("pages/2_Sample.py")
    app.select_slider(key="n").set_value(1)
    next(button for button in app.button if button.label == "Draw").click().run()
    app.session_state["play"] = "morph"
    app.run()
    assert not app.exception
    assert "draw two or more" in words(app)


def test_a_distilled_model_rewinds_to_its_levels_and_leads_on(
    small: Path, instant_place: Path, scenes: list[Scene]
) -> None:
    app = AppTest.from_string(INSTANT, default_timeout=60)
    app.session_state["run"] = str(instant_place / "checkpoints" / "quick")
    app.session_state["play"] = "rewind"
    app.run()
    assert not app.exception
    assert len(scenes[-1].stops) == 4
    assert "knows a few noise levels alone" in words(app)
    app.session_state["play"] = "morph"
    app.run()
    assert not app.exception
    assert "an instant one" in words(app)


INSTANT = """
import streamlit as st

from pages.parts.sample.plays import plays_section
from pages.parts.shared.drawing import draw
from pages.parts.shared.orders import Order
from pages.parts.shared.resolving import resolve

order = Order(st.session_state["run"], n=2, sampler="instant", steps=1)
plays_section(order, draw(resolve(order)))
"""


def test_without_sprites_it_says_what_to_do(small: Path) -> None:
    app = AppTest.from_string(
        "from pages.parts.sample.plays import plays_section\n"
        "from pages.parts.shared.orders import Order\n"
        "import streamlit as st\n"
        'st.session_state.setdefault("play", "morph")\n'
        'plays_section(Order("x"), None)\n',
        default_timeout=60,
    ).run()
    assert not app.exception
    assert "Press **Draw** above" in words(app)


def test_favourites_of_the_same_size_play_too(small: Path) -> None:
    batch = draw(resolve(Order(str(small), n=2, steps=2)))
    keep(simple_sprites(1)[0], {"name": "other", "shows": "hat"})
    keep(np.zeros((8, 8, 3), np.uint8), {"name": "small"})
    found = pieces(batch)
    assert [piece.name for piece in found] == ["sprite 1", "sprite 2", "favourite 1"]
    assert found[-1].words == "favourite 1 (hat)"
    assert [piece.place for piece in found] == [0, 1, None]


def test_a_film_goes_there_and_back(small: Path) -> None:
    images = simple_sprites(5)
    (goods,) = of_sequence(images, "mine-morph", columns_of(5))
    assert (goods.columns, goods.stem) == (5, "mine-morph")
    order = [0, 1, 2, 3, 4, 3, 2, 1]
    for form in ("gif", "png"):
        with Image.open(io.BytesIO(sequence_file(goods, form, None, "").make())) as film:
            assert film.n_frames == len(order)
            assert film.size == (256, 256)
            for number, frame in enumerate(order):
                film.seek(number)
                assert np.array_equal(np.asarray(film.convert("RGB"))[::16, ::16], images[frame])
    assert [columns_of(count) for count in (10, 17, 18, 34)] == [10, 17, 9, 17]


def test_bands_fit_the_slider() -> None:
    panel = Panel("", np.zeros((3, 4, 4, 3), np.uint8))

    def packed(band: np.ndarray) -> bytes:
        chart = Chart("", {"a": np.zeros(3)}, ("", ""), bands={"a": (band, band)})
        return pack(Scene("", ["1", "2", "3"], [Row("", [panel])], [chart]))

    assert packed(np.zeros(3))
    for wrong in (np.zeros(2), np.array([0, np.nan, 0])):
        with pytest.raises(ValueError, match="bands"):
            packed(wrong)
