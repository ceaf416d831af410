"""Streamlit mounts and unmounts the player in an order of its own."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from ddpm.diffusion.chain import Chain
from pages.parts.shared import player

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

# As it happens now and then when a page is loaded anew: the root is mounted twice before the first mount is undone.
UNDONE_LATE = """async ({ code, html, data }) => {
  const { default: mount } = await import(`data:text/javascript;base64,${code}`);
  const parentElement = document.createElement("div");
  parentElement.innerHTML = html;
  document.body.append(parentElement);
  const given = { data: Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), parentElement, setTriggerValue() {} };
  const undoFirst = mount(given);
  globalThis.undo = mount(given);
  undoFirst();
}"""
IS_KNOWN = "globalThis[Symbol.for('ddpm.player')].players.has('here')"


def test_a_mount_undone_late_leaves_the_next_one_alone(browser: Browser) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, FRAMES, 4, 16, 16, 3), dtype=np.uint8)
    data = player.pack(Chain(np.array([9, 4, -1]), *pixels, np.array([1.0, 0.5, 0.0])), SETTINGS)
    folder = Path(player.__file__).parent
    given = {"code": b64encode(player._SCRIPT.encode()).decode(), "data": b64encode(data).decode()}
    page = browser.new_page()
    page.set_default_timeout(300_000)
    page.evaluate(UNDONE_LATE, {"html": (folder / "player.html").read_text(encoding="utf-8"), **given})
    page.locator(f".player[data-frames='{FRAMES}']").wait_for(state="attached")
    for key, frame in (("Home", 0), ("ArrowRight", 1), ("End", FRAMES - 1)):
        page.locator(".scrub").press(key)
        page.locator(f".player[data-frame='{frame}']").wait_for(state="attached")
    assert page.evaluate(IS_KNOWN)
    # Both are over, and nothing is left of them.
    page.evaluate("() => { document.querySelector('.player').parentElement.remove(); undo(); }")
    page.wait_for_function(f"!{IS_KNOWN}")
    page.close()
