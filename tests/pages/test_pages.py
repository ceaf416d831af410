"""Each page runs, says what it is for, and does what its buttons say."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ddpm.diffusion.sampling import SamplingStep, default_steps, sample
from ddpm.jobs import self_check
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.pixels.cleaning import clean_pixels
from ddpm.runs.album import batch_names
from ddpm.runs.run import Run
from ddpm.sprites import SpriteDataset
from ddpm.training.recipes import RECIPES, Recipe
from pages.parts.shared.words import plain
from pages.parts.train import curves, estimate, setup
from pages.parts.train.run_list import how_far
from tests.ddpm.helpers import SMALL
from tests.pages.conftest import ROOT, OpenPage

PAGES = ["streamlit_app.py", *sorted(str(page.relative_to(ROOT)) for page in (ROOT / "pages").glob("*.py"))]


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_with_a_title(open_page: OpenPage, page: str) -> None:
    app = open_page(page)
    assert not app.exception
    assert len(app.title) == 1


@pytest.mark.parametrize("page", PAGES)
def test_page_opens_with_no_run_at_all(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DDPM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("pages.parts.shared.store.ROOT", tmp_path)
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300).run()
    if page != "streamlit_app.py":
        app.switch_page(page).run()
    assert not app.exception
    assert len(app.title) == 1
    assert app.button, "an empty page must lead on"


def test_home_offers_the_last_run(open_page: OpenPage) -> None:
    app = open_page()
    assert any("small" in text.value for text in app.markdown)


def test_train_shows_the_data_card_and_an_estimate(open_page: OpenPage) -> None:
    app = open_page("pages/1_Train.py")
    assert any("20,000" in str(block.proto) for block in app.get("html"))
    assert any("steps" in text.value and "About" in text.value for text in app.markdown)
    start = next(button for button in app.button if button.label == "Start training")
    assert not start.disabled


def _large_and_twice() -> bytes:
    """Sprites of 32 x 32, each of them twice: the recipe is fitted to the size, and learns from each once."""
    images = np.random.default_rng(0).integers(0, 256, (60, 32, 32, 3), dtype=np.uint8)
    file = io.BytesIO()
    np.savez(file, images=np.concatenate([images, images]))
    return file.getvalue()


@pytest.mark.parametrize(("unit", "amount", "large"), [("epochs", 2, False), ("steps", 3, False), ("epochs", 1, True)])
def test_a_run_has_the_steps_that_were_estimated(
    open_page: OpenPage, trained: Path, monkeypatch: pytest.MonkeyPatch, unit: str, amount: int, large: bool
) -> None:
    asked: list[TrainingRequest] = []
    monkeypatch.setattr(setup, "start", asked.append)
    monkeypatch.setattr(self_check, "FINAL_EVALUATIONS", 16)
    monkeypatch.setitem(RECIPES, "fast", SMALL)
    app = open_page("pages/1_Train.py")
    app.segmented_control(key="sprites").set_value("My own file").run()
    content = _large_and_twice() if large else (trained / "simple.npz").read_bytes()
    app.file_uploader[0].set_value([("simple.npz", content, "")]).run()
    app.segmented_control(key="unit").set_value(unit).run()
    app.number_input(key=f"amount-{unit}-fast").set_value(amount).run()
    told = next(text.value for text in app.markdown if text.value.startswith("About"))
    next(button for button in app.button if button.label == "Start training").click().run()
    assert not app.exception
    (request,) = asked
    run_training(replace(request, check_sprites=0), lambda progress: None)
    run = Run(request.folder)
    config = run.config()
    steps, learnt = config["total_steps"], config["data"]["training_distinct"]
    run.delete()
    assert f" {steps:,} steps" in told
    facts = next(str(block.proto) for block in app.get("html") if "to learn from" in str(block.proto))
    assert re.search(rf"to learn from\W*</span>\W*<b>{learnt}<", facts)


def test_the_estimate_times_the_chosen_precision(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    timed: list[str] = []

    def seconds_per_step(recipe: Recipe, sprites: SpriteDataset, precision: str, **_: Any) -> float:
        timed.append(precision)
        return 0.5

    monkeypatch.setattr("ddpm.jobs.timing.length.seconds_per_step", seconds_per_step)
    estimate.seconds_per_step.clear()
    app = open_page("pages/1_Train.py")
    for precision in ("bfloat16", "float32"):
        next(box for box in app.selectbox if box.label == "Precision").set_value(precision).run()
        assert not app.exception
        assert timed[-1] == precision
    estimate.seconds_per_step.clear()
    assert any("960 steps" in text.value for text in app.markdown), "8 minutes of half seconds"


def test_a_full_machine_is_told_before_the_start(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    pace = [15.5]
    monkeypatch.setattr("ddpm.jobs.timing.length.seconds_per_step", lambda *_, **__: pace[0])
    estimate.seconds_per_step.clear()
    app = open_page("pages/1_Train.py")
    (told,) = [warning.value for warning in app.warning]
    assert told.startswith("Too few steps to learn: 31 in 8 minutes.")
    assert any(text.value.startswith("About 31 steps in **8 minutes**") for text in app.markdown)
    assert not next(button for button in app.button if button.label == "Start training").disabled
    pace[0] = 0.2
    next(button for button in app.button if button.label == "Time it again").click().run()
    estimate.seconds_per_step.clear()
    assert not app.exception
    assert not app.warning
    assert any(text.value.startswith("About 2,400 steps") for text in app.markdown)


def test_a_run_by_the_clock_tells_a_forecast(tmp_path: Path) -> None:
    run = Run(tmp_path)
    status = {"state": "stopped", "step": 812, "total_steps": 2317, "minutes": 8.0, "share": 0.4}
    (run.folder / "status.json").write_text(json.dumps(status))
    assert how_far(run) == "812 of about 2,300 steps"
    (run.folder / "status.json").write_text(json.dumps({**status, "minutes": None}))
    assert how_far(run) == "812 of 2,317 steps"


def _buttons(folder: str) -> None:
    from pathlib import Path

    from ddpm.runs.run import Run
    from pages.parts.train.run_buttons import run_buttons

    run_buttons(Run(Path(folder)), False)


def test_a_run_by_the_clock_can_have_more_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[TrainingRequest] = []
    monkeypatch.setattr("pages.parts.train.run_buttons.start", asked.append)
    (tmp_path / "status.json").write_text(json.dumps({"state": "finished", "total_steps": 2317}))
    (tmp_path / "timetable.jsonl").write_text(json.dumps({"step": 2317, "minutes": 8, "seconds": 480}) + "\n")
    app = AppTest.from_function(_buttons, args=(str(tmp_path),), default_timeout=300).run()
    assert [field.label for field in app.number_input] == ["More minutes"]
    app.number_input[0].set_value(5).run()
    next(button for button in app.button if button.label == "Go on").click().run()
    assert not app.exception
    assert asked == [TrainingRequest(tmp_path, minutes=13, resume=True)]


def test_train_explains_why_start_is_disabled(open_page: OpenPage) -> None:
    app = open_page("pages/1_Train.py")
    name = next(field for field in app.text_input if field.label == "Name of the run")
    name.set_value("../elsewhere").run()
    assert not app.exception
    start = next(button for button in app.button if button.label == "Start training")
    assert start.disabled
    assert any("cannot be the name of a run" in caption.value for caption in app.caption)


def test_train_lists_runs_and_shows_one(open_page: OpenPage) -> None:
    app = open_page("pages/1_Train.py")
    next(button for button in app.button if button.label == "Show").click().run()
    assert not app.exception
    assert any(heading.value == "small" for heading in app.header)


def test_train_shows_what_a_run_found_out_about_itself(open_page: OpenPage) -> None:
    app = open_page("pages/1_Train.py")
    next(button for button in app.button if button.label == "Show").click().run()
    assert not app.exception
    assert any("does it copy?" in text.value for text in app.markdown)
    titles = {caption.value.strip("*") for caption in app.caption}
    assert titles >= {"Near copies", "Distance from real ones", "Colours in a sprite"}
    # Haze is measured where drawings have a background, and after so few steps they may have none.
    assert len(app.get("vega_lite_chart")) == 5 + ("Haze in the background" in titles)
    # The run was told to draw fewer than usual.
    assert any(caption.value.startswith("Measured on 16 of its own drawings;") for caption in app.caption)


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        ([{"samples": 512}, {"samples": 512}], "512 of its own drawings"),
        ([{"samples": 2048}], "2,048 of its own drawings"),
        ([{"samples": 512}, {"samples": 64}], "its own drawings"),
        ([{}, {"samples": "many"}], "its own drawings"),
    ],
)
def test_how_many_drawings_were_measured_is_told_where_it_is_known(checks: list[dict[str, Any]], words: str) -> None:
    assert curves._drawings([{"step": 1}, *({"step": 2, "check": check} for check in checks)]) == words


def test_train_holds_the_curve_against_that_of_the_original_recipe(
    open_page: OpenPage, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tabs() -> list[str]:
        app = open_page("pages/1_Train.py")
        next(button for button in app.button if button.label == "Show").click().run()
        assert not app.exception
        return [tab.label for tab in app.tabs]

    stored = tmp_path / "baseline.json"
    monkeypatch.setattr("ddpm.runs.baseline._FILE", stored)
    assert tabs() == ["Error", "Error by noise level"]
    fingerprint = Run(trained / "checkpoints" / "small").config()["data"]["fingerprint"]
    curve = {"data": "simple", "fingerprint": fingerprint, "machine": "?", "steps": [5, 10], "heldout": [0.9, 0.8]}
    stored.write_text(json.dumps({"curves": [curve]}))
    assert tabs() == ["Error", "Error by noise level", "Against the original recipe"]


def test_own_file_is_taken_as_training_data(open_page: OpenPage, tmp_path: Path) -> None:
    images = np.random.default_rng(1).integers(0, 256, (30, 16, 16, 3), dtype=np.uint8)
    np.save(tmp_path / "mine.npy", images)
    app = open_page("pages/1_Train.py")
    app.segmented_control(key="sprites").set_value("My own file").run()
    assert next(button for button in app.button if button.label == "Start training").disabled
    app.file_uploader[0].set_value(
        [("mine.npy", (tmp_path / "mine.npy").read_bytes(), "application/octet-stream")]
    ).run()
    assert not app.exception
    assert not app.error
    assert not next(button for button in app.button if button.label == "Start training").disabled


def test_damaged_file_is_told_and_nothing_else_is_lost(open_page: OpenPage) -> None:
    app = open_page("pages/1_Train.py")
    app.segmented_control(key="sprites").set_value("My own file").run()
    app.file_uploader[0].set_value([("bad.npy", b"not an array", "application/octet-stream")]).run()
    assert not app.exception
    assert len(app.error) == 1
    assert app.segmented_control(key="recipe").value == "fast"


def test_sample_draws_what_was_asked(open_page: OpenPage) -> None:
    app = open_page("pages/2_Sample.py")
    app.select_slider(key="n").set_value(4)
    app.number_input(key="seed").set_value(3)
    next(button for button in app.button if button.label == "Draw").click().run()
    assert not app.exception
    batch = app.session_state["batch"]
    assert batch.chain.sprites.shape == (4, 16, 16, 3)
    assert (batch.info["seed"], batch.info["name"], batch.info["steps"]) == (3, "small", default_steps("fast", 1000))


class FakeTraining:
    """A training as the pages see one: it does what it is asked for, one look later."""

    start, name = "now", "busy"

    def __init__(self) -> None:
        self.run = self
        self.is_paused = False
        self.asked: dict[str, bool] = {}

    def state(self) -> str:
        return "paused" if self.is_paused else "running"

    def pending(self) -> dict[str, bool]:
        return self.asked

    def request(self, pause: bool) -> None:
        self.asked = {"pause": pause}


def test_sample_offers_to_pause_a_training_and_to_let_it_go_on(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = FakeTraining()
    monkeypatch.setattr("pages.parts.sample.ordering.active_training", lambda: training)
    app = open_page("pages/2_Sample.py")

    def says(words: str) -> bool:
        return any(words in caption.value for caption in app.caption)

    assert says("holds the processor")
    app.button(key="pause-training").click().run()
    assert training.asked == {"pause": True}
    assert says("pauses after its present step")
    training.is_paused = True
    app.run()
    assert says("is paused")
    app.button(key="resume-training").click().run()
    assert training.asked == {"pause": False}
    training.is_paused = False
    app.run()
    assert says("holds the processor")
    assert not app.exception


def test_sample_draws_one_of_each_kind_and_compares(open_page: OpenPage) -> None:
    app = open_page("pages/2_Sample.py")
    kind = next(box for box in app.selectbox if box.label == "What to draw")
    kind.set_value(-2).run()
    app.selectbox(key="against").set_value("raw")
    next(button for button in app.button if button.label == "Draw").click().run()
    assert not app.exception
    batch = app.session_state["batch"]
    assert batch.chain.sprites.shape == batch.other.sprites.shape == (3, 16, 16, 3)
    assert any(caption.value.startswith("From the same noise,") for caption in app.caption)


def test_clean_pixels_change_what_is_seen_and_not_what_was_drawn(open_page: OpenPage) -> None:
    app = open_page("pages/2_Sample.py")
    app.select_slider(key="n").set_value(4)
    next(button for button in app.button if button.label == "Draw").click().run()
    drawn = app.session_state["batch"]
    assert not any("pixels were changed" in caption.value for caption in app.caption)
    app.toggle(key="clean").set_value(True).run()
    assert not app.exception
    told = [caption.value for caption in app.caption if "pixels were changed" in caption.value]
    assert told == [plain(clean_pixels(drawn.chain.sprites).in_words())]
    assert app.session_state["batch"] is drawn
    next(button for button in app.button if button.label == "Draw").click().run()
    assert not app.exception
    assert np.array_equal(app.session_state["batch"].chain.sprites, drawn.chain.sprites), "kept as drawn"


def test_a_model_that_fails_on_the_way_is_told(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **options: Any) -> Iterator[SamplingStep]:
        yield next(sample(*args, **options))
        raise ValueError("no numbers")

    monkeypatch.setattr("pages.parts.shared.drawing.sample", fails)
    app = open_page("pages/2_Sample.py")
    next(button for button in app.button if button.label == "Draw").click().run()
    assert not app.exception
    assert any("cannot draw" in error.value for error in app.error)
    assert app.button, "the page works on"


def test_draw_others_takes_the_next_seed(open_page: OpenPage) -> None:
    app = open_page("pages/2_Sample.py")
    app.select_slider(key="n").set_value(1)
    next(button for button in app.button if button.label == "Draw others").click().run()
    assert not app.exception
    assert app.session_state["batch"].info["seed"] == app.number_input(key="seed").value == 1


def test_a_link_sets_the_controls_and_draws(open_page: OpenPage) -> None:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300)
    open_page()
    app.query_params.update({"model": "small", "step": "12", "n": "4", "steps": "3", "seed": "8", "kind": "1"})
    app.run()
    app.switch_page("pages/2_Sample.py").run()
    assert not app.exception
    assert not app.warning
    info = app.session_state["batch"].info
    assert (info["seed"], info["n"], info["steps"], info["kind"]) == (8, 4, 3, "class 1")
    assert app.select_slider(key="n").value == 4
    assert app.number_input(key="seed").value == 8
    assert app.number_input(key="steps-fast").value == 3


def test_sample_from_it_shows_sprites_of_that_model(open_page: OpenPage, trained: Path) -> None:
    app = open_page("pages/2_Sample.py")
    app.select_slider(key="n").set_value(1)
    app.selectbox(key="model").set_value(str(ROOT / "checkpoints" / "builtin"))
    next(button for button in app.button if button.label == "Draw").click().run()
    assert app.session_state["batch"].info["name"] == "builtin"
    kept = batch_names()
    small = str(trained / "checkpoints" / "small")
    app.session_state["draw-from"] = small
    app.run()
    assert not app.exception
    batch = app.session_state["batch"]
    assert (batch.info["run"], len(batch.chain.sprites)) == (small, 1)
    assert batch_names() == kept, "whoever comes and goes must not fill the album"
    app.session_state["draw-from"] = small
    app.run()
    assert app.session_state["batch"] is batch, "it is there already"


def test_the_switch_for_projectors_stays_on_over_pages_and_comes_with_an_address(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained)
    monkeypatch.setenv("DDPM_HOME", str(trained / "home"))
    monkeypatch.setattr("pages.parts.shared.store.ROOT", trained)
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300)
    app.query_params["present"] = "1"
    app.run()
    assert app.toggle(key="present").value
    app.switch_page("pages/2_Sample.py").run()
    assert app.toggle(key="present").value
    app.toggle(key="present").set_value(False).run()
    app.switch_page("streamlit_app.py").run()
    assert not app.exception
    assert not app.toggle(key="present").value, "the address says how it begins, and not what it is"
