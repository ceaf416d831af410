"""Sprites as pictures: contact sheets, PNG, and the reverse process as an animation."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from ddpm.diffusion.sampling import SamplingStep
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.pixels.conversion import to_uint8
from ddpm.pixels.sheets import WHITE, enlarge, sheet

_GIF_COLOURS = 256
# Beyond, a frame is mostly noise, where nobody sees a colour that is off, and the better way takes half a second.
_MANY_COLOURS = 8192
# Moments of a reverse process that are kept to be shown.
FRAMES = 50


@dataclass(frozen=True)
class Chain:
    """The reverse process of N sprites in F moments, ready to be shown.

    Attributes:
        t: int64 (F,), noise levels, falling; -1 last once it is complete.
        x_t: uint8 (F, N, 16, 16, 3), the sprites at those levels.
        x0: uint8 (F, N, 16, 16, 3), what the network saw in them.
        noise_level: float64 (F,), share of noise sqrt(1 - alphas_cumprod) in 0..1.
    """

    t: np.ndarray
    x_t: np.ndarray = field(repr=False)
    x0: np.ndarray = field(repr=False)
    noise_level: np.ndarray = field(repr=False)

    @property
    def sprites(self) -> np.ndarray:
        """uint8 (N, 16, 16, 3), the last moment: the result."""
        return self.x_t[-1]


class ChainRecorder:
    """Keeps a limited number of moments of a reverse process, evenly spread, the first and the last among them.

    Args:
        schedule: tells the noise levels.
        steps: number of network calls that are to come.
        frames: the most moments that are kept.
    """

    def __init__(self, schedule: NoiseSchedule, steps: int, frames: int = FRAMES) -> None:
        self._schedule = schedule
        self._kept = set(np.linspace(0, steps, min(frames, steps + 1)).round().astype(int).tolist())
        self._seen = 0
        self._t: list[int] = []
        self._x_t: list[np.ndarray] = []
        self._x0: list[np.ndarray] = []

    def add(self, step: SamplingStep) -> bool:
        """Take the next moment; True if it is one of those that are kept."""
        kept = self._seen in self._kept
        if kept:
            self._t.append(step.t)
            self._x_t.append(to_uint8(step.x_t))
            self._x0.append(to_uint8(step.x0))
        self._seen += 1
        return kept

    def chain(self) -> Chain:
        """What has been kept so far; at least one moment must have been."""
        t = np.array(self._t, np.int64)
        left = np.where(t < 0, 1.0, self._schedule.alphas_cumprod.numpy()[np.maximum(t, 0)])
        return Chain(t, np.stack(self._x_t), np.stack(self._x0), np.sqrt(1 - left))


def gif(chain: Chain, scale: int = 3, milliseconds: int = 80, hold: int = 1500, columns: int | None = None) -> bytes:
    """The reverse process as a looping GIF: x_t on the left, the predicted x0 on the right.

    GIF knows 256 colours a frame: where there are more, colours are approximate, but for white. The last frame stays
    for ``hold`` milliseconds.
    """
    frames = [_indexed(page, scale) for page in _pages(chain, columns)]
    durations = [milliseconds] * (len(frames) - 1) + [hold]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return file.getvalue()


def apng(chain: Chain, scale: int = 3, milliseconds: int = 80, hold: int = 1500, columns: int | None = None) -> bytes:
    """:func:`gif` as an animated PNG: larger, and every colour exact."""
    frames = [Image.fromarray(enlarge(page, scale)) for page in _pages(chain, columns)]
    durations = [milliseconds] * (len(frames) - 1) + [hold]
    file = io.BytesIO()
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return file.getvalue()


def _pages(chain: Chain, columns: int | None) -> Iterator[np.ndarray]:
    for x_t, x0 in zip(chain.x_t, chain.x0, strict=True):
        left, right = sheet(x_t, columns, gap=1), sheet(x0, columns, gap=1)
        yield np.concatenate([left, np.full((left.shape[0], 4, 3), WHITE, np.uint8), right], axis=1)


def _indexed(page: np.ndarray, scale: int) -> Image.Image:
    """uint8 (H, W, 3), enlarged, with a palette of its own."""
    colours, index = np.unique(page.reshape(-1, 3), axis=0, return_inverse=True)
    index = index.reshape(page.shape[:2])
    if len(colours) > _GIF_COLOURS:
        method = Image.Quantize.MAXCOVERAGE if len(colours) <= _MANY_COLOURS else Image.Quantize.FASTOCTREE
        white = (page == WHITE).all(axis=-1)
        # White is left out, and comes back as itself: next to real white a nearly white background is a grey box.
        rest = Image.fromarray(page[~white][None]).quantize(_GIF_COLOURS - 1, method, dither=Image.Dither.NONE)
        colours = np.array([*rest.getpalette(), *[WHITE] * 3]).reshape(-1, 3)  # type: ignore[misc]
        index = np.full(page.shape[:2], len(colours) - 1)
        index[~white] = np.asarray(rest)[0]
    frame = Image.fromarray(enlarge(index.astype(np.uint8)[..., None], scale)[..., 0])
    frame.putpalette(colours.astype(np.uint8).tobytes())
    return frame
