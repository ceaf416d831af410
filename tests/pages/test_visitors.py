"""Two visitors at once: what one asks of the whole process, the other must not have to live with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from ddpm.base import hardware
from pages.parts.shared.drawing import draw
from pages.parts.shared.orders import Order
from pages.parts.shared.resolving import resolve
from pages.parts.train import estimate


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def threads_of_a_new_visitor() -> int:
    with ThreadPoolExecutor(1) as visitor:
        return visitor.submit(torch.get_num_threads).result()


def test_two_drawings_leave_the_threads_as_they_were(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second begins while the first is on its way, and the first ends while the second is."""
    monkeypatch.chdir(trained)
    first_began, second_began, first_ended = threading.Event(), threading.Event(), threading.Event()
    after: dict[str, int] = {}

    def first() -> None:
        def watch(*_: object) -> None:
            first_began.set()
            second_began.wait(600)

        draw(resolve(Order("checkpoints/small", n=2, steps=2)), watch)
        after["first"] = torch.get_num_threads()
        first_ended.set()

    def second() -> None:
        def watch(*_: object) -> None:
            second_began.set()
            first_ended.wait(600)

        first_began.wait(600)
        draw(resolve(Order("checkpoints/small", n=2, steps=2)), watch)
        after["second"] = torch.get_num_threads()

    visitors = [threading.Thread(target=visit) for visit in (first, second)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert after == {"first": 2, "second": 2}
    assert torch.get_num_threads() == threads_of_a_new_visitor() == 2


def test_two_timings_leave_the_threads_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "cores", lambda: 4)
    both = threading.Barrier(2)
    used: list[int] = []

    def timed(*_: object, **__: object) -> float:
        used.append(torch.get_num_threads())
        both.wait(600)
        return 1.0

    monkeypatch.setattr("ddpm.jobs.timing.length.seconds_per_step", timed)
    after: list[int] = []

    small: Any = SimpleNamespace(shape=(3, 16, 16))

    def visit(threads: int) -> None:
        estimate.seconds_per_step("fast", False, "auto", threads, f"visitor {threads}", small)
        both.wait(600)
        after.append(torch.get_num_threads())

    visitors = [threading.Thread(target=visit, args=(threads,)) for threads in (1, 4)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    assert sorted(used) == [1, 4]
    assert after == [2, 2]
    assert threads_of_a_new_visitor() == 2
