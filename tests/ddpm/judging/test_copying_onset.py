"""When a training began to copy, from records like those that it writes."""

from __future__ import annotations

from typing import Any

import pytest

from ddpm.judging.copying_onset import copying_onset


def record(step: int, near: float, unseen: float | None = 0.01, **check: Any) -> dict[str, Any]:
    real = {} if unseen is None else {"near_copies": {"0.01": unseen, "0.05": 0.07}}
    found = {"samples": 512, "exact_copies": 3, "near_copies": {"0.01": near, "0.05": 1.0}, "real": real}
    return {"step": step, "seconds": step / 10, "check": {**found, **check}}


def test_the_first_check_that_is_more_than_chance() -> None:
    metrics = [{"step": 50}, record(100, 0.0), {"step": 150}, record(200, 0.02), record(300, 0.05), record(400, 0.9)]
    found = copying_onset(metrics)
    assert found is not None
    # 10 of 512 may still be chance (at least 1.06%); 26 are at least 3.5%.
    assert (found.step, found.before, found.seconds, found.exact) == (200, 100, 20.0, 3)
    assert found.near.count == 10
    assert found.near.low == pytest.approx(0.0107, abs=0.0002)
    assert found.sentence == (
        "It began to copy between steps 100 and 200: 10 of 512 sprites drawn then were near copies (2.0%), where 1.0% "
        "would be chance."
    )


def test_unseen_sprites_raise_what_counts_as_chance() -> None:
    metrics = [record(100, 0.02, unseen=0.02), record(200, 0.05, unseen=0.02)]
    found = copying_onset(metrics)
    assert found is not None
    assert found.step == 200
    assert found.near.floor == 0.02
    # Without held-out sprites, and where they came out below the rate, it is the rate that counts.
    for unseen in (None, 0.0):
        found = copying_onset([record(100, 0.005, unseen), record(200, 0.02, unseen)])
        assert found is not None
        assert found.near.floor == 0.01


def test_from_the_first_look_on() -> None:
    found = copying_onset([record(100, 0.5)])
    assert found is not None
    assert found.before is None
    assert found.sentence.startswith("It began to copy by step 100: 256 of 512 ")


def test_it_never_did_or_never_looked() -> None:
    assert copying_onset([]) is None
    assert copying_onset([{"step": 1}, record(100, 0.01)]) is None


def test_another_rate() -> None:
    found = copying_onset([record(100, 0.0)], false_positive_rate=0.05)
    assert found is not None
    assert found.near.count == 512
    assert found.near.floor == 0.07
    assert copying_onset([record(100, 0.9)], false_positive_rate=0.2) is None


@pytest.mark.parametrize(
    "damage",
    [
        {"check": 5},
        {"check": {}},
        {"step": "x"},
        {"check": {"near_copies": {"0.01": "x"}, "samples": 5}},
        {"check": {"near_copies": {"0.01": 7.0}, "samples": 5}},
        {"check": {"near_copies": {"0.01": 0.5}, "samples": 0}},
        {"check": {"near_copies": {"0.01": float("nan")}, "samples": 5}},
    ],
)
def test_records_that_cannot_be_read_are_passed_over(damage: dict[str, Any]) -> None:
    assert copying_onset([{**record(100, 0.9), **damage}]) is None
    found = copying_onset([{**record(100, 0.9), **damage}, record(200, 0.9, real=3)])
    assert found is not None
    assert found.step == 200
