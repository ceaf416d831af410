"""Opens each page as a newcomer with the shipped models alone, and keeps a small picture of it."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.chromium import HELP, find_chromium
from tests.browser.pictures import FOLDER, MOST
from tests.browser.serving import ROOT, start_server

WINDOW = {"width": 1280, "height": 800}
SIZE = (720, 450)
PATIENCE = 120_000  # milliseconds
_BUSY = "[data-testid=stSpinner], [data-testid=stSkeleton], [data-stale=true], [data-test-script-state=running]"


def _home(page: Page) -> None:
    _scrub(page, 1.0)


def _learn(page: Page) -> None:
    row = page.locator("[class*=st-key-row-]").filter(has=page.get_by_text("builtin", exact=True))
    row.get_by_role("button", name="Show").click()
    page.get_by_role("heading", name="builtin", exact=True).wait_for()
    page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    page.locator("section.film img").first.wait_for()
    page.locator("[data-testid=stMain]").evaluate("page => page.scrollTo(0, 0)")


def _draw(page: Page) -> None:
    # In the middle: left still noise, right already sprites.
    _scrub(page, 0.55)


def _ask(page: Page) -> None:
    page.locator(".verdict:not(.waiting)").wait_for()
    page.locator(".gallery .card").first.wait_for()


def _how(page: Page) -> None:
    slider = page.locator(".scene input")
    slider.press("End")
    slider.blur()
    page.locator("h2").first.evaluate("heading => heading.scrollIntoView()")


def _lesson(page: Page) -> None:
    page.get_by_role("heading", name="The model that learnt by heart").wait_for()


def _scrub(page: Page, share: float) -> None:
    """Stop the player at a share of the way."""
    player, scrub = page.locator(".player:not([data-frames='0'])"), page.locator(".player .scrub")
    player.wait_for()
    _calm(page)
    scrub.press("Home")
    for _ in range(round(share * (int(player.get_attribute("data-frames") or 1) - 1))):
        scrub.press("ArrowRight")


SHOWN: dict[str, tuple[str, Callable[[Page], None]]] = {
    "home": ("", _home),
    "learn": ("Train", _learn),
    "draw": ("Sample?model=builtin&shipped=1&n=25&seed=1", _draw),
    "ask": ("Nearest_neighbors?model=builtin&shipped=1&draw=64", _ask),
    "how": ("How_it_works?model=builtin&shipped=1&scene=way-back", _how),
    "lesson": ("Lesson", _lesson),
}
"""By the name of the picture: the address of the page, and what is done there first."""


def main() -> int:
    """Make all pictures; returns the exit status."""
    chromium = find_chromium()
    if chromium is None:
        print(HELP, file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        # Nobody's runs: it is started in an empty folder.
        (Path(folder) / "here").mkdir()
        server = start_server(ROOT / "streamlit_app.py", Path(folder), cwd=Path(folder) / "here")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            visitor = browser.new_context(viewport=WINDOW, color_scheme="light", reduced_motion="reduce")
            for name, (address, prepare) in SHOWN.items():
                _take(visitor.new_page(), f"{server.url}/{address}", name, prepare)
        finally:
            browser.close()
            server.end()
    total = sum(path.stat().st_size for path in FOLDER.glob("*.webp"))
    print(f"{len(SHOWN)} pictures, {total:,} of at most {MOST:,} bytes, in {FOLDER}")
    return 0 if total <= MOST else 1


def _take(page: Page, address: str, name: str, prepare: Callable[[Page], None]) -> None:
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    page.locator("h1").wait_for()
    _calm(page)
    prepare(page)
    _calm(page)
    picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    picture.resize(SIZE, Image.Resampling.LANCZOS).save(FOLDER / f"{name}.webp", quality=82, method=6)
    page.close()
    print(name, flush=True)


def _calm(page: Page) -> None:
    for _ in range(3):
        page.wait_for_timeout(400)
        page.wait_for_function("busy => !document.querySelector(busy)", arg=_BUSY)


if __name__ == "__main__":
    sys.exit(main())
