"""Numbers by which sets of sprites can be compared: a convolutional network that was never trained.

Published scores use a network trained on photographs, which must be downloaded and has never seen a sprite. The
Fréchet distances of a network with random weights order generators, too (Naeem et al. 2020, arXiv 2002.09797, sec. 4,
on random embeddings). Nothing here may ever be changed, or scores could not be compared with earlier ones.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from ddpm.base.blocks import image_blocks
from ddpm.base.seeds import generator_for
from ddpm.pixels.conversion import size_words, to_float
from ddpm.pixels.transparency import lay_on

WIDTHS = (24, 32, 32)
DIMENSIONS = 2 * WIDTHS[0] + WIDTHS[1] + WIDTHS[2]
SEEDS = (0, 1, 2)
"""Three networks, so that a score does not depend on the random weights of one."""

_BLOCK = 512
_BLACK = (0, 0, 0)


def as_seen(images: np.ndarray) -> np.ndarray:
    """RGBA with its colours multiplied by alpha: what is hardly visible hardly counts, whatever its colour.

    Sprites that are laid on a plain colour instead would lose the parts that have this colour, and a colour that suits
    one set does not suit another. Black with alpha loses nothing.

    Args:
        images: uint8 (N, H, W, C); RGB is returned as it is.

    Returns:
        uint8 (N, H, W, C).
    """
    if images.shape[-1] == 3:
        return images
    return np.concatenate([lay_on(images, _BLACK), images[..., 3:]], axis=-1)


class FeatureNetwork:
    """Three 3x3 convolutions with leaky rectifiers, the picture halved after the first and the second.

    The features are, for each map of the first layer, how much it changes from one pixel to the next, down and right
    (blur, noise and stray pixels), and for each map of the other two its mean (colour and form).

    For RGBA there is a network of its own, with a fourth input for alpha; it reads :func:`as_seen`. Every feature is a
    mean over the picture, so any size will do, but only scores at one size can be compared.

    The weights depend on the seed and on the channels alone, on every machine: they are uniform, since normal random
    numbers would depend on the machine's logarithm. The features are sums of float32, and may differ between machines
    in the last digits.
    """

    def __init__(self, seed: int, channels: int = 3) -> None:
        self._channels = channels
        generator = generator_for("features" if channels == 3 else "features of RGBA", seed)
        self._layers: list[tuple[torch.Tensor, torch.Tensor]] = []
        before = channels
        for width in WIDTHS:
            # The variance of He et al. 2015 (arXiv 1502.01852, eq. 10) keeps values equally large in all layers.
            bound = (6 / (9 * before)) ** 0.5
            weight = _uniform((width, before, 3, 3), generator) * bound
            self._layers.append((weight, _uniform((width,), generator) * 0.5))
            before = width

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """The features, float32 (N, 112), of images, uint8 (N, H, W, C), H and W at least 8.

        Raises:
            TypeError, ValueError: as :func:`ddpm.pixels.conversion.to_float`, and if the network is one for other
                channels.
        """
        result = np.empty((len(images), DIMENSIONS), np.float32)
        if images.ndim == 4 and images.shape[3] != self._channels:
            raise ValueError(f"this network reads images of {self._channels} channels, not {size_words(images)}")
        for part in image_blocks(images, _BLOCK):
            result[part] = self._features(to_float(as_seen(images[part]))).numpy()
        return result

    @torch.no_grad()
    def _features(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", enabled=False):
            maps = []
            for weight, bias in self._layers:
                # Zeros outside the picture would be grey, an edge that no sprite has.
                x = F.leaky_relu(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), weight, bias), 0.1)
                maps.append(x)
                # An odd last row or column counts, too.
                x = F.avg_pool2d(x, 2, ceil_mode=True, count_include_pad=False)
            first, second, third = maps
            down = (first[:, :, 1:] - first[:, :, :-1]).abs()
            right = (first[:, :, :, 1:] - first[:, :, :, :-1]).abs()
            return torch.cat([part.mean(dim=(2, 3)) for part in (down, right, second, third)], dim=1)


def _uniform(shape: tuple[int, ...], generator: torch.Generator) -> torch.Tensor:
    return torch.rand(shape, generator=generator, dtype=torch.float32) * 2 - 1
