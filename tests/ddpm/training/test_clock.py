"""The time that training steps take."""

from __future__ import annotations

import pytest

from ddpm.training.clock import Clock, Stopwatch


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


def test_a_stopwatch_stands_still_until_it_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("ddpm.training.clock.time.perf_counter", lambda: now[0])
    watch = Stopwatch(5.0)
    now[0] += 50
    assert watch.seconds == 5
    watch.start()
    now[0] += 2
    assert watch.seconds == 7
    watch.stop()
    now[0] += 50
    watch.start()
    now[0] += 1
    assert watch.seconds == 8
    watch.start(20.0)
    now[0] += 1
    assert watch.seconds == 21
