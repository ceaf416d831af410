"""A network called on parts of the batch, in as many threads as there are cores.

torch divides each operation among the cores and waits for all of them before the next one: hundreds of waits per call,
each a long one while another program uses one of the cores. Parts of the batch that go through the whole network, each
on one core, wait for each other only once.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar

import torch

from ddpm.base.hardware import cores, thread_pool
from ddpm.diffusion.guidance.guide import Guide

# The most sprites per part; the same on every machine, since results must not depend on the number of cores.
_PART = 16
T = TypeVar("T")
_pool_lock = threading.Lock()


class ParallelModel:
    """A network on the CPU, to be passed to :func:`ddpm.sample` in its place.

    Args:
        model: ``(x_t, t, labels=None)``, (N, C, H, W) in and out. It must treat each sprite separately and allow
            calls from several threads at once, like a ``UNet`` in eval mode.
    """

    def __init__(self, model: Callable[..., torch.Tensor]) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        """What the network says of itself, such as ``num_classes``: all of it, so that both are sampled from alike."""
        if name == "_model":  # Not there yet while a copy is made.
            raise AttributeError(name)
        return getattr(self._model, name)

    @property
    def guide(self) -> Guide | None:
        """That of the network, called in the same way."""
        guide: Guide | None = getattr(self._model, "guide", None)
        return None if guide is None else replace(guide, model=ParallelModel(guide.model))

    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        # An even number of equal parts: otherwise one of two cores waits for the other at the end.
        parts = len(x_t) if len(x_t) < 2 else 2 * math.ceil(len(x_t) / (2 * _PART))
        # CPU convolutions compute in channels last: converted once here, not in each of them.
        x_t = x_t.contiguous(memory_format=torch.channels_last)

        @torch.no_grad()
        def predict(part: int) -> torch.Tensor:
            own = slice(len(x_t) * part // parts, len(x_t) * (part + 1) // parts)
            return self._model(x_t[own], t[own], labels=None if labels is None else labels[own])

        return torch.cat(list(_pool("network", cores()).map(predict, range(parts)))).contiguous()


def one_core(steps: Iterator[T]) -> Iterator[T]:
    """The same steps, each computed in a thread for which torch uses one core.

    Otherwise torch would divide the small operations between two network calls among the cores, with the same waits.
    """
    end = object()
    while (step := _pool("drawing", 1).submit(next, steps, end).result()) is not end:
        yield step  # type: ignore[misc]


_cached_pool = lru_cache(thread_pool)


def _pool(name: str, workers: int) -> ThreadPoolExecutor:
    with _pool_lock:
        return _cached_pool(workers, 1, name)
