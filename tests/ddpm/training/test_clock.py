"""The time that training steps take."""

from __future__ import annotations

import pytest

from ddpm.training.clock import Clock


def test_the_clock_counts_steps_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("ddpm.training.clock.time.perf_counter", lambda: now[0])
    clock = Clock(seconds=7.0)
    assert clock.images_per_second() is None
    assert clock.seconds_left(3) is None
    for _ in range(2):
        clock.start()
        now[0] += 0.5
        clock.stop(64)
        now[0] += 100
    assert clock.seconds == pytest.approx(8.0)
    assert clock.images_per_second() == pytest.approx(128)
    assert clock.seconds_left(10) == pytest.approx(5)
    clock.forget_rate()
    assert clock.images_per_second() is None
    assert clock.seconds == pytest.approx(8.0)
