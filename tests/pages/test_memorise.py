"""The way to make a model memorise, on the Train page."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ddpm.plan import TrainingRequest
from pages.parts import setup
from tests.pages.conftest import ROOT


def test_a_few_sprites_for_a_few_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("pages.parts.store.ROOT", tmp_path)
    asked: list[TrainingRequest] = []
    monkeypatch.setattr(setup, "start", asked.append)
    monkeypatch.setattr(setup, "_step_seconds", lambda *_: 0.15)
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300).run()
    app.switch_page("pages/1_Train.py").run()
    next(button for button in app.button if button.label == "Start training").click().run()
    app.segmented_control(key="recipe").set_value("memorise").run()
    assert not app.exception
    assert any("learns them by heart" in caption.value for caption in app.caption)
    assert app.number_input(key="amount-minutes-memorise").value == 5
    # 5 minutes are 2,000 steps of 64 sprites, and there are 64.
    estimate = next(text.value for text in app.markdown if text.value.startswith("About"))
    assert "2,000 steps" in estimate
    assert "seen about 2,000 times" in estimate
    next(button for button in app.button if button.label == "Start training").click().run()
    assert not app.exception
    usual, memorising = asked
    assert usual.most is None
    assert (memorising.preset, memorising.most, memorising.minutes) == ("fast", 64, 5)
    assert memorising.folder.name.startswith("memorise-")
