"""A network called on parts of the batch, in as many threads as there are cores.

torch spreads each operation of a network over the cores and waits for all of them before the next: hundreds of waits
per call. As soon as another program holds one of the cores, each wait lasts until it lets go. Parts of the batch that
go through the whole network on one core each wait for one another only once.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

import torch

from ddpm.base.hardware import cores, thread_pool
from ddpm.diffusion.schedule import PredictionType

# At most so many sprites per part on any machine: results must not depend on its number of cores.
_PART = 16
T = TypeVar("T")
_making = threading.Lock()


class ParallelModel:
    """A network on the CPU, to be passed to :func:`ddpm.sample` in its place.

    Args:
        model: ``(x_t, t, labels=None)``, (N, 3, 16, 16) in and out, that treats each sprite on its own and may be
            called from several threads at once, such as a ``UNet`` in eval mode.

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

        # An even number of equal parts: otherwise one of two cores waits for the other at the end.
        parts = len(x_t) if len(x_t) < 2 else 2 * math.ceil(len(x_t) / (2 * _PART))
        # The convolutions of a CPU compute in channels last: converted once, not at each of them.
        x_t = x_t.contiguous(memory_format=torch.channels_last)

        @torch.no_grad()
        def predict(part: int) -> torch.Tensor:
            own = slice(len(x_t) * part // parts, len(x_t) * (part + 1) // parts)
            return self._model(x_t[own], t[own], labels=None if labels is None else labels[own])

        return torch.cat(list(_workers().map(predict, range(parts)))).contiguous()


def one_core(steps: Iterator[T]) -> Iterator[T]:
    """The same steps, each computed in a thread for which torch uses one core.

    It keeps torch's own threads out of the small operations between two network calls: they would wait in the same way.
    """
    end = object()
    while (step := _pool("drawing", 1).submit(next, steps, end).result()) is not end:
        yield step  # type: ignore[misc]


def _workers() -> ThreadPoolExecutor:
    return _pool("network", cores())


def _pool(name: str, workers: int) -> ThreadPoolExecutor:
    with _making:
        return _made(name, workers)


@lru_cache
def _made(name: str, workers: int) -> ThreadPoolExecutor:
    return thread_pool(workers, 1, name)
