"""How large a window a trained network looks through, at each noise level."""

from __future__ import annotations

import numpy as np

_SIDE = 16
_LOG_SNR = np.array([-5.0, -3.6, -1.9, -0.7, 0.6, 1.4])
_WINDOW = np.array([31.0, 7.0, 5.0, 3.0, 3.0, 1.0])


def calibrated_window(log_snr: float, side: int = _SIDE) -> int:
    """The window through which the patch machine comes nearest to a trained network.

    Measured on an earlier real-set model (``fast``, 4,000 steps, 16 sprites of 16 x 16 by DPM-Solver++ without noise;
    medians of the best window at the same place, as ``python -m ddpm bench patches`` prints them):

        log-SNR   below -4.5  -3.6  -2.8  -1.9  -1.1  -0.3   0.6  from 1.4 on
        window        whole     7     7     5     3     3     3            1

    Below -4.5 the medians were 22 and 23, but the whole sprite explains as much. In between it is interpolated. Other
    networks and sets have other curves: see ``ddpm/judging/recombination/patches.md``. Other sizes were not measured:
    there the window keeps its share of the side.

    Args:
        log_snr: natural logarithm of the signal-to-noise ratio, alpha_bar / (1 - alpha_bar).
        side: the longer side of the sprites, in pixels.

    Returns:
        its side in pixels, odd, 1 to 2 * side - 1.
    """
    window = float(np.interp(log_snr, _LOG_SNR, _WINDOW)) * side / _SIDE
    return max(1, min(2 * side - 1, 2 * round((window - 1) / 2) + 1))
