"""Sprites as pictures: contact sheets, PNG, and the reverse process as an animation."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from zipfile import ZipFile, ZipInfo

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ddpm.images import to_uint8
from ddpm.sampling import SamplingStep
from ddpm.schedule import NoiseSchedule

_WHITE = 255
_GIF_COLOURS = 256
# Beyond, a frame is mostly noise, where nobody sees a colour that is off, and the better way takes half a second.
_MANY_COLOURS = 8192
# Moments of a reverse process that are kept to be shown.
FRAMES = 50
# Told to load_sprites, so that an exported sheet can be read back without any settings.
SHEET_KEY = "ddpm:sheet"
_UNFIT = re.compile(r"[^\w.+-]+")
_LONGEST = 60


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


def enlarge(image: np.ndarray, scale: int) -> np.ndarray:
    """Repeat each pixel ``scale`` times both ways; uint8 (..., H, W, 3) in and out."""
    return image.repeat(scale, axis=-3).repeat(scale, axis=-2)


def sheet(images: np.ndarray, columns: int | None = None, scale: int = 1, gap: int = 0) -> np.ndarray:
    """Lay sprites out in rows on white.

    Args:
        images: uint8 (N, H, W, 3).
        columns: sprites in a row; None for the squarest sheet.
        scale: whole-number enlargement, at least 1.
        gap: white pixels between sprites, before enlargement.

    Returns:
        uint8 (H', W', 3).

    Raises:
        ValueError: if there are no images.
    """
    if len(images) == 0:
        raise ValueError("a sheet needs at least one sprite")
    count, height, width, _ = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    page = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), _WHITE, np.uint8)
    for i, image in enumerate(images):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        page[top : top + height, left : left + width] = image
    return enlarge(page, scale)


def png(image: np.ndarray) -> bytes:
    """uint8 (H, W, 3), or (H, W, 4) with alpha, as a PNG file: exactly these pixels."""
    return _encode(image, None)


def sheet_png(images: np.ndarray, columns: int | None = None, scale: int = 1, gap: int = 0) -> bytes:
    """:func:`sheet` as a PNG file that says how it is laid out, so that it can be loaded as sprites again."""
    info = PngInfo()
    layout = {"tile": images.shape[1], "gap": gap, "margin": 0, "scale": scale, "count": len(images)}
    info.add_text(SHEET_KEY, json.dumps(layout))
    return _encode(sheet(images, columns, scale, gap), info)


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


def png_zip(images: np.ndarray, stem: str, kinds: Sequence[str] = ()) -> bytes:
    """Single sprites as PNG files in a .zip; equal input gives equal bytes.

    Args:
        images: uint8 (N, H, W, 3), or (N, H, W, 4) with alpha.
        stem: the files are called ``stem-001.png`` and so on.
        kinds: what each sprite shows, where that is known; its file is called after it, as in ``sword-003.png``. The
            number is that of the sprite, so no two files have one name, whatever the kinds are called.
    """
    names = [_UNFIT.sub("-", kind)[:_LONGEST].strip("-.") for kind in kinds] or [stem] * len(images)
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for i, (image, name) in enumerate(zip(images, names, strict=True), 1):
            # PNG files are compressed already, and a date would make each archive another one.
            archive.writestr(ZipInfo(f"{name or stem}-{i:03d}.png"), png(image))
    return file.getvalue()


def _pages(chain: Chain, columns: int | None) -> Iterator[np.ndarray]:
    for x_t, x0 in zip(chain.x_t, chain.x0, strict=True):
        left, right = sheet(x_t, columns, gap=1), sheet(x0, columns, gap=1)
        yield np.concatenate([left, np.full((left.shape[0], 4, 3), _WHITE, np.uint8), right], axis=1)


def _indexed(page: np.ndarray, scale: int) -> Image.Image:
    """uint8 (H, W, 3), enlarged, with a palette of its own."""
    colours, index = np.unique(page.reshape(-1, 3), axis=0, return_inverse=True)
    index = index.reshape(page.shape[:2])
    if len(colours) > _GIF_COLOURS:
        method = Image.Quantize.MAXCOVERAGE if len(colours) <= _MANY_COLOURS else Image.Quantize.FASTOCTREE
        white = (page == _WHITE).all(axis=-1)
        # White is left out, and comes back as itself: next to real white a nearly white background is a grey box.
        rest = Image.fromarray(page[~white][None]).quantize(_GIF_COLOURS - 1, method, dither=Image.Dither.NONE)
        colours = np.array([*rest.getpalette(), *[_WHITE] * 3]).reshape(-1, 3)  # type: ignore[misc]
        index = np.full(page.shape[:2], len(colours) - 1)
        index[~white] = np.asarray(rest)[0]
    frame = Image.fromarray(enlarge(index.astype(np.uint8)[..., None], scale)[..., 0])
    frame.putpalette(colours.astype(np.uint8).tobytes())
    return frame


def _encode(image: np.ndarray, info: PngInfo | None) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG", pnginfo=info)
    return file.getvalue()
