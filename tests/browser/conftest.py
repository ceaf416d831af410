"""A real Chromium and a real server: what these tests look at can't be seen any other way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import HELP, find_chromium
from tests.browser.serving import ROOT as ROOT
from tests.browser.serving import Server as Server
from tests.browser.serving import start_server

PATIENCE = 300_000  # milliseconds
FLAGS = ["--no-sandbox", "--disable-background-networking"]


Serve = Callable[..., Server]

# Those who have left, by browser and by what sets them apart.
_visitors: dict[tuple[Any, ...], list[BrowserContext]] = {}
_REMEMBERED = "cookies,file_systems,indexeddb,local_storage,service_workers,websql"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = find_chromium()
    if path is None:
        pytest.fail(HELP)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


def tab(browser: Browser, width: int = 1280, height: int = 1000, **context: Any) -> Iterator[Page]:
    """A tab of a visitor who has never been here; it is closed when the test ends."""
    # Streamlit's own scripts take longer to load than most pages: the next visitor finds them, and nothing else.
    free = _visitors.setdefault((browser, *sorted(context.items())), [])
    visitor = free.pop() if free else browser.new_context(**context)
    page = visitor.new_page()
    page.set_viewport_size({"width": width, "height": height})
    page.set_default_timeout(PATIENCE)
    yield page
    if page.is_closed():
        visitor.close()
        return
    place = {"origin": page.evaluate("location.origin"), "storageTypes": _REMEMBERED}
    visitor.new_cdp_session(page).send("Storage.clearDataForOrigin", place)
    page.close()
    free.append(visitor)


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """``serve(script, cwd=..., env=...)`` starts an app with a home of its own; it ends with the tests."""
    servers: list[Server] = []

    def start(script: Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Server:
        found = start_server(script, tmp_path_factory.mktemp("server"), cwd, env)
        servers.append(found)
        return found

    yield start
    for server in servers:
        server.process.terminate()
    for server in servers:
        server.end()
