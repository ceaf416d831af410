"""Variants of a sprite: the sprite is drawn again, alone, and then its variants."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import streamlit as st

from ddpm.diffusion.chain import Chain, ChainRecorder
from ddpm.diffusion.parallel import one_core
from ddpm.diffusion.sampling import SamplingStep, sample
from ddpm.diffusion.variants.levels import Purpose
from ddpm.diffusion.variants.redrawing import VariantOptions, variants
from ddpm.pixels.conversion import to_uint8
from ddpm.runs.errors import CheckpointError
from pages.parts.shared.orders import Order, Variation, to_info
from pages.parts.shared.resolving import Resolved, resolve
from pages.parts.shared.store import weights_mark

VARIANT_WORDS: dict[Purpose, str] = {
    "colours": "in other colours",
    "shape": "in other shapes",
    "like": "drawn again",
}


def draw_variants(resolved: Resolved, watch: Callable[[int, int, Chain | None], None]) -> Chain:
    """Draw the variants that an order asks for.

    Args:
        watch: called after each step with: steps done, all steps, the chain so far (None if no frame was added).

    Raises:
        CheckpointError: if the model returns values that are not finite.
    """
    order = resolved.order
    recorder = ChainRecorder(resolved.own.schedule, resolved.moments - 1)
    try:
        begun = original(order)
        moments = _variants(resolved, begun, order.variations[-1], range(order.n))
        for done, moment in enumerate(one_core(moments)):
            watch(done, resolved.moments - 1, recorder.chain() if recorder.add(moment) else None)
    except ValueError as error:
        raise CheckpointError(f"This model cannot draw variants: {error}") from error
    return recorder.chain()


def original(order: Order) -> np.ndarray:
    """uint8 (1, H, W, C): the sprite of which an order asks for variants.

    Raises:
        ValueError: if the model is gone or broken.
    """
    last = order.variations[-1]
    # What is done to it then changes nothing about it.
    key = replace(order, n=1, variations=(*order.variations[:-1], replace(last, purpose="like", strength=0.0, seed=0)))
    return _original(json.dumps(to_info(key)), weights_mark(order.path(), order.weights), order)


# Seldom more than a hundred at once, and a few hundred bytes each.
@st.cache_data(max_entries=100, show_spinner=False)
def _original(key: str, mark: str, _order: Order) -> np.ndarray:
    resolved = resolve(_order)
    own = resolved.own.for_sprite(0)
    moments = sample(
        own.model,
        own.schedule,
        1,
        own.sampler,
        own.steps,
        labels=own.labels,
        guidance_scale=own.guidance_scale,
        noise_sources=[resolved.noise_source(_order.variations[0].index)],
    )
    sprite = _result(moments)
    for variation, then in pairwise(_order.variations):
        sprite = _result(_variants(resolved, sprite, variation, [then.index]))
    return sprite


def _result(moments: Iterator[SamplingStep]) -> np.ndarray:
    *_, last = one_core(moments)
    return to_uint8(last.x0)


def _variants(
    resolved: Resolved, sprite: np.ndarray, variation: Variation, which: range | list[int]
) -> Iterator[SamplingStep]:
    """The usual sampler draws them, whatever drew the sprite: with "fast" their strengths were measured."""
    own = resolved.own.for_sprite(0)
    options = VariantOptions(
        strength=variation.strength,
        seed=variation.seed,
        labels=own.labels,
        guidance_scale=own.guidance_scale,
        numbers=[variation.index],
        which=which,
    )
    return variants(own.model, own.schedule, sprite, variation.purpose, options=options)
