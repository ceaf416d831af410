"""A recorded reverse process as an animated picture: GIF, and APNG."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from ddpm.diffusion.chain import Chain
from ddpm.pixels.sheets import WHITE, enlarge, sheet

_GIF_COLOURS = 256
# Frames with more colours are mostly noise, where a wrong colour is not seen and the better method takes half a second.
_MANY_COLOURS = 8192


def gif(chain: Chain, scale: int = 3, milliseconds: int = 80, hold: int = 1500, columns: int | None = None) -> bytes:
    """The reverse process as a looping GIF: x_t on the left, the predicted x0 on the right.

    Where a frame has more than the 256 colours of GIF, all but white are approximate. The last frame stays for ``hold``
    milliseconds.
    """
    return _film([_indexed(page, scale) for page in _pages(chain, columns)], "GIF", milliseconds, hold)


def apng(chain: Chain, scale: int = 3, milliseconds: int = 80, hold: int = 1500, columns: int | None = None) -> bytes:
    """:func:`gif` as an animated PNG: larger, and every colour exact."""
    frames = [Image.fromarray(enlarge(page, scale)) for page in _pages(chain, columns)]
    return _film(frames, "PNG", milliseconds, hold)


def _film(frames: list[Image.Image], file_format: str, milliseconds: int, hold: int) -> bytes:
    durations = [milliseconds] * (len(frames) - 1) + [hold]
    file = io.BytesIO()
    frames[0].save(file, file_format, save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return file.getvalue()


def _pages(chain: Chain, columns: int | None) -> Iterator[np.ndarray]:
    for x_t, x0 in zip(chain.x_t, chain.x0, strict=True):
        left, right = sheet(x_t, columns, gap=1), sheet(x0, columns, gap=1)
        yield np.concatenate([left, np.full((left.shape[0], 4, 3), WHITE, np.uint8), right], axis=1)


def _indexed(page: np.ndarray, scale: int) -> Image.Image:
    """uint8 (H, W, 3), enlarged, with its own palette."""
    colours, index = np.unique(page.reshape(-1, 3), axis=0, return_inverse=True)
    index = index.reshape(page.shape[:2])
    if len(colours) > _GIF_COLOURS:
        method = Image.Quantize.MAXCOVERAGE if len(colours) <= _MANY_COLOURS else Image.Quantize.FASTOCTREE
        white = (page == WHITE).all(axis=-1)
        # White stays exact: an almost white background looks grey beside real white.
        rest = Image.fromarray(page[~white][None]).quantize(_GIF_COLOURS - 1, method, dither=Image.Dither.NONE)
        colours = np.array([*rest.getpalette(), *[WHITE] * 3]).reshape(-1, 3)  # type: ignore[misc]
        index = np.full(page.shape[:2], len(colours) - 1)
        index[~white] = np.asarray(rest)[0]
    frame = Image.fromarray(enlarge(index.astype(np.uint8)[..., None], scale)[..., 0])
    frame.putpalette(colours.astype(np.uint8).tobytes())
    return frame
