"""Everybody can read and reach what is on the pages: axe-core and the edges of a phone, in both themes."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from ddpm import load_sprites
from ddpm.jobs import self_check
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.jobs.timing import cadence
from ddpm.judging.copying.comparison_set import ComparisonSet
from ddpm.judging.html_report import to_html
from ddpm.judging.report import make_report
from ddpm.runs.album import keep_batch
from ddpm.runs.favourites import keep
from ddpm.runs.run import Run
from ddpm.runs.training_lock import announce_training, training_lock
from ddpm.training.recipes import RECIPES
from pages.parts.shared.drawing import draw
from pages.parts.shared.orders import Order
from pages.parts.shared.resolving import resolve
from tests.browser.conftest import ROOT, Serve, tab
from tests.ddpm.helpers import SMALL, simple_sprites

PATIENCE = 120_000
expect.set_options(timeout=PATIENCE)
DESKTOP, PHONE, SMALL_PHONE = 1440, 390, 360
# What is Streamlit's own markup, out of reach of style sheets and settings: rule, and a part of the element's text.
THEIRS = (
    # The drop zone of a file uploader is "presentation", and can have the focus all the same.
    ("presentation-role-conflict", "stFileUploaderDropzone"),
    # A popover hangs at the end of the document, outside of its main part.
    ("region", "data-floating-ui-portal"),
)
# Elements that something cuts off at the right, although nobody can scroll there.
CUT_OFF = """() => {
  const found = [];
  const look = (root) => {
    for (const one of root.querySelectorAll("*")) {
      if (one.shadowRoot) look(one.shadowRoot);
      const says = [...one.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
      if (!says && !one.matches("img, canvas, input, button, select")) continue;
      const box = one.getBoundingClientRect();
      if (box.width < 2 || box.height < 2 || box.left >= innerWidth || !one.checkVisibility()) continue;
      let edge = Infinity, outermost = innerWidth, hidden = false;
      for (let up = one; up && up !== document.documentElement; up = up.parentElement ?? up.getRootNode().host) {
        const style = getComputedStyle(up);
        // Unseen on purpose, or at the end of a line that says so itself.
        if (style.visibility === "hidden" || style.clipPath !== "none" || style.clip !== "auto") hidden = true;
        if (style.textOverflow === "ellipsis") hidden = true;
        if (up === one) continue;
        // What is beyond this edge can be scrolled to.
        if (style.overflowX === "auto" || style.overflowX === "scroll") {
          outermost = Infinity;
          break;
        }
        const isSvg = up.tagName === "svg" && !up.ownerSVGElement;
        if (style.overflowX !== "visible" || isSvg) edge = Math.min(edge, up.getBoundingClientRect().right);
      }
      if (!hidden && box.right > Math.min(edge, outermost) + 1)
        found.push(`${one.tagName}.${one.getAttribute("class")} ${(one.textContent ?? "").trim().slice(0, 40)}`);
    }
  };
  look(document);
  const main = document.querySelector('[data-testid="stMain"]');
  for (const page of [document.documentElement, main])
    if (page.scrollWidth > page.clientWidth) found.push(`${page.tagName} can be scrolled to the right`);
  return found;
}"""
# Words of a chart that are too pale: axe-core does not look into pictures.
PALE = """() => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const lightness = (...colours) => {
    pen.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      pen.fillStyle = colour;
      pen.fillRect(0, 0, 1, 1);
    }
    const [red, green, blue] = [...pen.getImageData(0, 0, 1, 1).data].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const paper = getComputedStyle(document.querySelector(".stApp")).backgroundColor;
  return [...document.querySelectorAll("svg text")]
    .filter((text) => text.textContent.trim() && text.checkVisibility() && !text.closest(".hoverlayer"))
    .filter((text) => {
      const [low, high] = [lightness(paper), lightness(paper, getComputedStyle(text).fill)].sort((a, b) => a - b);
      return (high + 0.05) / (low + 0.05) < 4.5;
    })
    .map((text) => text.textContent);
}"""
# Large numbers without a comma, but for what is typed, copied or named.
# What is on its way between two looks is measured where it ends; what turns for ever has no end.
SETTLE = """async () => {
    for (let round = 0; round < 3; round++) {
        for (const one of document.getAnimations()) {
            if (one.effect.getComputedTiming().endTime !== Infinity) one.finish();
        }
        await new Promise((done) => setTimeout(done, 100));
    }
}"""
UNGROUPED = """() => {
  const words = (root) => [...root.childNodes].map((one) => {
    if (one.nodeType === Node.TEXT_NODE) return one.data;
    if (one.nodeType !== Node.ELEMENT_NODE || one.matches("style, script, pre, code, input")) return "";
    return words(one.shadowRoot ?? one);
  }).join(" ");
  return words(document.body).match(/(?<![\\d.,])\\d{4,}/g) ?? [];
}"""

Tour = Callable[[Page, str], Iterator[None]]


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with all that a page can be full of: a finished run that drew a batch, a favourite, a live training."""
    place = tmp_path_factory.mktemp("reach")
    runs, home = place / "checkpoints", place / "home"
    np.savez(place / "simple.npz", images=simple_sprites(80), labels=np.arange(80) % 3)
    patch = pytest.MonkeyPatch()
    patch.setenv("DDPM_HOME", str(home))
    patch.setattr(self_check, "FINAL_EVALUATIONS", 16)
    patch.setitem(RECIPES, "fast", SMALL)
    # Two saved steps.
    patch.setattr(cadence, "_intervals", lambda total: (1, 4))
    request = TrainingRequest(runs / "small", str(place / "simple.npz"), steps=8, threads=1, check_sprites=16)
    run_training(request, lambda progress: None)
    batch = draw(resolve(Order(str(runs / "small"), n=16, seed=1)))
    keep_batch(batch.chain, batch.info)
    keep(batch.chain.sprites[0], {"name": "small"})
    # Nothing trains: the test itself holds the locks, and the figures are those of a finished run.
    shutil.copytree(ROOT / "checkpoints" / "builtin", runs / "busy")
    busy = Run(runs / "busy")
    (busy.folder / "run.json").write_text(json.dumps({**busy.config(), "shipped": False}))
    status = {**busy.status(), "state": "running", "total_steps": 20_000, "start": "now", "seconds_left": 900.0}
    (busy.folder / "status.json").write_text(json.dumps({**status, "images_per_second": 400.0, "threads": 1}))
    with busy.lock(), training_lock():
        announce_training(busy, "now")
        patch.undo()
        yield serve(ROOT / "streamlit_app.py", cwd=place, env={"DDPM_HOME": str(home)}).url


def calm(page: Page) -> None:
    """Wait until nothing on the page is about to change."""
    page.wait_for_timeout(300)
    page.wait_for_function(
        "!document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton], [data-stale=true]')"
        " && !document.querySelector('[data-test-script-state=running]')"
    )


def see(page: Page, part: Locator) -> None:
    expect(part).to_be_visible()
    calm(page)


def choose(page: Page, radio: str, part: Locator) -> Iterator[None]:
    page.get_by_role("radio", name=radio).click()
    see(page, part)
    yield


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.locator("h1").wait_for()
    # While a live part is computed anew it turns pale for a moment: that is no colour to be judged.
    page.add_style_tag(content='[data-stale="true"] { opacity: 1 !important }')
    calm(page)


def home(page: Page, url: str) -> Iterator[None]:
    opened(page, url)
    page.locator(".player:not([data-frames='0'])").wait_for()
    yield


def a_live_run_and_the_form(page: Page, url: str) -> Iterator[None]:
    opened(page, f"{url}/Train")
    page.get_by_text("Prepare the next training").click()
    page.get_by_text("More: name, seed, precision").click()
    see(page, page.get_by_text("distinct sprites of Built-in sprites"))
    yield
    yield from choose(page, "Kaggle Pixel Art", page.get_by_text("Or fetch the set by hand"))
    yield from choose(page, "My own file", page.locator("[data-testid=stFileUploaderDropzone]:visible"))


def a_finished_run(page: Page, url: str) -> Iterator[None]:
    opened(page, f"{url}/Train")
    row = page.locator("[class*=st-key-row-]").filter(has_text="small")
    row.get_by_role("button", name="Show").click()
    see(page, page.get_by_role("button", name="Train longer"))
    yield
    page.get_by_role("tab", name="Error by noise level").click()
    row.get_by_role("button", name="Manage").click()
    expect(page.get_by_role("button", name="Rename")).to_be_visible()
    yield


def drawing(page: Page, url: str) -> Iterator[None]:
    opened(page, f"{url}/Sample")
    page.get_by_text("More", exact=True).first.click()
    see(page, page.get_by_text("How to draw"))
    yield
    page.get_by_role("button", name="Link").first.click()
    see(page, page.get_by_text("Whoever opens it"))
    yield
    page.keyboard.press("Escape")
    page.get_by_text("Clean pixels").first.click()
    page.get_by_role("button", name="Palette").click()
    page.get_by_role("combobox", name="Colours").click()
    page.get_by_role("option", name="PICO-8").click()
    see(page, page.get_by_role("button", name="Palette: PICO-8"))
    yield
    page.keyboard.press("Escape")
    page.get_by_role("button", name="What was cleaned").click()
    see(page, page.get_by_text("Strong where one sees the change"))
    yield


def saving(page: Page, url: str) -> Iterator[None]:
    opened(page, f"{url}/Sample")
    page.get_by_role("button", name="Save").first.click()
    dialog = page.get_by_role("dialog", name="Save")
    # A model of a few steps draws noise.
    see(page, dialog.get_by_text("no colour surrounds what is drawn"))
    dialog.get_by_text("Gaps, borders, power of two").click()
    yield
    dialog.get_by_role("spinbutton", name="Columns").fill("1")
    dialog.get_by_role("spinbutton", name="Columns").press("Enter")
    see(page, dialog.get_by_role("region", name="The sheet"))
    yield
    yield from choose(page, "Single PNGs", dialog.get_by_text("16 PNGs"))
    yield from choose(page, "Animation", dialog.get_by_text("16 sprites, "))


def one_sprite_enlarged(page: Page, url: str) -> Iterator[None]:
    opened(page, f"{url}/Sample")
    page.locator(".player .grid:visible").first.click(position={"x": 30, "y": 30})
    expect(page.locator(".player .lens .title")).to_have_text(re.compile("Sprite 1 of 16: class [012]"))
    yield


def the_report_that_came_along(page: Page, url: str) -> Iterator[None]:
    opened(page, f"{url}/Nearest_neighbors")
    yield from choose(page, "A report", page.get_by_text("New ones, drawn just now"))
    yield from choose(page, "My own file", page.get_by_text("Choose a file: sprites that you drew"))


def a_verdict_and_its_evidence(page: Page, url: str) -> Iterator[None]:
    opened(page, f"{url}/Nearest_neighbors")
    page.locator(".gallery[data-measured='true'] .card").first.wait_for()
    calm(page)
    yield
    page.get_by_text("The figures", exact=True).click()
    for name in ("Shape against palette", "Which sprites are copied most?", "Keep the report"):
        page.get_by_role("tab", name=name).click()
    page.get_by_role("tab", name="Shape against palette").click()
    plot = page.locator(".scatter[data-points]:not([data-points='0']) .plot")
    plot.press("Home")
    expect(page.locator(".tip canvas").first).to_be_visible()
    easel = page.locator(".easel canvas")
    easel.scroll_into_view_if_needed()
    easel.click(position={"x": 100, "y": 100})
    expect(page.locator(".found")).to_contain_text("Training sprites, by pixels")
    calm(page)
    yield


def a_sample_looked_at_closely(page: Page, url: str) -> Iterator[None]:
    opened(page, f"{url}/Nearest_neighbors")
    page.get_by_role("radio", name="copies", exact=True).click()
    expect(page.locator(".verdict")).to_contain_text("A test, not your samples")
    calm(page)
    yield
    page.get_by_role("button", name="Back to my samples").click()
    expect(page.locator(".verdict")).not_to_contain_text("A test")
    page.locator(".gallery .card").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("The memoriser ended at the training sprite in row")
    calm(page)
    yield


def how_it_works(page: Page, url: str) -> Iterator[None]:
    opened(page, f"{url}/How_it_works")
    page.locator(".scene").nth(4).wait_for()
    calm(page)
    scene = page.locator(".scene").first
    picture = scene.locator("figure").nth(1).locator("canvas")
    before = picture.evaluate("canvas => canvas.toDataURL()")
    # By keyboard, and with no word to the server: the picture is there when the key is up.
    scene.get_by_role("slider").press("End")
    assert picture.evaluate("canvas => canvas.toDataURL()") != before
    expect(scene.locator("output")).to_have_text("t = 999")
    page.get_by_text("The formula, and the line of our code").first.click()
    see(page, page.get_by_text("in NoiseSchedule.add_noise"))
    scene = page.locator(".scene").nth(1)
    believed = scene.locator("figure").filter(has_text="It believes: x0").locator("canvas")
    before = believed.evaluate("canvas => canvas.toDataURL()")
    scene.get_by_role("slider").nth(1).press("Home")
    assert believed.evaluate("canvas => canvas.toDataURL()") != before
    expect(scene.locator("output").nth(1)).to_have_text("after 4 training steps")
    yield


def complaints(page: Page, rules: list[str] | None = None) -> list[str]:
    """What axe-core finds, but for what is not ours to mend."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    found = []
    for fault in Axe().run(page, options=options).response["violations"]:
        for node in fault["nodes"]:
            if not any(fault["id"] == rule and part in node["html"] for rule, part in THEIRS):
                words = (node["failureSummary"] or "").replace("\n", " ")
                found.append(f"{fault['impact']} {fault['id']}: {node['html'][:200]} {words}")
    return found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    for page in tab(browser, DESKTOP, 900, reduced_motion="reduce", color_scheme="light"):
        page.set_default_timeout(PATIENCE)
        yield page


def the_lesson(page: Page, url: str) -> Iterator[None]:
    opened(page, f"{url}/Lesson")
    page.get_by_text("For the teacher: what").first.click()
    see(page, page.get_by_text("Colours and the rough shape").first)
    yield
    page.get_by_role("link", name="Open How it works").last.click()
    see(page, page.get_by_text("Lesson, step 3 of 6"))
    page.locator(".scene canvas").first.wait_for()
    yield


def test_present_makes_all_pages_larger_and_cuts_nothing_off(page: Page, url: str) -> None:
    page.goto(f"{url}/How_it_works")
    page.locator(".scene").nth(4).wait_for()
    calm(page)
    tall = "selector => document.querySelector(selector).getBoundingClientRect().height"
    usual = page.evaluate(tall, ".stApp h1")
    sprite = page.locator(".scene canvas").first
    width = "canvas => canvas.getBoundingClientRect().width"
    small = sprite.evaluate(width)
    page.get_by_role("switch", name="Present").press(" ")
    page.wait_for_function(f"before => ({tall})('.stApp h1') > 1.1 * before", arg=usual)
    assert sprite.evaluate(width) > small
    calm(page)
    told = []
    for number, name in enumerate(("How it works", "Created or copied?", "Sample", "Train", "Home", "Lesson")):
        if number:
            page.get_by_role("link", name=name, exact=True).first.click()
            page.wait_for_function("title => document.title.startsWith(title)", arg=name)
            calm(page)
        for width_of_screen in (DESKTOP, 1920, PHONE):
            page.set_viewport_size({"width": width_of_screen, "height": 1080})
            page.wait_for_timeout(400)
            page.evaluate(SETTLE)
            told += [f"{name}, {width_of_screen} pixels: {one}" for one in page.evaluate(CUT_OFF)]
            if width_of_screen == 1920:
                told += [f"{name}: {one}" for one in complaints(page)]
        page.set_viewport_size({"width": DESKTOP, "height": 1080})
    assert not told, "\n".join(told)


@pytest.mark.parametrize(
    "tour",
    [
        home,
        a_live_run_and_the_form,
        a_finished_run,
        drawing,
        saving,
        one_sprite_enlarged,
        the_report_that_came_along,
        a_verdict_and_its_evidence,
        a_sample_looked_at_closely,
        how_it_works,
        the_lesson,
    ],
)
def test_it_can_be_read_and_reached(page: Page, url: str, tour: Tour) -> None:
    found: dict[str, list[str]] = {}
    for moment, _ in enumerate(tour(page, url), 1):
        # No tooltip under the mouse.
        page.mouse.move(0, 0)
        found[f"moment {moment}, not grouped"] = page.evaluate(UNGROUPED)
        shown = "light"
        # Each width begins in the theme that the one before ended with, and the last one ends in light.
        for width, themes in ((DESKTOP, ("light", "dark")), (PHONE, ("dark", "light")), (SMALL_PHONE, ())):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(400)
            page.evaluate(SETTLE)
            found[f"moment {moment}, {width} pixels, cut off"] = page.evaluate(CUT_OFF)
            for theme in themes:
                if theme != shown:
                    page.emulate_media(color_scheme=theme)
                    page.wait_for_function(
                        f"getComputedStyle(document.querySelector('.stApp')).colorScheme === '{theme}'"
                    )
                    page.evaluate(SETTLE)
                    shown = theme
                everything = (width, theme) == (DESKTOP, "light")
                found[f"moment {moment}, {width} pixels, {theme}"] = complaints(
                    page, None if everything else ["color-contrast", "scrollable-region-focusable"]
                )
                found[f"moment {moment}, {width} pixels, {theme}, pale"] = page.evaluate(PALE)
        page.set_viewport_size({"width": DESKTOP, "height": 900})
    told = [f"{when}: {one}" for when, what in found.items() for one in what]
    assert not told, "\n".join(told)


def test_an_exported_report_can_be_read(browser: Browser, ddpm_home: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "simple.npy", simple_sprites(60))
    sprites = load_sprites(tmp_path / "simple.npy")
    train, heldout = sprites.split()
    report = make_report(sprites.images[:6], ComparisonSet(sprites, train, heldout), with_quality=False)
    context = browser.new_context(viewport={"width": PHONE, "height": 900}, color_scheme="light")
    page = context.new_page()
    page.set_content(to_html(report))
    found = complaints(page)
    page.emulate_media(color_scheme="dark")
    found += complaints(page)
    context.close()
    assert found == []
