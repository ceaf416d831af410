"""From each place there is a way on, and it leads where its words say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ddpm.judging.choosing import VERDICT
from ddpm.judging.headline import headline
from ddpm.judging.verdict import read_verdict
from ddpm.sprites import SpriteError, kaggle
from ddpm.training.recipes import RECIPES
from pages.parts.copied.rates import headline_html, labels_html, rates_html
from pages.parts.shared.batches import kinds_of
from pages.parts.shared.navigation import KAGGLE
from pages.parts.shared.orders import EACH
from pages.parts.train import estimate
from tests.pages.conftest import ROOT, OpenPage


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return app.run()


@pytest.fixture
def no_kaggle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kaggle, "find", lambda: None)
    monkeypatch.setattr(estimate, "seconds_per_step", lambda *_: 0.15)


@pytest.mark.usefixtures("no_kaggle")
def test_a_download_that_must_fail_is_not_offered(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kaggle, "can_download", lambda: False)
    app = open_page("pages/1_Train.py")
    app.segmented_control(key="sprites").set_value(KAGGLE).run()
    assert not app.exception
    assert "Download from Kaggle" not in [button.label for button in app.button]
    assert [code.value for code in app.code] == [kaggle.install_line()]
    assert any("no account" in info.value for info in app.info)
    # Once the package is there, so is the button.
    monkeypatch.setattr(kaggle, "can_download", lambda: True)
    press(app, "Look again")
    assert "Download from Kaggle" in [button.label for button in app.button]
    assert not app.code


@pytest.mark.usefixtures("no_kaggle")
def test_a_failed_download_shows_no_markup(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kaggle, "can_download", lambda: True)
    app = open_page("pages/1_Train.py")
    app.segmented_control(key="sprites").set_value(KAGGLE).run()
    try:
        kaggle.require()
    except SpriteError as error:
        words = str(error)
    monkeypatch.setattr(kaggle, "download", kaggle.require)
    press(app, "Download from Kaggle")
    assert not app.exception
    assert "pip install kagglehub" in words
    assert "`" not in app.error[0].value.replace("\\`", "'") + words


def test_teach_your_own_leads_to_the_form(open_page: OpenPage) -> None:
    app = open_page()
    app.session_state["run"] = str(Path("checkpoints/small").resolve())
    app.run()
    press(app, "Teach your own")
    assert not app.exception
    assert app.title[0].value == "Teach it to draw"
    assert "run" not in app.session_state
    assert "small" not in [heading.value for heading in app.header]
    assert any(button.label == "Start training" for button in app.button)


def test_a_finished_run_leads_to_its_question(open_page: OpenPage) -> None:
    app = open_page("pages/1_Train.py")
    press(app, "Show")
    press(app, "Created or copied?")
    assert not app.exception
    assert app.title[0].value == "Created or copied?"
    assert app.session_state["batch"].info["name"] == "small"
    assert any(" of 64 " in str(block.proto) for block in app.get("html"))


def test_a_run_with_a_report_is_shown_its_report(open_page: OpenPage) -> None:
    app = open_page("pages/1_Train.py")
    shipped = str(ROOT / "checkpoints" / "builtin")
    app.button(key=f"show-{shipped}").click().run()
    press(app, "Created or copied?")
    assert not app.exception
    assert app.segmented_control(key="question").value == "A report"
    assert app.selectbox(key="reported").value == shipped


def test_the_slow_recipe_proposes_what_it_speaks_of(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "seconds_per_step", lambda *_: 0.15)
    app = open_page("pages/1_Train.py")
    app.segmented_control(key="recipe").set_value("original").run()
    minutes = app.number_input(key="amount-minutes-original").value
    assert minutes == RECIPES["original"].default_minutes
    assert any(f"the {minutes} minutes proposed here" in caption.value for caption in app.caption)


def test_each_sprite_keeps_the_name_of_its_kind(open_page: OpenPage) -> None:
    app = open_page("pages/2_Sample.py")
    next(box for box in app.selectbox if box.label == "What to draw").set_value(EACH).run()
    press(app, "Draw")
    batch = app.session_state["batch"]
    assert kinds_of(batch.info, 3) == ["class 0", "class 1", "class 2"]
    # What is not one name for each sprite is none.
    assert kinds_of(batch.info, 2) == kinds_of({"kinds": ["sword", 5, "axe"]}, 3) == kinds_of({}, 3) == []


def test_large_numbers_of_a_report_are_grouped() -> None:
    verdict = read_verdict(ROOT / "checkpoints" / "builtin")
    assert (ROOT / "checkpoints" / "builtin" / VERDICT).is_file()
    assert verdict is not None
    pages = headline_html(headline(verdict)) + rates_html(verdict) + labels_html(verdict)
    titles = " ".join(re.findall(r'title="([^"]*)"', pages))
    words = re.sub(r"<[^>]*>", " ", pages) + titles
    assert "of 1,024" in words
    assert re.findall(r"(?<![\d.,])\d{4,}", words) == []
