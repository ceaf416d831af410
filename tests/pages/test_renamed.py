"""A run that is renamed, copied, moved or deleted: what it drew finds it, or says in plain words that it is gone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from ddpm.runs.album import Batch, batch_names, keep_batch, load_batch
from ddpm.runs.errors import CheckpointError
from ddpm.runs.favourites import favourites
from ddpm.runs.run import Run
from pages.parts.sample.more_like_this import more_like
from pages.parts.sample.results import star, starred
from pages.parts.sample.sharing import read_link, to_parameters
from pages.parts.shared import drawing
from pages.parts.shared.batches import batch_titles, file_stem, up_to_date
from pages.parts.shared.orders import Order
from pages.parts.shared.resolving import resolve
from pages.parts.shared.store import all_runs, run_that_drew
from tests.ddpm.runs.test_favourites import old_file
from tests.pages.conftest import ROOT
from tests.pages.test_hostile import texts


def draw(order: Order) -> Batch:
    return drawing.draw(resolve(order))


def drawn(run: Path, **values: Any) -> Batch:
    return draw(Order(str(run), **{"n": 4, "steps": 2, "seed": 5, **values}))


def as_of_old(info: dict[str, Any]) -> dict[str, Any]:
    """What an album said before runs had ids."""
    return {key: value for key, value in info.items() if key not in ("id", "against_id")}


def without_id(run: Path) -> None:
    """A run from before there were ids."""
    config = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({k: v for k, v in config.items() if k not in ("id", "sequence")}))


def now(batch: Batch) -> Batch:
    return Batch(batch.id, batch.chain, up_to_date(batch.info, all_runs()), batch.other)


RECORDS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {"with ids": lambda info: info, "of old": as_of_old}


@pytest.fixture(params=["a run with an id", "a run from before ids"])
def run(request: pytest.FixtureRequest, small: Path) -> Run:
    if request.param != "a run with an id":
        without_id(small)
    return Run(small)


@pytest.mark.parametrize("record", RECORDS)
def test_what_was_drawn_follows_a_renamed_run(run: Run, record: str) -> None:
    batch = drawn(run.folder)
    batch = Batch("", batch.chain, RECORDS[record](json.loads(json.dumps(batch.info))))
    link = to_parameters(batch.info)
    star(batch, 1, True)
    renamed = run.rename("big cats")
    found = now(batch)
    assert (found.info["run"], found.info["name"]) == (str(renamed.folder), "big cats")
    assert found.info["model"] == "your run big cats, step 12"
    assert file_stem(found.info).startswith("big-cats-12-")
    alike = more_like(found, 3)
    assert alike is not None
    assert draw(alike).info["name"] == "big cats"
    for parameters in (link, to_parameters(found.info)):
        assert parameters is not None
        opened = read_link(parameters, all_runs())
        assert opened.problem is None
        assert opened.order is not None
        assert opened.order.run == str(renamed.folder)
        assert np.array_equal(draw(opened.order).chain.sprites, batch.chain.sprites)
    # Drawn again, under the new name: the same sprites, and the same favourite.
    again = drawn(renamed.folder)
    assert starred(found) == starred(again) == {1}
    star(again, 1, False)
    assert favourites() == []


@pytest.mark.parametrize("record", RECORDS)
def test_another_run_that_took_over_the_name_is_not_taken_for_it(run: Run, record: str, trained: Path) -> None:
    info = RECORDS[record](drawn(run.folder).info)
    renamed = run.rename("big cats")
    other = run.folder
    shutil.copytree(renamed.folder, other)
    config = json.loads((other / "run.json").read_text())
    (other / "run.json").write_text(json.dumps({**config, "id": "0" * 16}))
    manifest = other / "steps" / "000012" / "manifest.json"
    manifest.write_text(manifest.read_text().replace(info["mark"], "00000000"))
    found = run_that_drew(info, all_runs())
    assert found is not None
    assert found.name == "big cats"
    shutil.rmtree(renamed.folder)
    assert run_that_drew(info, all_runs()) is None
    assert up_to_date(info, all_runs())["gone"] is True


@pytest.mark.parametrize("record", RECORDS)
def test_of_a_run_and_its_copy_the_one_that_drew_is_found(run: Run, record: str) -> None:
    copy = run.folder.with_name("a copy")
    shutil.copytree(run.folder, copy)
    for folder in (run.folder, copy):
        batch = drawn(folder)
        found = run_that_drew(RECORDS[record](batch.info), all_runs())
        assert found is not None
        assert found.folder == folder
        parameters = to_parameters(RECORDS[record](batch.info))
        assert parameters is not None
        order = read_link(parameters, all_runs()).order
        assert order is not None
        assert order.run == str(folder)


@pytest.mark.parametrize("record", RECORDS)
def test_a_project_that_was_moved(run: Run, record: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = RECORDS[record](drawn(run.folder).info)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "checkpoints").rename(tmp_path / "elsewhere" / "checkpoints")
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = run_that_drew(info, all_runs())
    assert found is not None
    assert found.folder == tmp_path / "elsewhere" / "checkpoints" / "small"


def test_an_album_without_marks_goes_by_folder_and_name(run: Run) -> None:
    info = {key: value for key, value in as_of_old(drawn(run.folder).info).items() if key != "mark"}
    for known in (info, {**info, "run": "/nowhere/checkpoints/small"}):
        found = run_that_drew(known, all_runs())
        assert found is not None
        assert found.folder == run.folder
    assert run_that_drew({**info, "run": "/nowhere", "name": "else"}, all_runs()) is None


def test_a_step_that_was_thinned_out_leaves_the_run(run: Run) -> None:
    info = as_of_old(drawn(run.folder).info)
    shutil.rmtree(run.folder / "steps" / "000012")
    found = run_that_drew(info, all_runs())
    assert found is not None
    assert found.folder == run.folder


@pytest.mark.parametrize("record", RECORDS)
def test_what_it_was_compared_with_is_renamed_too(run: Run, record: str) -> None:
    other = run.folder.with_name("other")
    shutil.copytree(run.folder, other)
    config = json.loads((other / "run.json").read_text())
    (other / "run.json").write_text(json.dumps({**config, "id": "1" * 16}))
    batch = drawn(run.folder, against="run:other")
    assert batch_titles(batch) == ("small, step 12", "other, step 12")
    batch = Batch("", batch.chain, RECORDS[record](batch.info), batch.other)
    link = to_parameters(batch.info)
    own, name = "small", "other"
    if record == "with ids":
        own, name = run.rename("big cats").name, Run(other).rename("dogs").name
    found = now(batch)
    assert batch_titles(found) == (f"{own}, step 12", f"{name}, step 12")
    assert found.info["against"] == f"run:{name}"
    assert link is not None
    order = read_link(link, all_runs()).order
    assert order is not None
    assert order.against == f"run:{name}"
    assert draw(order).other is not None


def test_a_deleted_run_is_told_without_a_path(run: Run, tmp_path: Path) -> None:
    batch = drawn(run.folder)
    run.delete()
    found = now(batch)
    assert found.info["model"] == "your run small, step 12"
    with pytest.raises(CheckpointError, match="The model small is no longer here") as told:
        draw(Order(str(run.folder)))
    assert str(tmp_path) not in str(told.value)


def test_damaged_weights_are_told_without_a_path(run: Run, tmp_path: Path) -> None:
    (run.step_path(12) / "model.safetensors").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"^small/steps/000012/model.safetensors is damaged") as told:
        draw(Order(str(run.folder)))
    assert str(tmp_path) not in str(told.value)


def test_an_old_favourite_is_still_a_favourite(run: Run, ddpm_home: Path) -> None:
    batch = drawn(run.folder)
    origin = ("name", "step", "sampler", "steps", "seed", "kind", "label", "guidance_scale", "weights", "mark")
    info = {name: batch.info.get(name) for name in origin} | {"index": 2}
    old_file(ddpm_home, batch.chain.sprites[2], info, 5.0)
    assert starred(batch) == {2}
    assert starred(drawn(run.rename("big cats").folder)) == {2}


# On the pages


def open_page(page: str) -> AppTest:
    return AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120).run().switch_page(page).run()


def rename_on_the_page(app: AppTest, run: Path, name: str) -> None:
    app.switch_page("pages/1_Train.py").run()
    app.text_input(key=f"name-{run}").set_value(name).run()
    app.button(key=f"rename-{run}").click().run()
    assert not app.exception


def test_the_pages_follow_a_renamed_run(small: Path) -> None:
    app, other_tab = open_page("pages/2_Sample.py"), open_page("pages/1_Train.py")
    other_tab.button(key=f"show-{small}").click().run()
    app.select_slider(key="n").set_value(4)
    next(button for button in app.button if button.label == "Draw").click().run()
    rename_on_the_page(app, small, "big cats")
    assert (small.with_name("big cats") / "README.md").read_text().startswith("# big cats\n")
    app.switch_page("pages/2_Sample.py").run()
    assert not app.exception
    assert app.selectbox(key="model").value == str(small.with_name("big cats"))
    assert any("big cats, any" in text or "big cats, 4 sprites" in text.replace("\\", "") for text in texts(app))
    app.switch_page("pages/3_Nearest_neighbors.py").run()
    assert not app.exception
    told = " ".join(texts(app)).replace("\\", "")
    assert "drawn by your run big cats, step 12" in told
    assert "no longer here" not in told
    # The same run stays in view in another tab.
    other_tab.run()
    assert "big cats" in [heading.value for heading in other_tab.header]


def test_the_pages_say_that_a_run_is_gone(small: Path, tmp_path: Path) -> None:
    keep_batch(*(lambda batch: (batch.chain, batch.info))(drawn(small)))
    shutil.copytree(small, small.with_name("another"))
    config = json.loads((small.with_name("another") / "run.json").read_text())
    (small.with_name("another") / "run.json").write_text(json.dumps({**config, "id": "2" * 16}))
    for manifest in small.with_name("another").glob("steps/*/manifest.json"):
        manifest.write_text(manifest.read_text().replace('"sha256": "', '"sha256": "0'))
    shutil.rmtree(small)
    app = open_page("pages/3_Nearest_neighbors.py")
    app.segmented_control(key="question").set_value("Last drawn").run()
    told = " ".join(texts(app)).replace("\\", "")
    assert "The model small that drew these sprites is no longer here" in told
    assert not app.exception
    app.switch_page("pages/2_Sample.py").run()
    assert not app.exception
    batch = load_batch(batch_names()[0])
    assert batch is not None
    assert str(tmp_path) not in told
