"""On the pages, a run is made a file, and a file is made a run."""

from __future__ import annotations

import shutil
from pathlib import Path

from ddpm.jobs.travel.exporting import export_run
from ddpm.runs.run import Run
from tests.pages.conftest import ROOT
from tests.pages.test_hostile import texts
from tests.pages.test_renamed import open_page


def test_a_run_leaves_and_comes_back_under_another_name(small: Path) -> None:
    app = open_page("pages/1_Train.py")
    app.button(key=f"show-{small}").click().run()
    app.button(key=f"pack-{small}").click().run()
    assert not app.exception
    assert "Step 12. Left out: what only a training needs" in " ".join(texts(app)).replace("\\", "")
    data = export_run(small).data
    app.file_uploader(key="bring-0").set_value(("small.zip", data[:-40], "application/zip")).run()
    assert any("small.zip cannot be imported" in error.value.replace("\\", "") for error in app.error)
    app.file_uploader(key="bring-0").set_value(("small.zip", data, "application/zip")).run()
    assert not app.error
    (name,) = (field for field in app.text_input if field.label == "Name here")
    assert name.value == "small-2"
    next(button for button in app.button if button.label == "Bring it in").click().run()
    assert not app.exception
    brought = Run(small.with_name("small-2"))
    assert brought.id() == Run(small).id()
    told = " ".join(texts(app)).replace("\\", "")
    assert "small-2 is here, and can draw." in app.success[0].value.replace("\\", "")
    assert "small-2 holds weights to draw with" in told
    assert "small-2" in [heading.value.replace("\\", "") for heading in app.header]
    assert not any(button.label in ("Resume", "Train longer") for button in app.button)
    assert sorted(path.name for path in small.parent.iterdir()) == ["small", "small-2"]


def test_a_link_says_that_it_travels(small: Path) -> None:
    shutil.rmtree(small)
    assert (ROOT / "checkpoints" / "builtin").is_dir()
    app = open_page("pages/2_Sample.py")
    assert not app.exception
    assert "on another that runs this app, which has this model, too" in " ".join(texts(app))
