"""The kinds to draw."""

from __future__ import annotations

import pytest
import torch

from ddpm.diffusion.labels import draw_labels


def test_labels_are_drawn_by_frequency() -> None:
    labels = draw_labels([0.0, 3.0, 1.0], 2000, seed=1)
    assert labels.dtype == torch.int64
    counts = torch.bincount(labels, minlength=3)
    assert counts[0] == 0
    assert float(counts[1]) / 2000 == pytest.approx(0.75, abs=0.04)
    assert torch.equal(draw_labels([0.0, 3.0, 1.0], 5, seed=1), labels[:5])
    assert not torch.equal(draw_labels([0.0, 3.0, 1.0], 2000, seed=2), labels)
