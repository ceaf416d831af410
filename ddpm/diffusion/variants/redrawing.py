"""Sprites drawn again from a noise level on (SDEdit, Meng et al. 2021, arXiv 2108.01073), and held to a palette.

* *Same shape, other colours*: the sprite gets new colours by rule (``ddpm.pixels.palette.recolouring``); from a low
  noise level the model draws it as it would itself, and what has drifted is brought back to the new palette.
* *Same palette, other shape*: from a high noise level only a hint of the sprite is left, its colours rather than its
  lines. What becomes of it is held to the sprite's palette, drawn again from a low noise level, and held once more.

Measured with the two shipped models, built-in and pixel-art (32 sprites, 16 variants each, "fast"): J, the mean
agreement of edges with the sprite (``ddpm.judging.copying.shapes``), how often it is at least 0.8, and how far the
first hold moves a pixel on average, in OKLab.

========  ==========  ==========  ==============
strength  J           J >= 0.8    held by
========  ==========  ==========  ==============
colours
0.06      .92 / .87   .95 / .87   .010 / .015
0.12      .84 / .81   .72 / .55   .017 / .020
0.18      .80 / .78   .54 / .44   .021 / .022
0.25      .73 / .72   .28 / .29   .026 / .027
0.50      .65 / .65   .11 / .19   .035 / .035
shape
0.50      .64 / .64   .11 / .20   .031 / .030
0.70      .59 / .59   .05 / .12   .038 / .035
0.80      .55 / .56   .03 / .09   .043 / .039
0.88      .51 / .50   .01 / .05   .048 / .046
1.00      .44 / .38   .00 / .00   .058 / .059
========  ==========  ==========  ==============

The last row is of 16 sprites and 8 variants each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ddpm.diffusion.labels import checked_labels
from ddpm.diffusion.noise import NoiseSource, Shape, draw_noise, variant_noise
from ddpm.diffusion.sampling import DEFAULT_SHAPE, Model, Sampler, SamplingStep, sample, usual_sampler
from ddpm.diffusion.schedule import NoiseSchedule
from ddpm.diffusion.variants.levels import Purpose, usual_strength, variant_timesteps
from ddpm.pixels.conversion import require_sprites, to_float, to_uint8
from ddpm.pixels.palette.mapping import map_to_palette, regions
from ddpm.pixels.palette.recolouring import recoloured


@dataclass(frozen=True)
class VariantOptions:
    """How variants are drawn.

    Attributes:
        strength: the noise level to begin at, 0..1, as in ``ddpm.diffusion.variants.levels``; None for the usual one.
        seed: the same seed gives the same variants.
        labels: integer (N,), the kind of each sprite, -1 for any; None for any kind in all.
        sampler, steps, guidance_scale: as in :func:`ddpm.sample`; ``steps`` are those of a whole way. No sampler is the
            usual one of the model.
        numbers: what the noise of each sprite depends on beside the seed, by default its row, 0..N-1.
        which: the numbers of the variants to draw, by default 0, 1 ... up to how many are asked for.
    """

    strength: float | None = None
    seed: int = 0
    labels: Any = field(default=None, repr=False)
    sampler: Sampler | None = None
    steps: int | None = None
    guidance_scale: float = 1.0
    numbers: Sequence[int] | None = None
    which: Sequence[int] | None = None


def other_colours(
    model: Model, schedule: NoiseSchedule, images: np.ndarray, count: int = 16, **options: Any
) -> Iterator[SamplingStep]:
    """Draw sprites in other colours, ``count`` variants each, that keep their shape, background and outlines.

    Variant j depends only on (seed, the sprite and its number, j), up to float rounding. The last moment has
    nothing but the colours of the new palettes; alpha is as the model drew it.

    Args:
        model: as in :func:`ddpm.sample`.
        images: uint8 (N, H, W, C), of the size that the model draws.
        count: variants of each sprite, 1..144.
        options: those of :class:`VariantOptions`.

    Yields:
        moments as :func:`ddpm.sample` does, of ``N * count`` sprites, those of one sprite side by side.

    Raises:
        TypeError: if the images are not uint8.
        ValueError: for sprites of another size, and as :func:`ddpm.sample`, at the first step.
    """
    yield from variants(model, schedule, images, "colours", count, VariantOptions(**options))


def other_shapes(
    model: Model, schedule: NoiseSchedule, images: np.ndarray, count: int = 16, **options: Any
) -> Iterator[SamplingStep]:
    """Draw other sprites in the palettes of sprites, ``count`` variants each.

    As :func:`other_colours`; every pixel of the last moment has a colour of its sprite (of its
    :func:`ddpm.pixels.palette.mapping.regions`), the background too. A sprite of nothing has no palette: there what
    is drawn stays as it is. t falls from moment to moment: after the first way is gone, the second begins below it.
    """
    yield from variants(model, schedule, images, "shape", count, VariantOptions(**options))


def variants(
    model: Model,
    schedule: NoiseSchedule,
    images: np.ndarray,
    purpose: Purpose,
    count: int = 16,
    options: VariantOptions = VariantOptions(),
) -> Iterator[SamplingStep]:
    """:func:`other_colours`, :func:`other_shapes`, or "like": drawn again from a noise level on, and left so."""
    images = require_fitting(images, getattr(model, "image_shape", DEFAULT_SHAPE))
    which = list(range(count)) if options.which is None else list(options.which)
    if not which:
        raise ValueError("there must be at least one variant to draw")
    numbers = list(range(len(images))) if options.numbers is None else list(options.numbers)
    if len(numbers) != len(images):
        raise ValueError(f"there must be {len(images)} numbers, one for each sprite, not {len(numbers)}")
    strength = usual_strength(purpose) if options.strength is None else options.strength
    first, second = variant_timesteps(
        schedule, purpose, strength, options.sampler or usual_sampler(model), options.steps
    )
    begun, palettes = _begun(images, purpose, options.seed, numbers, which)
    way = _Way(model, schedule, len(which), options, numbers, which)
    for step in way.go(begun, first[0]):
        if step.t > (second[0] if second else -1):
            yield step
    if second:
        held = _held(to_uint8(step.x0), palettes)
        for step in way.go(held, second[0]):
            if step.t >= 0:
                yield step
    result = to_float(_held(to_uint8(step.x0), palettes)).to(step.x0.device)
    yield SamplingStep(-1, result, result)


def require_fitting(images: np.ndarray, shape: Shape) -> np.ndarray:
    """The images, uint8 (N, H, W, C), if a model that draws (C, H, W) can begin with them; TypeError or ValueError."""
    (images,) = require_sprites(images=images)
    channels, height, width = shape
    if images.shape[1:] != (height, width, channels):
        raise ValueError(
            f"the model draws sprites of {width} x {height} pixels in {channels} channels, and these have "
            f"{images.shape[2]} x {images.shape[1]} pixels in {images.shape[3]}"
        )
    if len(images) == 0:
        raise ValueError("there must be at least one sprite")
    return images


def _begun(
    images: np.ndarray, purpose: Purpose, seed: int, numbers: list[int], which: list[int]
) -> tuple[np.ndarray, list[np.ndarray]]:
    """What noise is added to, uint8 (N * K, H, W, C), and the palette of each, uint8 (R, 3); none for no hold."""
    if purpose == "colours":
        made = [recoloured(image, max(which) + 1, seed, number) for image, number in zip(images, numbers, strict=True)]
        begun = np.concatenate([one.images[which] for one in made])
        return begun, [palette for one in made for palette in one.palettes[which]]
    palettes = [regions(image)[1] for image in images for _ in which] if purpose == "shape" else []
    return np.repeat(images, len(which), axis=0), palettes


def _held(images: np.ndarray, palettes: list[np.ndarray]) -> np.ndarray:
    held = images.copy()
    for i, palette in enumerate(palettes):
        if len(palette):
            held[i] = map_to_palette(images[i : i + 1], palette).images[0]
    return held


class _Way:
    """The way from a noise level to sprites; a second one goes on with the noise of the first."""

    def __init__(
        self,
        model: Model,
        schedule: NoiseSchedule,
        count: int,
        options: VariantOptions,
        numbers: list[int],
        which: list[int],
    ) -> None:
        shape: Shape = tuple(getattr(model, "image_shape", DEFAULT_SHAPE))
        self._model, self._schedule, self._options = model, schedule, options
        self._sources: list[NoiseSource] = [variant_noise(options.seed, i, j, shape) for i in numbers for j in which]
        labels = checked_labels(options.labels, len(numbers), getattr(model, "num_classes", None))
        self._labels = None if labels is None else labels.repeat_interleave(count)

    def go(self, images: np.ndarray, start: int) -> Iterator[SamplingStep]:
        ts = torch.full((len(images),), start)
        options = self._options
        return sample(
            self._model,
            self._schedule,
            len(images),
            options.sampler or usual_sampler(self._model),
            options.steps,
            labels=self._labels,
            guidance_scale=options.guidance_scale,
            noise=self._schedule.add_noise(to_float(images), draw_noise(self._sources), ts),
            noise_sources=self._sources,
            start=start,
        )
