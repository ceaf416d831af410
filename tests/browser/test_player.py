"""The player in a real browser: it moves, it obeys, and every pixel on the canvas is a pixel of the chain."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

FRAMES, SPRITES = 9, 10

# The same chain here and on the server: random pixels, so that no two sprites and no two frames are alike.
CHAIN = f"""
from types import SimpleNamespace
import numpy as np

def chain(frames={FRAMES}, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (2, {FRAMES}, {SPRITES}, 16, 16, 3), dtype=np.uint8)
    t = np.linspace(99, -1, {FRAMES}).round().astype(np.int64)
    noise = (t + 1) / 100
    return SimpleNamespace(
        t=t[:frames], x_t=pixels[0, :frames], x0=pixels[1, :frames], noise_level=noise[:frames]
    )
"""

APP = (
    CHAIN
    + f"""
import time
import streamlit as st
from pages.parts.player import PlayerSlot, player

st.session_state.runs = st.session_state.get("runs", 0) + 1
if st.query_params.get("grow"):
    slot = PlayerSlot(key="player", expected={FRAMES})
    for frames in range(1, {FRAMES + 1}):
        slot.show(chain(frames))
        time.sleep(0.3)
else:
    other = st.checkbox("other chain")
    event = player(chain(seed=int(other)), key="player", caption="Ten sprites", actions={{"nearest": "Find neighbours"}})
    st.write(f"asked: {{(event.kind, event.index) if event else None}}")
st.write(f"runs: {{st.session_state.runs}}")
st.html("<div style='height: 2000px'></div>")
"""
)


def chain(seed: int = 0) -> dict[str, np.ndarray]:
    space: dict[str, object] = {}
    exec(CHAIN, space)
    made = space["chain"](seed=seed)  # type: ignore[operator]
    return {"noisy": made.x_t, "guess": made.x0}


@pytest.fixture(scope="module")
def url(serve, tmp_path_factory: pytest.TempPathFactory) -> str:
    script = tmp_path_factory.mktemp("player") / "app.py"
    script.write_text(APP, encoding="utf-8")
    return serve(script, cwd=script.parent).url


class Screen:
    """A page with a player on it, and what the tests want to know of it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(address)
        self.root = page.locator(".player")
        page.locator(".player:not([data-frames='0'])").wait_for()

    def frame(self) -> int:
        return int(self.root.get_attribute("data-frame") or -1)

    def until(self, state: str) -> None:
        """Wait until the player's root matches these attributes."""
        self.page.locator(f".player{state}").wait_for(state="attached", timeout=60_000)

    def scrub(self, *keys: str) -> None:
        for key in keys:
            self.page.locator(".scrub").press(key)

    def sprites(self, kind: str) -> np.ndarray:
        """Read the canvas back, at its own size."""
        canvas = self.page.locator(f".panel[data-kind={kind}] canvas")
        plan = json.loads(canvas.get_attribute("data-plan") or "")
        png = canvas.evaluate("c => c.toDataURL('image/png').split(',')[1]")
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA"))
        assert plan["scale"] > 1
        found = []
        for i in range(plan["count"]):
            row, column = divmod(i, plan["columns"])
            y, x = row * plan["pitch"] + plan["pad"], column * plan["pitch"] + plan["pad"]
            side = 16 * plan["scale"]
            block = pixels[y : y + side, x : x + side]
            small = block[:: plan["scale"], :: plan["scale"]]
            # Every enlarged pixel is one flat square: nothing was smoothed.
            assert np.array_equal(block, small.repeat(plan["scale"], 0).repeat(plan["scale"], 1))
            assert (small[..., 3] == 255).all()
            found.append(small[..., :3])
        return np.stack(found)


@pytest.fixture(scope="module")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One for most tests: Streamlit's own scripts load only once."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


@pytest.fixture
def screen(page: Page, url: str) -> Iterator[Screen]:
    screen = Screen(page, url)
    yield screen
    assert screen.errors == []


def test_it_plays_pauses_and_asks_nothing_of_the_server(screen: Screen) -> None:
    play = screen.page.locator(".bar .play")
    screen.until("[data-playing=true]")
    first = screen.frame()
    screen.until(f":not([data-frame='{first}'])")
    play.click()
    screen.until("[data-playing=false]")
    assert play.get_attribute("aria-label") == "Play"
    here = screen.frame()
    screen.page.wait_for_timeout(500)
    assert screen.frame() == here
    screen.page.locator(".speeds [value='4']").check(force=True)
    screen.scrub("Space")
    screen.until("[data-playing=true]")
    screen.until(f"[data-frame='{FRAMES - 1}']")
    # The last frame is held for a while; the others are too short to be waited for one by one.
    screen.until(f":not([data-frame='{FRAMES - 1}'])")
    screen.page.locator(".loop").click()
    screen.until(f"[data-playing=false][data-frame='{FRAMES - 1}']")
    screen.page.locator(".speeds [value='0.5']").check(force=True)
    play.click()
    screen.until(f"[data-playing=true]:not([data-frame='{FRAMES - 1}'])")
    assert screen.page.get_by_text("runs: 1").is_visible()


def test_out_of_sight_it_rests(screen: Screen) -> None:
    main = screen.page.locator("[data-testid=stMain]")
    for _ in range(100):
        # Again and again: the page below the player may still be growing.
        main.evaluate("e => e.scrollTo(0, e.scrollHeight)")
        if screen.root.get_attribute("data-held") == "true":
            break
        screen.page.wait_for_timeout(100)
    screen.until("[data-held=true]")
    here = screen.frame()
    screen.page.wait_for_timeout(600)
    assert screen.frame() == here
    main.evaluate("e => e.scrollTo(0, 0)")
    screen.until("[data-held=false]")
    screen.until(f":not([data-frame='{here}'])")


def test_scrub_by_keyboard_and_mouse(screen: Screen) -> None:
    screen.scrub("Home", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft")
    assert screen.frame() == 2
    assert screen.root.get_attribute("data-playing") == "false"
    assert "step t = 74 · noise 75%" in screen.page.locator(".bar .now").inner_text()
    screen.scrub("End")
    assert screen.frame() == FRAMES - 1
    assert "finished" in (screen.page.locator(".scrub").get_attribute("aria-valuetext") or "")
    box = screen.page.locator(".scrub").bounding_box()
    assert box is not None
    screen.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert screen.frame() == FRAMES // 2
    check_pixels(screen, ratio=1)


def check_pixels(screen: Screen, ratio: float) -> None:
    source = chain()
    for keys, frame in ((["Home"] + ["ArrowRight"] * 4, 4), (["End"], FRAMES - 1)):
        screen.scrub(*keys)
        for kind in ("noisy", "guess"):
            assert np.array_equal(screen.sprites(kind), source[kind][frame])
    left = screen.page.locator(".panel[data-kind=noisy] canvas").evaluate("c => c.getBoundingClientRect().left")
    assert abs(left * ratio - round(left * ratio)) < 0.06  # on a whole device pixel: the browser resamples nothing


def test_a_fractional_pixel_ratio_smooths_nothing(browser: Browser, url: str) -> None:
    context = browser.new_context(viewport={"width": 901, "height": 800}, device_scale_factor=1.5)
    check_pixels(Screen(context.new_page(), url), ratio=1.5)
    context.close()


def test_enlarge_turn_and_escape(screen: Screen) -> None:
    lens = screen.page.locator(".lens")
    grid = screen.page.locator(".panel[data-kind=guess] .grid")
    grid.click(position={"x": 20, "y": 20})
    assert lens.locator(".title").inner_text() == f"Sprite 1 of {SPRITES}"
    assert lens.locator(".still").count() == 8
    screen.page.keyboard.press("ArrowRight")
    assert lens.locator(".title").inner_text() == f"Sprite 2 of {SPRITES}"
    lens.locator(".still").nth(7).click()
    assert screen.frame() == FRAMES - 1
    colour = lens.locator(".pair canvas").nth(1).evaluate("c => [...c.getContext('2d').getImageData(1, 1, 1, 1).data]")
    assert colour[:3] == chain()["guess"][-1, 1, 0, 0].tolist()
    screen.page.keyboard.press("Escape")
    lens.wait_for(state="hidden")
    grid.focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "Enter"):
        screen.page.keyboard.press(key)
    assert lens.locator(".title").inner_text() == f"Sprite 3 of {SPRITES}"
    assert screen.page.get_by_text("runs: 1").is_visible()
    screen.page.get_by_role("button", name="Find neighbours").click()  # this alone tells the page
    screen.page.get_by_text("asked: ('nearest', 2)").wait_for()
    assert screen.page.get_by_text("runs: 2").is_visible()
    assert screen.frame() == FRAMES - 1  # the same chain came again: the viewer keeps their place
    lens.wait_for(state="hidden")


def test_a_new_chain_takes_the_place_of_the_old(screen: Screen) -> None:
    root = screen.root.element_handle()
    screen.page.get_by_text("other chain").click()
    screen.page.get_by_text("runs: 2").wait_for()
    other = chain(seed=1)
    for _ in range(100):
        screen.scrub("End")
        if np.array_equal(screen.sprites("guess"), other["guess"][-1]):
            break
        screen.page.wait_for_timeout(100)
    assert np.array_equal(screen.sprites("guess"), other["guess"][-1])
    assert root.evaluate("e => e.isConnected")  # updated in place


def test_a_growing_chain_goes_on_from_where_it_is(page: Page, url: str) -> None:
    screen = Screen(page, f"{url}/?grow=1")
    screen.page.locator(".loop").click()
    screen.page.locator(".speeds [value='4']").check(force=True)  # it overtakes the server, and waits
    seen = []
    while len(seen) < 1000 and (not seen or seen[-1] < FRAMES - 1):
        seen.append(screen.frame())
        page.wait_for_timeout(30)
    assert seen == sorted(seen)
    assert seen[-1] == FRAMES - 1
    assert np.array_equal(screen.sprites("noisy"), chain()["noisy"][-1])
    assert screen.errors == []


def test_a_phone_without_motion(browser: Browser, url: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=3, reduced_motion="reduce"
    )
    screen = Screen(context.new_page(), url)
    assert screen.frame() == FRAMES - 1  # the result, at rest
    assert screen.root.get_attribute("data-playing") == "false"
    for view in ("both", "noisy", "guess"):
        screen.page.locator(f".views [value={view}]").check(force=True)
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert screen.page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth <= e.clientWidth")
        right = screen.root.evaluate(
            "e => Math.max(...[...e.querySelectorAll('*')].map((child) => child.getBoundingClientRect().right))"
        )
        assert right <= 390
    screen.page.locator(".views [value=both]").check(force=True)
    check_pixels(screen, ratio=3)
    assert screen.errors == []
    context.close()
