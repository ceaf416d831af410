"""Random numbers that depend on what they are for."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from ddpm.training import loop
from ddpm.training.loop import new_state
from tests.ddpm.helpers import TINY


def test_two_threads_make_the_same_network_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch has one global generator: whoever seeds it while another draws from it changes what that one gets."""
    both = threading.Barrier(2)
    network = loop.UNet

    def meet(**options: object) -> torch.nn.Module:
        # Long enough for the other to be here too, if it may.
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.3)
        return network(**options)  # type: ignore[arg-type]

    expected = new_state(TINY, None, 5).model.state_dict()
    before = torch.get_rng_state()
    monkeypatch.setattr(loop, "UNet", meet)
    with ThreadPoolExecutor(2) as visitors:
        states = list(visitors.map(lambda _: new_state(TINY, None, 5), range(2)))
    for state in states:
        for name, value in state.model.state_dict().items():
            torch.testing.assert_close(value, expected[name], rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), before)
