"""Random numbers that depend on their purpose, never on what was drawn before."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from hashlib import blake2b

import torch

_seeding = threading.Lock()


def generator_for(purpose: str, *numbers: int) -> torch.Generator:
    """A CPU generator seeded with ``(purpose, *numbers)`` alone.

    So step 1,000 of a training draws the same batch whether or not the 999 before it were run in this process, and
    sprite 7 of a batch is the same sprite whatever the size of the batch.
    """
    return torch.Generator().manual_seed(seed_for(purpose, *numbers))


def seed_for(purpose: str, *numbers: int) -> int:
    """A seed in 0..2^63-1 for ``(purpose, *numbers)``: neighbouring numbers give unrelated seeds."""
    text = ":".join([purpose, *map(str, numbers)])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


@contextlib.contextmanager
def seeded(purpose: str, *numbers: int) -> Iterator[None]:
    """Seed torch's global generator for code that accepts no other, and restore it afterwards.

    The whole process shares that generator, so only one thread at a time may use this.
    """
    with _seeding, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(purpose, *numbers))
        yield
