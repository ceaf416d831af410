"""What moves is followed, without a click; and what is below a thing that changes stays where it is."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, expect

from ddpm.base.files import replace_json
from ddpm.runs.run import Run
from ddpm.runs.training_lock import announce_training
from tests.browser.conftest import PATIENCE, ROOT, Serve, Server, tab

expect.set_options(timeout=PATIENCE)

# Each animation frame: where something stands on the page, and what the player shows.
WATCH = """selector => {
    const seen = (globalThis.seen = []);
    const inside = (root) => root.querySelector(".player") ?? [...root.querySelectorAll("*")]
        .map((one) => one.shadowRoot && inside(one.shadowRoot)).find(Boolean);
    const look = () => {
        const player = inside(document);
        const below = document.querySelector(selector).getBoundingClientRect().top + scrollY;
        const canvas = player?.querySelector(".panel:not([hidden]) canvas")?.getBoundingClientRect().height;
        const stars = player?.querySelectorAll(".panel:not([hidden]) .stars i").length;
        seen.push({ below, canvas, stars, frames: Number(player?.dataset.frames) });
        requestAnimationFrame(look);
    };
    look();
}"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs, with one in it that is the visitor's own."""
    folder = tmp_path_factory.mktemp("follows") / "checkpoints" / "mine"
    shutil.copytree(ROOT / "checkpoints" / "builtin", folder)
    config = json.loads((folder / "run.json").read_text())
    replace_json(folder / "run.json", {**config, "shipped": False})
    return folder.parent


@pytest.fixture(scope="module")
def app(serve: Serve, runs: Path) -> Server:
    # Two threads, where there are two cores: else there is no slider for them.
    return serve(ROOT / "streamlit_app.py", cwd=runs.parent, env={"OMP_NUM_THREADS": "2"})


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    yield from tab(browser, reduced_motion="reduce")


def tell(run: Run, state: str, step: int, **more: Any) -> None:
    status = {"state": state, "step": step, "total_steps": 858, "start": "now", "threads": 1, "seconds": 1.0}
    replace_json(run.folder / "status.json", {**status, "heartbeat": time.time(), **more})


@contextmanager
def training(runs: Path, app: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A run as a training leaves it on the disk while it lives; what it says is up to the test."""
    run = Run(runs / "live")
    run.folder.mkdir()
    monkeypatch.setenv("DDPM_HOME", str(app.home))
    try:
        with run.lock():
            tell(run, "starting", 0, message="Loading the sprites ...")
            announce_training(run, "now")
            yield run
    finally:
        shutil.rmtree(run.folder)


def write_down(run: Run) -> None:
    shutil.copyfile(run.folder.parent / "mine" / "run.json", run.folder / "run.json")


def test_a_training_is_followed_in_every_tab(
    browser: Browser, page: Page, app: Server, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    other.goto(f"{app.url}/Train")
    row = other.locator("[class*='st-key-row-']", has_text="live")
    expect(other.get_by_role("heading", name="Runs")).to_be_visible()
    with training(runs, app, monkeypatch) as run:
        page.goto(app.url)
        last = page.locator(".st-key-last-run")
        expect(last).to_contain_text("live")
        expect(last).to_contain_text("starting")
        expect(last.get_by_role("button", name="Watch it")).to_be_visible()
        # The other tab was opened before: it looks when somebody comes back to it.
        assert row.count() == 0
        other.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(row).to_contain_text("starting")
        write_down(run)
        for step in (12, 345):
            tell(run, "running", step)
            expect(last).to_contain_text(f"training · {step} of 858 steps")
            expect(row).to_contain_text(f"{step} of 858 steps")
        tell(run, "running", 858, message="It questions itself.")
        expect(other.get_by_text("Step 858 of 858 · It questions itself.")).to_be_visible()
        expect(row).to_contain_text("It questions itself.")
        expect(last).to_contain_text("It questions itself.")
        # What another program asks for is seen, too.
        run.request(stop=True)
        expect(other.get_by_role("button", name="Stopping and saving ...")).to_be_visible()
        tell(run, "finished", 858)
        expect(last.get_by_role("button", name="Continue with it")).to_be_visible()
        expect(row).to_contain_text("finished")
        expect(row).not_to_contain_text("questions")
    other.close()


def test_a_drawing_moves_nothing_and_has_its_own_stars(page: Page, app: Server, runs: Path) -> None:
    step = int((runs / "mine" / "latest").read_text())
    order = {"model": "mine", "step": step, "n": 4, "sampler": "fast", "steps": 4, "seed": 7}
    page.goto(f"{app.url}/Sample?{urlencode(order)}")
    page.get_by_role("button", name="Link").wait_for()
    page.locator(".player .grid:visible").first.click(position={"x": 40, "y": 40})
    page.locator(".player .star").click()
    expect(page.get_by_text("1 favourite", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".player .panel:visible .stars i")).to_have_count(2)
    page.evaluate(WATCH, ".st-key-remove-favourites")
    page.get_by_role("button", name="Draw others").click()
    expect(page.get_by_text("seed 8")).to_be_visible()
    seen = page.evaluate("globalThis.seen")
    below = [look["below"] for look in seen]
    assert max(below) - min(below) <= 2
    assert min(look["canvas"] for look in seen) > 100, "the last picture stays until the next one comes"
    # On a full machine the whole drawing may come between two looks.
    begun = next((i for i, look in enumerate(seen) if look["frames"] < 5), len(seen) - 1)
    assert seen[0]["stars"] == 2
    assert {look["stars"] for look in seen[begun:]} == {0}, "a star belongs to the sprites that it was given to"


def test_the_time_that_it_takes_is_found_out_without_moving_the_form(page: Page, app: Server) -> None:
    page.goto(f"{app.url}/Train")
    # Only a busy machine is warned that the steps are too few, and that warning may take room.
    part = ".st-key-estimate [data-testid=stElementContainer]"
    page.add_style_tag(content=f"{part}:has([data-testid=stAlert]), {part}:has(button) {{ display: none }}")
    told = page.locator(".st-key-estimate")
    expect(told).to_contain_text("About")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    first = told.inner_text()
    page.evaluate(
        """() => {
            const [above, below] = ["[data-testid=stSlider]", "[data-testid=stExpander]"].map((one) =>
                document.querySelector(one));
            const gaps = (globalThis.gaps = []);
            const look = () => {
                gaps.push(below.getBoundingClientRect().top - above.getBoundingClientRect().top);
                requestAnimationFrame(look);
            };
            look();
        }"""
    )
    page.get_by_role("radio", name="Original").click()
    expect(told).not_to_contain_text(first)
    expect(told).to_contain_text("About")
    gaps = page.evaluate("globalThis.gaps")
    assert max(gaps) - min(gaps) <= 2


@pytest.fixture
def no_run(runs: Path) -> Iterator[None]:
    """As long as the visitor has no run, the words on Home are much lower than the picture."""
    aside = (runs / "mine").rename(runs.parent / "aside")
    yield
    aside.rename(runs / "mine")


@pytest.mark.usefixtures("no_run")
def test_words_stand_still_while_the_picture_beside_them_comes(page: Page, app: Server) -> None:
    page.goto(app.url)
    page.locator(".player:not([data-frames='0'])").wait_for()
    page.add_init_script(
        """globalThis.tops = [];
        const look = () => {
            const title = document.querySelector("h1");
            const styled = document.querySelector(".st-key-topbar .brand img");
            if (title && styled) tops.push(title.getBoundingClientRect().top);
            requestAnimationFrame(look);
        };
        look();"""
    )
    page.reload()
    page.locator(".player:not([data-frames='0'])").wait_for()
    page.wait_for_timeout(500)
    tops = page.evaluate("globalThis.tops")
    # The buttons below the words grow by some pixels when their own script has come, which is Streamlit's.
    assert max(tops) - min(tops) <= 40
