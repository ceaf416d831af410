"""From a wish to pixels, in as many network calls as keep up with a hand."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from ddpm.diffusion.guidance.predictor import network_calls
from ddpm.diffusion.sampling import timesteps
from pages.parts.sample.dragging.wish import CALLS, Wish
from pages.parts.shared.drawing import draw_chain
from pages.parts.shared.orders import Order
from pages.parts.shared.resolving import Denoiser, Resolved, resolve

BUDGET = 0.1
"""Seconds for the network, of the 0.15 from a movement to its picture: the rest goes to the server and the browser."""
_USUAL_CALLS = 2
# A calls' share of what was measured before: one slow answer alone changes little.
_MEMORY = 0.7


@dataclass(frozen=True, eq=False)
class Answer:
    """Sprites that were drawn for a wish.

    Attributes:
        images: uint8 (N, H, W, C).
        order: what draws the same sprites again.
        seconds: how long the network took.
    """

    wish: Wish
    order: Order
    images: np.ndarray
    seconds: float


class Answerer:
    """Answers the wishes of one visitor, and learns how fast this machine is."""

    def __init__(self) -> None:
        self._pace: float | None = None  # seconds a sprite and pass through the network
        self._calls = _USUAL_CALLS
        self._last: Answer | None = None
        self._passes: dict[tuple[int, str, bool, float | None], int] = {}

    @property
    def last(self) -> Answer | None:
        """What was answered last."""
        return self._last

    def answer(self, wish: Wish, base: Order) -> Answer:
        """Draw what a wish asks for with the model of ``base``.

        Raises:
            CheckpointError: if the model cannot be loaded, or not draw that.
        """
        last = self._last
        is_new = last is None or last.wish.seq != wish.seq
        resolved = resolve(wish.order(base, wish.calls or self._calls))
        if not wish.calls and wish.begun and is_new and self._pace is not None:
            self._calls = self._calls_that_keep_up(resolved.own, self._pace * wish.count)
            resolved = resolve(wish.order(base, self._calls))
        order = resolved.order
        if last is not None and last.order == order:
            # The page was run again for something else.
            self._last = replace(last, wish=wish)
            return self._last
        if self._pace is None:
            _draw(resolved)  # the first drawing of a process is slow, and tells nothing
        began = time.perf_counter()
        images = _draw(resolved)
        seconds = time.perf_counter() - began
        pace = seconds / (wish.count * self._network_passes(resolved.own, resolved.own.steps))
        self._pace = pace if self._pace is None else _MEMORY * self._pace + (1 - _MEMORY) * pace
        self._last = Answer(wish, order, images, seconds)
        return self._last

    def _calls_that_keep_up(self, denoiser: Denoiser, seconds_a_pass: float) -> int:
        """The most of ``CALLS`` that end within the budget; 1 if none do."""
        fitting = (n for n in CALLS if self._network_passes(denoiser, n) * seconds_a_pass <= BUDGET)
        return max(fitting, default=1)

    def _network_passes(self, denoiser: Denoiser, calls: int) -> int:
        # Kept: torch's few operations on the schedule take longer here than all else around the network.
        guide = getattr(denoiser.model, "guide", None)
        key = calls, denoiser.sampler, _insists(denoiser), None if guide is None else guide.max_log_snr
        if key not in self._passes:
            self._passes[key] = network_passes(replace(denoiser, steps=calls))
        return self._passes[key]


def network_passes(denoiser: Denoiser) -> int:
    """How often sprites go through the network: twice in a step in which guidance acts, and again for its guide."""
    levels = timesteps(denoiser.schedule, denoiser.sampler, denoiser.steps)
    return network_calls(denoiser.model, denoiser.schedule, levels, _insists(denoiser))


def _insists(denoiser: Denoiser) -> bool:
    return denoiser.guidance_scale != 1.0 and denoiser.labels is not None


def _draw(resolved: Resolved) -> np.ndarray:
    noise = [resolved.noise_source(i) for i in range(resolved.order.n)]
    return draw_chain(resolved.own, noise).sprites
