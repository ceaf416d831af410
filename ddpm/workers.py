"""A network asked in parts, by as many threads as there are cores.

torch spreads each operation of a network over the cores and waits for all of them before the next: hundreds of waits a
call. As soon as another program holds one of the cores, each wait lasts until it lets go. Parts of the batch that go
through the whole network on one core each wait for one another once.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import torch

from ddpm.hardware import cores
from ddpm.schedule import PredictionType

# Always the same, whatever the machine: results must not depend on the number of its cores.
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

        @torch.no_grad()
        def ask(first: int) -> torch.Tensor:
            part = slice(first, first + _PART)
            return self._model(x_t[part], t[part], labels=None if labels is None else labels[part])

        return torch.cat(list(_workers().map(ask, range(0, len(x_t), _PART))))


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
