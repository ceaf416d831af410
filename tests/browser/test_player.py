"""The player in a real browser: it moves, it obeys, and every pixel on the canvas is a pixel of the chain."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

FRAMES, MORE_FRAMES, SPRITES = 9, 14, 10
PATIENCE = 300_000

# The same chain here and on the server: random pixels, so that no two sprites and no two frames are alike.
CHAIN = f"""
from types import SimpleNamespace
import numpy as np

def chain(frames=None, seed=0, length={FRAMES}):
    pixels = np.random.default_rng(seed).integers(0, 256, (2, length, {SPRITES}, 16, 16, 3), dtype=np.uint8)
    t = np.linspace(99, -1, length).round().astype(np.int64)
    noise = (t + 1) / 100
    return SimpleNamespace(
        t=t[:frames], x_t=pixels[0, :frames], x0=pixels[1, :frames], noise_level=noise[:frames]
    )

def second(frames=None):
    return chain(frames, seed=99, length={MORE_FRAMES})
"""

APP = (
    CHAIN
    + f"""
import time
import streamlit as st
from pages.parts.shared.player import PlayerSlot, player

state = st.session_state
state.runs = state.get("runs", 0) + 1
if st.query_params.get("slow"):
    time.sleep(0.2)
stars = state.setdefault("stars", set())
if st.query_params.get("grow"):
    slot = PlayerSlot(key="player", expected={FRAMES})
    for frames in range(1, {FRAMES + 1}):
        slot.show(chain(frames))
        time.sleep(0.3)
elif st.query_params.get("race"):
    slot = PlayerSlot(key="player", expected={FRAMES}, titles=("Few steps", "Many steps"))
    slot.show(chain())
    if st.button("go on"):
        for frames in range(1, {MORE_FRAMES + 1}):
            slot.show(chain(), second(frames))
            time.sleep(0.15)
elif st.query_params.get("compare"):
    player(chain(), key="player", other=second(), titles=("Few steps", "Many steps"))
else:
    if st.button("next batch"):
        state.seed = state.get("seed", 0) + 1
    event = player(
        chain(seed=state.get("seed", 0)),
        key="player",
        caption="Ten sprites",
        favourites=stars,
        actions={{"nearest": "Find neighbours", "more": "More like this"}},
    )
    if event and event.kind in ("star", "unstar"):
        stars.symmetric_difference_update([event.index])
        st.rerun()
    st.write(f"stars: {{sorted(stars)}}")
    st.write(f"asked: {{(event.kind, event.index) if event else None}} in runs: {{state.runs}}")
st.html("<div style='height: 2000px'></div>")
"""
)

# Counts the decoded pictures that nobody has freed.
COUNT_BITMAPS = """
const count = (globalThis.bitmaps = { open: 0, made: 0 });
const counted = (bitmap) => (count.open++, count.made++, bitmap);
const decode = globalThis.createImageBitmap;
globalThis.createImageBitmap = async (...all) => counted(await decode(...all));
const { transferToImageBitmap } = OffscreenCanvas.prototype;
OffscreenCanvas.prototype.transferToImageBitmap = function () { return counted(transferToImageBitmap.call(this)); };
const { close } = ImageBitmap.prototype;
ImageBitmap.prototype.close = function () { if (this.width) count.open--; close.call(this); };
"""


@dataclass(frozen=True)
class Source:
    """The chain that the server shows."""

    noisy: np.ndarray
    guess: np.ndarray
    noise: np.ndarray

    def at(self, level: float) -> int:
        """The latest frame that is not below this noise level."""
        return int(np.flatnonzero(self.noise >= level)[-1])


def chain(name: str = "chain", **how: int) -> Source:
    space: dict[str, object] = {}
    exec(CHAIN, space)
    made = space[name](**how)  # type: ignore[operator]
    return Source(made.x_t, made.x0, made.noise_level)


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
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(address)
        self.root = page.locator(".player")
        page.locator(".player:not([data-frames='0'])").wait_for()

    def frame(self) -> int:
        return int(self.root.get_attribute("data-frame") or -1)

    def until(self, state: str) -> None:
        """Wait until the player's root matches these attributes."""
        self.page.locator(f".player{state}").wait_for(state="attached", timeout=PATIENCE)

    def scrub(self, *keys: str) -> None:
        for key in keys:
            self.page.locator(".scrub").press(key)

    def sprites(self, kind: str, only: Sequence[int] = range(SPRITES)) -> np.ndarray:
        """Read the canvas of a panel back, at its own size."""
        canvas = self.page.locator(f".panel[data-kind={kind}] canvas")
        plan = json.loads(canvas.get_attribute("data-plan") or "")
        png = canvas.evaluate("c => c.toDataURL('image/png').split(',')[1]")
        pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGBA"))
        assert plan["scale"] > 1
        assert plan["count"] == SPRITES
        found = []
        for i in only:
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
    for _ in range(1000):
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
            assert np.array_equal(screen.sprites(kind), getattr(source, kind)[frame])
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
    assert colour[:3] == chain().guess[-1, 1, 0, 0].tolist()
    screen.page.keyboard.press("Escape")
    lens.wait_for(state="hidden")
    grid.focus()
    for key in ("Home", "ArrowRight", "ArrowRight", "Enter"):
        screen.page.keyboard.press(key)
    assert lens.locator(".title").inner_text() == f"Sprite 3 of {SPRITES}"
    assert screen.page.get_by_text("runs: 1").is_visible()
    for runs, (label, name) in enumerate((("Find neighbours", "nearest"), ("More like this", "more")), start=2):
        lens.get_by_role("button", name=label).click()  # this alone tells the page
        screen.page.get_by_text(f"asked: ('{name}', 2) in runs: {runs}").wait_for()
        assert screen.frame() == FRAMES - 1  # the same chain came again: the viewer keeps their place
        lens.wait_for(state="hidden")
        grid.focus()
        screen.page.keyboard.press("Enter")


def test_three_by_three_while_it_plays(screen: Screen) -> None:
    lens, source = screen.page.locator(".lens"), chain()
    nine, canvases = lens.get_by_role("button", name="Three by three"), lens.locator(".pair canvas")

    def enlarged(side: int) -> np.ndarray:
        png = canvases.nth(side).evaluate("c => c.toDataURL('image/png').split(',')[1]")
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB"))

    def check(frame: int, sprite: int, times: int) -> None:
        assert screen.frame() == frame
        for side, states in enumerate((source.noisy, source.guess)):
            shown, tile = enlarged(side), np.tile(states[frame, sprite], (times, times, 1))
            scale = len(shown) // len(tile)
            assert np.array_equal(shown, tile.repeat(scale, 0).repeat(scale, 1))

    screen.page.locator(".panel[data-kind=guess] .grid").focus()
    for key in ("Home", "Enter"):
        screen.page.keyboard.press(key)
    lens.locator(".still").nth(7).click()
    check(FRAMES - 1, 0, times=1)
    # Reached and pressed by keyboard alone; it stays for the next sprite, and while the chain plays.
    lens.locator(".play").focus()
    for key in ("Tab", "Enter"):
        screen.page.keyboard.press(key)
    assert nine.get_attribute("aria-pressed") == "true"
    check(FRAMES - 1, 0, times=3)
    screen.page.keyboard.press("ArrowRight")
    check(FRAMES - 1, 1, times=3)
    lens.locator(".play").click()
    screen.until("[data-playing=true]")
    screen.until("[data-frame='4']")
    lens.locator(".play").click()
    screen.until("[data-playing=false]")
    check(screen.frame(), 1, times=3)
    lens.locator(".still").nth(0).click()
    check(0, 1, times=3)
    nine.click()
    check(0, 1, times=1)
    assert nine.get_attribute("aria-pressed") == "false"


def test_a_star_shows_at_once_and_the_page_keeps_it(page: Page, url: str) -> None:
    screen = Screen(page, f"{url}/?slow=1")
    lens, marks = screen.page.locator(".lens"), screen.page.locator(".panel[data-kind=guess] .stars i")
    screen.scrub("Home", "ArrowRight")
    screen.page.locator(".panel[data-kind=guess] .grid").click(position={"x": 20, "y": 20})
    lens.locator(".star").click()
    assert lens.locator(".star").get_attribute("aria-pressed") == "true"
    screen.page.get_by_text("stars: [0]").wait_for()
    assert lens.is_visible()
    assert screen.frame() == 1
    screen.page.keyboard.press("f")
    assert lens.locator(".star").get_attribute("aria-pressed") == "false"
    screen.page.get_by_text("stars: []").wait_for()
    screen.page.keyboard.press("Escape")
    # Faster than the page can answer, and one of them is taken back at once: nothing gets lost.
    screen.page.locator(".panel[data-kind=noisy] .grid").focus()
    for key in ("Home", "f", "ArrowRight", "f", "ArrowRight", "f", "ArrowLeft", "f"):
        screen.page.keyboard.press(key)
    assert [mark.get_attribute("data-index") for mark in marks.all()] == ["0", "2"]
    screen.page.get_by_text("stars: [0, 2]").wait_for()
    screen.page.wait_for_timeout(300)
    assert [mark.get_attribute("data-index") for mark in marks.all()] == ["0", "2"]
    assert screen.page.get_by_text("stars: [0, 2]").is_visible()
    assert screen.frame() == 1
    assert screen.errors == []


def test_one_over_the_other_with_a_divider(screen: Screen) -> None:
    source = chain()
    screen.page.locator(".views [value=over]").check(force=True)
    screen.scrub("Home", "ArrowRight", "ArrowRight")
    divider, grid = screen.page.locator(".divider"), screen.page.locator(".panel[data-kind=over] canvas")
    plan = json.loads(grid.get_attribute("data-plan") or "")
    last = plan["columns"] - 1
    assert np.array_equal(screen.sprites("over", [0]), source.noisy[2, :1])
    assert np.array_equal(screen.sprites("over", [last]), source.guess[2, [last]])
    box, knob = grid.bounding_box(), divider.bounding_box()
    assert box is not None
    assert knob is not None
    screen.page.mouse.move(knob["x"] + knob["width"] / 2, knob["y"] + knob["height"] / 2)
    screen.page.mouse.down()
    screen.page.mouse.move(box["x"] + box["width"] + 50, box["y"] + 20, steps=3)
    assert np.array_equal(screen.sprites("over"), source.noisy[2])
    screen.page.mouse.move(box["x"] - 50, box["y"] + 20, steps=3)
    screen.page.mouse.up()
    assert np.array_equal(screen.sprites("over"), source.guess[2])
    assert not screen.page.locator(".lens").is_visible()
    divider.press("End")
    assert np.array_equal(screen.sprites("over"), source.noisy[2])
    assert divider.get_attribute("aria-valuenow") == "100"
    assert screen.frame() == 2
    screen.scrub("ArrowRight")
    assert np.array_equal(screen.sprites("over"), source.noisy[3])


def check_comparison(screen: Screen) -> None:
    """Two chains of different length: at each moment both stand at the same noise level."""
    left, right = chain(), chain("second")
    levels = sorted({*left.noise, *right.noise}, reverse=True)
    assert screen.root.get_attribute("data-frames") == str(len(levels))
    for moment in (0, 1, 2, 7, len(levels) - 1):
        screen.scrub("Home", *["ArrowRight"] * moment)
        at = levels[moment]
        assert np.array_equal(screen.sprites("noisy"), left.guess[left.at(at)])
        assert np.array_equal(screen.sprites("guess"), right.guess[right.at(at)])
    assert (left.at(levels[1]), right.at(levels[1])) == (0, 1)  # the finer chain goes first


def test_two_chains_side_by_side(page: Page, url: str) -> None:
    screen = Screen(page, f"{url}/?compare=1")
    assert [text.strip() for text in page.locator(".whose").all_inner_texts()[:2]] == ["Few steps", "Many steps"]
    assert page.locator(".views label:visible").all_inner_texts() == ["Noisy", "Guess"]
    check_comparison(screen)
    page.locator(".views [value=noisy]").check(force=True)
    assert np.array_equal(screen.sprites("noisy"), chain().noisy[-1])
    assert np.array_equal(screen.sprites("guess"), chain("second").noisy[-1])
    page.locator(".panel[data-kind=guess] .grid").click(position={"x": 20, "y": 20})
    lens = page.locator(".lens")
    assert lens.locator(".pair figcaption").all_inner_texts() == ["Few steps", "Many steps"]
    for side, source in enumerate((chain(), chain("second"))):
        large = lens.locator(".pair canvas").nth(side)
        colour = large.evaluate("c => [...c.getContext('2d').getImageData(1, 1, 1, 1).data]")
        assert colour[:3] == source.noisy[-1, 0, 0, 0].tolist()
    lens.locator(".still").first.click()
    assert screen.frame() == 0
    assert screen.errors == []


def test_the_other_chain_may_come_later(page: Page, url: str) -> None:
    screen = Screen(page, f"{url}/?race=1")
    screen.until("[data-compare=true]")
    right = page.locator(".panel[data-kind=guess]")
    assert right.get_attribute("data-waiting") == "true"
    page.get_by_role("button", name="go on").click()
    page.locator(".panel[data-kind=guess][data-waiting=false]").wait_for(timeout=PATIENCE)
    moments = len({*chain().noise, *chain("second").noise})
    screen.until(f"[data-frames='{moments}']")
    check_comparison(screen)
    assert screen.errors == []


def test_new_chains_take_the_place_of_the_old_and_its_memory(page: Page, url: str) -> None:
    page.add_init_script(COUNT_BITMAPS)
    screen = Screen(page, url)
    root = screen.root.element_handle()
    for batch in range(1, 11):
        made = page.evaluate("bitmaps.made")
        page.get_by_role("button", name="next batch").click()
        page.get_by_text(f"runs: {batch + 1}").wait_for()
        page.wait_for_function(f"bitmaps.made >= {made + 2 * FRAMES}")
    source = chain(seed=10)
    for _ in range(1000):
        screen.scrub("End")
        if np.array_equal(screen.sprites("guess"), source.guess[-1]):
            break
        page.wait_for_timeout(100)
    assert np.array_equal(screen.sprites("guess"), source.guess[-1])
    assert root.evaluate("e => e.isConnected")  # updated in place
    assert page.evaluate("bitmaps.open") == 2 * FRAMES
    assert screen.errors == []


def test_a_growing_chain_goes_on_from_where_it_is(page: Page, url: str) -> None:
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
    screen = Screen(page, f"{url}/?grow=1")
    screen.page.locator(".loop").click()
    screen.page.locator(".speeds [value='4']").check(force=True)  # it overtakes the server, and waits
    seen = []
    while len(seen) < 1000 and (not seen or seen[-1] < FRAMES - 1):
        seen.append(screen.frame())
        page.wait_for_timeout(30)
    assert seen == sorted(seen)
    assert seen[-1] == FRAMES - 1
    screen.scrub("Home")
    for frame in range(FRAMES):  # a slow browser is spared some states, yet gets every frame
        assert np.array_equal(screen.sprites("noisy"), chain().noisy[frame])
        screen.scrub("ArrowRight")
    assert screen.errors == []


def swipe(screen: Screen, by: int) -> None:
    """Draw a finger across the enlarged pictures."""
    box = screen.page.locator(".lens .pair").bounding_box()
    assert box is not None
    finger = screen.page.context.new_cdp_session(screen.page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + by, "y": y}]),
        ("touchEnd", []),
    ):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_a_phone_without_motion(browser: Browser, url: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=3, reduced_motion="reduce", has_touch=True
    )
    screen = Screen(context.new_page(), url)
    assert screen.frame() == FRAMES - 1  # the result, at rest
    assert screen.root.get_attribute("data-playing") == "false"
    for view in ("both", "over", "noisy", "guess"):
        screen.page.locator(f".views [value={view}]").check(force=True)
        assert screen.page.evaluate("document.documentElement.scrollWidth") <= 390
        assert screen.page.locator("[data-testid=stMain]").evaluate("e => e.scrollWidth <= e.clientWidth")
        right = screen.root.evaluate(
            "e => Math.max(...[...e.querySelectorAll('*')].map((child) => child.getBoundingClientRect().right))"
        )
        assert right <= 390
    screen.page.locator(".views [value=both]").check(force=True)
    check_pixels(screen, ratio=3)
    screen.page.locator(".panel[data-kind=noisy] .grid").tap(position={"x": 15, "y": 15})
    lens = screen.page.locator(".lens").bounding_box()
    assert lens is not None
    assert lens["x"] >= 0
    assert lens["x"] + lens["width"] <= 390
    swipe(screen, by=-150)
    assert screen.page.locator(".lens .title").inner_text() == f"Sprite 2 of {SPRITES}"
    swipe(screen, by=150)
    assert screen.page.locator(".lens .title").inner_text() == f"Sprite 1 of {SPRITES}"
    assert screen.errors == []
    context.close()
