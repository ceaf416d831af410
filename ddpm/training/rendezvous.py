"""How the processes of one training connect: the settings from ``torchrun``, and the wait for all of them."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from torch import distributed

from ddpm.base import hardware
from ddpm.training.distributed import Team, TeamError

MEETING_SECONDS = 120.0
"""How long the processes wait for each other at the start."""

# A pause may last for weeks; a process that has ended is noticed by its closed connection, not by this limit.
_TIMEOUT = timedelta(days=365)
# Between two attempts; only there can Ctrl-C stop the wait.
_POLL_SECONDS = 0.1
_ROUND_SECONDS = 5.0
_HELP = (
    "Several processes share a training if torchrun starts them (python -m torch.distributed.run, see the README). "
    "To train alone, remove WORLD_SIZE and RANK from the environment."
)


@contextlib.contextmanager
def join_team(seconds: float = MEETING_SECONDS) -> Iterator[Team]:
    """The team in which ``torchrun`` started this process, while the context lasts; otherwise a team of one.

    The processes use gloo on a CPU, and nccl on NVIDIA GPUs, one per process.

    Args:
        seconds: how long to wait for the others.

    Raises:
        TeamError: if the launcher's settings are wrong, or the others do not connect.
    """
    launch = _launch()
    if launch.size == 1 or not distributed.is_available():
        yield Team(device=hardware.best_device())
        return
    device = hardware.best_device(launch.local_rank)
    if device.type == "mps":
        # Its tensors cannot be averaged between processes.
        device = hardware.CPU
    _rendezvous(launch, "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo", seconds)
    try:
        yield Team(launch.rank, launch.size, launch.local_size, device)
    finally:
        if distributed.is_initialized():
            # The wrapped network is in a reference cycle, and must be freed before the group whose threads it uses.
            gc.collect()
            with contextlib.suppress(RuntimeError):
                distributed.destroy_process_group()


@dataclass(frozen=True)
class _Launch:
    """The launcher's settings, from the environment; without them, one process alone."""

    size: int = 1
    rank: int = 0
    local_rank: int = 0
    local_size: int = 1
    address: str = ""
    port: int = 0


def _launch() -> _Launch:
    wanted = ("WORLD_SIZE", "RANK", "MASTER_ADDR", "MASTER_PORT")
    missing = [name for name in wanted if not os.environ.get(name)]
    if {"WORLD_SIZE", "RANK"} <= set(missing):
        return _Launch()
    size = _number("WORLD_SIZE", 1, 1_000_000) if "WORLD_SIZE" not in missing else 2
    if size == 1:
        return _Launch()
    if missing:
        given = next(f"{name}={os.environ[name]}" for name in wanted if name not in missing)
        raise TeamError(
            f"{given} says that several processes share this training, but there is no {', no '.join(missing)}. {_HELP}"
        )
    return _Launch(
        size,
        _number("RANK", 0, size - 1),
        _number("LOCAL_RANK", 0, size - 1, 0),
        _number("LOCAL_WORLD_SIZE", 1, size, size),
        os.environ["MASTER_ADDR"],
        _number("MASTER_PORT", 1, 65535),
    )


def _number(name: str, low: int, high: int, default: int | None = None) -> int:
    text = os.environ.get(name, "").strip()
    if not text and default is not None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
        raise TeamError(f"{name} must be a whole number from {low} to {high}, not {text!r}. {_HELP}")
    return int(text)


def _rendezvous(launch: _Launch, backend: str, seconds: float) -> None:
    """Wait for all processes, in short rounds, since Ctrl-C cannot stop torch's own waiting; then connect them."""
    deadline = time.monotonic() + seconds
    where = f"{launch.address}:{launch.port}"
    store = _open_store(launch, where, deadline, seconds)
    present = {rank: f"here/{rank}" for rank in range(launch.size)}
    printed = False
    try:
        store.set(present[launch.rank], "1")
        while missing := [rank for rank, key in present.items() if not store.check([key])]:
            # Only the leader prints, or all others if the leader is missing.
            if not printed and (launch.rank == 0 or 0 in missing):
                _print_waiting(missing, launch.size, where, seconds)
                printed = True
            _wait_a_moment(deadline, missing, launch.size, where, seconds)
        store.set_timeout(timedelta(seconds=max(_ROUND_SECONDS, deadline - time.monotonic())))
    except distributed.DistError as error:
        raise TeamError(f"Process 0 of this training, at {where}, went away before all were there.") from error
    _join(launch, backend, store, max(deadline, time.monotonic() + _ROUND_SECONDS), where)


def _open_store(launch: _Launch, where: str, deadline: float, seconds: float) -> distributed.Store:
    """The key-value store through which the processes connect, kept by the launcher or by process 0."""
    is_host = launch.rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
    printed = False
    while True:
        try:
            if not is_host:
                # torch would try again and again, and Ctrl-C could not stop it.
                socket.create_connection((launch.address, launch.port), timeout=_ROUND_SECONDS).close()
            store = distributed.TCPStore(
                launch.address,
                launch.port,
                is_master=is_host,
                timeout=timedelta(seconds=_ROUND_SECONDS),
                wait_for_workers=False,
                multi_tenant=True,
            )
        except (OSError, distributed.DistError) as error:
            if is_host:
                raise TeamError(
                    f"This process cannot listen at {where} for the others ({_first_line(error)}). Set MASTER_ADDR to "
                    "a name of this machine, and MASTER_PORT to a port that nobody uses."
                ) from error
            if not printed:
                _print_waiting([0], launch.size, where, seconds)
                printed = True
            _wait_a_moment(deadline, [0], launch.size, where, seconds)
        else:
            return distributed.PrefixStore(f"ddpm/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)


def _join(launch: _Launch, backend: str, store: distributed.Store, deadline: float, where: str) -> None:
    failed: list[BaseException] = []

    def join() -> None:
        try:
            distributed.init_process_group(
                backend, store=store, rank=launch.rank, world_size=launch.size, timeout=_TIMEOUT
            )
        except BaseException as error:
            failed.append(error)

    joining = threading.Thread(target=join, daemon=True)
    joining.start()
    while joining.is_alive() and time.monotonic() < deadline:
        joining.join(_POLL_SECONDS)
    if failed or joining.is_alive():
        reason = _first_line(failed[0]) if failed else "they do not reach one another"
        raise TeamError(
            f"All {launch.size} processes came to {where}, but could not connect ({reason}). Check that no firewall is "
            "between them, then start them again."
        ) from (failed[0] if failed else None)


def _print_waiting(missing: list[int], size: int, where: str, seconds: float) -> None:
    text = f"Waiting for {_processes(missing)} of {size} at {where}, for up to {seconds:g} seconds ..."
    print(text, file=sys.stderr, flush=True)


def _wait_a_moment(deadline: float, missing: list[int], size: int, where: str, seconds: float) -> None:
    if time.monotonic() > deadline:
        raise TeamError(
            f"{_processes(missing).capitalize()} of {size} did not come to {where} within {seconds:g} seconds. Start "
            f"all of them, or give them longer with --wait-for-others. {_HELP}"
        )
    time.sleep(_POLL_SECONDS)


def _processes(ranks: list[int]) -> str:
    shown = ", ".join(map(str, ranks[:8])) + (", ..." if len(ranks) > 8 else "")
    return f"process {shown}" if len(ranks) == 1 else f"{len(ranks)} processes ({shown})"


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:200] or type(error).__name__
