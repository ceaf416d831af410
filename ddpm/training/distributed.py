"""The processes that share one training: those that ``torchrun`` started, or this one alone.

Each computes its share of every batch, and the gradients are averaged (PyTorch's distributed data parallel). One
process leads: only it decides, writes and prints; it sends the others an order for each step.
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
    """The processes could not connect, or one of them has ended; the message says what to do."""


@dataclass(frozen=True)
class Team:
    """The processes that share one training, as one of them sees it; by default it is the only one.

    Attributes:
        rank: number of this process, 0..size-1; 0 leads.
        size: number of processes.
        local_size: how many of them run on this machine.
        device: where this process computes.
    """

    rank: int = 0
    size: int = 1
    local_size: int = 1
    device: torch.device = hardware.CPU

    @property
    def leads(self) -> bool:
        """Whether this process decides, writes and prints."""
        return self.rank == 0

    @property
    def threads(self) -> int:
        """Cores that this process uses by default."""
        return max(1, min(hardware.cores(), hardware.given_cores() // self.local_size))

    def share(self, count: int) -> slice:
        """This process's part of ``count`` sprites; parts differ by at most one sprite."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def network(self, model: nn.Module) -> nn.Module:
        """``model``, wrapped such that a backward pass averages the gradients of all processes."""
        if self.size == 1:
            return model
        with _lost_peers_as_team_error():
            return DistributedDataParallel(model)

    def scaled_loss(self, loss: torch.Tensor, count: int) -> torch.Tensor:
        """What this process's backward pass starts from.

        The averaged gradient is then that of the mean over the batch, even if the shares are not equal.

        Args:
            loss: the sum over this process's share.
            count: sprites in the whole batch.
        """
        return loss * (self.size / count)

    def gather(self, values: torch.Tensor, count: int) -> torch.Tensor:
        """All processes' values in the order of the batch, float32 (count,), on the CPU.

        Args:
            values: floating (S,), those of this process's share.
            count: sprites in the whole batch.
        """
        values = values.to("cpu", torch.float32)
        if self.size == 1:
            return values
        result = torch.zeros(count)
        result[self.share(count)] = values
        with _lost_peers_as_team_error():
            distributed.all_reduce(result)
        return result

    def tell(self, order: dict[str, Any]) -> None:
        """Send an order (JSON values) to all others, which :meth:`hear` it."""
        if self.size == 1 or not distributed.is_initialized():
            return
        data = torch.frombuffer(bytearray(json.dumps(order).encode()), dtype=torch.uint8)
        with _lost_peers_as_team_error():
            distributed.broadcast(torch.tensor([len(data)]), 0)
            distributed.broadcast(data, 0)

    def hear(self) -> dict[str, Any]:
        """Wait for the leader's next order."""
        length = torch.zeros(1, dtype=torch.int64)
        with _lost_peers_as_team_error():
            distributed.broadcast(length, 0)
            data = torch.zeros(int(length), dtype=torch.uint8)
            distributed.broadcast(data, 0)
        return json.loads(data.numpy().tobytes())

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        """Wrap this around a step: a failure because another process ended becomes a :class:`TeamError`."""
        if self.size == 1:
            yield
            return
        try:
            with _lost_peers_as_team_error():
                yield
        except BaseException:
            # The others wait for this process within the same step: only a closed connection ends their wait.
            with contextlib.suppress(RuntimeError, ValueError):
                distributed.destroy_process_group()
            raise


ALONE = Team()


@contextlib.contextmanager
def _lost_peers_as_team_error() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        # Backends report it with their own messages, and no type of error.
        if not any(word in str(error).lower() for word in ("gloo", "nccl", "peer", "connection", "socket")):
            raise
        raise TeamError(
            "Another process of this training has ended. Look for its own message above; then start the training "
            "again with --resume."
        ) from error
