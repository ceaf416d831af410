"""The processes that share one training: those that ``torchrun`` started, or this one alone.

Each looks at its share of every batch, and the gradients are averaged: distributed data parallel, by PyTorch itself.
One process leads: it alone decides, writes and speaks; the others do what it tells them, step by step.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ddpm.base import hardware


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
