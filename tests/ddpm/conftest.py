"""What every test of the core has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from ddpm.jobs import self_check


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Tensors this small gain nothing from a second core, and a training sets the threads of the whole process."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _few_final_evaluations(monkeypatch: pytest.MonkeyPatch) -> None:
    """A figure to quote needs thousands of draws; a test needs that it is there."""
    monkeypatch.setattr(self_check, "FINAL_EVALUATIONS", 64)
