"""What a page that is busy computing tells the browser, and how often."""

from __future__ import annotations

import pytest
import streamlit as st

import pages.parts.shared.player as module
from pages.parts.shared.player import PlayerSlot
from pages.parts.shared.player.pace import Pace
from tests.pages.test_player import Chain, chain

FRAMES = 6


class Clock:
    """Time that passes only when it is told to."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("pages.parts.shared.player.pace.time", found)
    return found


def test_now_and_then(clock: Clock) -> None:
    pace = Pace(0.5)
    due = []
    for _ in range(8):
        due.append(pace.is_due())
        clock.now += 0.2
    assert due == [True, False, False, True, False, False, True, False]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many frames each state had that went to the browser."""
    found: list[int] = []

    def pack(chain: Chain, *_: object) -> bytes:
        found.append(len(chain.t))
        return b""

    monkeypatch.setattr(module, "pack", pack)
    monkeypatch.setattr(module, "_mount", lambda *_: None)
    monkeypatch.setattr(module, "_feeder", lambda **_: None)
    monkeypatch.setattr(st, "session_state", {})
    return found


def begun(frames: int) -> Chain:
    whole = chain(FRAMES)
    return Chain(whole.t[:frames], whole.x_t[:frames], whole.x0[:frames], whole.noise_level[:frames])


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.01, [1, 2, 6]), (0.2, [1, 2, 3, 5, 6]), (1.0, [1, 2, 3, 4, 5, 6])]
)
def test_a_growing_chain_moves_at_once_and_is_told_whole(
    clock: Clock, told: list[int], seconds: float, expected: list[int]
) -> None:
    slot = PlayerSlot(key="p")
    for frames in range(1, FRAMES + 1):
        slot.show(begun(frames))
        clock.now += seconds
    assert told == expected
