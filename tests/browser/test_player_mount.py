"""Streamlit mounts and unmounts the player in an order of its own."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from ddpm.diffusion.chain import Chain
from pages.parts.shared import player
from pages.parts.shared.component import SCRIPT, source

FRAMES = 3
SETTINGS = {
    "address": "here",
    "caption": "",
    "autoplay": False,
    "columns": None,
    "expected": None,
    "actions": [],
    "titles": ("", ""),
    "names": (),
}
FOLDER = Path(player.__file__).parent

# Each piece of code is a module, as in Streamlit; `given` is what it hands to all of them.
BEGIN = """async ({ codes, html, texts }) => {
  const load = async (code) => (await import(`data:text/javascript;base64,${code}`)).default;
  globalThis.mounts = await Promise.all(codes.map(load));
  globalThis.datas = texts.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
  const parentElement = document.createElement("div");
  parentElement.innerHTML = html;
  document.body.append(parentElement);
  globalThis.call = (mount, data) => mounts[mount]({ data: datas[data], parentElement, setTriggerValue() {} });
}"""
IS_KNOWN = "globalThis[Symbol.for('ddpm.player')].players.has('here')"
AFTER_TIMERS = "() => new Promise((done) => setTimeout(() => setTimeout(done, 50)))"


@pytest.fixture
def mounted(browser: Browser) -> Page:
    """``call(0, i)`` mounts the player, ``call(1, i)`` a feed; data 0 are complete, 1 are of a drawing with one frame.

    Data 2 are a later state of that drawing.
    """
    pixels = np.random.default_rng(0).integers(0, 256, (2, FRAMES, 4, 16, 16, 3), dtype=np.uint8)
    t, noise = np.array([9, 4, -1]), np.array([1.0, 0.5, 0.0])

    def data(frames: int, **more: str) -> str:
        chain = Chain(t[:frames], *pixels[:, :frames], noise[:frames])
        return b64encode(player.pack(chain, {**SETTINGS, **more})).decode()

    page = browser.new_page()
    page.set_default_timeout(300_000)
    scripts = (player._SCRIPT, SCRIPT + source(player.__file__, "registry.js", "feed.js"))
    page.evaluate(
        BEGIN,
        {
            "codes": [b64encode(code.encode()).decode() for code in scripts],
            "html": (FOLDER / "player.html").read_text(encoding="utf-8"),
            "texts": [data(FRAMES), data(1, drawing="a"), data(2, drawing="a")],
        },
    )
    return page


def has_frames(page: Page, count: int) -> None:
    page.locator(f".player[data-frames='{count}']").wait_for(state="attached")


def test_a_mount_undone_late_leaves_the_next_one_alone(mounted: Page) -> None:
    # As it happens now and then when a page is loaded anew: the root is mounted twice before the first mount is undone.
    mounted.evaluate("() => { const undoFirst = call(0, 0); globalThis.undo = call(0, 0); undoFirst(); }")
    has_frames(mounted, FRAMES)
    for key, frame in (("Home", 0), ("ArrowRight", 1), ("End", FRAMES - 1)):
        mounted.locator(".scrub").press(key)
        mounted.locator(f".player[data-frame='{frame}']").wait_for(state="attached")
    assert mounted.evaluate(IS_KNOWN)
    # Both are over, and nothing is left of them.
    mounted.evaluate("() => { document.querySelector('.player').parentElement.remove(); undo(); }")
    mounted.wait_for_function(f"!{IS_KNOWN}")
    mounted.close()


def test_older_data_that_are_mounted_last_are_not_shown(mounted: Page) -> None:
    # A browser calls what waits for the same script in any order; the outdated call is undone at once.
    mounted.evaluate("() => { call(0, 0); const undoOlder = call(0, 1); undoOlder(); }")
    has_frames(mounted, FRAMES)
    mounted.evaluate(AFTER_TIMERS)
    has_frames(mounted, FRAMES)
    mounted.close()


def test_a_late_feed_does_not_replace_the_finished_sprites(mounted: Page) -> None:
    # While the first frame is being decoded the page is done, and a feed that was on its way comes after it.
    mounted.evaluate("() => { call(0, 1); call(0, 0); call(1, 2); }")
    has_frames(mounted, FRAMES)
    mounted.evaluate(AFTER_TIMERS)
    has_frames(mounted, FRAMES)
    mounted.close()


def test_a_feed_is_shown(mounted: Page) -> None:
    mounted.evaluate("() => { call(0, 1); call(1, 2); }")
    has_frames(mounted, 2)
    mounted.close()
