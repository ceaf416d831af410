"""Sliders that redraw sprites as they move, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from ddpm.jobs.distilling.job import run_distilling
from ddpm.jobs.distilling.request import DistilRequest
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.album import batch_names, load_batch
from ddpm.training.recipes import RECIPES
from tests.browser.conftest import PATIENCE, ROOT, Serve, Server, tab
from tests.ddpm.helpers import SMALL, simple_sprites

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def server(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The app beside a run that was distilled from another one."""
    place = tmp_path_factory.mktemp("dragging")
    np.save(place / "simple.npy", simple_sprites(40))
    runs, home = place / "checkpoints", place / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DDPM_HOME", str(home))
        patch.setitem(RECIPES, "fast", SMALL)
        learnt = TrainingRequest(runs / "slow", data=str(place / "simple.npy"), steps=2, threads=1, check_sprites=0)
        run_training(learnt, lambda progress: None)
        made = DistilRequest(runs / "quick", runs / "slow", steps=1, threads=1, check_sprites=0)
        run_distilling(made, lambda progress: None)
    return serve(ROOT / "streamlit_app.py", cwd=place, env={"DDPM_HOME": str(home)})


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    yield from tab(browser)


PIXELS = "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data].join()"
LOG = "root => root.drags.map(([seq]) => seq)"


def test_the_newest_state_is_drawn_and_kept(page: Page, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    page.goto(f"{server.url}/Sample")
    page.get_by_text("Draw while you drag", exact=True).click()
    root = page.locator("section.dragging")
    canvas, wheel, told = root.locator("canvas"), root.get_by_label("Seed wheel"), root.locator(".told")
    expect(told).to_contain_text("for the network")
    before = canvas.evaluate(PIXELS)
    expect(root.get_by_label("Near or far from this sprite")).to_be_disabled()
    # Faster than the server can answer: what lies between is never sent.
    wheel.focus()
    for _ in range(50):
        page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "root => !root.dragging.sent && root.dragging.moved === null", arg=root.element_handle(), timeout=PATIENCE
    )
    seqs = root.evaluate(LOG)
    assert seqs == sorted(set(seqs))
    assert 0 < len(seqs) < 50
    expect(root).to_contain_text("seed 1")
    assert canvas.evaluate(PIXELS) != before
    shown = canvas.evaluate(PIXELS)
    # By keyboard: the first sprite is held, and let go.
    root.locator(".board").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(root.get_by_role("button", name="Let go")).to_be_visible()
    expect(root.get_by_label("Near or far from this sprite")).to_be_enabled()
    root.get_by_role("button", name="Let go").click()
    page.wait_for_function(
        "root => !root.dragging.sent && root.dragging.moved === null", arg=root.element_handle(), timeout=PATIENCE
    )
    assert canvas.evaluate(PIXELS) == shown
    root.get_by_role("button", name="Keep these").click()
    expect(page.locator("section.player")).to_be_visible()
    expect(root).to_have_count(0)
    monkeypatch.setenv("DDPM_HOME", str(server.home))
    (name,) = batch_names()
    batch = load_batch(name)
    assert batch is not None
    assert (batch.info["seed"], batch.info["sampler"], len(batch.chain.sprites)) == (1, "instant", 36)
    # The first row of the first sprite, below the edge of its card.
    first = [int(value) for value in shown.split(",")]
    wide = 6 * 19 - 1
    row = np.array(first, np.uint8).reshape(-1, wide, 4)[1, 1:17, :3]
    assert np.array_equal(row, batch.chain.sprites[0, 0])
