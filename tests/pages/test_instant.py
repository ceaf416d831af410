"""Instant models on the pages: the button that makes one, its curves, and drawing with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from ddpm.jobs.distilling.request import DistilRequest
from ddpm.runs.run import Run
from ddpm.training.timetable import Stretch
from pages.parts.shared.drawing import draw
from pages.parts.shared.orders import Order
from pages.parts.shared.resolving import resolve, rivals
from pages.parts.shared.store import all_runs
from pages.parts.train import distilling, run_buttons
from tests.pages.conftest import ROOT


@pytest.fixture
def place(instant_place: Path) -> Path:
    return instant_place


def train_page(run: Path) -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300)
    app.session_state["run"] = str(run)
    app.run()
    app.switch_page("pages/1_Train.py").run()
    assert not app.exception
    return app


def test_the_button_makes_a_run_instant(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    for module in (distilling, run_buttons):
        monkeypatch.setattr(module, "start", asked.append)
    small, quick = place / "checkpoints" / "small", place / "checkpoints" / "quick"
    app = train_page(small)
    app.number_input(key=f"distil-minutes-{small}").set_value(3)
    app.button(key=f"distil-{small}").click().run()
    assert asked == [DistilRequest(place / "checkpoints" / "small-instant", small, minutes=3.0)]
    app = train_page(quick)
    assert not any("distil" in str(button.key) for button in app.button)
    assert any("learns from the model small" in caption.value for caption in app.caption)
    assert any("How far its jumps end" in caption.value for caption in app.caption)
    app.button(key=f"longer-{quick}").click().run()
    assert asked[1:] == [DistilRequest(quick, steps=3, resume=True)]
    monkeypatch.setattr(Run, "stretches", lambda run: [Stretch(0, minutes=4)])
    train_page(quick).button(key=f"longer-{quick}").click().run()
    assert asked[2:] == [DistilRequest(quick, minutes=6, resume=True)], "by the clock it goes on by the clock"


def test_sample_draws_with_it_in_a_few_steps(place: Path) -> None:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300)
    app.session_state["model"] = str(place / "checkpoints" / "quick")
    app.run()
    app.switch_page("pages/2_Sample.py").run()
    assert not app.exception
    assert any("How to draw: **Instant**" in text.value for text in app.markdown)
    assert not any(control.key == "sampler" for control in app.segmented_control)
    steps = app.number_input(key="steps-instant")
    assert (steps.value, steps.max) == (4, 4)


def test_an_order_for_another_way_is_drawn_in_its_own(place: Path) -> None:
    quick = place / "checkpoints" / "quick"
    batch = draw(resolve(Order(str(quick), n=4)))
    assert (batch.info["sampler"], batch.info["steps"], len(batch.chain.t)) == ("instant", 4, 5)


def test_its_way_is_shown_beside_that_of_its_teacher(place: Path) -> None:
    quick = place / "checkpoints" / "quick"
    order = Order(str(quick), n=4, sampler="instant", steps=2, against="run:small")
    batch = draw(resolve(order))
    assert batch.other is not None
    assert (len(batch.chain.t), len(batch.other.t)) == (3, 13)
    assert batch.info["titles"] == ["Instant, 2 steps", "small, step 12 · Fast, 12 steps"]
    offered = rivals(order, all_runs())
    assert "run:small" in offered
    assert not {"ddpm", "ddim"} & offered.keys()
