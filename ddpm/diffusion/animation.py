"""A recorded reverse process, or one sprite after another, as an animated picture: GIF, and APNG."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image

from ddpm.diffusion.chain import Chain
from ddpm.pixels.sheets import WHITE, enlarge, sheet
from ddpm.pixels.transparency import Colour, lay_on

_GIF_COLOURS = 256
# Frames with more colours are mostly noise, where a wrong colour is not seen and the better method takes half a second.
_MANY_COLOURS = 8192
# Pixels: up to so wide an animation is enlarged. 144 sprites of 16 by 16 are, three times.
_WIDEST, _LARGEST_SCALE = 1300, 3
_BETWEEN = 4
_SEQUENCE = 256


def gif(
    chain: Chain,
    scale: int | None = None,
    milliseconds: int = 80,
    hold: int = 1500,
    columns: int | None = None,
    behind: Colour | None = None,
) -> bytes:
    """The reverse process as a looping GIF: x_t on the left, the predicted x0 on the right.

    Where a frame has more than the 256 colours of GIF, all but white are approximate. The last frame stays for ``hold``
    milliseconds.

    Args:
        scale: whole-number enlargement; None for up to 3, less for large sprites.
        behind: the colour on which sprites with alpha are laid. None keeps them transparent, as far as GIF can: a
            pixel is transparent or it is not, so an alpha below 128 becomes 0.
    """
    pages = list(_pages(chain, columns))
    return _gif(pages, scale or _scale(pages[0]), _held_at_end(pages, milliseconds, hold), behind)


def apng(
    chain: Chain, scale: int | None = None, milliseconds: int = 80, hold: int = 1500, columns: int | None = None
) -> bytes:
    """:func:`gif` as an animated PNG: larger, and every colour and alpha exact."""
    pages = list(_pages(chain, columns))
    return _apng(pages, scale or _scale(pages[0]), _held_at_end(pages, milliseconds, hold))


def sequence_gif(
    images: np.ndarray,
    scale: int | None = None,
    milliseconds: int = 120,
    hold: int = 900,
    behind: Colour | None = None,
) -> bytes:
    """Sprites, uint8 (F, H, W, C), one after the other and back again, as a looping GIF.

    The first and the last stay for ``hold`` milliseconds; all else as for :func:`gif`.

    Args:
        scale: whole-number enlargement; None for up to about 256 pixels.
    """
    pages, durations = _there_and_back(images, milliseconds, hold)
    return _gif(pages, scale or _sequence_scale(pages[0]), durations, behind)


def sequence_apng(images: np.ndarray, scale: int | None = None, milliseconds: int = 120, hold: int = 900) -> bytes:
    """:func:`sequence_gif` as an animated PNG: larger, and every colour and alpha exact."""
    pages, durations = _there_and_back(images, milliseconds, hold)
    return _apng(pages, scale or _sequence_scale(pages[0]), durations)


def _there_and_back(images: np.ndarray, milliseconds: int, hold: int) -> tuple[list[np.ndarray], list[int]]:
    order = [*range(len(images)), *range(len(images) - 2, 0, -1)]
    return [images[i] for i in order], [hold if i in (0, len(images) - 1) else milliseconds for i in order]


def _held_at_end(pages: list[np.ndarray], milliseconds: int, hold: int) -> list[int]:
    return [milliseconds] * (len(pages) - 1) + [hold]


def _gif(pages: list[np.ndarray], scale: int, durations: list[int], behind: Colour | None) -> bytes:
    if behind is not None:
        pages = [lay_on(page[None], behind)[0] for page in pages]
    return _film([_indexed(page, scale) for page in pages], "GIF", durations)


def _apng(pages: list[np.ndarray], scale: int, durations: list[int]) -> bytes:
    return _film([Image.fromarray(enlarge(page, scale)) for page in pages], "PNG", durations)


def _scale(page: np.ndarray) -> int:
    return max(1, min(_LARGEST_SCALE, _WIDEST // page.shape[1]))


def _sequence_scale(picture: np.ndarray) -> int:
    return max(1, _SEQUENCE // max(picture.shape[:2]))


def _film(frames: list[Image.Image], file_format: str, durations: list[int]) -> bytes:
    more: dict[str, int] = {}
    if frames[0].mode == "RGBA":
        # Each frame replaces the last one; blended with it, what was there would be seen through it.
        more = {"blend": 0}
    elif "transparency" in frames[0].info:
        more = {"disposal": 2}
    file = io.BytesIO()
    frames[0].save(file, file_format, save_all=True, append_images=frames[1:], duration=durations, loop=0, **more)
    return file.getvalue()


def _pages(chain: Chain, columns: int | None) -> Iterator[np.ndarray]:
    for x_t, x0 in zip(chain.x_t, chain.x0, strict=True):
        left, right = sheet(x_t, columns, gap=1), sheet(x0, columns, gap=1)
        height, _, channels = left.shape
        between = np.full((height, _BETWEEN, channels), WHITE if channels == 3 else 0, np.uint8)
        yield np.concatenate([left, between, right], axis=1)


def _indexed(page: np.ndarray, scale: int) -> Image.Image:
    """uint8 (H, W, C), enlarged, with its own palette; with alpha, its last colour is the transparent one."""
    clear = page[..., 3] < 128 if page.shape[-1] == 4 else None
    page = page[..., :3]
    kept = page.reshape(-1, 3) if clear is None else page[~clear]
    most = _GIF_COLOURS if clear is None else _GIF_COLOURS - 1
    colours, found = np.unique(kept, axis=0, return_inverse=True)
    found = found.reshape(-1)
    if len(colours) > most:
        colours, found = _reduced(kept, len(colours), most)
    index = np.full(page.shape[:2], len(colours))
    index[... if clear is None else ~clear] = found.reshape(page.shape[:2]) if clear is None else found
    if clear is not None:
        colours = np.concatenate([colours.reshape(-1, 3), np.zeros((1, 3), colours.dtype)])
    frame = Image.fromarray(enlarge(index.astype(np.uint8)[..., None], scale)[..., 0])
    frame.putpalette(colours.astype(np.uint8).tobytes())
    if clear is not None:
        frame.info["transparency"] = len(colours) - 1
    return frame


def _reduced(pixels: np.ndarray, count: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """A palette of at most ``most`` colours for uint8 (N, 3) of ``count`` colours, and each pixel's number in it."""
    method = Image.Quantize.MAXCOVERAGE if count <= _MANY_COLOURS else Image.Quantize.FASTOCTREE
    white = (pixels == WHITE).all(axis=-1)
    # White stays exact: an almost white background looks grey beside real white.
    rest = Image.fromarray(pixels[~white][None]).quantize(most - 1, method, dither=Image.Dither.NONE)
    colours = np.array([*rest.getpalette(), *[WHITE] * 3]).reshape(-1, 3)  # type: ignore[misc]
    found = np.full(len(pixels), len(colours) - 1)
    found[~white] = np.asarray(rest)[0]
    return colours, found
