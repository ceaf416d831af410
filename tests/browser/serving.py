"""The app as a process of its own, with a home of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Server:
    """A running app: its address, its process, and the home that it was given."""

    url: str
    process: subprocess.Popen[bytes]
    home: Path

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def start_server(script: Path, place: Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> Server:
    """Start an app, and wait until it answers.

    Args:
        script: what Streamlit runs.
        place: an empty folder for its log, and for its home unless ``env`` names another.
        cwd: where it is started; None: beside the script.

    Raises:
        RuntimeError: if it does not come up, with what it said.
    """
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
        process = subprocess.Popen(
            command, cwd=cwd or script.parent, env=surroundings, stdout=output, stderr=subprocess.STDOUT
        )
    server = Server(f"http://127.0.0.1:{port}", process, Path(surroundings["DDPM_HOME"]))
    if not _gets_healthy(server):
        server.end()
        raise RuntimeError(f"The server did not come up:\n{log.read_text(errors='replace')[-3000:]}")
    return server


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _gets_healthy(server: Server, seconds: float = 300) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=10):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False
