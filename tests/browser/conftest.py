"""A real Chromium and a real server: what these tests look at can't be seen any other way."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser.chromium import HELP, find_chromium

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 300_000  # milliseconds
FLAGS = ["--no-sandbox", "--disable-background-networking"]


@dataclass(frozen=True)
class Server:
    """A running app: its address, its process, and the home that it was given."""

    url: str
    process: subprocess.Popen[bytes]
    home: Path


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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"The server did not come up:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """``serve(script, cwd=..., env=...)`` starts an app with a home of its own; it ends with the tests."""
    servers: list[subprocess.Popen[bytes]] = []

    def start(script: Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Server:
        place = tmp_path_factory.mktemp("server")
        port = _free_port()
        options = {
            "server.port": str(port),
            "server.address": "127.0.0.1",
            "server.headless": "true",
            "server.fileWatcherType": "none",
            "browser.gatherUsageStats": "false",
        }
        command = [sys.executable, "-m", "streamlit", "run", str(script)]
        command += [f"--{name}={value}" for name, value in options.items()]
        surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "DDPM_HOME": str(place / "home"), **(env or {})}
        log = place / "server.log"
        with log.open("wb") as output:
            server = subprocess.Popen(
                command, cwd=cwd or script.parent, env=surroundings, stdout=output, stderr=subprocess.STDOUT
            )
        servers.append(server)
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, server, log)
        return Server(url, server, Path(surroundings["DDPM_HOME"]))

    yield start
    for server in servers:
        server.terminate()
    for server in servers:
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
