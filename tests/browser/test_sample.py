"""The Sample page in a real browser: what is saved, sent to others, compared and kept is what was drawn."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from ddpm import load_sprites
from ddpm.pixels.cleaning import clean_pixels
from tests.browser.conftest import PATIENCE, ROOT, Serve, tab

expect.set_options(timeout=PATIENCE)
# Few sprites and few steps: it is the way there that is looked at, not the drawings.
FEW = {"model": "mine", "n": 4, "sampler": "fast", "steps": 4, "seed": 7}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with one run in it, which is the visitor's own."""
    run = tmp_path_factory.mktemp("sample") / "checkpoints" / "mine"
    shutil.copytree(ROOT / "checkpoints" / "builtin", run)
    config = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**config, "shipped": False}))
    return run.parent.parent


@pytest.fixture(scope="module")
def url(serve: Serve, place: Path) -> str:
    return serve(ROOT / "streamlit_app.py", cwd=place).url


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    yield from visitor(browser)


def visitor(browser: Browser) -> Iterator[Page]:
    return tab(browser, reduced_motion="reduce")


def open_order(page: Page, url: str, place: Path, **more: object) -> None:
    step = int((place / "checkpoints" / "mine" / "latest").read_text())
    page.goto(f"{url}/Sample?{urlencode({**FEW, 'step': step, **more})}")


def save(page: Page, what: str, path: Path, more: str = "") -> Path:
    button = page.get_by_role("button", name=what)
    if not button.is_visible():
        page.get_by_role("button", name="Save").first.click()
    with page.expect_download(timeout=PATIENCE) as download:
        button.first.click()
    download.value.save_as(path)
    name = re.sub(r"^mine-\d+-", "", Path(download.value.suggested_filename).stem)
    assert name == f"fast4-seed7{more}"
    return path


def drawn(page: Page, path: Path) -> np.ndarray:
    """The sprites that the page shows, as it hands them out."""
    expect(page.get_by_text("Drawn by your run mine")).to_be_visible()
    return np.load(save(page, "NumPy array", path))


def test_a_sheet_an_array_and_a_link_hold_the_same_pixels(
    browser: Browser, page: Page, url: str, place: Path, tmp_path: Path
) -> None:
    open_order(page, url, place)
    array = drawn(page, tmp_path / "first.npy")
    assert (array.dtype, array.shape) == (np.uint8, (4, 16, 16, 3))
    sheet = save(page, "One sheet, PNG", tmp_path / "sheet.png")
    assert np.array_equal(load_sprites(sheet).images, array)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Link").click()
    link = page.locator("[data-testid=stCode] code").inner_text().replace("\n", "")
    assert "mark=" in link
    assert str(place) not in link
    # Somebody else, who never was here.
    other = next(strangers := visitor(browser))
    other.goto(link)
    assert np.array_equal(drawn(other, tmp_path / "second.npy"), array)
    next(strangers, None)


def test_clean_pixels_are_saved_under_a_name_of_their_own(page: Page, url: str, place: Path, tmp_path: Path) -> None:
    open_order(page, url, place)
    array = drawn(page, tmp_path / "drawn.npy")
    page.keyboard.press("Escape")
    page.get_by_text("Clean pixels").first.click()
    expect(page.get_by_role("button", name="What was cleaned")).to_be_visible()
    clean = np.load(save(page, "NumPy array", tmp_path / "clean.npy", "-clean"))
    assert np.array_equal(clean, clean_pixels(array).images)
    assert not np.array_equal(clean, array)


def test_the_player_stays_in_its_place_while_it_is_drawn_for(page: Page, url: str, place: Path) -> None:
    open_order(page, url, place)
    page.get_by_role("button", name="Save").first.wait_for()
    player = page.locator(".player")
    player.evaluate("player => { player.dataset.same = 'yes' }")
    page.get_by_role("button", name="Draw others").click()
    expect(page.get_by_text("seed 8")).to_be_visible()
    assert player.get_attribute("data-same") == "yes"
    # The same once more: its frames are known, and it is seen being drawn all the same.
    player.evaluate(
        """player => new MutationObserver(() => { player.dataset.again ??= player.dataset.frames })
            .observe(player, { attributeFilter: ["data-frames"] })"""
    )
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(player).to_have_attribute("data-again", re.compile("[1-4]"))
    expect(player).to_have_attribute("data-frames", "5")


def test_two_chains_are_shown_side_by_side(page: Page, url: str, place: Path) -> None:
    open_order(page, url, place, against="ddim")
    expect(page.get_by_text("From the same noise,")).to_be_visible()
    titles = page.locator(".player .panel:visible .whose")
    expect(titles).to_have_text(["Fast, 4 steps", "Careful, 50 steps"])


def test_a_favourite_is_still_there_after_a_reload(page: Page, url: str, place: Path) -> None:
    open_order(page, url, place)
    expect(page.get_by_text("None yet. Click a sprite")).to_be_visible()
    page.locator(".player .grid:visible").first.click(position={"x": 40, "y": 40})
    page.locator(".player .star").click()
    expect(page.get_by_text("1 favourite", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.get_by_text("1 favourite", exact=True)).to_be_visible()
    # One way of drawing the same sprites again, and the star is on it.
    page.locator(".player .grid:visible").first.click(position={"x": 40, "y": 40})
    expect(page.locator(".player .star")).to_have_attribute("aria-pressed", "true")


def test_a_link_to_a_model_that_has_gone_says_so(page: Page, url: str, place: Path) -> None:
    going = place / "checkpoints" / "going"
    shutil.copytree(place / "checkpoints" / "mine", going)
    open_order(page, url, place, model="going")
    expect(page.get_by_text("Drawn by your run going")).to_be_visible()
    shutil.rmtree(going)
    page.reload()
    expect(page.get_by_text("that this link asks for is no longer here")).to_be_visible()
    # The page works on.
    expect(page.get_by_role("button", name="Draw", exact=True)).to_be_enabled()
    expect(page.locator(".player")).to_be_visible()


def test_variants_come_from_the_closer_look_and_lead_back_to_it(browser: Browser, url: str, place: Path) -> None:
    page = next(phone := tab(browser, width=390, height=844, reduced_motion="reduce"))
    open_order(page, url, place)
    page.locator(".player .grid:visible").first.click(position={"x": 40, "y": 40})
    lens = page.locator(".player .lens")
    buttons = lens.locator(".action")
    expect(buttons.first).to_be_visible()
    boxes = [button.bounding_box() or {} for button in buttons.all()]
    inside = lens.bounding_box() or {}
    assert all(inside["x"] < box["x"] and box["x"] + box["width"] < inside["x"] + inside["width"] for box in boxes)
    assert len({round(box["height"]) for box in boxes}) == 1, "no label is broken"
    lens.get_by_role("button", name="Other colours").click()
    expect(page.get_by_text("The shape of sprite 1 of 4")).to_be_visible()
    expect(page.locator(".player .readout .end").first).to_have_text("noise added")
    page.get_by_role("button", name="Back to sprite 1 of 4").click()
    expect(page.get_by_text("The shape of sprite 1 of 4")).to_be_hidden()
    expect(page.locator(".player .readout .end").first).to_have_text("pure noise")
    next(phone, None)
