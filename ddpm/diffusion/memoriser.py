"""A model that can only repeat its training sprites.

The best possible denoiser of a finite training set has a closed form (Scarvelis et al. 2023, arXiv 2310.12395; Kamb &
Ganguli 2024, arXiv 2412.20292): x0 is the mean of all training sprites, weighted by how likely x_t comes from each,

    w_i ~ counts_i * exp(-|x_t - sqrt(alpha_bar) x0_i|^2 / (2 (1 - alpha_bar))),      alpha_bar = alphas_cumprod[t]

Where a trained network differs from it, the network generalises.
"""

from __future__ import annotations

import numpy as np
import torch

from ddpm.diffusion.noise import Shape
from ddpm.diffusion.schedule import NoiseSchedule, PredictionType
from ddpm.pixels.conversion import to_float
from ddpm.pixels.transparency import alpha_is_binary

_BLOCK = 256


class PerfectMemoriser:
    """The ideal denoiser of a training set, to be passed to :func:`ddpm.sample` like a network.

    Args:
        images: uint8 (R, H, W, C), the training sprites; 8 bytes of memory for each value.
        schedule: the noise levels that t refers to.
        labels: int64 (R,), the kinds 0..C-1 of the sprites, to draw by kind.

    Attributes:
        prediction_type: "eps".
        num_classes: C, or None.
        image_shape: (channels, H, W).
        binary_alpha: whether the images have alpha, of 0 and 255 alone.

    Raises:
        ValueError: if there are no images, or labels that do not fit them.
    """

    prediction_type: PredictionType = "eps"

    def __init__(self, images: np.ndarray, schedule: NoiseSchedule, labels: np.ndarray | None = None) -> None:
        if len(images) == 0:
            raise ValueError("a memoriser needs sprites to remember")
        if labels is not None and (np.shape(labels) != (len(images),) or np.min(labels) < 0):
            raise ValueError(f"labels must be {len(images)} numbers from 0 on, one for each sprite")
        x0 = to_float(images)
        channels, height, width = x0.shape[1:]
        self.image_shape: Shape = (channels, height, width)
        self.binary_alpha = alpha_is_binary(images)
        self._x0 = x0.flatten(1).to(torch.float64)
        self._norms = self._x0.square().sum(dim=1)
        self._alphas_cumprod = schedule.alphas_cumprod
        self._labels = None if labels is None else torch.as_tensor(np.asarray(labels, dtype=np.int64))
        self.num_classes = None if self._labels is None else int(self._labels.max()) + 1

    @torch.no_grad()
    def __call__(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None = None) -> torch.Tensor:
        """The expected noise in x_t, if x_t comes from one of the training sprites.

        Args:
            x_t: floating (N, C, H, W).
            t: int64 (N,), 0..T-1.
            labels: int64 (N,), only sprites of that kind count; -1 for all.

        Returns:
            eps, shape and dtype of x_t.

        Raises:
            ValueError: if there is no sprite of a requested kind.
        """
        parts = [
            self._predict(x_t[i : i + _BLOCK], t[i : i + _BLOCK], None if labels is None else labels[i : i + _BLOCK])
            for i in range(0, len(x_t), _BLOCK)
        ]
        return torch.cat(parts) if parts else torch.empty_like(x_t)

    def _predict(self, x_t: torch.Tensor, t: torch.Tensor, labels: torch.Tensor | None) -> torch.Tensor:
        # float64: with little noise the exponents are as large as 768 / 1e-4, and small differences decide.
        x = x_t.flatten(1).to(torch.float64)
        alpha_bar = self._alphas_cumprod[t][:, None]
        # |x - sqrt(alpha_bar) x0|^2 without |x|^2, which is the same for all sprites.
        logits = (alpha_bar.sqrt() * (x @ self._x0.T) - 0.5 * alpha_bar * self._norms) / (1 - alpha_bar)
        if labels is not None and self._labels is not None:
            wanted = (labels[:, None] == self._labels) | (labels[:, None] < 0)
            if not bool(wanted.any(dim=1).all()):
                raise ValueError("there is no training sprite of a kind that is asked for")
            logits = logits.masked_fill(~wanted, -torch.inf)
        x0 = torch.softmax(logits, dim=1) @ self._x0
        eps = (x - alpha_bar.sqrt() * x0) / (1 - alpha_bar).sqrt()
        return eps.to(x_t.dtype).reshape(x_t.shape)
