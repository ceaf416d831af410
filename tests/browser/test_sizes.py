"""Sprites of 16 by 24 with alpha, in a real browser: nothing squashed, nothing hidden, and alpha in what is saved."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from ddpm.jobs import self_check
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.album import keep_batch
from ddpm.training.recipes import RECIPES
from pages.parts.shared.drawing import draw
from pages.parts.shared.orders import Order
from pages.parts.shared.resolving import resolve
from tests.browser.conftest import PATIENCE, ROOT, Serve, tab
from tests.ddpm.helpers import SMALL

expect.set_options(timeout=PATIENCE)
HEIGHT, WIDTH, COUNT = 24, 16, 9


def cutouts(count: int) -> np.ndarray:
    """uint8 (count, 24, 16, 4): boxes on nothing."""
    random = np.random.default_rng(0)
    images = np.zeros((count, HEIGHT, WIDTH, 4), np.uint8)
    images[:, 4:20, 3:13, :3] = random.integers(0, 256, (count, 1, 1, 3))
    images[:, 8:14, 5:9, :3] = random.integers(0, 256, (count, 1, 1, 3))
    images[:, 4:20, 3:13, 3] = 255
    return images


@pytest.fixture(scope="module")
def drawn() -> dict[str, np.ndarray]:
    """What the batch holds that the app shows, under "sprites"; see ``url``."""
    return {}


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory, drawn: dict[str, np.ndarray]) -> str:
    """The app beside a small run of such sprites that has drawn a batch."""
    place = tmp_path_factory.mktemp("sizes")
    run, home = place / "checkpoints" / "tall", place / "home"
    np.save(place / "tall.npy", cutouts(80))
    patch = pytest.MonkeyPatch()
    patch.setenv("DDPM_HOME", str(home))
    patch.setattr(self_check, "FINAL_EVALUATIONS", 16)
    patch.setitem(RECIPES, "fast", SMALL)
    run_training(
        TrainingRequest(run, data=str(place / "tall.npy"), steps=8, threads=1, check_sprites=0), lambda progress: None
    )
    batch = draw(resolve(Order(str(run), n=COUNT, seed=1, steps=4)))
    keep_batch(batch.chain, batch.info)
    drawn["sprites"] = batch.chain.sprites
    patch.undo()
    return serve(ROOT / "streamlit_app.py", cwd=place, env={"DDPM_HOME": str(home)}).url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    yield from tab(browser, reduced_motion="reduce")


def pixels(canvas: Locator) -> np.ndarray:
    """uint8 (H, W, 4), what is drawn on a canvas."""
    png = canvas.evaluate("c => c.toDataURL('image/png').split(',')[1]")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA"))


def test_each_sprite_is_whole_and_lies_on_what_the_visitor_chose(
    page: Page, url: str, drawn: dict[str, np.ndarray]
) -> None:
    page.goto(f"{url}/Sample")
    expect(page.get_by_text("Drawn by your run tall")).to_be_visible()
    panel = page.locator(".panel[data-kind=guess]")
    canvas, card = panel.locator("canvas"), panel.locator(".cards i").first
    expect(panel.locator(".cards i")).to_have_count(COUNT)
    plan = json.loads(canvas.get_attribute("data-plan") or "")
    scale, shown, box = plan["scale"], pixels(canvas), canvas.bounding_box()
    assert box is not None
    # One pixel of the canvas is one of the screen, both ways.
    assert (round(box["height"]), round(box["width"])) == shown.shape[:2]
    for i, sprite in enumerate(drawn["sprites"]):
        row, column = divmod(i, plan["columns"])
        y, x = row * plan["pitchDown"] + plan["pad"], column * plan["pitch"] + plan["pad"]
        block = shown[y : y + HEIGHT * scale, x : x + WIDTH * scale]
        assert np.array_equal(block, sprite.repeat(scale, 0).repeat(scale, 1))
    look = "(card) => getComputedStyle(card).background"
    assert "conic-gradient" in card.evaluate(look)
    page.get_by_role("radio", name="Black", exact=True).click()
    expect(card).to_have_css("background-color", "rgb(0, 0, 0)")
    assert "gradient" not in card.evaluate(look)
    # The enlarged sprite, too.
    panel.locator(".grid").click(position={"x": 20, "y": 20})
    expect(page.locator(".lens .tile").first).to_have_css("background-color", "rgb(0, 0, 0)")
    page.keyboard.press("Escape")
    # Another page remembers it.
    page.get_by_role("link", name="Created or copied?").first.click()
    expect(page.locator(".gallery .sprite").first).to_have_css("background-color", "rgb(0, 0, 0)")


def test_what_is_saved_is_wholly_transparent_or_opaque(
    page: Page, url: str, drawn: dict[str, np.ndarray], tmp_path: Path
) -> None:
    page.goto(f"{url}/Sample")
    page.get_by_role("button", name="Save").first.click()
    page.get_by_role("radio", name="Single PNGs").click()
    expect(page.locator(".st-key-save-download code")).to_have_text(re.compile("zip$"))
    expect(page.get_by_role("dialog")).to_contain_text("They are transparent already")
    with page.expect_download(timeout=PATIENCE) as download:
        page.get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "all.zip")
    with ZipFile(tmp_path / "all.zip") as archive:
        singles = [Image.open(io.BytesIO(archive.read(name))) for name in archive.namelist()]
    assert {(single.mode, single.size) for single in singles} == {("RGBA", (WIDTH, HEIGHT))}
    saved = np.stack([np.asarray(single) for single in singles])
    assert set(np.unique(saved[..., 3])) <= {0, 255}
    assert np.array_equal(saved, drawn["sprites"])


def test_the_easel_has_the_size_of_the_data(page: Page, url: str) -> None:
    page.goto(f"{url}/Nearest_neighbors")
    easel = page.locator(".easel canvas")
    easel.scroll_into_view_if_needed()
    box = easel.bounding_box()
    assert box is not None
    across, down = box["width"] / WIDTH, box["height"] / HEIGHT
    assert across == pytest.approx(down, rel=0.01)
    assert across == pytest.approx(round(across), abs=0.01), "whole pixels"
    easel.click(position={"x": 4.5 * across, "y": 20.5 * down})
    painted = pixels(easel)
    assert painted.shape == (HEIGHT, WIDTH, 4)
    assert np.argwhere(painted[..., 3] > 0).tolist() == [[20, 4]]
    expect(page.locator(".found")).to_contain_text("Training sprites, by pixels")
