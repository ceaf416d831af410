"""Own art in a real browser: dropped on the Train page, looked at, cut, and learnt from; on a desk and on a phone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from ddpm import load_sprites
from ddpm.pixels.transparency import cutout
from ddpm.runs.run import Run
from ddpm.sprites.builtin import generate
from tests.browser.conftest import PATIENCE, ROOT, Serve, Server, tab
from tests.ddpm.helpers import wait_until
from tests.ddpm.sprite_files import png_bytes

expect.set_options(timeout=PATIENCE)

SCREENS = {"desk": (1440, 900), "phone": (390, 844)}


@pytest.fixture
def app(serve: Serve, tmp_path: Path) -> Iterator[Server]:
    """The app in an empty working folder; whatever training it started is ended afterwards."""
    server = serve(ROOT / "streamlit_app.py", cwd=tmp_path, env={"OMP_NUM_THREADS": "1"})
    yield server
    server.process.kill()
    runs = [Run(folder) for folder in (tmp_path / "checkpoints").glob("*")]
    wait_until(lambda: not any(run.is_held() for run in runs), "the trainings ended")


@pytest.fixture(params=SCREENS)
def page(request: pytest.FixtureRequest, browser: Browser, app: Server) -> Iterator[Page]:
    for page in tab(browser, *SCREENS[request.param]):
        page.goto(f"{app.url}/Train")
        page.get_by_role("radio", name="My own file").click()
        yield page


def drawings(count: int) -> np.ndarray:
    """uint8 (count, 16, 16, 4): on nothing."""
    return cutout(generate(count, 0).images)


def class_folders() -> FilePayload:
    """60 drawings in two classes, three folders deep, with a smaller one and a damaged one beside them."""
    images, file = drawings(60), io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, image in enumerate(images):
            archive.writestr(f"pack/art/{'swords' if number % 2 else 'slimes'}/{number}.png", png_bytes(image))
        archive.writestr("pack/art/slimes/tiny.png", png_bytes(images[0, 3:13, 3:13]))
        archive.writestr("pack/art/swords/broken one.png", png_bytes(images[0])[:60])
    return {"name": "my pack.zip", "mimeType": "application/zip", "buffer": file.getvalue()}


def sheet() -> FilePayload:
    """A sheet of 16 x 16 sprites with a dark gap after each of them."""
    page = np.zeros((17 * 6, 17 * 10, 4), np.uint8)
    page[:] = (20, 12, 28, 255)
    for number, image in enumerate(generate(60, 1).images):
        top, left = number // 10 * 17, number % 10 * 17
        page[top : top + 16, left : left + 16, :3] = image
    return {"name": "sheet.png", "mimeType": "image/png", "buffer": png_bytes(page)}


def in_doubt() -> FilePayload:
    """A picture of noise, which has no seam anywhere and can be cut in many ways."""
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    return {"name": "noise.png", "mimeType": "image/png", "buffer": png_bytes(noise)}


def drop(page: Page, file: FilePayload) -> None:
    page.locator("input[type=file]").first.set_input_files(file)


def fits(page: Page) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def picture_width(page: Page) -> int:
    """The width of the first sheet with a grid, in its own pixels; 0 if it cannot be shown."""
    image = page.locator("img.sheet-grid").first
    expect(image).to_be_visible()
    return int(image.evaluate("async image => { await image.decode(); return image.naturalWidth }"))


def test_a_sheet_is_shown_with_its_grid_and_a_zip_of_class_folders_is_learnt(page: Page, tmp_path: Path) -> None:
    drop(page, sheet())
    expect(page.get_by_text("Cut into 16 × 16, gap 1")).to_be_visible()
    assert picture_width(page) >= 170
    assert fits(page)

    # The browser keeps both files; only the newest can be meant.
    drop(page, class_folders())
    expect(page.get_by_text("Only the newest is used")).to_be_visible()
    expect(page.get_by_text("60 of 62 files")).to_be_visible()
    expect(page.get_by_text("16 × 16 pixels, transparent").first).to_be_visible()
    broken = page.get_by_text("broken one.png")
    expect(broken).to_be_hidden()
    page.locator(".tally summary", has_text="annot be read").click()
    expect(broken).to_be_visible()
    assert fits(page)

    page.get_by_role("radio", name="steps").click()
    box = page.get_by_role("spinbutton", name="Steps")
    box.fill("5000")
    box.press("Enter")
    expect(page.get_by_text("5,000 steps,")).to_be_visible()
    page.get_by_role("button", name="Start training").click()
    expect(page.locator("section.film img")).to_be_visible()
    (run,) = [Run(path) for path in (tmp_path / "checkpoints").glob("*") if Run(path).exists()]
    page.get_by_role("button", name="Stop and save").click()
    wait_until(lambda: run.state() == "stopped", "the stop")
    data = run.config()["data"]
    assert (data["channels"], data["height"], data["width"]) == (4, 16, 16)
    assert data["label_names"] == ["slimes", "swords"]
    assert load_sprites(data["source"]).fingerprint == data["fingerprint"]
    assert fits(page)


def test_a_sheet_in_doubt_is_cut_like_the_preview_that_is_pressed(page: Page) -> None:
    drop(page, in_doubt())
    expect(page.get_by_text("How is the sheet noise.png to be cut?")).to_be_visible()
    previews = page.locator("img.sheet-grid")
    expect(previews.nth(1)).to_be_visible()
    assert previews.count() >= 2
    assert picture_width(page) >= 96
    assert fits(page)
    expect(page.get_by_role("button", name="Start training")).to_be_disabled()
    second = previews.nth(1).get_attribute("alt") or ""
    size = second.split(": ")[1].split(",")[0]
    page.get_by_role("button", name="Cut it like this").nth(1).click()
    expect(page.get_by_text(f"{size} pixels, opaque").first).to_be_visible()
    expect(previews).to_have_count(1)
    expect(page.get_by_role("button", name="Start training")).to_be_enabled()
