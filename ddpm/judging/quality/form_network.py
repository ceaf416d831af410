"""A small network that was taught to see drawings: forms, whatever their colours, and whether they hold together.

It was trained once, by :mod:`ddpm.judging.quality.train_forms`, on the built-in set and on a public set of sprites, to
tell shapes apart under other colours, small shifts and mirroring, to tell kinds, and to tell sprites from spoilt ones
(:mod:`ddpm.judging.quality.spoiling`). Its weights are a file of this package, and never change without a new version:
scores of different versions cannot be compared.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load
from torch import nn
from torch.nn import functional as F

from ddpm.base.blocks import image_blocks
from ddpm.base.files import read_bytes
from ddpm.pixels.conversion import to_float
from ddpm.pixels.transparency import WHITE, Colour, lay_on

VERSION = 1
WEIGHTS = Path(__file__).with_name("forms.safetensors")
SHA256 = "ed698d693f15a9629aa74c3ddc7e588f5f80f688a67f45338eac6b1496f57a4b"
DIMENSIONS = 128

CHANNELS = (24, 24, 48, 64, 96, 96)
GRID = 4
_HIDDEN = 64
_LARGEST = 1 << 20
_BLOCK = 256


class FormNetwork(nn.Module):
    """Six 3x3 convolutions with rectifiers, two to a level, each level followed by the strongest of every 2x2 pixels.

    The embedding is a linear map of the third level on a grid of 4x4 places (where which part is) and of the means of
    the first two (how edges and textures are drawn). A second, small map of the embedding gives the believability.

    It was taught on sprites of 16x16 pixels. Others are seen too, on the same grid of 4x4 places, but the convolutions
    see a smaller part of a larger drawing: what it tells of them is known only as far as it was measured.
    """

    def __init__(self) -> None:
        super().__init__()
        before = (3, *CHANNELS)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(inputs, outputs, 3) for inputs, outputs in zip(before, CHANNELS, strict=False)
        )
        pooled = CHANNELS[1] + CHANNELS[3]
        self.embedding = nn.Linear(GRID * GRID * CHANNELS[5] + pooled, DIMENSIONS)
        self.believed = nn.Sequential(nn.Linear(DIMENSIONS, _HIDDEN), nn.ReLU(), nn.Linear(_HIDDEN, 1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Embedding (N, 128) and believability in logits (N,), of float32 (N, 3, H, W) in [-1, 1]."""
        means = []
        for number, convolution in enumerate(self.convolutions):
            x = F.relu(convolution(F.pad(x, (1, 1, 1, 1), mode="replicate")))
            if number in (1, 3):
                means.append(x.mean(dim=(2, 3)))
                x = F.max_pool2d(x, 2, ceil_mode=True)
        grid = F.adaptive_avg_pool2d(x, GRID).flatten(1)
        embedding = self.embedding(torch.cat([grid, *means], dim=1))
        return embedding, self.believed(embedding).squeeze(1)

    @torch.no_grad()
    def see(self, images: np.ndarray, background: Colour = WHITE) -> tuple[np.ndarray, np.ndarray]:
        """What the network makes of sprites.

        Args:
            images: uint8 (N, H, W, C), sides 8 to 64.
            background: on which transparent pixels are laid; of RGB nothing is changed.

        Returns:
            float32 (N, 128), the embedding, and float32 (N,), the believability in logits.
        """
        embedding = np.empty((len(images), DIMENSIONS), np.float32)
        believed = np.empty(len(images), np.float32)
        with torch.autocast("cpu", enabled=False):
            for part in image_blocks(images, _BLOCK):
                own, logits = self(to_float(lay_on(np.asarray(images[part]), background)))
                embedding[part], believed[part] = own.numpy(), logits.numpy()
        return embedding, believed


@lru_cache(maxsize=1)
def form_network() -> FormNetwork:
    """The network that comes with the program.

    Raises:
        ValueError: if its file is missing or is not the one that belongs to this version.
    """
    try:
        data = read_bytes(WEIGHTS, _LARGEST)
    except OSError as error:
        raise ValueError(f"{WEIGHTS.name} cannot be read ({error.strerror}): install the program again") from None
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ValueError(f"{WEIGHTS.name} is not the file of version {VERSION}: install the program again")
    return from_bytes(data)


def from_bytes(data: bytes) -> FormNetwork:
    """A network with weights from the bytes of a safetensors file, in float32 however they were stored."""
    network = FormNetwork()
    network.load_state_dict({name: value.float() for name, value in load(data).items()})
    return network.eval().requires_grad_(False)
