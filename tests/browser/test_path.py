"""The whole way in a real browser: teach, watch, pause, go on, stop, draw, compare."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from ddpm import load_sprites
from ddpm.diffusion.sampling import default_steps
from ddpm.runs.records import ACTIVE
from ddpm.runs.run import Run
from tests.browser.conftest import PATIENCE, ROOT, Serve, Server, tab
from tests.ddpm.helpers import digests, finish, start, wait_until

expect.set_options(timeout=PATIENCE)


@pytest.fixture
def app(serve: Serve, tmp_path: Path) -> Iterator[Server]:
    """The app in an empty working folder; whatever training it started is ended afterwards."""
    # Two threads, where there are two cores: how many is changed on the way.
    server = serve(ROOT / "streamlit_app.py", cwd=tmp_path, env={"OMP_NUM_THREADS": "2"})
    yield server
    server.process.kill()
    runs = [Run(folder) for folder in (tmp_path / "checkpoints").glob("*")]
    wait_until(lambda: not any(run.is_held() for run in runs), "the trainings ended")


@pytest.fixture
def page(browser: Browser, app: Server) -> Iterator[Page]:
    yield from tab(browser, 1440, 900)


def _until(condition: Callable[[], object], what: str, seconds: float = PATIENCE / 1000) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.1)


def _ready_to_start(page: Page, url: str, steps: int) -> None:
    page.goto(f"{url}/Train")
    page.get_by_role("radio", name="steps").click()
    box = page.get_by_role("spinbutton", name="Steps")
    box.fill(str(steps))
    box.press("Enter")
    expect(page.get_by_text(f"{steps:,} steps,")).to_be_visible()


def _start(page: Page) -> None:
    page.get_by_role("button", name="Start training").click()


def _the_run(folder: Path) -> Run:
    def runs() -> list[Run]:
        return [Run(path) for path in (folder / "checkpoints").glob("*") if Run(path).exists()]

    # Stop can be pressed before anything is decided: the run is written down a moment later.
    _until(runs, "a run")
    (run,) = runs()
    return run


def _pixels(page: Page, selector: str) -> np.ndarray:
    """The pixels of the first matching picture, in its own size."""
    # A locator looks into components, too.
    values = page.locator(selector).first.evaluate(
        """async image => {
            await image.decode();
            const canvas = document.createElement("canvas");
            [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
            const pen = canvas.getContext("2d");
            pen.drawImage(image, 0, 0);
            return [canvas.height, canvas.width, ...pen.getImageData(0, 0, canvas.width, canvas.height).data];
        }"""
    )
    height, width = values[:2]
    return np.array(values[2:], np.uint8).reshape(height, width, 4)[..., :3]


def test_from_teaching_to_comparing(page: Page, app: Server, tmp_path: Path) -> None:
    _ready_to_start(page, app.url, 5000)
    _start(page)

    # The curve grows, and so do the drawings.
    chart = page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first
    expect(chart).to_be_visible()
    run = _the_run(tmp_path)
    assert run.name in page.inner_text("[data-testid=stMain]")
    before, sheet = chart.screenshot(), page.locator("img[alt^='36 sprites']").get_attribute("src")
    _until(lambda: page.locator("img[alt^='36 sprites']").get_attribute("src") != sheet, "a new sheet of drawings")
    _until(lambda: chart.screenshot() != before, "a longer curve")

    # A reload shows the same training.
    page.reload()
    expect(page.get_by_role("heading", name=run.name)).to_be_visible()
    expect(page.get_by_text(re.compile(r"Step \d+ of 5,000"))).to_be_visible()

    page.get_by_role("button", name="Pause", exact=True).click()
    _until(lambda: run.state() == "paused", "the pause")
    step = run.status()["step"]
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    assert run.status()["step"] == step
    page.get_by_role("button", name="Go on").click()
    _until(lambda: run.status()["step"] > step, "going on")

    if page.get_by_role("spinbutton", name="CPU threads").count():
        threads = page.get_by_role("spinbutton", name="CPU threads")
        threads.fill("1")
        threads.press("Enter")
        _until(lambda: run.status().get("threads") == 1, "one thread")

    page.get_by_role("button", name="Stop and save").click()
    _until(lambda: run.state() == "stopped", "the stop")
    assert run.latest() == run.status()["step"]

    _the_film_goes_back_to_its_beginning(page)
    _it_draws(page, run)
    _its_samples_are_compared(page)


def _the_film_goes_back_to_its_beginning(page: Page) -> None:
    film, moment = page.locator("section.film"), page.get_by_label("Moment of the training")
    frames = int(film.get_attribute("data-frames") or 0)
    assert frames > 1
    expect(film).to_have_attribute("data-frame", str(frames - 1))
    newest = _pixels(page, "section.film img")
    moment.press("Home")
    expect(film).to_have_attribute("data-frame", "0")
    assert not np.array_equal(_pixels(page, "section.film img"), newest)
    moment.press("End")
    assert np.array_equal(_pixels(page, "section.film img"), newest)


def _it_draws(page: Page, run: Run) -> None:
    page.get_by_role("button", name="Sample from it").click()
    expect(page.get_by_role("heading", name="Draw sprites from noise")).to_be_visible()
    page.get_by_role("button", name="Draw", exact=True).click()
    player = page.locator(".player")
    calls = default_steps("fast", 1000)
    expect(player).to_have_attribute("data-frames", str(calls + 1))
    expect(page.get_by_text(f"Drawn by your run {run.name}")).to_be_visible()
    # The album comes last on the page: what is above it is then the new batch, complete.
    expect(page.get_by_role("heading", name="Drawn before")).to_be_visible()
    _until(lambda: int(player.get_attribute("data-frame") or 0) > 2, "the animation")
    scrub = page.locator(".player .scrub")
    scrub.focus()
    _until(lambda: (scrub.press("Home"), player.get_attribute("data-playing") == "false")[1], "the stop by a key")
    scrub.press("Home")
    expect(player).to_have_attribute("data-playing", "false")
    expect(player).to_have_attribute("data-frame", "0")
    scrub.press("End")
    expect(player).to_have_attribute("data-frame", str(calls))


def _its_samples_are_compared(page: Page) -> None:
    page.get_by_role("link", name="Created or copied?").click()
    page.locator(".gallery .card").first.click()
    caption = page.locator(".closeup figcaption").nth(1).inner_text()
    row = int(re.search(r"row ([\d,]+)", caption).group(1).replace(",", ""))  # type: ignore[union-attr]
    shown = _pixels(page, ".closeup img[alt='Nearest by pixels']")
    assert np.array_equal(shown, load_sprites("builtin").images[row]), "a sprite on screen has the pixels of the source"


@pytest.mark.slow
def test_whatever_happens_on_the_way_the_result_is_that_of_an_undisturbed_run(
    page: Page, app: Server, tmp_path: Path
) -> None:
    total = 80
    page.goto(f"{app.url}/Train")
    threads = page.get_by_role("slider", name="CPU threads")
    if threads.is_enabled():
        threads.press("Home")
    page.get_by_role("radio", name="steps").click()
    box = page.get_by_role("spinbutton", name="Steps")
    box.fill(str(total))
    box.press("Enter")
    expect(page.get_by_text(f"{total:,} steps,")).to_be_visible()
    _start(page)
    run = _the_run(tmp_path)

    _until(lambda: int(run.status().get("step") or 0) >= 5, "five steps")
    page.get_by_role("button", name="Pause", exact=True).click()
    _until(lambda: run.state() == "paused", "the pause")
    page.get_by_role("button", name="Go on").click()
    _until(lambda: run.state() == "running", "going on")
    page.get_by_role("button", name="Stop and save").click()
    _until(lambda: run.state() == "stopped", "the stop")
    stopped_at = run.latest() or 0
    assert 5 <= stopped_at < total

    page.get_by_role("button", name="Resume").click()
    _until(lambda: int(run.status().get("step") or 0) > stopped_at and run.state() == "running", "more steps")
    os.kill(run.status()["pid"], signal.SIGKILL)
    _until(lambda: run.state() == "interrupted", "the end of the killed process")
    page.get_by_role("button", name="Resume").click()
    # At its end it questions itself, which takes a while on one core.
    _until(lambda: run.state() == "finished", "the end", 300)
    assert run.latest() == total

    # Once more, in one go.
    used = run.config()["threads"]  # the slider may be too slow for a hurried visitor
    asked = ["--steps", total, "--threads", used, "--check-sprites", 0]
    options = ["train", "--data", "builtin", "--run", "twin", *asked]
    finish(start(options, tmp_path))
    twin = Run(tmp_path / "checkpoints" / "twin")
    assert digests(run.step_path(total)) == digests(twin.step_path(total))


def test_two_tabs_press_start_and_one_run_begins(browser: Browser, app: Server, tmp_path: Path) -> None:
    tabs = [tab(browser, 1440, 900), tab(browser, 1440, 900)]
    pages = [next(tab) for tab in tabs]
    for page in pages:
        _ready_to_start(page, app.url, 5000)
    for page in pages:
        _start(page)
    for page in pages:
        expect(page.get_by_role("button", name="Stop and save")).to_be_visible()
    run = _the_run(tmp_path)
    assert run.state() in ACTIVE
    # Stopped in one tab, it is stopped in the other.
    pages[0].get_by_role("button", name="Stop and save").click()
    expect(pages[1].get_by_text("stopped, can go on").first).to_be_visible()
    for page in pages:
        page.context.close()


def test_a_killed_server_leaves_a_run_that_can_go_on(page: Page, app: Server, tmp_path: Path) -> None:
    _ready_to_start(page, app.url, 5000)
    _start(page)
    expect(page.get_by_role("button", name="Stop and save")).to_be_visible()
    run = _the_run(tmp_path)
    _until(lambda: run.status().get("step", 0) > 0, "the first step")
    app.process.kill()
    _until(lambda: run.state() == "stopped", "the training to notice")
    # It says so before it ends.
    _until(lambda: not run.is_held(), "the orphan to end")
    assert run.latest() == run.status()["step"] > 0
