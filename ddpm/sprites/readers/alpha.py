"""What is done with the alpha of a source: kept, dropped because it says nothing, or laid on a background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ddpm.base.text import counted
from ddpm.pixels.transparency import (
    colour_name,
    contrasting_colour,
    has_alpha,
    lay_on,
    parse_colour,
    without_hidden_colours,
)
from ddpm.sprites.readers.reading import AUTO


@dataclass(frozen=True)
class AlphaPlan:
    """What is done, the same for all sprites of a source.

    Attributes:
        channels: 4 if alpha is kept, else 3.
        colour: "#rrggbb" of the background, or None without one.
        notes: plain sentences on it.
    """

    channels: int
    colour: str | None = None
    notes: tuple[str, ...] = ()

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (N, H, W, 4) as it is stored, uint8 (N, H, W, channels)."""
        if self.channels == 4:
            return without_hidden_colours(pixels)
        return pixels[..., :3] if self.colour is None else lay_on(pixels, parse_colour(self.colour))

    def hidden_words(self, count: int) -> str:
        """Why so many drawings cannot be seen."""
        return f"{counted(count, 'drawing has', 'drawings have')} the colour of the background {self.colour}"


def plan_alpha(pixels: np.ndarray, background: str | None, where: str) -> AlphaPlan:
    """Decide it, from all sprites of a source.

    Args:
        pixels: uint8 (N, H, W, 4).
        background: "#rrggbb", "auto", or None to keep what is transparent.
    """
    if not has_alpha(pixels):
        return AlphaPlan(3)
    if background is None:
        return AlphaPlan(4)
    if background != AUTO:
        return AlphaPlan(3, background, (f"{where}: what is transparent is laid on {background}.",))
    colour = colour_name(contrasting_colour(pixels))
    return AlphaPlan(3, colour, (f"{where}: what is transparent is laid on {colour}, which contrasts best.",))
