"""What a conformal p-value must be for sprites that were never seen: uniform."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ddpm.judging.conformal import conformal_p
from ddpm.judging.copying.index.training_index import TrainingIndex
from ddpm.pixels.duplicates import duplicate_groups
from ddpm.pixels.neighbors import nearest


def expect_uniform_p_values(images: np.ndarray) -> None:
    """Over 20 splits by sprite and mirror image; a held-out set alone is too small to show a rate of 1%."""
    _, groups = np.unique(duplicate_groups(images), return_inverse=True)
    pooled = []
    for split in range(20):
        out = (np.random.default_rng(split).random(groups.max() + 1) < 0.1)[groups]
        distances = nearest(images[out], images[~out], 1)[1][:, 0]
        pooled.append(conformal_p(distances, TrainingIndex(images[~out], images[:0]).distances))
    p = np.concatenate(pooled)
    assert np.mean(p <= 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(p <= 0.10) == pytest.approx(0.10, abs=0.03)
    assert stats.kstest(p, "uniform").statistic < 0.06
