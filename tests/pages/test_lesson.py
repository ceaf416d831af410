"""The lesson: each step opens its page in the right state, on a fresh installation, and whatever was done before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.lesson.paper import sheets
from pages.parts.shared.lesson.steps import STEPS, Stop, step_of, stop_at
from pages.parts.shared.store import all_runs, weights_mark
from tests.pages.conftest import ROOT, OpenPage

BUILTIN = str(ROOT / "checkpoints" / "builtin")


def opened(app: AppTest, page: str, **parameters: str) -> AppTest:
    """A page as its address opens it, come to from another one."""
    app.switch_page("pages/5_Lesson.py").run()
    app.query_params.clear()
    app.query_params.update(parameters)
    app.switch_page(page).run()
    assert not app.exception
    return app


def fast(stop: Stop) -> dict[str, str]:
    """The parameters of a stop, with as little to draw as shows the same."""
    smaller: dict[str, str] = {"steps": "2", "n": "4"} if stop.title == "Sample" else {}
    return {**smaller}


def test_it_takes_ten_minutes_in_six_steps() -> None:
    assert len(STEPS) == 6
    assert sum(step.minutes for step in STEPS) == 10
    assert [step_of(text) for text in ("1", "6", "0", "7", "x", "", None)] == [1, 6, None, None, None, None, None]
    for number, step in enumerate(STEPS, start=1):
        for stop in step.stops:
            assert (ROOT / stop.page).is_file()
            assert stop_at(number, stop.title) is stop
            assert f'frame("{stop.title}")' in (ROOT / stop.page).read_text()
        assert stop_at(number, "Home") is None


def test_the_page_shows_all_steps_and_keeps_what_is_done(open_page: OpenPage) -> None:
    app = open_page("pages/5_Lesson.py")
    assert not app.exception
    assert [one.value.split(" · ")[1] for one in app.header] == [step.title for step in STEPS]
    assert len([one for one in app.expander if "For the teacher" in one.label]) == 6
    app.checkbox(key="lesson-done-2").check().run()
    app.switch_page("streamlit_app.py").run()
    app.switch_page("pages/5_Lesson.py").run()
    assert [app.checkbox(key=f"lesson-done-{number}").value for number in range(1, 7)] == [False, True] + 4 * [False]


@pytest.fixture
def visited(open_page: OpenPage, trained: Path) -> AppTest:
    """A visitor who has chosen other things on every page before."""
    app = open_page("pages/2_Sample.py")
    app.select_slider(key="n").set_value(1)
    app.number_input(key="steps-fast").set_value(3)
    app.number_input(key="seed").set_value(9).run()
    app.switch_page("pages/1_Train.py").run()
    app.segmented_control(key="recipe").set_value("original")
    app.segmented_control(key="unit").set_value("steps").run()
    assert not app.exception
    return app


def test_each_stop_is_in_the_right_state(visited: AppTest) -> None:
    app = opened(visited, "pages/2_Sample.py", lesson="1", steps="2")
    info = app.session_state["batch"].info
    assert (info["run"], info["n"], info["seed"], info["steps"], info["against"]) == (BUILTIN, 25, 1, 2, None)
    assert (app.select_slider(key="n").value, app.number_input(key="seed").value) == (25, 1)
    assert [one.label for one in app.expander][0] == f"Lesson, step 1 of 6: {STEPS[0].title}"

    for number, scene in ((2, "The question"), (3, "The way back")):
        app = opened(app, "pages/4_How_it_works.py", lesson=str(number))
        assert [one.value.split(" · ")[1] for one in app.header] == [scene]
        assert app.selectbox(key="explained").value == BUILTIN
    next(button for button in app.button if button.label == "Show all scenes")

    app = opened(app, "pages/1_Train.py", lesson="4")
    assert app.segmented_control(key="recipe").value == "fast"
    assert app.segmented_control(key="sprites").value == "Built-in sprites"
    assert app.segmented_control(key="unit").value == "minutes"
    assert app.number_input(key="amount-minutes-fast").value == 1
    assert not app.warning


def test_the_finale(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.parts.copied.report_view.measure", lambda pairs, watch: pytest.skip("not reached"))
    app = opened(open_page(), "pages/2_Sample.py", lesson="6", steps="2", n="4")
    batch = app.session_state["batch"]
    assert batch.info["against"] == "memoriser"
    assert batch.other is not None
    assert any("stop 1 of 2" in one.label for one in app.expander)
