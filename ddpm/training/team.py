"""The processes that share one training: those that ``torchrun`` started, or this one alone.

Each looks at its share of every batch, and the gradients are averaged: distributed data parallel, by PyTorch itself.
One process leads: it alone decides, writes and speaks; the others do what it tells them, step by step.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ddpm.base import hardware

# A pause may last a holiday; that a process has died is noticed by its closed connection, not by the clock.
_PATIENCE = timedelta(days=365)
# How long the processes wait for one another at the start.
MEETING_SECONDS = 120.0
# Between two looks; Ctrl-C is heard there.
_LOOK_SECONDS = 0.1
_ROUND_SECONDS = 5.0
_HELP = (
    "Several processes share a training if torchrun starts them (python -m torch.distributed.run, see the README). "
    "To train alone, remove WORLD_SIZE and RANK from the environment."
)


class TeamError(RuntimeError):
    """The team does not come about, or another process of it has ended; the message says what to do."""


@dataclass(frozen=True)
class Team:
    """This process and those it works with; by default it is alone.

    Attributes:
        rank: number of this process, 0..size-1; 0 leads.
        size: number of processes.
        neighbours: how many of them share this machine.
        device: what this process computes on.
    """

    rank: int = 0
    size: int = 1
    neighbours: int = 1
    device: torch.device = hardware.CPU

    @property
    def leads(self) -> bool:
        """Whether this process decides, writes and speaks."""
        return self.rank == 0

    @property
    def threads(self) -> int:
        """Cores for this process, if nobody says otherwise."""
        return max(1, min(hardware.cores(), hardware.given_cores() // self.neighbours))

    def share(self, count: int) -> slice:
        """The part of ``count`` sprites that is this process's; parts differ by one sprite at most."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def network(self, model: nn.Module) -> nn.Module:
        """``model``, such that a backward pass leaves the mean of all processes' gradients in each."""
        if self.size == 1:
            return model
        with _told():
            return DistributedDataParallel(model)

    def scaled(self, loss: torch.Tensor, count: int) -> torch.Tensor:
        """Turn the sum of this process's losses into what it must go backward from.

        Args:
            loss: the sum over its share.
            count: sprites of the whole batch: the mean of gradients is then that of the mean over all of them, even if
                the shares are not equal.
        """
        return loss * (self.size / count)

    def gathered(self, values: torch.Tensor, count: int) -> torch.Tensor:
        """All processes' values in the order of the batch.

        Args:
            values: floating (S,), those of :meth:`share`.
            count: of all.

        Returns:
            float32 (count,), on the CPU.
        """
        values = values.to("cpu", torch.float32)
        if self.size == 1:
            return values
        result = torch.zeros(count)
        result[self.share(count)] = values
        with _told():
            distributed.all_reduce(result)
        return result

    def tell(self, order: dict[str, Any]) -> None:
        """Give an order (JSON values) to all others; the leader's part of :meth:`hear`."""
        if self.size == 1 or not distributed.is_initialized():
            return
        data = torch.frombuffer(bytearray(json.dumps(order).encode()), dtype=torch.uint8)
        with _told():
            distributed.broadcast(torch.tensor([len(data)]), 0)
            distributed.broadcast(data, 0)

    def hear(self) -> dict[str, Any]:
        """Wait for the leader's next order."""
        length = torch.zeros(1, dtype=torch.int64)
        with _told():
            distributed.broadcast(length, 0)
            data = torch.zeros(int(length), dtype=torch.uint8)
            distributed.broadcast(data, 0)
        order: dict[str, Any] = json.loads(data.numpy().tobytes())
        return order

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        """Around a step: what went wrong because another process ended is a :class:`TeamError`."""
        if self.size == 1:
            yield
            return
        try:
            with _told():
                yield
        except BaseException:
            # The others wait for this process in the middle of the same step: they can only be cut off.
            with contextlib.suppress(RuntimeError, ValueError):
                distributed.destroy_process_group()
            raise


ALONE = Team()


@contextlib.contextmanager
def team(seconds: float = MEETING_SECONDS) -> Iterator[Team]:
    """The team that ``torchrun`` put this process into, for as long as the context lasts; else a team of one.

    On a CPU the processes talk through gloo, on NVIDIA GPUs, one a process, through nccl.

    Args:
        seconds: how long to wait for the others.

    Raises:
        TeamError: if what the launcher says makes no sense, or the others do not come.
    """
    place = _place()
    if place.size == 1 or not distributed.is_available():
        yield Team(device=hardware.best_device())
        return
    device = hardware.best_device(place.local_rank)
    if device.type == "mps":
        # Its tensors cannot be averaged between processes.
        device = hardware.CPU
    _meet(place, "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo", seconds)
    try:
        yield Team(place.rank, place.size, place.neighbours, device)
    finally:
        if distributed.is_initialized():
            # The wrapped network is part of a cycle, and must not outlive the group whose threads it uses.
            gc.collect()
            with contextlib.suppress(RuntimeError):
                distributed.destroy_process_group()


@dataclass(frozen=True)
class _Place:
    """What the launcher says in the environment; alone where it says nothing."""

    size: int = 1
    rank: int = 0
    local_rank: int = 0
    neighbours: int = 1
    address: str = ""
    port: int = 0


def _place() -> _Place:
    wanted = ("WORLD_SIZE", "RANK", "MASTER_ADDR", "MASTER_PORT")
    missing = [name for name in wanted if not os.environ.get(name)]
    if {"WORLD_SIZE", "RANK"} <= set(missing):
        return _Place()
    size = _number("WORLD_SIZE", 1, 1_000_000) if "WORLD_SIZE" not in missing else 2
    if size == 1:
        return _Place()
    if missing:
        given = next(f"{name}={os.environ[name]}" for name in wanted if name not in missing)
        raise TeamError(
            f"{given} says that several processes share this training, but there is no {', no '.join(missing)}. {_HELP}"
        )
    return _Place(
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


def _meet(place: _Place, backend: str, seconds: float) -> None:
    """Wait until all processes are there, in short rounds, since torch itself hears no Ctrl-C; then join them."""
    deadline = time.monotonic() + seconds
    where = f"{place.address}:{place.port}"
    store = _board(place, where, deadline, seconds)
    present = {rank: f"here/{rank}" for rank in range(place.size)}
    told = False
    try:
        store.set(present[place.rank], "1")
        while missing := [rank for rank, key in present.items() if not store.check([key])]:
            # The leader speaks; another one does only where the leader itself is missing.
            if not told and (place.rank == 0 or 0 in missing):
                _say_waiting(missing, place.size, where, seconds)
                told = True
            _look_again(deadline, missing, place.size, where, seconds)
        store.set_timeout(timedelta(seconds=max(_ROUND_SECONDS, deadline - time.monotonic())))
    except distributed.DistError as error:
        raise TeamError(f"Process 0 of this training, at {where}, went away before all were there.") from error
    _join(place, backend, store, max(deadline, time.monotonic() + _ROUND_SECONDS), where)


def _board(place: _Place, where: str, deadline: float, seconds: float) -> distributed.Store:
    """Where the processes leave word for one another: kept by the launcher, or by process 0."""
    keeps = place.rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
    told = False
    while True:
        try:
            if not keeps:
                # torch would try for the whole time, deaf to all.
                socket.create_connection((place.address, place.port), timeout=_ROUND_SECONDS).close()
            board = distributed.TCPStore(
                place.address,
                place.port,
                is_master=keeps,
                timeout=timedelta(seconds=_ROUND_SECONDS),
                wait_for_workers=False,
                multi_tenant=True,
            )
        except (OSError, distributed.DistError) as error:
            if keeps:
                raise TeamError(
                    f"This process cannot listen at {where} for the others ({_first_line(error)}). Set MASTER_ADDR to "
                    "a name of this machine, and MASTER_PORT to a port that nobody uses."
                ) from error
            if not told:
                _say_waiting([0], place.size, where, seconds)
                told = True
            _look_again(deadline, [0], place.size, where, seconds)
        else:
            return distributed.PrefixStore(f"ddpm/{os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", board)


def _join(place: _Place, backend: str, store: distributed.Store, deadline: float, where: str) -> None:
    failed: list[BaseException] = []

    def join() -> None:
        try:
            distributed.init_process_group(
                backend, store=store, rank=place.rank, world_size=place.size, timeout=_PATIENCE
            )
        except BaseException as error:
            failed.append(error)

    joining = threading.Thread(target=join, daemon=True)
    joining.start()
    while joining.is_alive() and time.monotonic() < deadline:
        joining.join(_LOOK_SECONDS)
    if failed or joining.is_alive():
        reason = _first_line(failed[0]) if failed else "they do not reach one another"
        raise TeamError(
            f"All {place.size} processes came to {where}, but could not connect ({reason}). Check that no firewall is "
            "between them, then start them again."
        ) from (failed[0] if failed else None)


def _say_waiting(missing: list[int], size: int, where: str, seconds: float) -> None:
    text = f"Waiting for {_processes(missing)} of {size} at {where}, for up to {seconds:g} seconds ..."
    print(text, file=sys.stderr, flush=True)


def _look_again(deadline: float, missing: list[int], size: int, where: str, seconds: float) -> None:
    if time.monotonic() > deadline:
        raise TeamError(
            f"{_processes(missing).capitalize()} of {size} did not come to {where} within {seconds:g} seconds. Start "
            f"all of them, or give them longer with --wait-for-others. {_HELP}"
        )
    time.sleep(_LOOK_SECONDS)


def _processes(ranks: list[int]) -> str:
    shown = ", ".join(map(str, ranks[:8])) + (", ..." if len(ranks) > 8 else "")
    return f"process {shown}" if len(ranks) == 1 else f"{len(ranks)} processes ({shown})"


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:200] or type(error).__name__


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        # Each backend has words of its own for it, and no type.
        if not any(word in str(error).lower() for word in ("gloo", "nccl", "peer", "connection", "socket")):
            raise
        raise TeamError(
            "Another process of this training has ended. Look for its own message above; then start the training "
            "again with --resume."
        ) from error
