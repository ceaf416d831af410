"""Seamless tiles on the pages: the switch of a new training, and the line under drawn tiles."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.training.recipes import RECIPES
from pages.parts.sample.seam_line import is_seamless
from pages.parts.shared.drawing import draw
from pages.parts.shared.orders import Order
from pages.parts.shared.resolving import resolve
from pages.parts.train import choosing, estimate, setup
from pages.parts.train.run_view import _about
from tests.art.tiles import tiles
from tests.ddpm.helpers import TINY, simple_sprites
from tests.pages.conftest import ROOT

LABEL = "Seamless tiles"


def switches(app: AppTest) -> list[bool]:
    assert not app.exception
    return [toggle.value for toggle in app.toggle if toggle.label == LABEL]


def test_the_switch_is_there_for_tiles_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pages.parts.shared.store.ROOT", tmp_path)
    monkeypatch.setattr(estimate, "seconds_per_step", lambda *_: 0.15)
    asked: list[TrainingRequest] = []
    monkeypatch.setattr(setup, "start", asked.append)
    sources = {
        "sprites": simple_sprites(60),
        "tiles": tiles(60)[0],
        "pieces": tiles(60, side=32)[0][:, 4:20, 7:23],
        "odd": tiles(60, side=32)[0][:, :20, :20],
    }
    for name, images in sources.items():
        np.save(tmp_path / f"{name}.npy", images)
    chosen = "sprites"
    monkeypatch.setattr(choosing, "ask_for_file", lambda _: str(tmp_path / f"{chosen}.npy"))
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300).run()
    app.switch_page("pages/1_Train.py").run()
    app.segmented_control(key="sprites").set_value("My own file").run()
    assert switches(app) == []

    def told() -> str:
        return " ".join(caption.value for caption in app.caption)

    def press_start() -> TrainingRequest:
        next(button for button in app.button if button.label == "Start training").click().run()
        return asked[-1]

    chosen = "tiles"
    app.run()
    assert switches(app) == [True], "these repeat"
    assert "side by side without a visible border" in told()
    assert press_start().seamless
    next(toggle for toggle in app.toggle if toggle.label == LABEL).set_value(False).run()
    assert not press_start().seamless
    app.segmented_control(key="recipe").set_value("original").run()
    assert switches(app) == []
    assert "keeps to the report" in told()
    app.segmented_control(key="recipe").set_value("fast").run()
    chosen = "pieces"
    app.run()
    assert switches(app) == [False], "these do not"
    assert "do not repeat themselves" in told()
    assert "cannot know where" not in told()
    next(toggle for toggle in app.toggle if toggle.label == LABEL).set_value(True).run()
    assert "cannot know where" in told()
    chosen = "odd"
    app.run()
    assert switches(app) == []
    assert "multiples of 8" not in told(), "nobody thinks of it where nothing repeats"
    assert not press_start().seamless


def test_what_a_seamless_model_draws_is_told_of_its_seams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pages.parts.shared.store.ROOT", tmp_path)
    monkeypatch.setitem(RECIPES, "tiny", TINY)
    np.save(tmp_path / "tiles.npy", tiles(40)[0])
    folder = tmp_path / "checkpoints" / "walls"
    request = TrainingRequest(folder, str(tmp_path / "tiles.npy"), "tiny", 1, threads=1, check_sprites=0, seamless=True)
    run_training(request, lambda _: None)
    assert is_seamless(draw(resolve(Order(str(folder), n=2))))
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300).run()
    app.switch_page("pages/2_Sample.py").run()
    assert not app.exception
    line = next(caption.value for caption in app.caption if caption.value.startswith("Seamless tiles."))
    assert "times as much as inside" in line
    assert "learnt from" in line


def test_a_run_says_that_its_tiles_are_seamless() -> None:
    fast = RECIPES["fast"]
    assert "seamless tiles" in _about({"recipe": fast.for_tiles((3, 16, 16)).to_dict()})
    assert "seamless" not in _about({"recipe": fast.to_dict()})
