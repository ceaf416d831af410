"""Finds a Chromium for the tests, or installs one: ``python -m tests.browser.chromium``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HELP = (
    "No Chromium was found, and none could be installed. Install one yourself: `playwright install chromium`, or your "
    f"system's package. It is looked for on the PATH as {', '.join(NAMES)}."
)


def find_chromium() -> str | None:
    """The path of a Chromium that starts: the system's, or Playwright's own; None if there is none."""
    for name in NAMES:
        path = shutil.which(name)
        if path and _starts(path):
            return path
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() and _starts(own) else None


def main() -> int:
    """Find or install; returns the exit status."""
    if path := find_chromium():
        print(f"Chromium: {path}")
        return 0
    for command in (
        [sys.executable, "-m", "playwright", "install", "chromium"],
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "chromium"],
    ):
        _try(command)
        if path := find_chromium():
            print(f"Chromium: {path}")
            return 0
    print(HELP, file=sys.stderr)
    return 1


def _starts(path: str) -> bool:
    try:
        command = [path, "--version"]
        return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _try(command: Sequence[str]) -> None:
    print("$", " ".join(command), flush=True)
    try:
        subprocess.run(command, timeout=600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
