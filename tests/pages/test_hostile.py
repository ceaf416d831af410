"""Whatever lies in checkpoints/ or comes in by upload: no page dies, no traceback shows, no foreign text is markup."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit import net_util
from streamlit.testing.v1 import AppTest

from ddpm.album import keep_batch, recent_batches
from ddpm.render import Chain
from pages.parts.words import plain
from tests.pages.conftest import ROOT
from tests.pages.test_pages import PAGES

MARKUP = "![x](http://evil.example/p.png)"


def change(file: str, **values: Any) -> Callable[[Path], None]:
    def damage(run: Path) -> None:
        path = run / file
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return damage


def metrics(**values: Any) -> Callable[[Path], None]:
    return lambda run: (run / "metrics.jsonl").write_text(json.dumps({"step": 3, "loss": 0.5, **values}) + "\n")


def preview_is_a_folder(run: Path) -> None:
    (run / "previews" / "999999.png").mkdir()


def no_weights(run: Path) -> None:
    next((run / "steps").glob("*/model.safetensors")).unlink()


DAMAGES: dict[str, Callable[[Path], None]] = {
    "status step is text": change("status.json", step="abc", total_steps=[1]),
    "status step is negative": change("status.json", step=-5),
    "status numbers are text": change("status.json", seconds="x", loss="x", images_per_second="x", threads="<b>"),
    "status state is a number": change("status.json", state=5),
    "status is a list": lambda run: (run / "status.json").write_text("[1]"),
    "run data is a number": change("run.json", data=5),
    "run data is a list": change("run.json", data=[1]),
    "run recipe and schedule": change("run.json", recipe=5, schedule="x", total_steps="x"),
    "run has no steps in time": change("run.json", schedule={"num_timesteps": 0, "kind": "linear"}),
    "run label names": change("run.json", data={"label_names": 5, "source": 7}),
    "run is empty": lambda run: (run / "run.json").write_text("{}"),
    "run is half": lambda run: (run / "run.json").write_text("{"),
    "run name is markup": change("run.json", preset=MARKUP, data={"name": MARKUP, "label_names": [MARKUP] * 3}),
    "metrics quartiles": metrics(quartiles=5),
    "metrics check is text": metrics(check="x"),
    "metrics check holds text": metrics(check={"near_copies": {"0.05": "x"}, "seconds": 1}),
    "metrics check lacks all": metrics(check={"seconds": 1, "near_copies": {}, "real": {}}),
    "metrics loss is text": metrics(loss="x", heldout="y", noise_error="z"),
    "metrics step is huge": lambda run: (run / "metrics.jsonl").write_text('{"step": 1e400, "loss": 1}\n{"step": 2}'),
    "preview is a folder": preview_is_a_folder,
    "weights are gone": no_weights,
    "latest is garbage": lambda run: (run / "latest").write_bytes(b"\xff\x00"),
    "no latest": lambda run: (run / "latest").unlink(),
}


@pytest.fixture
def damaged(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with one damaged run of each kind, and one that has the name of a shipped run."""
    for number, damage in enumerate(DAMAGES.values()):
        run = tmp_path / "checkpoints" / f"bad-{number:02d}"
        shutil.copytree(trained / "checkpoints" / "small", run)
        damage(run)
    shutil.copytree(trained / "checkpoints" / "small", tmp_path / "checkpoints" / "builtin")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def open_page(page: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=300).run()
    return app if page == "streamlit_app.py" else app.switch_page(page).run()


def texts(app: AppTest) -> list[str]:
    kinds = (app.markdown, app.caption, app.error, app.warning, app.info, app.subheader)
    return [element.value for elements in kinds for element in elements]


@pytest.mark.parametrize("page", PAGES)
def test_damaged_runs_kill_no_page(damaged: Path, page: str) -> None:
    app = open_page(page)
    assert not app.exception
    assert not [text for text in texts(app) if MARKUP in text]


def test_each_damaged_run_can_be_looked_at(damaged: Path) -> None:
    app = open_page("pages/1_Train.py")
    for number, name in enumerate(DAMAGES):
        buttons = [button for button in app.button if str(button.key).endswith(f"bad-{number:02d}")]
        for button in buttons:
            if str(button.key).startswith("show-"):
                button.click().run()
        assert not app.exception, name
        assert not [text for text in texts(app) if MARKUP in text], name


def test_each_damaged_run_can_be_chosen_to_draw(damaged: Path) -> None:
    app = open_page("pages/2_Sample.py")
    for folder in app.selectbox(key="model").options:
        assert folder
    for number, name in enumerate(DAMAGES):
        folder = str(damaged / "checkpoints" / f"bad-{number:02d}")
        app.session_state["draw-from"] = folder
        app.run()
        assert not app.exception, name


def test_names_in_an_upload_are_shown_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(MARKUP, "x")
    app = open_page("pages/1_Train.py")
    app.segmented_control(key="sprites").set_value("My own file").run()
    app.file_uploader[0].set_value([("m.npz", file.getvalue(), "")]).run()
    assert not app.exception
    assert len(app.error) == 1
    assert not [text for text in texts(app) if MARKUP in text]
    images = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    file = io.BytesIO()
    np.savez(file, images=images, labels=np.arange(40) % 2, label_names=np.array([MARKUP, "b"]))
    app.file_uploader[0].set_value([("m.npz", file.getvalue(), "")]).run()
    app.selectbox(key="browse-kind").set_value(MARKUP).run()
    assert not app.exception
    assert not [text for text in texts(app) if MARKUP in text]


def test_a_set_that_is_all_held_out_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ddpm.sprites import load_sprites

    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (200, 16, 16, 3), dtype=np.uint8)
    np.save(tmp_path / "all.npy", images)
    held = load_sprites(tmp_path / "all.npy").split()[1][:1]
    file = io.BytesIO()
    np.save(file, images[held])
    app = open_page("pages/1_Train.py")
    app.segmented_control(key="sprites").set_value("My own file").run()
    app.file_uploader[0].set_value([("held.npy", file.getvalue(), "")]).run()
    assert not app.exception
    assert next(button for button in app.button if button.label == "Start training").disabled


def test_a_batch_without_particulars_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    x_t = random.integers(0, 256, (2, 3, 16, 16, 3), dtype=np.uint8)
    keep_batch(Chain(np.array([5, -1]), x_t, x_t, np.array([0.5, 0.0])), {})
    assert recent_batches()
    assert not open_page("pages/2_Sample.py").exception


@pytest.mark.parametrize("text", [MARKUP, "**bold**", "<b>x</b>", ":red[x]", "a_b_c", "# no heading", "`code`", "$x$"])
def test_plain_text_keeps_its_letters_and_loses_its_markup(text: str) -> None:
    escaped = plain(text)
    assert escaped.replace("\\", "") == text
    for mark in "*_[]()<>#`$:":
        assert f"\\{mark}" in escaped or mark not in text


def test_nobody_outside_is_asked_for_our_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(net_util, "_external_ip", None)
    open_page("streamlit_app.py")
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda *args, **kwargs: pytest.fail("it asked outside"))
    assert net_util.get_external_ip() == "127.0.0.1"
