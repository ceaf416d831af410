"""How large a window a trained network looks through."""

from __future__ import annotations

import numpy as np

_LOG_SNR = np.array([-7.0, 9.0])
_WINDOW = np.array([31.0, 3.0])
_SIDE = 16


def calibrated_window(log_snr: float, side: int = _SIDE) -> int:
    window = float(np.interp(log_snr, _LOG_SNR, _WINDOW)) * side / _SIDE
    return min(2 * side - 1, 2 * round((window - 1) / 2) + 1)
