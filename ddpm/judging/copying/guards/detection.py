"""What a limit of near copies would find: copies with noise, made and measured."""

from __future__ import annotations

import numpy as np

from ddpm.base.seeds import seed_for
from ddpm.pixels.transparency import without_hidden_colours

NOISE_SDS = (3, 6, 16)
"""Standard deviations in grey levels: hardly visible, visible at a second look, plain to see."""

_MOST = 256


def noisy(images: np.ndarray, random: np.random.Generator, sd: float) -> np.ndarray:
    """Images, uint8 (N, H, W, C), with normal noise on every value, rounded and kept within 0..255.

    Alpha stays as it is, and so does the black below it where it is 0: the result is a valid sprite.
    """
    result = np.clip(images + random.normal(0, sd, images.shape), 0, 255).round().astype(np.uint8)
    if images.shape[-1] == 4:
        result[..., 3] = images[..., 3]
        result = without_hidden_colours(result)
    return result


def noisy_distances(images: np.ndarray, least_likeness: float) -> dict[int, np.ndarray]:
    """Squared distances of up to 256 images to noisy copies of them, for each of :data:`NOISE_SDS`.

    Another image may be nearer, so that the share of near copies within a limit is at least that of these.

    Args:
        images: uint8 (N, H, W, C); flat ones, of which there are no near copies, are left out.
        least_likeness: copies that vary less like their originals than this are infinitely far.

    Returns:
        float64 arrays; none at all if all images are flat.
    """
    random = np.random.default_rng(seed_for("detection"))
    chosen = images[np.sort(random.permutation(len(images))[:_MOST])]
    chosen = chosen[~(chosen == chosen[:, :1, :1]).all(axis=(1, 2, 3))]
    result = {}
    for sd in NOISE_SDS if len(chosen) else ():
        copies = noisy(chosen, random, sd)
        apart = np.square(copies.astype(np.int64) - chosen).sum(axis=(1, 2, 3)).astype(np.float64)
        result[sd] = np.where(likeness(copies, chosen) >= least_likeness, apart, np.inf)
    return result


def likeness(samples: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How much each sample varies as its other one does: the correlation of their values around each channel's mean.

    Of a faint drawing a flat colour is as near as a copy; only a copy varies with it.

    Args:
        samples, others: uint8 (N, H, W, C).

    Returns:
        float64 (N,) in -1..1; NaN where one of the two is flat.
    """
    a, b = (_centred(images) for images in (samples, others))
    norms = np.sqrt(np.square(a).sum(axis=1) * np.square(b).sum(axis=1))
    return np.divide((a * b).sum(axis=1), norms, out=np.full(len(a), np.nan), where=norms > 0)


def _centred(images: np.ndarray) -> np.ndarray:
    values = images.astype(np.float64)
    values -= values.mean(axis=(1, 2), keepdims=True)
    return values.reshape(len(images), int(np.prod(images.shape[1:])))
