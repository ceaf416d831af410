"""Created or copied, in a real browser: what lives there, and not on the server, does what it says."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from ddpm.jobs import self_check
from ddpm.jobs.job import run_training
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.album import keep_batch
from ddpm.training.recipes import RECIPES
from pages.parts.shared.drawing import draw
from pages.parts.shared.orders import Order
from pages.parts.shared.resolving import resolve
from tests.browser.conftest import PATIENCE, ROOT, Serve, tab
from tests.ddpm.helpers import SMALL, simple_sprites

SAMPLES = 16


@pytest.fixture(scope="module")
def url(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The app beside a small run that has drawn a batch."""
    place = tmp_path_factory.mktemp("copied")
    run, home = place / "checkpoints" / "small", place / "home"
    np.save(place / "simple.npy", simple_sprites(80))
    patch = pytest.MonkeyPatch()
    patch.setenv("DDPM_HOME", str(home))
    patch.setattr(self_check, "FINAL_EVALUATIONS", 16)
    patch.setitem(RECIPES, "fast", SMALL)
    run_training(
        TrainingRequest(run, data=str(place / "simple.npy"), steps=8, threads=1, check_sprites=0), lambda progress: None
    )
    batch = draw(resolve(Order(str(run), n=SAMPLES, seed=1)))
    keep_batch(batch.chain, batch.info)
    patch.undo()
    return serve(ROOT / "streamlit_app.py", cwd=place, env={"DDPM_HOME": str(home)}).url


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    errors: list[str] = []
    for page in tab(browser, 1440, 900, reduced_motion="reduce"):
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{url}/Nearest_neighbors")
        yield page
    assert errors == []


# Layout shift as browsers report it to search engines: what moves by itself, summed over a window of at most 5 s.
SHIFTS = """(() => {
    const windows = (globalThis.shifts = [{ sum: 0, first: 0, last: 0 }]);
    new PerformanceObserver((list) => {
        for (const { value, startTime, hadRecentInput } of list.getEntries()) {
            if (hadRecentInput) continue;
            const now = windows.at(-1);
            if (startTime - now.last > 1000 || startTime - now.first > 5000)
                windows.push({ sum: value, first: startTime, last: startTime });
            else Object.assign(now, { sum: now.sum + value, last: startTime });
        }
    }).observe({ type: "layout-shift", buffered: true });
})()"""


def unfold(page: Page) -> None:
    """Open the figures, once they are there."""
    page.get_by_text("The figures", exact=True).click()


def test_pairs_come_at_once_and_can_be_sorted_and_filtered(page: Page) -> None:
    cards = page.locator(".gallery[data-measured='true'] .card")
    expect(cards).to_have_count(SAMPLES, timeout=PATIENCE)
    expect(cards.first.locator("canvas")).to_have_count(2)
    far = [float(words.split()[0]) for words in page.locator(".card .far").all_inner_texts() if words != "the same"]
    assert far == sorted(far)
    page.get_by_label("Order").select_option("drawn")
    numbers = [int(card.get_attribute("data-sample") or -1) for card in cards.all()]
    assert numbers == list(range(SAMPLES))
    chosen = page.get_by_label("Show").locator("option").nth(1)
    name, count = chosen.get_attribute("value"), str(chosen.inner_text()).split("(")[1].rstrip(")")
    page.get_by_label("Show").select_option(name)
    expect(cards).to_have_count(int(count))
    assert {str(text).strip() for text in page.locator(".card span.label").all_inner_texts()} == {name}


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_moves_while_it_opens(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.add_init_script(SHIFTS)
    page.reload()
    expect(page.locator(".gallery[data-measured='true'] .card").first).to_be_visible(timeout=PATIENCE)
    unfold(page)
    page.get_by_role("tab", name="How near is normal?").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible(timeout=PATIENCE)
    assert max(found["sum"] for found in page.evaluate("globalThis.shifts")) < 0.1


def test_it_answers_explains_and_can_be_tested(page: Page) -> None:
    verdict, near = page.locator(".verdict"), page.locator("[data-rate='near copy']")
    expect(verdict).to_contain_text(f"of {SAMPLES}", timeout=PATIENCE)
    expect(page.locator(".rate[data-rate]")).to_have_count(7)
    unfold(page)
    expect(near).not_to_contain_text("by chance10%")
    # The answer stays until there is another one: without it all below would jump.
    page.evaluate(
        """() => { window.least = 1e9; (function look() {
            window.least = Math.min(window.least, document.querySelector(".verdict")?.offsetHeight ?? 0);
            requestAnimationFrame(look); })(); }"""
    )
    page.get_by_role("slider").first.press("End")
    expect(near).to_contain_text("by chance10%", timeout=PATIENCE)
    assert page.evaluate("window.least") > 100

    page.get_by_role("radio", name="copies", exact=True).click()
    expect(verdict).to_contain_text("A test, not your samples", timeout=PATIENCE)
    expect(verdict).to_contain_text("Copied: training sprites come back pixel by pixel.")
    expect(page.locator(".gallery .card").first).to_contain_text("exact copy", timeout=PATIENCE)
    page.get_by_role("button", name="Back to my samples").click()
    expect(verdict).not_to_contain_text("A test", timeout=PATIENCE)


def test_a_sample_opens_beside_its_memorised_twin(page: Page) -> None:
    card = page.locator(".gallery .card").first
    number = int(card.get_attribute("data-sample") or -1) + 1
    card.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"Sample {number}", timeout=PATIENCE)
    expect(dialog).to_contain_text("The memoriser ended at the training sprite in row", timeout=PATIENCE)
    expect(dialog.locator(".player")).to_have_count(1)
    expect(dialog.locator(".player")).to_contain_text("A perfect memoriser")


def test_points_show_their_sprites_by_keyboard(page: Page) -> None:
    unfold(page)
    page.get_by_role("tab", name="Shape against palette").click()
    plot = page.locator(".scatter[data-points]:not([data-points='0']) .plot")
    plot.press("Home")
    expect(page.locator(".tip canvas").first).to_be_visible(timeout=PATIENCE)
    first = page.locator("section.scatter").get_attribute("data-at")
    plot.press("End")
    assert page.locator("section.scatter").get_attribute("data-at") != first
    plot.press("Escape")
    expect(page.locator(".tip")).to_be_hidden()


def test_a_key_before_the_points_are_there_breaks_nothing(page: Page) -> None:
    page.add_init_script(
        "const real = createImageBitmap, held = new Promise((done) => { window.release = done; });"
        "window.createImageBitmap = async (...given) => { await held; return real(...given); };"
    )
    page.reload()
    unfold(page)
    page.get_by_role("tab", name="Shape against palette").click()
    page.locator(".scatter .plot").press("Home")
    page.locator(".scatter .plot").hover()
    assert page.locator("section.scatter").get_attribute("data-points") is None
    page.evaluate("window.release()")
    page.locator(".scatter[data-points]:not([data-points='0']) .plot").press("Home")
    expect(page.locator(".tip canvas").first).to_be_visible(timeout=PATIENCE)


def test_a_drawing_finds_what_is_like_it(page: Page) -> None:
    easel = page.locator(".easel canvas")
    easel.scroll_into_view_if_needed()
    easel.click(position={"x": 100, "y": 100})
    found = page.locator(".found")
    expect(found).to_contain_text("Training sprites, by pixels", timeout=PATIENCE)
    before = found.inner_html()
    # By keyboard, too: the pixel to the right of the one that was clicked.
    for key in ("ArrowRight", "Space"):
        easel.press(key)
    expect(found).not_to_have_js_property("innerHTML", before, timeout=PATIENCE)
    painted = easel.evaluate(
        "c => { const d = c.getContext('2d').getImageData(0, 0, 16, 16).data;"
        " return [...Array(256).keys()].filter((i) => d[4 * i] < 200).length }"
    )
    assert painted == 2
