"""A network asked in parts, by as many threads as there are cores.

torch spreads each operation of a network over the cores and waits for all of them before the next: hundreds of waits a
call. As soon as another program holds one of the cores, each wait lasts until it lets go. Parts of the batch that go
through the whole network on one core each wait for one another once.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import torch

from ddpm.hardware import cores
from ddpm.schedule import PredictionType

# At most so many sprites a part, whatever the machine: results must not depend on the number of its cores.
_PART = 16


class InParts:
    """A network on the CPU, to be passed to :func:`ddpm.sample` in its place.

    Args:
        model: ``(x_t, t, labels=None)``, (N, 3, 16, 16) in and out, that treats each sprite by itself and may be called
            from several threads at once, such as a ``UNet`` in eval mode.

    Attributes:
        prediction_type: that of the model.
        num_classes: that of the model, or None.
    """

    def __init__(self, model: Callable[..., torch.Tensor]) -> None:
        self._model = model
        self.prediction_type: PredictionType = getattr(model, "prediction_type", "eps")
        self.num_classes: int | None = getattr(model, "num_classes", None)

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """What the model returns; arguments as for it."""

        # An even number of even parts: else one of two cores waits for the other at the end.
        parts = len(x_t) if len(x_t) < 2 else 2 * math.ceil(len(x_t) / (2 * _PART))
        # Channels last is how the convolutions of a CPU compute; told so once, they need not turn all that they get.
        x_t = x_t.contiguous(memory_format=torch.channels_last)

        @torch.no_grad()
        def ask(part: int) -> torch.Tensor:
            own = slice(len(x_t) * part // parts, len(x_t) * (part + 1) // parts)
            return self._model(x_t[own], t[own], labels=None if labels is None else labels[own])

        return torch.cat(list(_workers().map(ask, range(parts)))).contiguous()


@contextlib.contextmanager
def one_core() -> Iterator[None]:
    """Keep torch's own threads out of what is done here: the same waits, in the small sums between two calls."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=1)
def _workers() -> ThreadPoolExecutor:
    number = cores()
    all_there = threading.Barrier(number + 1)

    def begin() -> None:
        torch.set_num_threads(1)
        all_there.wait()

    pool = ThreadPoolExecutor(number, "network", begin)
    before = torch.get_num_threads()
    for _ in range(number):
        pool.submit(lambda: None)
    all_there.wait()
    # What a thread sets becomes the rule for threads to come: these must not inherit it.
    torch.set_num_threads(before)
    return pool
