"""Sprites spoilt in known ways: what a measure of believable drawing must tell from real ones.

Each way takes uint8 (N, H, W, 3), joined halves RGBA as well, and a numpy generator, and returns as many new pictures.
Where two sprites are needed the second is another one of the same batch, so a batch should hold many kinds.

Three families stand for what can go wrong: *form* (the parts do not belong together, or have lost their shape),
*detail* (parts are missing or mixed up) and *surface* (blur, noise, haze).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Spoiler = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def halves_joined(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One half of a sprite, left, right, top or bottom, and the other half of another."""
    height, width = images.shape[1:3]
    across = random.random(len(images)) < 0.5
    right = np.arange(width) >= width // 2
    below = np.arange(height) >= height // 2
    second = np.where(across[:, None, None], right[None, None, :], below[None, :, None])
    return np.where(second[..., None], _others(images, random), images)


def part_replaced(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A rectangle of a quarter to a half of each side, with what another sprite has there."""
    return np.where(_rectangles(images, random, 0.3, 0.55)[..., None], _others(images, random), images)


def quarters_shuffled(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Blocks of a quarter, or half, of each side in another order."""
    result = np.empty_like(images)
    for number, image in enumerate(images):
        cells = int(random.choice([2, 4]))
        rows = np.array_split(np.arange(image.shape[0]), cells)
        columns = np.array_split(np.arange(image.shape[1]), cells)
        order = random.permutation(cells * cells)
        # In a grid of sixteen a few swaps are enough: all in disorder would be too easy to tell.
        if cells == 4:
            order = np.arange(16)
            moved = random.permutation(16)[: int(random.integers(4, 9))]
            order[moved] = np.roll(moved, 1)
        result[number] = image
        for place, source in enumerate(order.tolist()):
            into, out = divmod(place, cells), divmod(source, cells)
            block = image[np.ix_(rows[out[0]], columns[out[1]])]
            height, width = len(rows[into[0]]), len(columns[into[1]])
            fitted = np.resize(block, (height, width, 3)) if block.shape[:2] != (height, width) else block
            result[number][np.ix_(rows[into[0]], columns[into[1]])] = fitted
    return result


def melted(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Pixels moved by a smooth field of one to three sixteenths of the side: crisp, but out of shape."""
    count, height, width = images.shape[:3]
    strength = random.uniform(1.0, 3.0, (count, 1, 1)) / 16
    rows = np.arange(height)[None, :, None] + strength * height * _smooth(count, height, width, 5, random)
    columns = np.arange(width)[None, None, :] + strength * width * _smooth(count, height, width, 5, random)
    rows = np.rint(rows).astype(np.int64).clip(0, height - 1)
    columns = np.rint(columns).astype(np.int64).clip(0, width - 1)
    return images[np.arange(count)[:, None, None], rows, columns]


def blended(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A mean of two sprites, with weights that may change over the picture."""
    count, height, width = images.shape[:3]
    weights = random.uniform(0.3, 0.7, (count, 1, 1)) + 0.4 * _smooth(count, height, width, 4, random)
    return _bytes(_mixed(images, _others(images, random), weights.clip(0, 1)))


def scrambled(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The pixels of a rectangle moved about by up to two places each: mush where a face or a handle was."""
    count, height, width = images.shape[:3]
    rows = np.arange(height)[None, :, None] + random.integers(-2, 3, (count, height, width))
    columns = np.arange(width)[None, None, :] + random.integers(-2, 3, (count, height, width))
    moved = images[np.arange(count)[:, None, None], rows.clip(0, height - 1), columns.clip(0, width - 1)]
    return np.where(_rectangles(images, random, 0.4, 0.8)[..., None], moved, images)


def erased(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The inside of a rectangle near the middle filled with one of its own colours: no eyes, no pattern, no edge."""
    mask = _rectangles(images, random, 0.25, 0.5, centred=True)
    count, height, width = images.shape[:3]
    flat, chosen = images.reshape(count, height * width, 3), mask.reshape(count, -1)
    # A random pixel of the rectangle: its colours are as likely as they are frequent.
    place = np.where(chosen, random.random(chosen.shape), -1).argmax(axis=1)
    return np.where(mask[..., None], flat[np.arange(count), place][:, None, None], images)


def rounded(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Each pixel the median of nine, once or twice: outlines and corners melt into blobs."""
    result = images
    for _ in range(int(random.integers(1, 3))):
        result = np.median(_windows(result), axis=-1).astype(np.uint8)
    return result


def blurred(images: np.ndarray, random: np.random.Generator, sigma: tuple[float, float] = (0.5, 1.3)) -> np.ndarray:
    """A Gaussian blur with a standard deviation from a range, in sixteenths of the side."""
    x = images.astype(np.float32)
    sigmas = random.uniform(*sigma, len(images))
    for axis in (1, 2):
        scaled = sigmas * max(1, images.shape[axis] / 16)
        reach = max(2, int(np.ceil(3 * scaled.max())))
        offsets = np.arange(-reach, reach + 1)
        kernels = np.exp(-0.5 * (offsets / scaled[:, None]) ** 2).astype(np.float32)
        kernels /= kernels.sum(axis=1, keepdims=True)
        pad = [(0, 0)] * 4
        pad[axis] = (reach, reach)
        padded = np.pad(x, pad, mode="edge")
        size = images.shape[axis]
        parts = [np.take(padded, range(start, start + size), axis=axis) for start in range(2 * reach + 1)]
        x = sum((part * kernels[:, i, None, None, None] for i, part in enumerate(parts)), np.zeros_like(x))
    return _bytes(x)


def noisy(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Gaussian noise of 6 to 40 grey levels."""
    level = random.uniform(6, 40, (len(images), 1, 1, 1))
    return _bytes(images + level * random.standard_normal(images.shape))


def strays(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Three to twelve in a hundred pixels with a colour from elsewhere in the sprite."""
    count, height, width = images.shape[:3]
    flat = images.reshape(count, height * width, 3)
    other = flat[np.arange(count)[:, None], random.integers(0, height * width, (count, height * width))]
    hit = random.random((count, height, width)) < random.uniform(0.03, 0.12, (count, 1, 1))
    return np.where(hit[..., None], other.reshape(images.shape), images)


def hazy(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A veil: smooth spots of colour over the picture, up to 40 grey levels strong."""
    count, height, width = images.shape[:3]
    veil = np.stack([_smooth(count, height, width, 6, random) for _ in range(3)], axis=-1)
    return _bytes(images + random.uniform(8, 40, (count, 1, 1, 1)) * veil)


FORM: dict[str, Spoiler] = {
    "halves joined": halves_joined,
    "quarters shuffled": quarters_shuffled,
    "melted": melted,
    "blended": blended,
}
DETAIL: dict[str, Spoiler] = {"part replaced": part_replaced, "scrambled": scrambled, "erased": erased}
SURFACE: dict[str, Spoiler] = {
    "rounded": rounded,
    "blurred": blurred,
    "noisy": noisy,
    "strays": strays,
    "hazy": hazy,
}
SPOILERS: dict[str, Spoiler] = {**FORM, **DETAIL, **SURFACE}


def _others(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """For each image of a batch another one."""
    count = len(images)
    order = random.permutation(count)
    others = np.empty(count, np.int64)
    others[order] = np.roll(order, 1)
    return images[others]


def _rectangles(
    images: np.ndarray, random: np.random.Generator, low: float, high: float, centred: bool = False
) -> np.ndarray:
    """bool (N, H, W): a rectangle in each, its sides between two shares of the picture's."""
    count = len(images)
    inside = []
    for size in images.shape[1:3]:
        length = np.maximum(2, np.rint(size * random.uniform(low, high, count))).astype(np.int64)
        slack = size - length
        place = random.uniform(0.3, 0.7, count) if centred else random.random(count)
        start = np.rint(slack * place).astype(np.int64)
        places = np.arange(size)[None]
        inside.append((places >= start[:, None]) & (places < (start + length)[:, None]))
    return inside[0][:, :, None] & inside[1][:, None, :]


def _smooth(count: int, height: int, width: int, knots: int, random: np.random.Generator) -> np.ndarray:
    """Random fields (N, H, W) in -1..1, linear between ``knots`` x ``knots`` random values."""
    values = random.uniform(-1, 1, (count, knots, knots))
    return np.einsum("hk,nkl,wl->nhw", _between(height, knots), values, _between(width, knots))


def _between(size: int, knots: int) -> np.ndarray:
    places = np.linspace(0, knots - 1, size)
    return np.maximum(0, 1 - np.abs(places[:, None] - np.arange(knots)[None]))


def _windows(images: np.ndarray) -> np.ndarray:
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    return windows.reshape(*windows.shape[:-2], 9)


def _mixed(one: np.ndarray, other: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return one * weights[..., None] + other * (1 - weights[..., None])


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)
