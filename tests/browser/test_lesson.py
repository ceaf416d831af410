"""The lesson on paper: what a printer gets is seen in a browser alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from pages.parts.shared.lesson.steps import STEPS
from tests.browser.conftest import PATIENCE, ROOT, Serve, tab

expect.set_options(timeout=PATIENCE)


@pytest.fixture
def page(browser: Browser, serve: Serve) -> Iterator[Page]:
    url = serve(ROOT / "streamlit_app.py").url
    for found in tab(browser, color_scheme="dark"):
        found.goto(f"{url}/Lesson")
        yield found


def printed(page: Page) -> int:
    """How many pages of A4 leave the printer."""
    return len(re.findall(rb"/Type /Page\b", page.pdf(prefer_css_page_size=True)))


def test_it_prints_on_one_page_or_two_and_nothing_else(page: Page) -> None:
    expect(page.get_by_role("heading", name=STEPS[-1].title)).to_be_visible()
    sheet = page.locator(".lesson-paper")
    expect(sheet).to_be_hidden()
    page.evaluate("() => { window.print = () => { window.asked = (window.asked ?? 0) + 1 } }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.asked") == 1
    assert printed(page) == 1
    page.get_by_text("With a page for the teacher").click()
    expect(sheet.locator("article")).to_have_count(2)
    assert printed(page) == 2
    page.emulate_media(media="print")
    expect(sheet).to_be_visible()
    seen = page.evaluate(
        """() => [...document.querySelectorAll("body *")].filter(
            (one) => one.checkVisibility() && !one.closest(".lesson-paper") && !one.querySelector(".lesson-paper")
        ).length"""
    )
    assert seen == 0
    colours = sheet.evaluate("one => [getComputedStyle(one).color, getComputedStyle(document.body).backgroundColor]")
    assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
