"""The lesson: each step opens its page in the right state, on a fresh installation and whatever was done before."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ddpm.runs.album import batch_names
from pages.parts.how.story import CHAPTERS
from pages.parts.lesson.paper import sheets
from pages.parts.sample.sharing import read_link
from pages.parts.shared.lesson.steps import STEPS, step_of, stop_at
from pages.parts.shared.store import all_runs
from tests.pages.conftest import ROOT

HOME, TRAIN, SAMPLE = "streamlit_app.py", "pages/1_Train.py", "pages/2_Sample.py"
COPIED, HOW, LESSON = "pages/3_Nearest_neighbors.py", "pages/4_How_it_works.py", "pages/5_Lesson.py"


@pytest.fixture
def shipped(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the model that came with an app of its own: the small run, called as the built-in one is."""
    folder = tmp_path / "app" / "checkpoints" / "builtin"
    shutil.copytree(trained / "checkpoints" / "small", folder)
    config = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**config, "shipped": True, "id": "5" * 16}))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("pages.parts.shared.store.ROOT", tmp_path / "app")
    return folder


@pytest.fixture
def app(shipped: Path, trained: Path) -> AppTest:
    """A visitor who has taught a model of the same name."""
    shutil.copytree(trained / "checkpoints" / "small", Path("checkpoints") / "builtin")
    return AppTest.from_file(str(ROOT / HOME), default_timeout=300)


def opened(app: AppTest, page: str, **parameters: str) -> AppTest:
    """A page, come to by an address from the lesson."""
    app.switch_page(LESSON).run()
    app.query_params.clear()
    app.query_params.update(parameters)
    app.switch_page(page).run()
    assert not app.exception
    return app


def folded(app: AppTest) -> list[str]:
    return [one.label for one in app.expander]


def missing(app: AppTest) -> list[str]:
    """What the page says of the link; warnings of other things depend on the machine."""
    return [one.value for one in app.warning if one.icon == ":material/link_off:"]


def test_it_takes_ten_minutes_in_six_steps() -> None:
    assert len(STEPS) == 6
    assert sum(step.minutes for step in STEPS) == 10
    assert [step_of(text) for text in ("1", "6", "0", "7", "x", "", None)] == [1, 6, None, None, None, None, None]
    for number, step in enumerate(STEPS, start=1):
        assert stop_at(number, "Home") is None
        for stop in step.stops:
            assert stop_at(number, stop.title) is stop
            assert f'frame("{stop.title}")' in (ROOT / stop.page).read_text()


def test_the_page_shows_all_steps_and_keeps_what_is_done(app: AppTest) -> None:
    app.switch_page(LESSON).run()
    assert not app.exception
    assert [one.value.split(" · ")[1] for one in app.header] == [step.title for step in STEPS]
    assert len([label for label in folded(app) if label.startswith("For the teacher")]) == 6
    app.checkbox(key="lesson-done-2").check().run()
    app.switch_page(HOME).run()
    app.switch_page(LESSON).run()
    assert [app.checkbox(key=f"lesson-done-{number}").value for number in range(1, 7)] == [False, True] + 4 * [False]


def test_on_paper_it_names_the_address_of_each_stop(app: AppTest) -> None:
    alone, both = (sheets("http://localhost:8501", teacher) for teacher in (False, True))
    assert (alone.count("<article>"), both.count("<article>")) == (1, 2)
    addresses = re.findall(r"http://localhost:8501/(\w+)\?lesson=(\d)", alone)
    assert len(addresses) == sum(len(step.stops) for step in STEPS)
    for name, number in addresses:
        page = next(path for path in (ROOT / "pages").glob("*.py") if path.stem.split("_", 1)[1] == name)
        assert f"pages/{page.name}" in [stop.page for stop in STEPS[int(number) - 1].stops]
    assert "**" not in both
    app.switch_page(LESSON).run()
    papers = [one.proto.body for one in app.get("html") if "lesson-paper" in one.proto.body]
    assert any("<article>" in paper for paper in papers)


def test_the_steps_on_the_sample_page(app: AppTest, shipped: Path) -> None:
    # What they chose before must not stay.
    opened(app, SAMPLE)
    app.select_slider(key="n").set_value(1)
    app.number_input(key="seed").set_value(9).run()
    opened(app, SAMPLE, lesson="1")
    info = app.session_state["batch"].info
    assert (info["run"], info["n"], info["seed"], info["against"]) == (str(shipped), 25, 1, None)
    assert (app.select_slider(key="n").value, app.number_input(key="seed").value) == (25, 1)
    assert folded(app)[0] == f"Lesson, step 1 of 6: {STEPS[0].title}"
    assert not missing(app)
    # What is drawn then is theirs; the step stays in sight, on this page.
    app.select_slider(key="n").set_value(4)
    next(button for button in app.button if button.label == "Draw").click().run()
    assert app.session_state["batch"].info["n"] == 4
    assert folded(app)[0].startswith("Lesson, step 1")
    kept = batch_names()
    opened(app, SAMPLE, lesson="6")
    batch = app.session_state["batch"]
    assert (batch.info["run"], batch.info["n"], batch.info["against"]) == (str(shipped), 16, "memoriser")
    assert batch.other is not None
    assert folded(app)[0].startswith("Lesson, step 6 of 6, stop 1 of 2")
    assert batch_names() == kept, "whoever opens a link must not fill the album"
    # The same link again, after something else; what was said of that one is not said of this.
    opened(app, SAMPLE, model="gone")
    assert "**gone**" in missing(app)[0]
    opened(app, SAMPLE, lesson="1")
    assert not missing(app)
    assert app.session_state["batch"].info["n"] == 25
    app.query_params.clear()
    app.switch_page(HOME).run()
    app.switch_page(SAMPLE).run()
    assert not folded(app)[0].startswith("Lesson")


def test_the_steps_on_the_page_how_it_works(app: AppTest, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Where the lines of code are, whose models these are.
    monkeypatch.setattr("pages.parts.how.formula.ROOT", ROOT)
    titles = {chapter.name: chapter.title for chapter in CHAPTERS}
    for number, scene in (("2", "question"), ("3", "way-back")):
        opened(app, HOW, lesson=number)
        assert [one.value.split(" · ")[1] for one in app.header] == [titles[scene]]
        assert app.selectbox(key="explained").value == str(shipped)
        assert not missing(app)
    next(button for button in app.button if button.label == "Show all scenes").click().run()
    assert len(app.header) == len(CHAPTERS)
    assert folded(app)[0].startswith("Lesson, step 3")
    opened(app, HOW, scene="nonsense", model="gone")
    assert "not here" in missing(app)[0]
    assert "scene that is not here" in missing(app)[0]
    assert len(app.header) == len(CHAPTERS)


def test_the_step_on_the_train_page_starts_nothing(app: AppTest) -> None:
    runs = len(all_runs())
    opened(app, TRAIN)
    app.segmented_control(key="recipe").set_value("original").run()
    app.segmented_control(key="unit").set_value("steps").run()
    opened(app, TRAIN, lesson="4")
    assert app.segmented_control(key="sprites").value == "Built-in sprites"
    assert app.segmented_control(key="recipe").value == "fast"
    assert app.segmented_control(key="unit").value == "minutes"
    assert app.number_input(key="amount-minutes-fast").value == 1
    assert not missing(app)
    assert len(all_runs()) == runs
    opened(app, TRAIN, recipe="memorise", steps="70")
    assert app.segmented_control(key="recipe").value == "memorise"
    assert (app.segmented_control(key="unit").value, app.number_input(key="amount-steps-memorise").value) == (
        "steps",
        70,
    )
    opened(app, TRAIN, recipe="slow", minutes="-1")
    assert "a recipe and a length" in missing(app)[0]
    assert app.segmented_control(key="recipe").value == "fast"


def test_the_steps_on_created_or_copied(app: AppTest, shipped: Path) -> None:
    kept = batch_names()
    opened(app, COPIED, lesson="5")
    batch = app.session_state["batch"]
    assert (batch.info["run"], batch.info["n"]) == (str(shipped), 64)
    assert app.session_state["known"] is None
    opened(app, COPIED, lesson="6")
    told = "".join(one.proto.body for one in app.get("html"))
    assert "Copied: training sprites come back pixel by pixel." in told
    assert "64 of 64" in told
    assert "The page says so." in told
    assert folded(app)[0].startswith("Lesson, step 6 of 6, stop 2 of 2")
    assert batch_names() == kept, "whoever opens a link must not fill the album"
    opened(app, COPIED, model="gone", known="nonsense")
    assert "**gone** that this link asks for is not here" in missing(app)[0]
    assert "does not make" in missing(app)[0]


def test_a_short_link_is_drawn_as_for_a_newcomer(shipped: Path) -> None:
    link = read_link({"model": "builtin"}, all_runs())
    assert link.problem is None
    assert link.order is not None
    assert (link.order.run, link.order.step, link.order.n, link.order.seed) == (str(shipped), 12, 64, 0)
    shutil.rmtree(shipped)
    gone = read_link({"model": "builtin", "shipped": "1"}, all_runs())
    assert gone.order is None
    assert "get that version" in (gone.problem or "")
    for wrong in ({"n": "0"}, {"seed": "x"}, {"step": ""}):
        assert "cannot be read" in (read_link({"model": "builtin", **wrong}, all_runs()).problem or "")
