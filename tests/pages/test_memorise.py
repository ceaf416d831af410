"""The way to make a model memorise, on the Train page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ddpm.jobs.request import TrainingRequest
from ddpm.runs.run import Run
from ddpm.training.recipes import RECIPES
from pages.parts.shared.charts import against_series
from pages.parts.train import estimate, run_view, setup
from tests.pages.conftest import ROOT


def facts_of(app: AppTest) -> dict[str, int]:
    block = next(str(html.value) for html in app.get("html") if "to learn from" in str(html.value))
    found = re.findall(r"<span>([^<]+)</span><b>([\d,]+)</b>", block)
    return {name: int(value.replace(",", "")) for name, value in found}


def test_a_few_sprites_for_a_few_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("pages.parts.shared.store.ROOT", tmp_path)
    asked: list[TrainingRequest] = []
    monkeypatch.setattr(setup, "start", asked.append)
    monkeypatch.setattr(estimate, "seconds_per_step", lambda *_: 0.15)
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300).run()
    app.switch_page("pages/1_Train.py").run()
    next(button for button in app.button if button.label == "Start training").click().run()
    facts = facts_of(app)
    assert facts["to learn from"] == 16_249
    assert "left out" not in facts
    app.segmented_control(key="recipe").set_value("memorise").run()
    assert not app.exception
    assert any("learns them by heart" in caption.value for caption in app.caption)
    assert app.number_input(key="amount-minutes-memorise").value == 5
    # What is shown of the set is what this way sees of it, and adds up to all.
    facts = facts_of(app)
    assert (facts["to learn from"], facts["held out"]) == (64, 1777)
    assert facts["distinct"] == sum(
        facts[name] for name in ("to learn from", "held out", "kept for the exam", "left out")
    )
    app.toggle(key="holdout").set_value(False).run()
    assert (facts_of(app)["to learn from"], facts_of(app)["held out"]) == (64, 0)
    app.toggle(key="holdout").set_value(True).run()
    # 5 minutes are 2,000 steps of 64 sprites, and there are 64.
    told = next(text.value for text in app.markdown if text.value.startswith("About"))
    assert "2,000 steps" in told
    assert "seen about 2,000 times" in told
    next(button for button in app.button if button.label == "Start training").click().run()
    assert not app.exception
    usual, memorising = asked
    assert usual.most is None
    assert (memorising.preset, memorising.most, memorising.minutes) == ("fast", 64, 5)
    assert memorising.folder.name.startswith("memorise-")


def test_a_run_that_was_given_little_promises_little() -> None:
    config = {"recipe": RECIPES["fast"].to_dict(), "most": 64, "data": {"training_distinct": 64, "distinct": 20_000}}
    assert run_view._about(config).startswith("Only 64 of 20,000 different sprites")
    assert "Good sprites" not in run_view._about(config)
    assert run_view._about({**config, "most": None}) == RECIPES["fast"].summary
    assert run_view._about({}) == ""
    # What another run learnt from all sprites is nothing to hold it against.
    fingerprint = Run(ROOT / "checkpoints" / "builtin").config()["data"]["fingerprint"]
    measured = [{"step": 500, "heldout": 0.1}]
    assert against_series(measured, {"data": {"fingerprint": fingerprint}})
    assert not against_series(measured, {"data": {"fingerprint": fingerprint}, "most": 64})
