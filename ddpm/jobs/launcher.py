"""Starting a training as a child process, so that it does not depend on a page or its session.

The child reads its standard input. When the server that started it ends, for any reason, the child reads the end of
the file, saves and stops. A thread that waits for the child keeps the pipe open as long as the server lives.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path

from ddpm.base.files import open_plain
from ddpm.base.home import home
from ddpm.jobs import request as training
from ddpm.jobs.distilling import request as distilling
from ddpm.jobs.distilling.request import DistilRequest
from ddpm.jobs.request import TrainingRequest
from ddpm.runs.run import Run
from ddpm.runs.training_lock import active_training

_ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 90
_TAIL_BYTES = 8000
# Variables of torchrun. A training started from a page runs alone, even if torchrun started the server.
_TORCHRUN = {"WORLD_SIZE", "RANK", "LOCAL_RANK", "LOCAL_WORLD_SIZE"}
_starting = threading.Lock()


class StartError(RuntimeError):
    """A training could not be started; the message says why."""


@dataclass(frozen=True)
class Child:
    """A training that was started by this process; ``start`` identifies it in the run folder."""

    run: Run
    start: str
    log: Path
    process: subprocess.Popen[bytes]

    def has_begun(self) -> bool:
        return self.run.status().get("start") == self.start

    def problem(self) -> str | None:
        """Why the process failed; None if it did not, or still runs."""
        if code := self.process.poll():
            return log_tail(self.log) or f"The training ended at once, with exit code {code}."
        return None


def start_training(request: TrainingRequest | DistilRequest) -> Child:
    """Start ``python -m ddpm train`` or ``distil``, and return when the run folder shows it, or it has ended.

    Raises:
        StartError: if a training is already alive in this home, or the process cannot be started.
    """
    request = _with_absolute_paths(request)
    if request.folder.parent.name != "checkpoints":
        raise StartError(f"{request.folder} is not in a folder called checkpoints: a training cannot be started there.")
    with _starting:
        if active := active_training():
            raise StartError(f"A training is already under way: {active.run.name}.")
        start = secrets.token_hex(8)
        try:
            logs = home() / "logs"
            logs.mkdir(exist_ok=True)
            log = logs / f"{request.folder.name}-{start}.log"
            with open(log, "wb") as output:
                process = subprocess.Popen(
                    [sys.executable, "-m", "ddpm", *_command(request), "--stop-on-eof"],
                    cwd=request.folder.parent.parent,
                    env=_environment(start, log),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise StartError(f"The training could not be started: {error}") from error
        child = Child(Run(request.folder), start, log, process)
        threading.Thread(target=process.wait, name=f"training {start}", daemon=True).start()
        # A second start could not see this one before the child has written its status.
        deadline = time.monotonic() + _START_SECONDS
        while not child.has_begun() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return child


def log_tail(log: Path, lines: int = 12) -> str:
    """The last lines that a training printed; empty if there is no log."""
    try:
        with open_plain(log) as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            text = file.read(_TAIL_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
    return "\n".join(text.strip().splitlines()[-lines:])


def _command(request: TrainingRequest | DistilRequest) -> list[str]:
    if isinstance(request, DistilRequest):
        return ["distil", *distilling.to_options(request)]
    return ["train", *training.to_options(request)]


def _with_absolute_paths(request: TrainingRequest | DistilRequest) -> TrainingRequest | DistilRequest:
    """The same request with absolute paths, for a process in another working folder."""
    if isinstance(request, DistilRequest):
        return replace(request, folder=request.folder.absolute())
    data = request.data
    if data is not None and data.partition(":")[0] not in ("builtin", "kaggle"):
        data = os.path.abspath(os.path.expanduser(data))
    return replace(request, folder=request.folder.absolute(), data=data)


def _environment(start: str, log: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if name not in _TORCHRUN}
    # Relative paths would not be valid in the child's working folder.
    if theirs := ours.get("KAGGLEHUB_CACHE"):
        ours["KAGGLEHUB_CACHE"] = os.path.abspath(theirs)
    path = [str(_ROOT), *(os.path.abspath(entry) for entry in ours.get("PYTHONPATH", "").split(os.pathsep) if entry)]
    return {
        **ours,
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONUNBUFFERED": "1",
        # The log is read as UTF-8, which need not be the system's encoding.
        "PYTHONIOENCODING": "utf-8",
        "DDPM_HOME": str(home()),
        "DDPM_START": start,
        "DDPM_LOG": str(log),
    }
