"""The order in which rows are seen."""

from __future__ import annotations

import numpy as np
import pytest

from ddpm.training.epochs import EpochOrder


@pytest.mark.parametrize(("count", "batch_size"), [(20, 8), (5, 8), (8, 8), (1, 3), (7, 64)])
def test_an_epoch_sees_each_row_once(count: int, batch_size: int) -> None:
    rows = np.arange(100, 100 + count)
    order = EpochOrder(rows, batch_size, seed=1)
    batches = [order.batch(step) for step in range(3 * count)]
    assert all(len(batch) == batch_size for batch in batches)
    walk = np.concatenate(batches).reshape(-1, count)
    assert (np.sort(walk, axis=1) == rows).all()
    if count >= 7:
        assert not (walk[0] == walk[1]).all()
    # Asked in any other order, a step is the same.
    again = EpochOrder(rows, batch_size, seed=1)
    for step in reversed(range(3 * count)):
        assert np.array_equal(again.batch(step), batches[step])


def test_the_order_depends_on_the_seed() -> None:
    rows = np.arange(50)
    assert not np.array_equal(EpochOrder(rows, 50, 1).batch(0), EpochOrder(rows, 50, 2).batch(0))
