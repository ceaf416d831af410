"""Names whose bytes are no text: no page goes down, and each is shown in a form that people can read."""

from __future__ import annotations

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ddpm import load_sprites
from ddpm.base.files import replace_bytes
from ddpm.cli import main
from ddpm.pixels.sheets import png
from ddpm.runs.run import Run
from pages.parts.shared.store import all_runs
from tests.ddpm.helpers import simple_sprites
from tests.pages.conftest import ROOT
from tests.pages.test_hostile import texts
from tests.pages.test_pages import PAGES

ODD = os.fsdecode(b"caf\xe9")
SHOWN = r"caf\xe9"


@pytest.fixture
def odd(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a run and a kind of such names, and data in a folder of such a name."""
    run = tmp_path / "checkpoints" / ODD
    try:
        shutil.copytree(trained / "checkpoints" / "small", run)
    except OSError:
        pytest.skip("this file system takes no such names")
    shutil.copytree(trained / "checkpoints" / "small", tmp_path / "checkpoints" / "small")
    (tmp_path / ODD).mkdir()
    shutil.copyfile(trained / "simple.npz", tmp_path / ODD / "simple.npz")
    for file in (run / "run.json", *run.glob("steps/*/config.json")):
        config = json.loads(file.read_text())
        config["data"] |= {"label_names": [ODD, "\ud800", "plain"], "name": ODD}
        config["data"]["source"] = str(tmp_path / ODD / "simple.npz")
        if "label_names" in config:
            config["label_names"] = config["data"]["label_names"]
        text = json.dumps({**config, "note": ODD, "id": "3" * 16}).encode()
        replace_bytes(file, text)
    for manifest in run.glob("steps/*/manifest.json"):
        facts = json.loads(manifest.read_text())
        data = (manifest.parent / "config.json").read_bytes()
        facts["files"]["config.json"] = {"size": len(data), "sha256": sha256(data).hexdigest()}
        manifest.write_text(json.dumps(facts))
    status = json.loads((run / "status.json").read_text())
    failed = {"message": ODD, "state": "failed", "error": {"message": ODD, "traceback": ODD}}
    replace_bytes(run / "status.json", json.dumps({**status, **failed}).encode())
    monkeypatch.chdir(tmp_path)
    return run


def open_page(page: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120).run()
    return app if page == "streamlit_app.py" else app.switch_page(page).run()


def told(app: AppTest) -> str:
    return " ".join(texts(app)).replace("\\\\", "\\")


@pytest.mark.parametrize("page", PAGES)
def test_no_page_goes_down(odd: Path, page: str) -> None:
    app = open_page(page)
    assert not app.exception
    for box in app.selectbox:
        assert all(option.encode() for option in box.options)


def test_such_a_run_is_shown_drawn_from_and_questioned(odd: Path) -> None:
    assert SHOWN in [run.name for run in all_runs()]
    app = open_page("pages/1_Train.py")
    assert SHOWN in told(app)
    app.button(key=f"show-{Run(odd).key}").click().run()
    assert not app.exception
    assert SHOWN in [heading.value.replace("\\\\", "\\") for heading in app.header]
    app.session_state["draw-from"] = str(odd)
    app.switch_page("pages/2_Sample.py").run()
    assert not app.exception
    assert app.selectbox(key="model").value == str(odd)
    kinds = app.selectbox(key=f"kind-{Run(odd).key}")
    assert kinds.options[2:] == [SHOWN, r"\ud800", "plain"]
    kinds.set_value(0)
    app.select_slider(key="n").set_value(4)
    next(button for button in app.button if button.label == "Draw").click().run()
    assert not app.exception
    assert [error.value for error in app.error] == []
    assert f"{SHOWN}, {SHOWN}, 4 sprites" in told(app)
    app.switch_page("pages/3_Nearest_neighbors.py").run()
    assert not app.exception
    assert f"drawn by your run {SHOWN}, step 12" in told(app)


def test_such_a_run_can_be_renamed(odd: Path) -> None:
    app = open_page("pages/1_Train.py")
    key = Run(odd).key
    app.text_input(key=f"name-{key}").set_value("coffee").run()
    app.button(key=f"rename-{key}").click().run()
    assert not app.exception
    assert sorted(os.listdir("checkpoints")) == ["coffee", "small"]


def test_folders_and_files_of_such_names_are_sprites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sprites = simple_sprites(4)
    for number, kind in enumerate((ODD, "plain")):
        try:
            (tmp_path / ODD / kind).mkdir(parents=True)
        except OSError:
            pytest.skip("this file system takes no such names")
        for i in range(2):
            (tmp_path / ODD / kind / f"{ODD}{i}.png").write_bytes(png(sprites[2 * number + i]))
    found = load_sprites(tmp_path / ODD)
    assert len(found) == 4
    for name in (found.name, *found.label_names):
        assert name.encode()
    assert main.main(["data", str(tmp_path / ODD)]) == 0
    assert capsys.readouterr().out.encode()
    assert main.main(["data", str(tmp_path / ODD), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 4
