"""Drawing batches of sprites for a page."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from ddpm.diffusion.chain import Chain, ChainRecorder
from ddpm.diffusion.noise import NoiseSource
from ddpm.diffusion.parallel import one_core
from ddpm.diffusion.sampling import sample
from ddpm.runs.album import Batch
from ddpm.runs.errors import CheckpointError
from ddpm.runs.run import Run
from pages.parts.shared.orders import EACH, Order, model_words, to_info
from pages.parts.shared.resolving import Denoiser, Resolved, resolve
from pages.parts.shared.store import PATHS, manifest_mark, weights_mark
from pages.parts.shared.varying import draw_variants

_PACE = "seconds-a-sprite-and-step"
# For a sprite of 16 by 16.
_USUAL_PACE, _USUAL_PIXELS = 0.0007, 256

Watch = Callable[..., None]
"""Called after each step with: steps done, all steps, the chain so far (None if no frame was added), and while the
rival is drawn the rival's chain so far."""


def draw(resolved: Resolved, watch: Watch = lambda *_: None) -> Batch:
    """Draw a batch, without putting it into the album.

    Raises:
        CheckpointError: if the model returns values that are not finite.
    """
    order, own, rival = resolved.order, resolved.own, resolved.rival
    if order.variations:
        return Batch("", draw_variants(resolved, watch), batch_info(resolved))
    total = own.steps + (rival.steps if rival else 0)

    def noise() -> list[NoiseSource]:
        return [resolved.noise_source(i) for i in range(order.n)]

    chain = draw_chain(own, noise(), lambda done, so_far: watch(done, total, so_far))
    other = None
    if rival is not None:
        other = draw_chain(rival, noise(), lambda done, so_far: watch(own.steps + done, total, chain, so_far))
    return Batch("", chain, batch_info(resolved), other)


def draw_chain(
    denoiser: Denoiser, noise: Sequence[NoiseSource], watch: Callable[[int, Chain | None], None] = lambda *_: None
) -> Chain:
    """Let a denoiser draw one sprite from each source of noise.

    Args:
        watch: called after each step: steps done, and the chain so far (None if no frame was added).

    Raises:
        CheckpointError: if the model returns values that are not finite.
    """
    recorder = ChainRecorder(denoiser.schedule, denoiser.steps)
    moments = sample(
        denoiser.model,
        denoiser.schedule,
        len(noise),
        denoiser.sampler,
        denoiser.steps,
        labels=denoiser.labels,
        guidance_scale=denoiser.guidance_scale,
        noise_sources=noise,
    )
    try:
        for done, moment in enumerate(one_core(moments)):
            watch(done, recorder.chain() if recorder.add(moment) else None)
    except ValueError as error:
        raise CheckpointError(f"This model cannot draw: {error}") from error
    return recorder.chain()


def draw_timed(resolved: Resolved, watch: Watch) -> Batch:
    """:func:`draw`, remembering how long it took on this machine."""
    began = time.perf_counter()
    batch = draw(resolved, watch)
    if resolved.rival is None and not resolved.order.variations:
        work = resolved.order.n * resolved.own.steps * math.prod(resolved.size) / _USUAL_PIXELS
        st.session_state[_PACE] = (time.perf_counter() - began) / work
    return batch


def seconds_to_draw(n: int, steps: int, pixels: int = _USUAL_PIXELS) -> float:
    """About how long n sprites of so many pixels will take, judged by the last drawing."""
    return n * steps * pixels / _USUAL_PIXELS * float(st.session_state.get(_PACE, _USUAL_PACE)) + 0.5


def first_batch(run: Run, n: int) -> Batch | None:
    """A small batch, drawn once and then kept in memory; None if the model is damaged."""
    try:
        return _first_batch(str(run.folder), manifest_mark(run.folder), n)
    except CheckpointError:
        return None


@st.cache_resource(max_entries=8, show_spinner="Drawing a few sprites from noise ...", hash_funcs=PATHS)
def _first_batch(folder: str, mark: tuple[str, int], n: int) -> Batch:
    return draw(resolve(Order(folder, n=n)))


def columns_for(n: int) -> int | None:
    """Sprites per row where n is a square number; else None."""
    side = math.isqrt(n)
    return side if side * side == n else None


def batch_info(resolved: Resolved) -> dict[str, Any]:
    """What the album keeps about a batch; JSON values."""
    order, own, rival = resolved.order, resolved.own, resolved.rival
    run, names = Run(Path(order.run)), own.label_names
    kind = names[order.label] if order.label is not None and 0 <= order.label < len(names) else None
    info: dict[str, Any] = {
        **to_info(order),
        "steps": own.steps,
        "step": own.step,
        "name": run.name,
        "id": run.id(),
        "model": model_words(order),
        "kind": "one of each" if order.label == EACH else kind,
        "mark": weights_mark(order.path(), order.weights),
    }
    if own.labels is not None:
        info["kinds"] = own.kinds()
    if order.variations:
        # A sheet of them has a row for each shape.
        info["columns"] = order.n
    if rival is not None:
        info["against_id"] = rival.run_id
        info["against_mark"] = rival.mark
        info["titles"] = list(resolved.titles)
    return info
