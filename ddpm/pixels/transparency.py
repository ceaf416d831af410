"""Alpha: transparent pixels laid on a colour, and the background around a sprite made transparent.

Alpha is straight: a pixel's colour is not multiplied by it. A pixel of alpha 0 is black, whatever it was in the file,
so that equal drawings are equal sprites.
"""

from __future__ import annotations

import re

import numpy as np
import torch

from ddpm.base.blocks import blocks
from ddpm.pixels.conversion import pack_rgb, require_sprites
from ddpm.pixels.foreground import border_colour, border_pixels, dilate, reached_from_border
from ddpm.pixels.oklab import SAME, distance, oklab
from ddpm.pixels.patches import patches

Colour = tuple[int, int, int]
WHITE: Colour = (255, 255, 255)

# White first: where it does as well as others, it is what people expect.
_BACKGROUNDS: tuple[Colour, ...] = (
    *(WHITE, (0, 0, 0), (128, 128, 128), (64, 64, 64), (192, 192, 192)),
    *((255, 0, 255), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 255, 0), (255, 0, 0)),
)
_NEARLY = 0.98
_CLEARLY = 0.15  # in OKLab: a contour that differs so much from its background is seen
# Of the border. A sprite that fills its square has no background to remove.
_LEAST_BACKGROUND = 0.5
_LEAST_CORNERED = 0.25  # if three corners agree
_HAZE = 0.05  # in OKLab; measured: less leaves halos, more eats pale rims
_AGAIN = 64  # a drawing's own colour is one pixel of so many, at least: four of 16 x 16
_UNSEEN = 0.02  # in OKLab: about five grey levels near white
_EVEN = 0.016  # in OKLab, on average: an enclosed patch that is no further off is the background's
_SAME_HUE = 0.03
LEAST_HOLE = 8
"""Enclosed patches of fewer pixels are glints rather than holes."""
_HEX = re.compile(r"#?([0-9a-fA-F]{6})")


def parse_colour(text: str) -> Colour:
    """ "#ff8000" or "ff8000", and "white", as red, green and blue.

    Raises:
        ValueError: for anything else.
    """
    if text == "white":
        return WHITE
    found = _HEX.fullmatch(text)
    if found is None:
        raise ValueError(f"a colour is white or #rrggbb, as in #ff8000, not {text[:40]!r}")
    value = int(found[1], 16)
    return value >> 16, value >> 8 & 255, value & 255


def colour_name(colour: Colour) -> str:
    """The inverse of :func:`parse_colour`: "#ff8000"."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def lay_on(pixels: np.ndarray, colour: Colour = WHITE) -> np.ndarray:
    """Blend transparent pixels with a colour.

    Args:
        pixels: uint8 (N, ..., 4), RGBA; RGB is returned as it is.

    Returns:
        uint8 (N, ..., 3).
    """
    if pixels.shape[-1] == 3:
        return pixels
    laid = np.empty((*pixels.shape[:-1], 3), np.uint8)
    behind = np.array(colour, np.uint16)
    for part in blocks(len(pixels), 512):  # the wider numbers in between would take twice the memory of the whole
        alpha = pixels[part][..., 3:].astype(np.uint16)
        laid[part] = (pixels[part][..., :3] * alpha + behind * (255 - alpha) + 127) // 255
    return laid


def without_hidden_colours(pixels: np.ndarray) -> np.ndarray:
    """RGBA pixels, uint8 (..., 4), with black where alpha is 0."""
    return np.where(pixels[..., 3:] == 0, np.uint8(0), pixels)


def is_blank(images: np.ndarray) -> np.ndarray:
    """bool (N,): sprites of a single colour, or of nothing; uint8 (N, H, W, C)."""
    if images.shape[-1] == 4:
        images = without_hidden_colours(images)
    return np.asarray((images == images[:, :1, :1]).all(axis=(1, 2, 3)))


def has_alpha(images: np.ndarray) -> bool:
    """Whether a pixel of uint8 (N, H, W, C) is transparent, at least in part."""
    return images.shape[-1] == 4 and any(bool((images[part][..., 3] < 255).any()) for part in blocks(len(images)))


def alpha_is_binary(images: np.ndarray) -> bool:
    """Whether each pixel of uint8 (N, H, W, 4) is either opaque or wholly transparent; False for RGB."""
    if images.shape[-1] != 4:
        return False
    return all(bool((images[part][..., 3] % 255 == 0).all()) for part in blocks(len(images)))


def settle_alpha(x: torch.Tensor, binary: bool) -> torch.Tensor:
    """What a network drew, made a valid sprite: black under alpha 0, and alpha 0 or 255 where the data have no other.

    Args:
        x: float32 (N, C, H, W) in [-1, 1]; with C of 3 it is returned as it is.
        binary: whether alpha is rounded to -1 or 1.

    Returns:
        a new float32 (N, C, H, W).
    """
    if x.shape[1] != 4:
        return x
    alpha = x[:, 3:]
    if binary:
        alpha = torch.where(alpha >= 0, 1.0, -1.0)
    # What becomes 0 as a byte counts as 0.
    hidden = alpha <= -1 + 1 / 255
    return torch.cat([torch.where(hidden, -1.0, x[:, :3]), torch.where(hidden, -1.0, alpha)], dim=1)


def contrasting_colour(images: np.ndarray) -> Colour:
    """The background on which the fewest contours are lost: those of pixels next to transparent ones.

    Of a dozen plain colours the first around which as good as all sprites are clearly seen, or as many as around any.

    Args:
        images: uint8 (N, H, W, 4).
    """
    seen = np.zeros(len(_BACKGROUNDS), np.int64)
    backgrounds = oklab(np.array(_BACKGROUNDS, np.uint8))
    for part in blocks(len(images), 512):
        pixels = images[part]
        opaque = pixels[..., 3] >= 128
        # The picture's own border counts as transparent: drawings end there, too.
        contour = opaque & dilate(~opaque, edge=True)
        lab = oklab(pixels[..., :3])
        for number, background in enumerate(backgrounds):
            lost = contour & (distance(lab, background) < _CLEARLY)
            seen[number] += int((lost.sum(axis=(1, 2)) <= 0.1 * contour.sum(axis=(1, 2))).sum())
    return _BACKGROUNDS[int((seen >= _NEARLY * seen.max()).argmax())]


def cutout(images: np.ndarray, *, careful: bool = False, holes: bool = False, shadows: float = 0.0) -> np.ndarray:
    """Make the background transparent: what is connected to the border, over sides, and has the border's colour.

    White that the drawing encloses stays opaque. Where less than half of the border is of one colour nothing is
    removed. A drawn sprite's background is never quite even, so colours count as one within ``ddpm.pixels.oklab.SAME``:
    the haze around a drawing goes with the background.

    Args:
        images: uint8 (N, H, W, C); what has alpha already is returned as it is.
        careful: look at the corners, too, where the border's most frequent colour may be the drawing's; and let a
            drawing keep its pale colours, known from haze in that they come again and again.
        holes: remove what the drawing encloses, too, where it is the background's colour, in patches of at least
            :data:`LEAST_HOLE` pixels. White that is meant, a page or a ghost, cannot be told from it.
        shadows: how much darker than the background, in OKLab lightness, what touches it may be to go as its shadow,
            if it has its hue; 0 keeps all, 0.2 cuts soft ones.

    Returns:
        uint8 (N, H, W, 4); alpha is 0 or 255, and colours are kept where it is 255, black where it is 0.

    Raises:
        TypeError, ValueError: if they are no sprites, or shadows lie outside 0..1.
    """
    (images,) = require_sprites(images=images)
    if not 0 <= shadows <= 1:
        raise ValueError(f"shadows must be from 0 to 1, got {shadows!r}")
    if images.shape[-1] == 4:
        return images
    lab = oklab(images)
    colour, least = _behind_colour(lab) if careful else (border_colour(lab), _LEAST_BACKGROUND)
    off = distance(lab, colour)
    alike = off <= (_HAZE if careful else SAME)
    plain = border_pixels(alike[..., None])[..., 0].mean(axis=1) >= least
    alike &= plain[:, None, None]
    if careful:
        alike &= ~_comes_again(images, off)
    gone = reached_from_border(alike | (_shadow(lab, colour, shadows) & plain[:, None, None]))
    if holes:
        gone |= _holes(alike & ~gone, off)
    alpha = np.where(gone, 0, 255).astype(np.uint8)[..., None]
    return np.concatenate([images & alpha, alpha], axis=-1)


def _behind_colour(lab: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The background's colour, float (N, 1, 1, 3), and the least share of the border that it must have, (N,)."""
    border, middle = border_pixels(lab), border_colour(lab)
    # The border's own pixel nearest to the median: the median itself may be a mixture that occurs nowhere.
    nearest = border[np.arange(len(lab)), distance(border, middle[:, 0]).argmin(axis=1)]
    corners = lab[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    agree = (distance(corners[:, :, None], corners[:, None]) <= SAME).sum(axis=2)
    corner = corners[np.arange(len(lab)), agree.argmax(axis=1)]
    cornered = agree.max(axis=1, initial=0) >= 3
    colour = np.where(cornered[:, None], corner, nearest)[:, None, None]
    return colour, np.where(cornered, _LEAST_CORNERED, _LEAST_BACKGROUND)


def _comes_again(images: np.ndarray, off: np.ndarray) -> np.ndarray:
    """bool (N, H, W): pixels visibly off the background whose very colour comes often; haze hardly repeats itself."""
    codes = pack_rgb(images).reshape(len(images), images.shape[1] * images.shape[2])
    order = np.argsort(codes, axis=1, kind="stable")
    ordered = np.take_along_axis(codes, order, axis=1)
    runs = np.cumsum(np.diff(ordered, axis=1, prepend=-1) != 0) - 1
    counts = np.bincount(runs.reshape(-1))[runs].reshape(ordered.shape) if runs.size else ordered
    often = np.zeros(codes.shape, bool)
    np.put_along_axis(often, order, counts >= max(codes.shape[1] // _AGAIN, 2), axis=1)
    return often.reshape(off.shape) & (off > _UNSEEN)


def _shadow(lab: np.ndarray, colour: np.ndarray, most: float) -> np.ndarray:
    """bool (N, H, W): darker than the background by no more than ``most``, and of its hue."""
    darker = colour[..., 0] - lab[..., 0]
    return (darker > SAME) & (darker <= most) & (distance(lab[..., 1:3], colour[..., 1:3]) <= _SAME_HUE)


def _holes(enclosed: np.ndarray, off: np.ndarray) -> np.ndarray:
    """bool (N, H, W): the patches of a mask that are large enough and, taken together, of the background's colour."""
    labels = patches(enclosed).reshape(-1)
    inside = enclosed.reshape(-1)
    sizes = np.bincount(labels, inside, enclosed.size)
    mean = np.bincount(labels, inside * off.reshape(-1), enclosed.size) / np.maximum(sizes, 1)
    found = (sizes >= LEAST_HOLE) & (mean <= _EVEN)
    return (found[labels] & inside).reshape(enclosed.shape)
