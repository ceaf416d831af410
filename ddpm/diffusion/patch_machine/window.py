"""How large a window a trained network looks through, at each noise level."""

from __future__ import annotations

import numpy as np

# Measured on sprites of 16 x 16 by ``python -m ddpm bench patches``.
_SIDE = 16
_LOG_SNR = np.array([-5.0, -3.6, -1.9, -0.7, 0.6, 1.4])
_WINDOW = np.array([31.0, 7.0, 5.0, 3.0, 3.0, 1.0])


def calibrated_window(log_snr: float, side: int = _SIDE) -> int:
    window = float(np.interp(log_snr, _LOG_SNR, _WINDOW)) * side / _SIDE
    return max(1, min(2 * side - 1, 2 * round((window - 1) / 2) + 1))
