"""Conformal p-values (Vovk et al. 2005), which tell whether a distance is unusually small."""

from __future__ import annotations

import numpy as np


def conformal_p(values: np.ndarray, calibration: np.ndarray) -> np.ndarray:
    """(1 + #{calibration <= value}) / (n + 1) for each value and n calibration values, float64 like ``values``.

    Uniform on 0..1 for a value from the distribution of the calibration values; never below 1 / (n + 1).
    """
    ordered = np.sort(calibration)
    return (1 + np.searchsorted(ordered, values, side="right")) / (len(ordered) + 1)
